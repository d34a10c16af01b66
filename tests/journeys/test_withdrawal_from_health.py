"""Health care's form is withdrawn: what each of four partners gives back, keeps, and never gets."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from tyokyky_bridge.demo.desk import Desk, Opened, enter_everywhere
from tyokyky_bridge.demo.evidence import Wire
from tyokyky_bridge.demo.people import (
    EMPLOYMENT,
    HEALTH,
    HELMI,
    KELA,
    SOCIAL,
    TEEMU,
    TYP,
    Person,
    moment,
    plan,
    y100,
)
from tyokyky_bridge.demo.scene import wait_until
from tyokyky_bridge.demo.stage import Stage
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import NoticeRow
from tyokyky_bridge.storage import open_store
from worlds.faults import trouble
from worlds.native import SYSTEMS, record_of, records_of, section
from worlds.postgres import in_own_loop
from worlds.strangers import stranger

CLIENT, EDITED = stranger(50), stranger(51)
QUEUED = [stranger(number) for number in range(10, 40)]
GOAL, CONCLUSION = "Oma koti ja työ.", "Kevyt työ sopii."
OURS = (GOAL, CONCLUSION, HELMI.name)
SHARED = ["identity.core", "admin.*", "plan.*", "health.conclusion"]

Records = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Told:
    """One client's form: given, the partners at work on their own, withdrawn."""

    case: Opened
    shared: Records
    worked_on: Records
    answer: dict[str, Any]
    after: Records
    links: dict[str, Any]
    disclosures: dict[str, dict[str, Any]]


def helmi_shares_with_three(desk: Desk, client: Person, case: Opened | None = None) -> tuple[Opened, str]:
    """Health care gives social welfare, employment and the joint service what the form says."""
    if case is None:
        content = plan(client, HEALTH, SOCIAL, EMPLOYMENT, TYP, coordinator=HELMI) | {
            "health": {"work_ability_conclusion": CONCLUSION},
            "goals": [{"id": "g-1", "text_client": GOAL, "status": "active"}],
        }
        case = desk.open_plan(HELMI, client, content)
    to_typ = {"discloser": HEALTH, "recipient": TYP, "categories": SHARED, "purpose": "typ"}
    boxes = {"grants": [to_typ], "taken_by": HELMI}
    form = y100(HEALTH, SOCIAL, EMPLOYMENT, categories=tuple(SHARED), **boxes)
    return case, desk.record_form(HELMI, case.client_id, form)["consent"]["consent_id"]


def native(stage: Stage, client: Person) -> Records:
    return {system: record_of(stage, system, client) for system in SYSTEMS}


def lived(stage: Stage, desk: Desk, client: Person, *, theirs: bool) -> Told:
    """*theirs*: the partners' users have changed what came from us, not only what is their own."""
    enter_everywhere(stage, client)
    case, form = helmi_shares_with_three(desk, client)
    stage.settle(case.plan_id)
    shared = native(stage, client)
    number = shared["ura"]["suunnitelma"]["suunnitelmanro"]
    stage.simulators["ura"].act("edit", suunnitelmanro=number, fields={"vastuuhlo": "OLINDQ"})
    joint = {"suunnitelmaId": shared["typpi"]["suunnitelmaId"]}
    stage.simulators["typpi"].act("edit", **joint, osio="kela", tiedot={"muu": "Kelan oma"})
    if theirs:
        said = {"tyokykyJohtopaatos": "Osa-aikatyö sopii."}
        stage.simulators["typpi"].act("edit", **joint, osio="terveys", tiedot=said)
        typed = {"Sosiaalinentilanne.Paivarytmi": "Valvoo.", "Tavoitteet.Tavoite.0.Kuvaus": "Oma asunto."}
        stage.simulators["effica"].act("edit", oid=shared["effica"]["AsiakirjaOid"], set=typed)
    worked_on = native(stage, client)
    answer = desk.withdraw(HELMI, form, at=moment(minutes_ago=5))
    links = stage.settle(case.plan_id)
    disclosures = {system: desk.disclosures(case.plan_id, system) for system in SYSTEMS}
    return Told(case, shared, worked_on, answer, native(stage, client), links, disclosures)


@pytest.fixture(scope="module")
def told(stage: Stage, desk: Desk) -> Told:
    return lived(stage, desk, CLIENT, theirs=False)


@pytest.fixture(scope="module")
def edited(stage: Stage, desk: Desk) -> Told:
    return lived(stage, desk, EDITED, theirs=True)


@pytest.mark.parametrize("system", SYSTEMS)
def test_as_long_as_the_form_is_in_force_every_system_holds_what_it_covers(told: Told, system: str) -> None:
    assert [words for words in OURS if words not in str(told.shared[system])] == []


def test_the_discloser_s_own_register_keeps_everything(told: Told) -> None:
    assert told.after["lifecare"] == told.shared["lifecare"]


def test_the_document_that_the_hub_made_in_effica_is_voided(told: Told) -> None:
    assert (told.shared["effica"]["Tila"], told.after["effica"]["Tila"]) == ("2", "3")


def test_in_typpi_every_field_of_ours_is_blank_and_nothing_of_theirs_is_touched(told: Told) -> None:
    before, after = told.worked_on["typpi"], told.after["typpi"]
    assert [words for words in (*OURS, CLIENT.family_name) if words in str(after["osiot"])] == []
    assert section(after, "kela") == section(before, "kela") == {"muu": "Kelan oma"}
    assert after["typAsiakkuus"] == before["typAsiakkuus"]


