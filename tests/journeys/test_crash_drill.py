"""Kill -9 of the worker at random moments: afterwards every link is true and every effective write was made once.

``TYOKYKY_DRILL_SEED`` repeats a run whose seed was printed; without it one fixed and one fresh seed are used in turns
by engine, so that every run has seen both.
"""

import os
import random
import re
import signal
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from tyokyky_bridge.demo.stage import Stage
from tyokyky_bridge.domain.items import Leaves, leaves_of
from tyokyky_bridge.domain.plan import SupportPlan
from worlds.casework import ACTIVE_TYP, ALL_CATEGORIES, Casework, Person, at_once, people, plan_of
from worlds.parties import EMPLOYMENT, HEALTH, SOCIAL
from worlds.partner_records import is_write, lenses, read_items, standing
from worlds.warm import wait_until

FIXED_SEED = 20261122
SHORT, LONG = (15, 60), (50, 200)
"""Kills, and plans that are written meanwhile."""
EVERY_SYSTEM = frozenset({"effica", "lifecare", "typpi", "ura"})

WRITES = {
    "effica": "TallennaAsiakirja",
    "lifecare": "(POST|PUT) /lifecare/api/v2/(asiakirjat|potilaat)(?!/haku)",
    "typpi": "(POST|PUT) /typpi/suunnitelmat",
    "ura": "tallenna",
}
CREATIONS = {
    "effica": r"asiakirja \S+",
    "lifecare": r"asiakirja \S+",
    "typpi": r"suunnitelma \d+ avattu",
    "ura": r"suunnitelma \d+",
}
THEIR_OWN = {
    "client.family_name",
    "client.given_names",
    "client.birth_date",
    "client.contact_language",
    "client.interpreter.required",
    "header.typ_customership.status",
    "header.typ_customership.start",
}
"""What a partner may hold of a person by itself."""


@dataclass
class Cohort:
    """People whose plans are written while things go wrong, and what was written."""

    people: tuple[Person, ...]
    systems: frozenset[str]
    """Where their plans have to arrive."""
    plans: dict[str, str] = field(default_factory=dict[str, str])
    """Plan id by identity number."""
    leaves: dict[str, Leaves] = field(default_factory=dict[str, Leaves])


@pytest.fixture(scope="module")
def seed(engine_url: str | None) -> int:
    """Printed, so that a failure can be repeated."""
    given = os.environ.get("TYOKYKY_DRILL_SEED")
    fresh = random.SystemRandom().randrange(10**9)
    chosen = int(given) if given else FIXED_SEED if engine_url is None else fresh
    print(f"crash drill: TYOKYKY_DRILL_SEED={chosen}")  # shown with a failure
    return chosen


@pytest.mark.parametrize(("kills", "plans"), [SHORT, pytest.param(*LONG, marks=pytest.mark.campaign)])
def test_after_many_kills_every_link_is_true_and_every_write_was_made_once(
    calm_stage: Stage, seed: int, kills: int, plans: int
) -> None:
    rng = random.Random(seed)
    work = Casework(calm_stage, party=EMPLOYMENT)
    # Effica, the slowest, has its share of kills below: three systems keep the drill short.
    first = 0 if kills == SHORT[0] else SHORT[1]
    cohort = Cohort(people(plans, first=first), EVERY_SYSTEM - {"effica"})
    work.known_to(cohort.people, typ=True)

    with ThreadPoolExecutor(1) as clerk:
        writing = clerk.submit(_write_plans, work, cohort)
        caught_working = _kill_at_random(calm_stage, work, rng, kills=kills - 1, writing=writing)
        writing.result()
    wait_until(work.all_settled, wait_s=300, every_s=0.2)

    assert caught_working >= kills // 2, f"only {caught_working} kills hit a worker that was at work"
    _check_truth(calm_stage, work, cohort)
    _check_effects(calm_stage, cohort)


@pytest.mark.campaign
def test_answers_lost_after_the_effect_do_not_make_it_happen_twice(calm_stage: Stage, seed: int) -> None:
    rng = random.Random(seed + 1)
    work = Casework(calm_stage, party=EMPLOYMENT)
    cohort = Cohort(people(24, first=SHORT[1] + LONG[1]), EVERY_SYSTEM)
    work.known_to(cohort.people, typ=True)
    before = {system: len(simulator.journal()) for system, simulator in calm_stage.simulators.items()}
    for system, simulator in calm_stage.simulators.items():
        simulator.chaos(lost_answer_rate=0.3, on=WRITES[system], random_seed=rng.randrange(10**6))

    with ThreadPoolExecutor(1) as clerk:
        writing = clerk.submit(_write_plans, work, cohort)
        _kill_at_random(calm_stage, work, rng, kills=7, writing=writing)
        writing.result()
    wait_until(work.all_settled, wait_s=300, every_s=0.2)
    for simulator in calm_stage.simulators.values():
        simulator.chaos(lost_answer_rate=0.0, on="")

    lost = {
        system: [e for e in simulator.journal(since=before[system]) if e.outcome == "lost" and e.effects]
        for system, simulator in calm_stage.simulators.items()
    }
    assert all(lost.values()), {system: len(entries) for system, entries in lost.items()}
    assert all(is_write(system, entry) for system, entries in lost.items() for entry in entries)
    _check_truth(calm_stage, work, cohort)
    _check_effects(calm_stage, cohort)


