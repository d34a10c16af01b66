"""The pure parts: what one lens put, one lens get and one disclosure cost."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from tyokyky_bridge.domain.disclosure import disclose
from tyokyky_bridge.domain.facts import Facts
from tyokyky_bridge.domain.items import leaves_of
from tyokyky_bridge.domain.parties import Purpose
from tyokyky_bridge.domain.revision import Origin, Revision
from tyokyky_bridge.registry import find_adapters
from worlds.parties import DIRECTORY, LEGAL_BASES
from worlds.plans import rich_plan, scenario_1_plan

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROUNDS = 7


def run() -> None:
    """Print both tables."""
    lenses()
    disclosures()


def micros(work: Callable[[], Any], *, at_least_s: float = 0.08) -> float:
    """Microseconds for one call: median of rounds, each long enough to be worth timing."""
    work()
    started = time.perf_counter()
    work()
    count = max(3, int(at_least_s / max(time.perf_counter() - started, 1e-7)))
    rounds: list[float] = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for _ in range(count):
            work()
        rounds.append((time.perf_counter() - started) / count * 1e6)
    return median(rounds)


def lenses() -> None:
    """One put into an empty form, one put that changes nothing, one get; beside one JSON copy of the record."""
    leaves = leaves_of(rich_plan())
    table = Table(
        "system",
        "leaves carried",
        "put, empty (µs)",
        "put, standing (µs)",
        "get (µs)",
        "JSON copy (µs)",
        "put ratio",
        "get ratio",
        title="The lens, on a plan with every field filled",
    )
    for name, adapter in find_adapters().items():
        lens = adapter.lens
        put = lens.put_leaves({}, leaves)
        first = micros(lambda lens=lens: lens.put_leaves({}, leaves))
        again = micros(lambda lens=lens, native=put.native: lens.put_leaves(native, leaves))
        get = micros(lambda lens=lens, native=put.native: lens.get(native))
        copy = micros(lambda native=put.native: orjson.loads(orjson.dumps(native)))
        table.add_row(
            name,
            str(len(put.carried)),
            f"{first:.0f}",
            f"{again:.0f}",
            f"{get:.0f}",
            f"{copy:.0f}",
            f"{first / copy:.1f}x",
            f"{get / copy:.1f}x",
        )
    Console().print(table)


def disclosures() -> None:
    """One disclosure, beside flattening the same plan into leaves."""
    table = Table(
        "plan", "leaves", "disclose (µs)", "µs per leaf", "flatten (µs)", "ratio", title="Disclosure"
    )
    facts = Facts(identity_resolved=True, directory=DIRECTORY, legal_bases=LEGAL_BASES)
    for name, plan in (("scenario 1", scenario_1_plan()), ("every field", rich_plan())):
        leaves = leaves_of(plan)
        origin = Origin(party="lrha-health", at=NOW, role="bridge")
        revision = Revision(plan, 1, dict.fromkeys(leaves, origin), NOW, "lrha-health")
        taken = micros(
            lambda revision=revision: disclose(
                revision,
                recipient="meriniemi-employment",
                purpose=Purpose.WORK_ABILITY_SUPPORT,
                channel="ura",
                facts=facts,
                at=NOW,
            )
        )
        flat = micros(lambda plan=plan: leaves_of(plan))
        table.add_row(
            name,
            str(len(leaves)),
            f"{taken:.0f}",
            f"{taken / len(leaves):.2f}",
            f"{flat:.0f}",
            f"{taken / flat:.1f}x",
        )
    Console().print(table)
