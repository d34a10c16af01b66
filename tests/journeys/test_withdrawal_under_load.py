"""Withdrawals while a thousand sends are queued and in flight: none starts after the withdrawal was recorded.

What started is told by the partners' journals, what was decided by the hub's own record.
"""

import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from tyokyky_bridge.demo.stage import Stage
from tyokyky_bridge.services.ports import Tx
from worlds.casework import ALL_CATEGORIES, Casework, Grant, Person, at_once, member_of, people, plan_of
from worlds.parties import EMPLOYMENT, HEALTH, KELA, SOCIAL, TYP
from worlds.partner_records import is_write, lenses, read_items, standing
from worlds.two_way import read_hub
from worlds.warm import wait_until

CLIENTS = 250
SYSTEMS = ("effica", "lifecare", "typpi", "ura")
RECIPIENTS = (HEALTH, SOCIAL, EMPLOYMENT, TYP)
STARTED_FIRST = 60
"""Sends that have reached the partners before the first client takes the form back."""
SLOW_MS = (60, 180)
ON_ITS_WAY_S = 1.0
"""How long a request that was begun in time may take to arrive on a machine under load."""
GOAL = "goals[g-1].text_client"


@dataclass
class Rush:
    """The story once it has happened; times are seconds of the epoch, by identity number."""

    cohort: tuple[Person, ...]
    plans: dict[str, str] = field(default_factory=dict[str, str])
    consents: dict[str, str] = field(default_factory=dict[str, str])
    answered: dict[str, float] = field(default_factory=dict[str, float])
    answers: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    queued: int = 0
    arrived: dict[tuple[str, str], list[float]] = field(default_factory=dict[tuple[str, str], list[float]])
    """When writes with the client's words came in, by system and person."""


@pytest.fixture(scope="module")
def rush(calm_stage: Stage) -> Rush:
    """Kela writes down what 250 clients wish; all four systems are told, and all clients change their minds."""
    teemu, rush = Casework(calm_stage, party=KELA), Rush(people(CLIENTS, first=61_000))
    calm_stage.worker.end()
    teemu.known_to(rush.cohort, typ=True)
    at_once([lambda who=who: _open(teemu, rush, who) for who in rush.cohort])
    rush.queued = sum(row["due"] for row in teemu.counts().values())
    for simulator in calm_stage.simulators.values():
        simulator.chaos(latency_ms=list(SLOW_MS))
    calm_stage.worker.start()
    wait_until(lambda: _writes(calm_stage) >= STARTED_FIRST, wait_s=30, every_s=0.1)
    order = random.Random(20261122).sample(rush.cohort, CLIENTS)
    at_once([lambda who=who: _take_back(teemu, rush, who) for who in order], hands=8)
    for simulator in calm_stage.simulators.values():
        simulator.chaos(latency_ms=[0, 0])
    wait_until(teemu.all_settled, wait_s=90, every_s=0.2)
    rush.arrived = _arrivals(calm_stage, rush)
    return rush


def test_a_thousand_sends_waited_and_some_had_started(rush: Rush) -> None:
    assert rush.queued == CLIENTS * len(SYSTEMS)
    reached = Counter(system for system, _ in rush.arrived)
    assert reached.keys() == set(SYSTEMS), "some partner was sent nothing: nothing was raced there"
    assert STARTED_FIRST <= reached.total() <= rush.queued / 2, reached


def test_no_send_starts_after_the_answer_to_the_withdrawal(rush: Rush) -> None:
    late = {
        (system, rush.plans[hetu]): at - rush.answered[hetu]
        for (system, hetu), times in rush.arrived.items()
        for at in times
        if at > rush.answered[hetu] + ON_ITS_WAY_S
    }
    assert late == {}


def test_no_send_was_decided_after_the_withdrawal_was_recorded(rush: Rush, calm_stage: Stage) -> None:
    def read(tx: Tx) -> list[tuple[str, str]]:
        late: list[tuple[str, str]] = []
        for hetu, plan_id in rush.plans.items():
            withdrawn = rush.answers[hetu]["consent"]["withdrawn"]
            recorded = datetime.fromisoformat(withdrawn["recorded_at"])
            for link in tx.links.of_plan(UUID(plan_id)):
                sends = [d for d in tx.decisions.of_link(link.id) if d.at > recorded]
                items = (item for decision in sends for item in decision.items)
                late += [(link.system, plan_id) for i in items if i["path"] == GOAL and i["state"] == "sent"]
        return late

    assert read_hub(calm_stage, read) == []


def test_every_send_had_started_or_is_told_as_cancelled(rush: Rush) -> None:
    for hetu, answer in rush.answers.items():
        for system in SYSTEMS:
            came = bool(rush.arrived.get((system, hetu)))
            cancelled = GOAL in answer["cancelled"].get(system, ())
            assert came or cancelled, (system, rush.plans[hetu])


def test_what_had_arrived_is_taken_back_as_each_partner_can(rush: Rush, calm_stage: Stage) -> None:
    lens = lenses()
    for system in SYSTEMS:
        records = standing(system, calm_stage.simulators[system])
        left = {
            who.hetu
            for who in rush.cohort
            if who.hetu in records and GOAL in read_items(lens[system], records[who.hetu])
        }
        arrived = {hetu for other, hetu in rush.arrived if other == system}
        assert left == (arrived if system == "ura" else set()), system
    assert {row["parked"] for row in Casework(calm_stage).counts().values()} == {0}


def _open(work: Casework, rush: Rush, who: Person) -> None:
    client = work.register(who)
    grants: list[Grant] = [
        (KELA, taker, ALL_CATEGORIES, "typ" if taker == TYP else "work_ability_support")
        for taker in RECIPIENTS
    ]
    rush.consents[who.hetu] = work.consent(client, *grants, taken_by=HEALTH)
    network = {"members": [member_of(party) for party in (*RECIPIENTS, KELA)]}
    goals = [{"id": "g-1", "text_client": _words(who), "status": "active"}]
    rush.plans[who.hetu] = work.plan(client, plan_of(who, network=network, goals=goals))


def _take_back(work: Casework, rush: Rush, who: Person) -> None:
    rush.answers[who.hetu] = work.withdraw(rush.consents[who.hetu])
    rush.answered[who.hetu] = time.time()


def _words(who: Person) -> str:
    """What nobody else wishes, in letters that every wire format spells alike."""
    return f"Toive{who.hetu[:6]}x{who.hetu[7:]}."


def _writes(stage: Stage) -> int:
    journals = ((system, simulator.journal()) for system, simulator in stage.simulators.items())
    return sum(is_write(system, entry) for system, entries in journals for entry in entries)


def _arrivals(stage: Stage, rush: Rush) -> dict[tuple[str, str], list[float]]:
    found: dict[tuple[str, str], list[float]] = {}
    hetu_of = {_words(who): who.hetu for who in rush.cohort}
    for system, simulator in stage.simulators.items():
        for entry in simulator.journal():
            if is_write(system, entry):
                body = entry.body.decode("latin-1")
                at = body.find("Toive")
                hetu = hetu_of.get(body[at : at + len(_words(rush.cohort[0]))])
                if hetu is not None:
                    found.setdefault((system, hetu), []).append(datetime.fromisoformat(entry.at).timestamp())
    return found
