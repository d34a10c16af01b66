"""A non-disclosure order and a changed identity number (domain report 9, scenario 11)."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from tyokyky_bridge.demo.desk import Desk, Opened, enter_everywhere
from tyokyky_bridge.demo.evidence import Wire, spellings
from tyokyky_bridge.demo.people import (
    EMPLOYMENT,
    HEALTH,
    HELMI,
    KELA,
    OLLI,
    SOCIAL,
    Person,
    day,
    plan,
    typ_customer,
    y100,
)
from tyokyky_bridge.demo.scene import wait_until
from tyokyky_bridge.demo.stage import Stage
from tyokyky_bridge.services.ports import Tx
from worlds.partner_records import lenses, read_items, standing
from worlds.strangers import CHECK_CHARACTERS
from worlds.two_way import quiet, read_hub

CLIENT = Person("060602B975N", "Keksitty", "Ilona", "2002-06-06")
NEW_NUMBER = f"060602B958{CHECK_CHARACTERS[60602958 % 31]}"
PROTECTED = {
    "client.address.street": "Salakatu 7 B 12",
    "client.address.postal_code": "99881",
    "client.address.city": "Piilokylä",
    "client.contact_address.street": "Varjopolku 4",
    "client.telecom[t-1].value": "+358 40 7654321",
    "meetings[m-1].place": "Kokoushuone Kätkö",
    "meetings[m-2].place": "Neuvotteluhuone Lymy",
}
"""What nobody may be told any more; the municipality is a code that is in many words, and looked for by its field."""
MUNICIPALITY = {"client.home_municipality": "853"}
MEETINGS = {
    "meetings[m-1].kind": "network",
    "meetings[m-1].mode": "remote_video",
    "meetings[m-1].start": f"{day(3)}T10:00:00Z",
    "meetings[m-2].kind": "network",
    "meetings[m-2].mode": "in_person",
    "meetings[m-2].start": f"{day(5)}T10:00:00Z",
}
BOXES = ("identity.core", "identity.contact", "admin.*", "plan.*")
OTHERS = ("effica", "typpi", "ura")
SYSTEMS = ("lifecare", *OTHERS)
NEW_WORDS = "Kesätyö arkistossa."


@dataclass(frozen=True)
class Told:
    """The story once it has happened; *before* and *after* are the items at each partner around the order."""

    case: Opened
    before: dict[str, dict[str, Any]]
    after: dict[str, dict[str, Any]]
    since_order: dict[str, Wire]
    since_number: dict[str, Wire]
    records: dict[str, str]


def held_items(stage: Stage, hetu: str) -> dict[str, dict[str, Any]]:
    """The plan items that stand in each partner's record of her."""
    return {
        system: read_items(lens, standing(system, stage.simulators[system])[hetu])
        for system, lens in lenses().items()
    }


@pytest.fixture(scope="module")
def told(stage: Stage, desk: Desk) -> Told:
    enter_everywhere(stage, CLIENT)
    content = plan(CLIENT, HEALTH, SOCIAL, EMPLOYMENT, coordinator=HELMI)
    goals = [{"id": "g-1", "text_client": "Ensimmäinen kesätyö.", "status": "active"}]
    case = desk.open_plan(HELMI, CLIENT, content | {"goals": goals})
    desk.record_form(HELMI, case.client_id, y100(HEALTH, SOCIAL, EMPLOYMENT, categories=BOXES))
    desk.revise(OLLI, case.plan_id, {"header.typ_customership": typ_customer()})
    contacts = {"client.telecom[t-1].system": "phone"} | PROTECTED | MUNICIPALITY
    desk.revise(HELMI, case.plan_id, MEETINGS | contacts)
    quiet(stage, desk, case)
    before = held_items(stage, CLIENT.hetu)
    since_order = {system: Wire.from_now(simulator) for system, simulator in stage.simulators.items()}
    order = {"active": True, "known_since": day(), "source": "VTJ"}
    desk.revise(HELMI, case.plan_id, {"client.non_disclosure": order})
    stage.settle(case.plan_id)
    after = held_items(stage, CLIENT.hetu)
    quiet(stage, desk, case)
    records = _records(stage, case)
    since_number = {system: Wire.from_now(simulator) for system, simulator in stage.simulators.items()}
    stage.simulators["lifecare"].act("change_hetu", **{"from": CLIENT.hetu, "to": NEW_NUMBER})
    wait_until(lambda: len(_numbers(stage, case)) == 2)
    stage.settle(case.plan_id)
    desk.revise(HELMI, case.plan_id, {"goals[g-1].text_client": NEW_WORDS})
    stage.settle(case.plan_id)
    return Told(case, before, after, since_order, since_number, records)


