"""Partners that fail, close, ask for patience or lock us out: each waits alone, and nothing is written twice."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from tyokyky_bridge.demo.desk import Desk, Opened
from tyokyky_bridge.demo.stage import Stage
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.storage import open_store
from worlds.casework import (
    ACTIVE_TYP,
    ALL_CATEGORIES,
    Casework,
    Person,
    at_once,
    people,
    person,
    plan_of,
)
from worlds.parties import EMPLOYMENT, HEALTH, SOCIAL
from worlds.partner_records import is_write, lenses, read_items, standing
from worlds.postgres import in_own_loop
from worlds.two_way import quiet
from worlds.warm import WarmProcesses, wait_until

pytestmark = pytest.mark.campaign
"""The same troubles, told shorter, are in `test_trouble_at_partners` and met in every run."""

GOAL = "goals[g-1].text_client"
EVERYBODY = ("effica", "lifecare", "typpi", "ura")
NUMBERS = itertools.count(13_000, 10)
DEADLINE_S = 2.0
HELSINKI = ZoneInfo("Europe/Helsinki")
WRITES = {
    "effica": "TallennaAsiakirja",
    "lifecare": "(POST|PUT) /lifecare/api/v2/(asiakirjat|potilaat)(?!/haku)",
    "typpi": "(POST|PUT) /typpi/suunnitelmat",
    "ura": "tallenna",
}


@pytest.fixture(scope="module")
def hasty_stage(
    warm_processes: WarmProcesses, engine_url: str | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """An installation whose Lifecare gets two seconds for an answer instead of twenty."""
    shipped = Path(__file__).parents[2] / "mappings/canonical/demo_directory.yaml"
    directory = yaml.safe_load(shipped.read_text("utf-8"))
    for system in directory["systems"]:
        if system["id"] == "lifecare":
            system["options"] = {"deadline_s": str(DEADLINE_S)}
    folder = tmp_path_factory.mktemp("hasty")
    with Stage(folder, database_url=engine_url, calm=True, directory=directory) as running:
        yield running


@pytest.fixture
def work(hasty_stage: Stage) -> Iterator[Casework]:
    """Olli's work; afterwards every partner is up, quick and willing, and no gate is shut."""
    yield Casework(hasty_stage, party=EMPLOYMENT)
    for simulator in hasty_stage.simulators.values():
        simulator.chaos(latency_ms=[0, 0], on="", error_rate=0.0, next_errors=0, retry_after_s=None)
        simulator.chaos(error_status=503)
    open_gates(hasty_stage)


@pytest.fixture(scope="module")
def mappings() -> dict[str, Any]:
    """The lens of each system."""
    return lenses()


@pytest.fixture
def who() -> Person:
    """A person whom nobody has met."""
    return person(next(NUMBERS))


def open_gates(stage: Stage) -> None:
    """What an operator does who has seen to the reason: no pause, no breaker."""

    def reopen(tx: Tx) -> None:
        for gate in tx.gates.all():
            fresh = replace(
                gate, paused_until=None, breaker="closed", open_count=0, window={}, opened_at=None
            )
            tx.gates.save(fresh)

    async def work() -> None:
        store = open_store(stage.database_url, index_key=b"another key: nobody is looked up....")
        await store.write(reopen)
        await store.aclose()

    in_own_loop(work())


def write_plan(work: Casework, who: Person, text: str = "Osa-aikatyö keväällä.") -> str:
    """A client on a form that lets everybody have everything, and their plan; returns the plan's id."""
    client = work.register(who)
    work.consent(client, (EMPLOYMENT, HEALTH, ALL_CATEGORIES), (EMPLOYMENT, SOCIAL, ALL_CATEGORIES))
    goals = [{"id": "g-1", "text_client": text, "status": "active"}]
    return work.plan(client, plan_of(who, header={"typ_customership": ACTIVE_TYP}, goals=goals))


def goal_at(work: Casework, system: str, who: Person, mappings: dict[str, Any]) -> Any:
    """The client's goal as it stands at a partner."""
    record = standing(system, work.stage.simulators[system]).get(who.hetu, {})
    return read_items(mappings[system], record).get(GOAL)


def gate(work: Casework, system: str) -> tuple[str, float]:
    """What ``/health`` says of a system: its state, and for how many seconds it is left alone."""
    row = work.counts()[system]
    until = row["paused_until"]
    left = 0.0 if until is None else datetime.fromisoformat(until).timestamp() - time.time()
    return row["state"], left


