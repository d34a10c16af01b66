"""Many scenarios, on all cores that were given."""

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from types import MappingProxyType

from simulation.planted import planted
from simulation.scenario import Report, scenario

CHUNK = 10


def campaign(seeds: Iterable[int], *, cores: int | None = None) -> Iterator[Report]:
    """Run the scenarios of *seeds*; the reports come in their order, without logs where nothing was found."""
    numbers = tuple(seeds)
    chunks = [numbers[at : at + CHUNK] for at in range(0, len(numbers), CHUNK)]
    with _pool(cores) as pool:
        for reports in pool.map(_run, chunks):
            yield from reports


def replay(seed: int) -> Report:
    """Run one scenario for its log."""
    with _pool(1) as pool:
        return pool.submit(scenario, seed).result()


def _pool(cores: int | None) -> ProcessPoolExecutor:
    """Processes in which sets have the same order every time: the engine goes through some of them."""
    os.environ["PYTHONHASHSEED"] = "0"
    return ProcessPoolExecutor(cores or os.cpu_count() or 1, mp_context=get_context("spawn"))


Hunted = tuple[str, int | None]
"""A guard, and the seed that showed the last time what it guards."""


@dataclass(frozen=True)
class Caught:
    """What became of a planted bug: the seed that showed it, and how; nothing when none did."""

    guard: str
    scenarios: int
    invariant: str | None
    what: str


def hunt(hunted: Hunted, *, most: int = 2000, seconds: float = 900.0) -> Caught:
    """Try seed after seed with one guard taken away, until an invariant tells: one that is quiet with the guard.

    Where it was seen the last time is tried first; it has to be among the first *most* all the same.
    """
    began = time.monotonic()
    guard, seen = hunted
    for seed in (*([seen] if seen is not None and seen <= most else []), *range(1, most + 1)):
        with planted(guard).plant():
            report = scenario(seed)
        if report.violations and not scenario(seed).violations:
            invariant, what = report.violations[0]
            return Caught(guard, seed, invariant, what)
        if time.monotonic() - began > seconds:
            break
    return Caught(guard, seed, None, "")


def hunt_all(
    guards: Iterable[str],
    *,
    most: int = 2000,
    cores: int | None = None,
    seen: Mapping[str, int] = MappingProxyType({}),
) -> Iterator[Caught]:
    """Hunt these planted bugs, in their order, each first where it was *seen* before."""
    with _pool(cores) as pool:
        yield from pool.map(partial(hunt, most=most), [(guard, seen.get(guard)) for guard in guards])


def _run(seeds: tuple[int, ...]) -> list[Report]:
    return [_light(scenario(seed)) for seed in seeds]


def _light(report: Report) -> Report:
    if report.violations:
        return report
    return Report(report.seed, report.digest, (), (), report.commits)