def _records(stage: Stage, case: Opened) -> dict[str, str]:
    """The record of each link, by the partner's own id."""

    def read(tx: Tx) -> dict[str, str]:
        return {link.system: str(link.remote.record) for link in tx.links.of_plan(UUID(case.plan_id))}

    return read_hub(stage, read)


def _numbers(stage: Stage, case: Opened) -> dict[str, str]:
    """Her identity numbers in the plan: value and kind."""
    plan = stage.call("GET", f"/v1/plans/{case.plan_id}", party=HEALTH).json()["plan"]
    return {number["value"]: number["kind"] for number in plan["client"]["hetu"]}


def test_everybody_had_her_address_and_where_the_meetings_are(told: Told) -> None:
    for system in SYSTEMS:
        missing = (PROTECTED | MUNICIPALITY).keys() - told.before[system].keys()
        assert missing == set(), system


def test_within_one_cycle_no_partner_has_it_any_more(told: Told) -> None:
    for system in SYSTEMS:
        left = (PROTECTED | MUNICIPALITY).keys() & told.after[system].keys()
        assert left == set(), system


def test_no_byte_of_it_leaves_after_the_order(told: Told) -> None:
    for system, wire in told.since_order.items():
        assert wire.effects, f"{system} was not even asked to forget it"
        assert wire.mentions(PROTECTED.values()) == set(), system
        assert "853" not in wire.values(), system


def test_a_network_meeting_on_the_net_is_still_shown_as_one(told: Told) -> None:
    for system in SYSTEMS:
        assert told.after[system]["meetings[m-1].mode"] == "remote_video", system
        assert told.after[system]["meetings[m-2].mode"] == "in_person", system
        assert "meetings[m-1].start" in told.after[system], system


@pytest.mark.parametrize("party", [SOCIAL, EMPLOYMENT])
def test_other_parties_do_not_read_it_in_the_hub_either(told: Told, desk: Desk, party: str) -> None:
    seen = json.dumps(desk.read(party, told.case.plan_id), ensure_ascii=False)
    assert [text for text in PROTECTED.values() if text in seen] == []
    assert '"home_municipality"' not in seen


def test_the_new_number_is_hers_and_the_old_one_was(told: Told, stage: Stage) -> None:
    assert _numbers(stage, told.case) == {NEW_NUMBER: "official", CLIENT.hetu: "former"}


def test_every_record_follows_by_its_own_id(told: Told, stage: Stage, desk: Desk) -> None:
    assert _records(stage, told.case) == told.records
    links = desk.links(told.case.plan_id)
    assert {system: link["state"] for system, link in links.items()} == dict.fromkeys(SYSTEMS, "in_sync")
    for system in SYSTEMS:
        hetu = NEW_NUMBER if system == "lifecare" else CLIENT.hetu
        record = standing(system, stage.simulators[system])[hetu]
        assert read_items(lenses()[system], record)["goals[g-1].text_client"] == NEW_WORDS, system


@pytest.mark.parametrize("number", [CLIENT.hetu, NEW_NUMBER], ids=["the old number", "the new number"])
def test_both_numbers_find_her_for_those_who_may_know_of_her_and_for_nobody_else(
    told: Told, stage: Stage, number: str
) -> None:
    for party in (HEALTH, SOCIAL, EMPLOYMENT):
        found = stage.call("POST", "/v1/clients/search", party=party, body={"hetu": number})
        assert found.status_code == 200, party
        assert found.json()["client_id"] == told.case.client_id
    for party in (KELA, "satamapaja", "jarvialue-health"):
        refused = stage.call("POST", "/v1/clients/search", party=party, body={"hetu": number})
        assert refused.status_code == 404, party


def test_neither_number_stands_in_a_log_an_address_a_message_id_or_the_audit(
    told: Told, stage: Stage
) -> None:
    needles = [each.lower() for number in (CLIENT.hetu, NEW_NUMBER) for each in spellings(number)]
    for log in (stage.hub.log, stage.worker.log):
        assert not any(needle in log.read_bytes().lower() for needle in needles), log.name
    for system, simulator in stage.simulators.items():
        for entry in simulator.journal():
            head = f"{entry.method} {entry.path} {entry.headers}".encode().lower()
            assert not any(needle in head for needle in needles), (system, entry.seq)

    def audited(tx: Tx) -> str:
        rows = tx.audit.of_client(UUID(told.case.client_id), limit=1000)
        return repr(rows)

    audit = read_hub(stage, audited)
    assert "client/identity_followed" in audit
    assert not any(needle in audit.encode().lower() for needle in needles)