@pytest.mark.parametrize("system", EVERYBODY)
def test_failures_are_tried_again_with_growing_patience_and_end_in_one_write(
    work: Casework, who: Person, mappings: dict[str, Any], system: str
) -> None:
    simulator = work.stage.simulators[system]
    work.known_to([who], typ=True)
    seen = len(simulator.journal())
    simulator.chaos(next_errors=3, error_status=502, on=WRITES[system])

    plan_id = write_plan(work, who)
    wait_until(lambda: work.links(plan_id)[system]["last_error"] is not None)
    late = work.links(plan_id)[system]
    links = work.settle(plan_id)

    assert late["state"] in {"due", "leased"}
    assert late["attempts"] >= 1
    assert {link["state"] for link in links.values()} == {"in_sync"}
    assert links[system]["attempts"] == 0
    writes = [e for e in simulator.journal(since=seen) if is_write(system, e)]
    failed = [e for e in writes if e.outcome == "error"]
    assert len(failed) == 3
    assert not any(e.effects for e in failed)
    assert goal_at(work, system, who, mappings) == "Osa-aikatyö keväällä."
    # A look that a hint asked for may follow, and finds nothing to send.
    tries = [d["outcome"] for d in reversed(links[system]["deliveries"]) if d["outcome"] != "unchanged"]
    assert tries[-1] == "ok"
    assert len(tries) == 4


def test_a_dead_partner_opens_its_breaker_and_slows_nobody_else(
    work: Casework, mappings: dict[str, Any]
) -> None:
    cohort = people(8, first=next(NUMBERS))
    typpi = work.stage.simulators["typpi"]
    work.known_to(cohort, typ=True)
    typpi.kill()
    try:
        plans = at_once([lambda who=who: write_plan(work, who) for who in cohort])
        others = [system for system in EVERYBODY if system != "typpi"]
        wait_until(lambda: all(work.counts()[s]["due"] == work.counts()[s]["leased"] == 0 for s in others))
        wait_until(lambda: gate(work, "typpi")[0] == "failing")
        state, left_s = gate(work, "typpi")
        attempts = [work.links(plan)["typpi"]["attempts"] for plan in plans]
    finally:
        typpi.restart()

    assert state == "failing"
    assert left_s < 7
    assert sum(attempts) < 8 * 4, "while it is open, links keep their attempts"
    for who in cohort:
        for system in others:
            assert goal_at(work, system, who, mappings) == "Osa-aikatyö keväällä."
    wait_until(work.all_settled, wait_s=60)
    assert gate(work, "typpi") == ("open", 0.0)
    for who in cohort:
        assert goal_at(work, "typpi", who, mappings) == "Osa-aikatyö keväällä."
    created = [e for e in typpi.effects() if e.endswith("avattu")]
    assert len(created) == len(set(created))


def test_a_breaker_that_was_open_lets_one_request_through_before_all_others(
    work: Casework, mappings: dict[str, Any]
) -> None:
    cohort = people(6, first=next(NUMBERS))
    ura = work.stage.simulators["ura"]
    work.known_to(cohort, typ=True)
    ura.chaos(error_rate=1.0, error_status=502)
    at_once([lambda who=who: write_plan(work, who) for who in cohort])
    wait_until(lambda: gate(work, "ura")[0] == "failing")
    seen = len(ura.journal())
    ura.chaos(error_rate=0.0, latency_ms=[400, 400], on="asiakas/hae")

    wait_until(lambda: bool(ura.journal(since=seen)))
    time.sleep(0.3)  # the one that was let through is still being answered
    asked = ura.journal(since=seen)
    assert len(asked) == 1
    wait_until(work.all_settled, wait_s=60)
    for who in cohort:
        assert goal_at(work, "ura", who, mappings) == "Osa-aikatyö keväällä."


def test_who_is_asked_for_patience_leaves_the_whole_system_alone_for_that_long(
    work: Casework, mappings: dict[str, Any]
) -> None:
    first, second = people(2, first=next(NUMBERS))
    typpi = work.stage.simulators["typpi"]
    work.known_to([first, second], typ=True)
    typpi.chaos(next_errors=1, error_status=429, retry_after_s=2, on=WRITES["typpi"])
    plan_id = write_plan(work, first)
    wait_until(lambda: gate(work, "typpi")[0] == "paused")
    told_at, seen = time.time(), len(typpi.journal())

    other_id = write_plan(work, second)
    state, left_s = gate(work, "typpi")
    assert (state, 0 < left_s <= 2) == ("paused", True)
    assert work.links(plan_id)["typpi"]["attempts"] == 0, "being asked to wait is no failed attempt"
    for plan in (plan_id, other_id):
        assert work.settle(plan)["typpi"]["state"] == "in_sync"

    first_after = min(_at(entry.at) for entry in typpi.journal(since=seen))
    assert first_after - told_at > 1.0
    for who in (first, second):
        assert goal_at(work, "typpi", who, mappings) == "Osa-aikatyö keväällä."


