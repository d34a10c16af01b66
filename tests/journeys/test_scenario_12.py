"""Two edits at once, and two people with almost the same number (domain report 9, scenario 12)."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from tyokyky_bridge.adapterkit.contract import Native
from tyokyky_bridge.demo.desk import Desk, Opened, enter_everywhere
from tyokyky_bridge.demo.evidence import Wire
from tyokyky_bridge.demo.people import (
    EMPLOYMENT,
    HEALTH,
    HELMI,
    OLLI,
    SOCIAL,
    Person,
    day,
    finnish,
    plan,
    y100,
)
from tyokyky_bridge.demo.scene import wait_until
from tyokyky_bridge.demo.stage import Stage
from tyokyky_bridge.mapping.lens import Lens
from worlds.partner_records import is_write, lenses, read_items
from worlds.strangers import stranger
from worlds.two_way import Watch, held, hints, notices, quiet, user_edits

CLIENT, OLDER, NEWER = stranger(64), stranger(78), stranger(78, sign="Y")
BOXES = ("identity.core", "admin.*", "plan.*", "social.situation")
GOAL, NEXT = "goals[g-1].text_client", "follow_up.next_on"
FIRST, HELMIS, KAISAS = "Töihin keväällä.", "Osa-aikatyö huhtikuussa.", "Ensin kuntoon, sitten töihin."
AGREED = "Ensin kuntoon, sitten osa-aikatyöhön huhtikuussa."
HELMIS_DAY, KAISAS_DAY, MOVED_DAY = day(30), day(60), day(45)


@dataclass(frozen=True)
class Told:
    """Ten o'clock and the minutes after it; *wires* hold what was sent from then on."""

    case: Opened
    wires: dict[str, Wire]
    conflicts: list[dict[str, Any]]


@cache
def _lens(system: str) -> Lens:
    return lenses()[system]


def items(stage: Stage, system: str, client: Person) -> dict[str, Any]:
    """What a partner holds of the client, by the plan's paths."""
    return read_items(_lens(system), held(stage, system, client))


def conflicts(
    stage: Stage, case: Opened, *, party: str = HEALTH, state: str = "open"
) -> list[dict[str, Any]]:
    answer = stage.call("GET", f"/v1/plans/{case.plan_id}/conflicts?state={state}", party=party)
    assert answer.status_code == 200, answer.text
    return answer.json()


def kaisas_edit(document: Native) -> None:
    """Another goal, another day, and a line of her own field."""
    (goal,) = document["Tavoitteet"]["Tavoite"]
    goal["Kuvaus"] = KAISAS
    document["Seuranta"]["SeuraavaPvm"] = finnish(KAISAS_DAY)
    document.setdefault("Sosiaalinentilanne", {})["Paivarytmi"] = "Valvoo öisin."


@pytest.fixture(scope="module")
def told(stage: Stage, desk: Desk) -> Told:
    enter_everywhere(stage, CLIENT)
    effica = stage.simulators["effica"]
    content = plan(CLIENT, HEALTH, SOCIAL, EMPLOYMENT, coordinator=HELMI) | {
        "goals": [{"id": "g-1", "text_client": FIRST, "status": "active"}],
        "follow_up": {"next_on": day(20)},
    }
    case = desk.open_plan(HELMI, CLIENT, content)
    desk.record_form(HELMI, case.client_id, y100(HEALTH, SOCIAL, EMPLOYMENT, categories=BOXES))
    quiet(stage, desk, case)
    wires = {system: Wire.from_now(simulator) for system, simulator in stage.simulators.items()}
    effica.act("lock", hetu=CLIENT.hetu, user="KSALMI")  # she has the document open
    desk.revise(HELMI, case.plan_id, {GOAL: HELMIS, NEXT: HELMIS_DAY})
    assert wait_until(lambda: desk.outcomes(case, "effica")[0] == "try_later")
    user_edits(stage, "effica", CLIENT, kaisas_edit, user="KSALMI")
    effica.act("unlock", hetu=CLIENT.hetu)
    quiet(stage, desk, case)
    return Told(case, wires, conflicts(stage, case))


def test_both_texts_are_kept_and_neither_is_overwritten(told: Told, stage: Stage, desk: Desk) -> None:
    assert desk.read(HEALTH, told.case.plan_id)["plan"]["goals"][0]["text_client"] == HELMIS
    assert {system: items(stage, system, CLIENT)[GOAL] for system in ("lifecare", "effica", "ura")} == {
        "lifecare": HELMIS,
        "effica": KAISAS,
        "ura": HELMIS,
    }
    assert not told.wires["lifecare"].holds(KAISAS)
    assert not told.wires["ura"].holds(KAISAS)


def test_exactly_one_conflict_waits_for_the_coordinator(told: Told, stage: Stage) -> None:
    (conflict,) = told.conflicts
    assert (conflict["path"], conflict["system"], conflict["owner"]) == (GOAL, "effica", HEALTH)
    assert [conflict[side]["value"] for side in ("base", "ours", "theirs")] == [FIRST, HELMIS, KAISAS]
    assert conflict["may_resolve"]
    (as_kaisa,) = conflicts(stage, told.case, party=SOCIAL)
    assert not as_kaisa["may_resolve"]


