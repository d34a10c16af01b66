"""How long a change takes to reach four partners: at half load, with a worker killed, with three workers, and with one
partner down.

Latencies are those of the rows: from the revision's moment to the end of the attempt that brought it to a partner, both
by the database's clock. Ratios are between runs that follow each other on the same machine.
"""

import asyncio
import signal
import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from bench.installation import ENGINES, Engine, Installation, installed

HALF = 0.5
STEADY_PER_S = 3.0
"""Changes a second at which a worker's cost is measured: few enough for any machine."""
IDLE_S = 5.0
ROUNDS = 3
CALM_S = 150
"""How long the runs before and after an outage last at most."""


@dataclass
class Latencies:
    """Seconds from a change to its acknowledgement, by system."""

    seconds: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    def add(self, system: str, seconds: float) -> None:
        self.seconds.setdefault(system, []).append(seconds)

    def of(self, *systems: str) -> list[float]:
        """All of the named systems, or of all, sorted."""
        return sorted(
            s for name, found in self.seconds.items() if not systems or name in systems for s in found
        )


def percentile(values: list[float], share: float) -> float:
    """The value below which that share of the sorted *values* lies."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


def run(plans: int) -> None:
    """Print propagation at half load, recovery after a kill, and what more workers cost, on both engines."""
    table = Table(
        "engine",
        "capacity (changes/s)",
        "half load (changes/s)",
        "at half load: p50 (ms)",
        "p99 (ms)",
        "first write after kill -9 (s)",
        "CPU per write, 1 worker (ms)",
        "3 workers (ms)",
        "ratio",
        title=f"Propagation to four systems, {plans} plans",
    )
    for engine in ENGINES:
        with installed(engine, plans) as place:
            capacity, cpu_one = _capacity(place)
            rate = _half_load(place)
            found = Latencies()
            for _ in range(ROUNDS):
                _at_rate(place, rate, found)
            values = found.of()
            recovered = _recovery(place)
            several = _capacity_of_three(place) if engine == "postgresql" else None
        table.add_row(
            engine,
            f"{capacity:.0f}",
            f"{rate:.1f}",
            f"{1000 * percentile(values, 0.5):.0f}",
            f"{1000 * percentile(values, 0.99):.0f}",
            f"{recovered:.2f}",
            f"{1000 * cpu_one:.1f}",
            "-" if several is None else f"{1000 * several:.1f}",
            "-" if several is None else f"{several / cpu_one:.2f}x",
        )
    Console(width=150).print(table)


def outage(plans: int, seconds: float, engines: Sequence[Engine]) -> None:
    """Print p99 of three partners while the fourth is down for *seconds*, beside what came before and after."""
    table = Table(
        "engine",
        "down",
        "seconds",
        "changes/s",
        "p99 of the other three, all well before (ms)",
        "one down (ms)",
        "all well after (ms)",
        "down to well",
        "median",
        title=f"One partner down under load, {plans} plans",
    )
    for engine in engines:
        with installed(engine, plans) as place:
            rate = _half_load(place)
            others = [s for s in place.stage.simulators if s != "lifecare"]
            before, ill, after = Latencies(), Latencies(), Latencies()
            _for_seconds(place, rate, min(seconds, CALM_S), before)
            with _down(place, "lifecare"):
                _for_seconds(place, rate, seconds, ill, but="lifecare")
            place.settled()
            _for_seconds(place, rate, min(seconds, CALM_S), after)
        hurt, calm = ill.of(*others), sorted(before.of(*others) + after.of(*others))
        table.add_row(
            engine,
            "lifecare",
            f"{seconds:.0f}",
            f"{rate:.1f}",
            *(f"{1000 * percentile(each.of(*others), 0.99):.0f}" for each in (before, ill, after)),
            f"{percentile(hurt, 0.99) / percentile(calm, 0.99):.2f}x",
            f"{statistics.median(hurt) / statistics.median(calm):.2f}x",
        )
    Console(width=150).print(table)


def _capacity(place: Installation) -> tuple[float, float]:
    """Changes per second when all plans change at once, and processor seconds of the workers per write."""
    workers = place.workers
    cpu, started = sum(map(place.cpu_s, workers)), time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(place.change, place.plans))
    place.settled()
    seconds = time.perf_counter() - started
    used_s = sum(map(place.cpu_s, workers)) - cpu
    return len(place.plans) / seconds, used_s / (len(place.plans) * len(place.stage.simulators))


def _half_load(place: Installation) -> float:
    """Changes per second, in a steady stream, that keep the worker's core busy half of the time.

    Half of what a burst gets through is more than that, since the writes of a burst share commits and wake-ups;
    and near to saturation a high percentile tells of whatever else the machine does.
    """

    def busy(cpu_before: float, began: float) -> float:
        return (place.cpu_s(place.workers[0]) - cpu_before) / (time.monotonic() - began)

    before = place.cpu_s(place.workers[0]), time.monotonic()
    time.sleep(IDLE_S)
    idle = busy(*before)
    before = place.cpu_s(place.workers[0]), time.monotonic()
    _at_rate(place, STEADY_PER_S, Latencies())
    return STEADY_PER_S * (HALF - idle) / (busy(*before) - idle)


def _at_rate(place: Installation, rate: float, found: Latencies, *, but: str | None = None) -> None:
    """Change every plan once, evenly at *rate* per second whatever the answers take, and note all latencies."""
    began = time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        for turn, plan in enumerate(place.plans):
            time.sleep(max(0.0, began + turn / rate - time.monotonic()))
            pool.submit(place.change, plan)
    place.settled(but=but)
    for system, seconds in asyncio.run(place.latencies()):
        if system != but:
            found.add(system, seconds)


def _for_seconds(
    place: Installation, rate: float, seconds: float, found: Latencies, *, but: str | None = None
) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        _at_rate(place, rate, found, but=but)


def _recovery(place: Installation) -> float:
    """Seconds from the start of a new worker, after the only one was killed at work, to its first write."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(place.change, place.plans))
    place.stage.worker.end(signal.SIGKILL)
    before = place.writes()
    place.stage.worker.start()
    started = time.perf_counter()
    while place.writes() == before:
        time.sleep(0.005)
    seconds = time.perf_counter() - started
    place.settled()
    return seconds


def _capacity_of_three(place: Installation) -> float:
    with place.more_workers(2):
        _, cpu = _capacity(place)
    return cpu


@contextmanager
def _down(place: Installation, system: str) -> Iterator[None]:
    simulator = place.stage.simulators[system]
    simulator.chaos(drop_rate=1.0)
    try:
        yield
    finally:
        simulator.chaos(drop_rate=0.0)