def test_ura_s_night_postpones_everything_to_the_morning(
    work: Casework, who: Person, mappings: dict[str, Any]
) -> None:
    ura = work.stage.simulators["ura"]
    work.known_to([who], typ=True)
    today = datetime.now(HELSINKI).date()
    ura.chaos(night_window=True)
    ura.clock(set=datetime(today.year, today.month, today.day, 23, 30, tzinfo=HELSINKI).isoformat())
    seen = len(ura.journal())
    try:
        plan_id = write_plan(work, who)
        wait_until(lambda: gate(work, "ura")[0] == "paused")
        refused = [e for e in ura.journal(since=seen) if is_write("ura", e)]
        others = [s for s in EVERYBODY if s != "ura"]
        wait_until(lambda: all(work.links(plan_id)[s]["state"] == "in_sync" for s in others))

        assert [(e.status, e.effects) for e in refused] == [(503, ())]
        assert 3_000 < gate(work, "ura")[1] <= 3_600, "looked at again every hour at the latest"
        link = work.links(plan_id)["ura"]
        assert (link["state"], link["attempts"], link["parked_reason"]) == ("due", 0, None)
        time.sleep(1)
        assert len([e for e in ura.journal(since=seen) if is_write("ura", e)]) == 1
        morning = today + timedelta(days=1)
        ura.clock(
            set=datetime(morning.year, morning.month, morning.day, 5, 0, 1, tzinfo=HELSINKI).isoformat()
        )
        open_gates(work.stage)
        make_due(work, plan_id)

        assert work.settle(plan_id)["ura"]["state"] == "in_sync"
        assert goal_at(work, "ura", who, mappings) == "Osa-aikatyö keväällä. Ja kesällä."
    finally:
        ura.chaos(night_window=None)
        ura.clock(set=datetime.now(UTC).isoformat())


def make_due(work: Casework, plan_id: str) -> None:
    """A new revision makes a waiting link due at once."""
    work.change(plan_id, {GOAL: "Osa-aikatyö keväällä. Ja kesällä."})


def test_a_document_that_somebody_has_open_waits_alone(work: Casework, mappings: dict[str, Any]) -> None:
    one, other = people(2, first=next(NUMBERS))
    effica = work.stage.simulators["effica"]
    work.known_to([one, other], typ=True)
    plan_id = write_plan(work, one)
    work.settle(plan_id)
    effica.act("lock", hetu=one.hetu, user="MKIVI")
    seen = len(effica.journal())

    work.change(plan_id, {GOAL: "Osa-aikatyö kesällä."})
    wait_until(lambda: work.links(plan_id)["effica"]["last_error"] == "EFF-202")
    other_id = write_plan(work, other)

    assert work.settle(other_id)["effica"]["state"] == "in_sync", "another client's document is free"
    assert gate(work, "effica") == ("open", 0.0)
    link = work.links(plan_id)["effica"]
    assert link["state"] == "due"
    again = datetime.fromisoformat(link["next_try_at"]).timestamp() - time.time()
    assert 30 < again <= 120
    stale = [e for e in effica.journal(since=seen) if is_write("effica", e) and one.hetu.encode() in e.body]
    assert stale == []
    assert goal_at(work, "effica", one, mappings) == "Osa-aikatyö keväällä."

    effica.act("unlock", hetu=one.hetu)
    make_due(work, plan_id)
    assert work.settle(plan_id)["effica"]["state"] == "in_sync"
    assert goal_at(work, "effica", one, mappings) == "Osa-aikatyö keväällä. Ja kesällä."


LOCKED_OUT = [
    pytest.param("ura", 401, "asiakas/hae", id="Ura-key"),
    pytest.param("lifecare", 401, "oauth2/token|potilaat", id="Lifecare-secret"),
    pytest.param("typpi", 403, "/typpi/", id="TYPPI-not-allowed"),
    pytest.param("effica", 401, "", id="Effica-password"),
]