def test_the_day_of_the_next_meeting_is_the_coordinators(told: Told, stage: Stage, desk: Desk) -> None:
    assert desk.read(SOCIAL, told.case.plan_id)["plan"]["follow_up"]["next_on"] == HELMIS_DAY
    assert {items(stage, system, CLIENT)[NEXT].isoformat() for system in ("lifecare", "effica", "ura")} == {
        HELMIS_DAY
    }
    assert (SOCIAL, "edit_rejected") in notices(stage, told.case)


def test_what_she_alone_wrote_is_taken(told: Told, stage: Stage, desk: Desk) -> None:
    assert desk.read(HEALTH, told.case.plan_id)["plan"]["social"] == {"daily_rhythm": "Valvoo öisin."}
    assert items(stage, "lifecare", CLIENT)["social.daily_rhythm"] == "Valvoo öisin."


def test_while_it_waits_the_rest_moves_on_and_her_text_stays(told: Told, stage: Stage, desk: Desk) -> None:
    since = Wire.from_now(stage.simulators["effica"])
    desk.revise(HELMI, told.case.plan_id, {"goals[g-1].measure": "Puhelu kerran viikossa."})
    quiet(stage, desk, told.case)
    assert since.holds("Puhelu kerran viikossa.")
    assert not since.holds(HELMIS)
    assert items(stage, "effica", CLIENT)[GOAL] == KAISAS
    assert [c["id"] for c in conflicts(stage, told.case)] == [c["id"] for c in told.conflicts]


def test_the_coordinators_own_system_may_move_the_day(told: Told, stage: Stage, desk: Desk) -> None:
    def move(document: Native) -> None:
        document["suunnitelma"]["seuraavaSeuranta"] = MOVED_DAY

    user_edits(stage, "lifecare", CLIENT, move, by="HVIRTA")
    quiet(stage, desk, told.case)
    assert desk.read(HEALTH, told.case.plan_id)["plan"]["follow_up"]["next_on"] == MOVED_DAY
    assert {items(stage, system, CLIENT)[NEXT].isoformat() for system in ("effica", "ura")} == {MOVED_DAY}


def test_helmis_decision_goes_to_everybody_and_ends_it(told: Told, stage: Stage, desk: Desk) -> None:
    watch = Watch.from_now(stage, told.case)
    (conflict,) = conflicts(stage, told.case)
    path, body = f"/v1/conflicts/{conflict['id']}/resolution", {"choice": "other", "value": AGREED}
    assert stage.call("POST", path, party=SOCIAL, body=body, etag=conflict["etag"]).status_code == 403
    assert stage.call("POST", path, party=HEALTH, body=body).status_code == 428
    answer = stage.call("POST", path, party=HEALTH, body=body, etag=conflict["etag"])
    assert (answer.status_code, answer.json()["state"]) == (200, "resolved"), answer.text
    quiet(stage, desk, told.case)
    assert {items(stage, system, CLIENT)[GOAL] for system in ("lifecare", "effica", "ura")} == {AGREED}
    assert desk.read(SOCIAL, told.case.plan_id)["plan"]["goals"][0]["text_client"] == AGREED
    assert conflicts(stage, told.case) == []
    assert watch.seen().writes == {"lifecare": 1, "effica": 1, "ura": 1}
    assert watch.seen().echoes == {"lifecare": 1, "effica": 1, "ura": 1}
    history = conflicts(stage, told.case, state="resolved")
    assert [c["theirs"]["value"] for c in history] == [KAISAS], "what she had written can be read ever after"


def test_a_row_without_its_century_that_fits_two_people_is_held(stage: Stage, desk: Desk) -> None:
    ura = stage.simulators["ura"]
    (number,) = ura.seed(persons=[OLDER.seed | {"legacy": True}])["asiakasnrot"]
    ura.seed(records=[{"asiakasnro": number, "suunnitelma": {"tilanne": "01", "tavoite": ["Rivi Urasta."]}}])
    wire, cases = Wire.from_now(ura), []
    for client in (OLDER, NEWER):
        cases.append(desk.open_plan(OLLI, client, plan(client, EMPLOYMENT, HEALTH, coordinator=OLLI)))
        desk.record_form(OLLI, cases[-1].client_id, y100(HEALTH, EMPLOYMENT, categories=BOXES))
    ura.act("edit", asiakasnro=number, fields={"tulkki": "K"})
    for case in cases:
        quiet(stage, desk, case)
        link = desk.links(case.plan_id)["ura"]
        assert (link["state"], link["parked_reason"]) == ("parked", "identity")
        assert hints(stage, case)["ura"] == []
        assert "interpreter" not in desk.read(EMPLOYMENT, case.plan_id)["plan"]["client"]
    assert [entry for entry in wire.entries if is_write("ura", entry)] == []