def test_ura_keeps_what_it_lawfully_got_and_the_hub_says_so(told: Told) -> None:
    assert told.after["ura"] == told.worked_on["ura"]
    assert told.links["ura"]["retained"]
    for path in ("goals[g-1].text_client", "health.work_ability_conclusion"):
        item = told.disclosures["ura"][path]
        assert (item["state"], item["outcome"]) == ("retained", "DENY")
        for system in ("effica", "typpi"):
            assert told.disclosures[system][path]["state"] == "withheld"


def test_every_party_of_the_form_gets_a_notice(told: Told, stage: Stage) -> None:
    notices: list[NoticeRow] = []

    def of_client(tx: Tx) -> tuple[NoticeRow, ...]:
        return tx.notices.of_client(UUID(told.case.client_id))

    async def look() -> None:
        store = open_store(stage.database_url, index_key=b"another key: nobody is looked up....")
        notices.extend(await store.read(of_client))
        await store.aclose()

    in_own_loop(look())
    assert told.answer["notified"] == sorted(n.party for n in notices) == [HEALTH, SOCIAL, EMPLOYMENT, TYP]


def test_a_document_of_ours_that_effica_s_users_worked_in_stays_with_what_they_wrote(edited: Told) -> None:
    after = edited.after["effica"]
    assert after["Tila"] == "2"
    assert after["Sosiaalinentilanne"]["Paivarytmi"] == "Valvoo."
    assert "Oma asunto." in str(after["Tavoitteet"])
    assert [words for words in OURS if words in str(after)] == []


def test_what_typpi_s_users_wrote_over_ours_stays_while_the_rest_of_ours_goes(edited: Told) -> None:
    after = edited.after["typpi"]
    assert section(after, "terveys") == {"tyokykyJohtopaatos": "Osa-aikatyö sopii."}
    assert section(after, "kela") == {"muu": "Kelan oma"}
    assert [words for words in OURS if words in str(after["osiot"])] == []


def test_a_new_form_sends_everything_again(told: Told, stage: Stage, desk: Desk) -> None:
    helmi_shares_with_three(desk, CLIENT, told.case)
    links = stage.settle(told.case.plan_id)
    states = {system: (link["state"], link["retained"]) for system, link in links.items()}
    assert states == dict.fromkeys(SYSTEMS, ("in_sync", False))
    assert [d["Tila"] for d in records_of(stage, "effica", CLIENT)] == ["3", "2"]
    for system, record in native(stage, CLIENT).items():
        assert [words for words in OURS if words not in str(record)] == [], system
        assert desk.disclosures(told.case.plan_id, system)["goals[g-1].text_client"]["state"] == "sent"
    assert section(record_of(stage, "typpi", CLIENT), "kela") == {"muu": "Kelan oma"}


@dataclass(frozen=True)
class Race:
    """Thirty sends to a slow Ura, and thirty withdrawals while some were over, some on their way, most queued."""

    cases: dict[str, Opened]
    answered: dict[str, datetime]
    writes: list[tuple[str, datetime]]


@pytest.fixture(scope="module")
def race(stage: Stage, desk: Desk) -> Race:
    ura = stage.simulators["ura"]
    numbers = ura.seed(persons=[client.seed for client in QUEUED])["asiakasnrot"]
    cases: dict[str, Opened] = {}
    forms: dict[str, str] = {}
    answered: dict[str, datetime] = {}
    for number, client in zip(numbers, QUEUED, strict=True):
        content = plan(client, KELA, EMPLOYMENT, coordinator=TEEMU)
        content["goals"] = [{"id": "g-1", "text_client": GOAL, "status": "active"}]
        cases[number] = desk.open_plan(TEEMU, client, content)
    wire = Wire.from_now(ura)
    with trouble(ura, latency_ms=[300, 1200]):
        for number, case in cases.items():
            form = y100(KELA, EMPLOYMENT, categories=("identity.core", "admin.*", "plan.*"), taken_by=TEEMU)
            forms[number] = desk.record_form(TEEMU, case.client_id, form)["consent"]["consent_id"]
        assert wait_until(lambda: len(wire.effects) >= 2)
        for number in reversed(forms):
            desk.withdraw(TEEMU, forms[number], at=moment())
            answered[number] = datetime.fromisoformat(ura.clock())
    for case in cases.values():
        stage.settle(case.plan_id)
    begun = [datetime.fromisoformat(e.at) for e in ura.journal(since=wire.since) if "tallenna" in e.path]
    bodies = wire.writes("suunnitelma/tallenna")
    writes = [(body["suunnitelma"]["asiakasnro"], at) for body, at in zip(bodies, begun, strict=True)]
    return Race(cases, answered, writes)


def test_no_write_that_rested_on_a_form_begins_after_its_withdrawal_is_answered(race: Race) -> None:
    assert race.writes
    assert [number for number, at in race.writes if at > race.answered[number]] == []


def test_what_was_still_queued_is_listed_as_cancelled_and_never_arrives(race: Race, desk: Desk) -> None:
    spared = race.cases.keys() - {number for number, _ in race.writes}
    assert len(spared) >= 5, "Ura was too quick for a race"
    for number in spared:
        link = desk.links(race.cases[number].plan_id)["ura"]
        assert "goals[g-1]" in {c["element"] for c in link["cancelled"]}
        assert {c["state"] for c in link["cancelled"]} == {"cancelled_by_withdrawal"}
        assert not link["retained"]
