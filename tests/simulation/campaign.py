"""Many scenarios, on all cores that were given."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor

from simulation.scenario import Report, scenario

CHUNK = 10


def campaign(seeds: Iterable[int], *, cores: int | None = None) -> Iterator[Report]:
    """Run the scenarios of *seeds*; the reports come in their order, without logs where nothing was found."""
    numbers = tuple(seeds)
    chunks = [numbers[at : at + CHUNK] for at in range(0, len(numbers), CHUNK)]
    cores = cores or os.cpu_count() or 1
    if cores == 1 or len(chunks) == 1:
        for chunk in chunks:
            yield from _run(chunk)
        return
    with ProcessPoolExecutor(cores) as pool:
        for reports in pool.map(_run, chunks):
            yield from reports


def _run(seeds: tuple[int, ...]) -> list[Report]:
    return [_light(scenario(seed)) for seed in seeds]


def _light(report: Report) -> Report:
    if report.violations:
        return report
    return Report(report.seed, report.digest, (), (), report.commits)
