"""TYPPI bears so many requests a minute and refuses more; two workers together stay below that, change log and all."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tyokyky_bridge.bootstrap import wire
from tyokyky_bridge.demo.stage import Stage
from tyokyky_bridge.feeds import FeedPace
from tyokyky_bridge.services.delivery import Engine
from tyokyky_bridge.settings import Settings
from tyokyky_bridge.worker import Pace, run
from worlds.casework import ACTIVE_TYP, ALL_CATEGORIES, Casework, at_once, people, plan_of
from worlds.parties import EMPLOYMENT, HEALTH, SOCIAL
from worlds.postgres import in_own_loop
from worlds.two_way import read_hub
from worlds.warm import WarmProcesses

RATE = 48
"""A burst of 12 and 31 in each minute: four times as many as come at once want to be sent."""
CLIENTS = 24
WORKED_S = 6.0


@pytest.fixture(scope="module")
def strict_stage(
    warm_processes: WarmProcesses, engine_url: str | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """An installation with TYPPI alone, which is strict, and known to be; nobody works on the links yet."""
    shipped = Path(__file__).parents[2] / "mappings/canonical/demo_directory.yaml"
    directory = yaml.safe_load(shipped.read_text("utf-8"))
    for system in directory["systems"]:
        if system["id"] == "typpi":
            system["options"] = {"requests_per_min": str(RATE)}
    folder = tmp_path_factory.mktemp("strict")
    with Stage(
        folder, database_url=engine_url, systems=("typpi",), calm=True, directory=directory
    ) as running:
        running.worker.end()
        yield running


def open_plans(stage: Stage) -> None:
    """As many clients with a plan that TYPPI is to have."""
    work, whom = Casework(stage, party=EMPLOYMENT), people(CLIENTS, first=91_000)
    work.known_to(whom, typ=True)

    def open_plan(who: Any) -> None:
        client = work.register(who)
        work.consent(client, (EMPLOYMENT, HEALTH, ALL_CATEGORIES), (EMPLOYMENT, SOCIAL, ALL_CATEGORIES))
        work.plan(client, plan_of(who, header={"typ_customership": ACTIVE_TYP}))

    at_once([lambda who=who: open_plan(who) for who in whom])


async def two_workers(stage: Stage, seconds: float) -> None:
    """Two workers as processes have them, each with a store of its own."""
    environment = stage.worker.environment
    given = {name.removeprefix("TYOKYKY_").lower(): value for name, value in environment.items()}
    settings = Settings(**given)
    bridges, stop = [wire(settings), wire(settings)], asyncio.Event()
    listening = FeedPace(poll_fastest_s=0.2, poll_slowest_s=0.4)
    try:
        async with asyncio.TaskGroup() as group:
            for number, bridge in enumerate(bridges):
                engine = Engine(bridge, f"w-{number}")
                group.create_task(run(bridge, engine, Pace(), stop, feed_pace=listening))
            await asyncio.sleep(seconds)
            stop.set()
    finally:
        for bridge in bridges:
            for partner in bridge.partners.values():
                await partner.adapter.aclose()
            await bridge.store.aclose()


@pytest.mark.campaign
def test_two_workers_together_stay_below_the_declared_rate(strict_stage: Stage) -> None:
    open_plans(strict_stage)
    typpi = strict_stage.simulators["typpi"]
    typpi.chaos(rate_per_min=RATE)
    begun = len(typpi.journal())
    began = time.monotonic()
    in_own_loop(two_workers(strict_stage, WORKED_S))
    took_s = time.monotonic() - began
    came = typpi.journal()[begun:]
    assert [entry.status for entry in came if entry.status == 429] == []
    asked = [entry for entry in came if not entry.path.startswith("/typpi/token")]
    writes = [entry for entry in asked if entry.method == "POST" and entry.path == "/typpi/suunnitelmat"]
    assert len(writes) >= 3  # what the burst has room for, and one that was earned
    assert len(asked) <= RATE * (0.25 + 0.65 * took_s / 60) + 4
    row = Casework(strict_stage).counts()["typpi"]
    assert (row["state"], row["rate_per_min"], row["slowed"]) == ("open", RATE, False)
    assert row["due"] == CLIENTS - len(writes)
    waiting = [link for link in links(strict_stage) if link["state"] == "due"]
    assert {(link["attempts"], link["last_error"]) for link in waiting} == {(0, None)}


def links(stage: Stage) -> list[dict[str, Any]]:
    """Every link to TYPPI."""

    def read(tx: Any) -> list[dict[str, Any]]:
        found = [link for plan in tx.plans.page(limit=100) for link in tx.links.of_plan(plan.id)]
        return [
            {"state": link.state, "attempts": link.attempts, "last_error": link.last_error} for link in found
        ]

    return read_hub(stage, read)