@pytest.mark.parametrize(("system", "status", "on"), LOCKED_OUT)
def test_credentials_that_are_wrong_pause_the_system_and_burn_no_link(
    work: Casework, mappings: dict[str, Any], system: str, status: int, on: str
) -> None:
    one, other = people(2, first=next(NUMBERS))
    simulator = work.stage.simulators[system]
    work.known_to([one, other], typ=True)
    simulator.chaos(error_rate=1.0, error_status=status, on=on)

    plans = [write_plan(work, one)]
    wait_until(lambda: gate(work, system)[0] == "paused")
    seen = len(simulator.journal())
    plans.append(write_plan(work, other))
    others = [s for s in EVERYBODY if s != system]
    wait_until(lambda: all(work.links(plan)[s]["state"] == "in_sync" for plan in plans for s in others))

    assert gate(work, system)[1] > 200
    assert simulator.journal(since=seen) == [], "nobody knocks on while the key does not fit"
    for plan in plans:
        link = work.links(plan)[system]
        assert (link["state"], link["attempts"], link["parked_reason"]) == ("due", 0, None)

    simulator.chaos(error_rate=0.0, on="")
    open_gates(work.stage)
    for plan in plans:
        make_due(work, plan)
        assert work.settle(plan)[system]["state"] == "in_sync"
    for who in (one, other):
        assert goal_at(work, system, who, mappings) == "Osa-aikatyö keväällä. Ja kesällä."


def test_ten_quick_edits_become_at_most_two_writes(
    work: Casework, who: Person, mappings: dict[str, Any]
) -> None:
    work.known_to([who], typ=True)
    plan_id = write_plan(work, who)
    work.settle(plan_id)
    seen = {system: len(sim.journal()) for system, sim in work.stage.simulators.items()}
    for simulator in work.stage.simulators.values():
        simulator.chaos(latency_ms=[250, 250])

    for number in range(10):
        work.change(plan_id, {GOAL: f"Osa-aikatyö, {number + 1}. ajatus."})
    work.settle(plan_id)

    for system, simulator in work.stage.simulators.items():
        writes = [e for e in simulator.journal(since=seen[system]) if is_write(system, e)]
        assert 1 <= len(writes) <= 2, system
        assert all(len(entry.effects) == 1 for entry in writes)
        assert goal_at(work, system, who, mappings) == "Osa-aikatyö, 10. ajatus."


def test_a_change_that_a_system_does_not_hold_wakes_it_not(work: Casework, who: Person) -> None:
    work.known_to([who], typ=True)
    plan_id = write_plan(work, who)
    quiet(work.stage, Desk(work.stage), Opened("", plan_id))  # what partners bring at first contact is in
    before = work.links(plan_id)
    seen = {system: len(sim.journal()) for system, sim in work.stage.simulators.items()}

    work.change(plan_id, {"goals[g-1].language": "sv"})  # held by no partner
    after = work.settle(plan_id)

    assert {s: link["desired_generation"] for s, link in after.items()} == {
        s: link["desired_generation"] for s, link in before.items()
    }
    for system, simulator in work.stage.simulators.items():
        # What was written before may be asked for once more, because the partner tells of it.
        assert not [e for e in simulator.journal(since=seen[system]) if is_write(system, e)], system


def test_a_partner_that_never_ends_its_answer_is_left_at_the_deadline(
    work: Casework, who: Person, mappings: dict[str, Any]
) -> None:
    lifecare = work.stage.simulators["lifecare"]
    work.known_to([who], typ=True)
    lifecare.chaos(latency_ms=[60_000, 60_000], on="potilaat/haku")

    began = time.monotonic()
    plan_id = write_plan(work, who)
    _within(work, plan_id, [s for s in EVERYBODY if s != "lifecare"])
    wait_until(lambda: work.links(plan_id)["lifecare"]["last_error"] is not None)
    took_s = time.monotonic() - began

    assert work.links(plan_id)["lifecare"]["last_error"] == "deadline"
    assert DEADLINE_S <= took_s < 20
    lifecare.chaos(latency_ms=[0, 0], on="")
    assert work.settle(plan_id)["lifecare"]["state"] == "in_sync"
    assert goal_at(work, "lifecare", who, mappings) == "Osa-aikatyö keväällä."


def _within(work: Casework, plan_id: str, systems: list[str]) -> None:
    settled: Callable[[], bool] = lambda: all(  # noqa: E731
        work.links(plan_id)[s]["state"] == "in_sync" for s in systems
    )
    wait_until(settled, wait_s=20)


def _at(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