def _write_plans(work: Casework, cohort: Cohort) -> None:
    takers = [HEALTH, SOCIAL] if "effica" in cohort.systems else [HEALTH]

    def write(who: Person) -> None:
        client = work.register(who)
        work.consent(client, *((EMPLOYMENT, taker, ALL_CATEGORIES) for taker in takers))
        seen = work.call("POST", "/v1/plans", {"client_id": client, "plan": _plan(who)}, expect=201)
        cohort.plans[who.hetu] = seen["plan_id"]
        cohort.leaves[who.hetu] = leaves_of(SupportPlan.model_validate(seen["plan"]))

    at_once([lambda who=who: write(who) for who in cohort.people], hands=4)


def _plan(who: Person) -> dict[str, Any]:
    return plan_of(
        who,
        header={"typ_customership": ACTIVE_TYP},
        employment={"labour_market_status": "unemployed_jobseeker"},
        goals=[{"id": "g-1", "text_client": f"Haluan osa-aikatyöhön {who.birth_date}.", "status": "active"}],
    )


def _kill_at_random(
    stage: Stage, work: Casework, rng: random.Random, *, kills: int, writing: "Future[None]"
) -> int:
    """Kill and restart the worker, and once more; returns how often it was caught with leases in hand."""
    caught = 0
    for _ in range(kills):
        log_was = stage.worker.log.stat().st_size
        stage.worker.end(signal.SIGKILL)
        stage.worker.start()
        if rng.random() < 0.9:  # else it may be caught while it is still starting
            wait_until(
                lambda since=log_was: _at_work(stage, work, since) or (writing.done() and work.all_settled()),
                wait_s=60,
                every_s=0.02,
            )
        time.sleep(rng.uniform(0.0, 0.3))
        caught += _at_work(stage, work, log_was)
    stage.worker.end(signal.SIGKILL)
    stage.worker.start()
    return caught


def _at_work(stage: Stage, work: Casework, log_was: int) -> bool:
    """Whether the worker has started since its log had that length, and has leases in hand."""
    with stage.worker.log.open("rb") as log:
        log.seek(log_was)
        started = b"worker.started" in log.read()  # before that, leases are those of the one that was killed
    return started and any(row["leased"] for row in work.counts().values())


def _check_truth(stage: Stage, work: Casework, cohort: Cohort) -> None:
    """Every partner's record holds the lens image of its view of the plan, and nothing else of the plan."""
    some = next(iter(cohort.plans.values()))
    counts = work.counts()
    assert {system: row["parked"] for system, row in counts.items()} == dict.fromkeys(EVERY_SYSTEM, 0)
    # A sweep after a restart may ask for a link under way to be looked at again; the journals show that nothing is
    # sent a second time (`_check_effects`).
    for plan in list(cohort.plans.values())[::20]:
        links = {
            system: (row["state"], row["desired_generation"] - row["acknowledged_generation"])
            for system, row in work.links(plan).items()
        }
        assert links == dict.fromkeys(links, ("in_sync", 0))
        assert set(cohort.systems) <= links.keys()
    mappings = lenses()
    for system in cohort.systems:
        # All plans of a cohort have the same shape and the same forms, so one trace tells the view of all.
        permitted = {p for p, item in work.trace(some, system).items() if item["outcome"] == "PERMIT"}
        records = standing(system, stage.simulators[system])
        for hetu, leaves in cohort.leaves.items():
            view = {path: value for path, value in leaves.items() if path in permitted}
            image = mappings[system].put_leaves({}, view).expected
            held = read_items(mappings[system], records[hetu])
            assert {path: held.get(path) for path in image} == image, (system, cohort.plans[hetu])
            assert not held.keys() - image.keys() - THEIR_OWN, (
                system,
                held.keys() - image.keys() - THEIR_OWN,
            )


def _check_effects(stage: Stage, cohort: Cohort) -> None:
    """By the partners' own journals: one creation for each person, and nothing changed a second time."""
    for system in cohort.systems:
        simulator = stage.simulators[system]
        effects = Counter(_subject(effect) for effect in simulator.effects())
        twice = {subject: times for subject, times in effects.items() if times > 1}
        assert not twice, (system, twice)
        records = standing(system, simulator)
        assert {who.hetu for who in cohort.people} <= records.keys(), system
        created = [subject for subject in effects if re.fullmatch(CREATIONS[system], subject)]
        assert len(created) == len(records), system


def _subject(effect: str) -> str:
    """What an effect changed, without the version that it got."""
    return re.sub(r" (v\d+( \w+)?|muutosnumero \d+)$", "", effect)
