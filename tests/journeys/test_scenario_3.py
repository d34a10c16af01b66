"""A name outside the partners' character sets, and an interpreter (domain report 9, scenario 3)."""

from dataclasses import dataclass

import pytest

from tyokyky_bridge.demo.cases.lucja import TRANSLITERATED, kaisa_opens_lucjas_plan, lucja_in_registers
from tyokyky_bridge.demo.desk import Desk, Opened
from tyokyky_bridge.demo.evidence import Wire
from tyokyky_bridge.demo.people import EMPLOYMENT, HEALTH, LUCJA, SOCIAL
from tyokyky_bridge.demo.stage import Stage

FAMILY, GIVEN = TRANSLITERATED
DAMAGED = ("?ucja", "Przyk?adowa", "-??ng", "-D?ng", "-?ang")


@dataclass(frozen=True)
class Told:
    """The story once it has been lived, and all that the partners were sent."""

    case: Opened
    wires: dict[str, Wire]


@pytest.fixture(scope="module")
def told(stage: Stage, desk: Desk) -> Told:
    lucja_in_registers(stage)
    wires = {system: Wire.from_now(simulator) for system, simulator in stage.simulators.items()}
    case = kaisa_opens_lucjas_plan(desk)
    links = stage.settle(case.plan_id)
    assert {system: link["state"] for system, link in links.items()} == dict.fromkeys(
        stage.simulators, "in_sync"
    )
    return Told(case, wires)


def test_effica_is_sent_the_transliteration_in_its_own_character_set(told: Told) -> None:
    written = [r for r in told.wires["effica"].requests if FAMILY.encode("iso-8859-15") in r]
    assert written
    assert all(GIVEN.encode("iso-8859-15") in request for request in written)
    assert not any(
        told.wires["effica"].holds(text) for text in (*DAMAGED, LUCJA.family_name, LUCJA.given_names)
    )


def test_effica_stands_with_the_transliteration_and_no_question_mark(told: Told, stage: Stage) -> None:
    documents = [str(record) for record in stage.simulators["effica"].records() if FAMILY in str(record)]
    assert documents
    assert not any(damage in document for document in documents for damage in DAMAGED)


def test_ura_takes_the_transliteration_in_capitals_at_the_first_try(told: Told, stage: Stage) -> None:
    people = [r["asiakas"] for r in stage.simulators["ura"].records()]
    hers = next(p for p in people if p["loppuosa"] == LUCJA.hetu[-4:])
    assert (hers["sukunimi"], hers["etunimet"]) == (FAMILY.upper(), GIVEN.upper())
    answers = [e.response for e in stage.simulators["ura"].journal(since=told.wires["ura"].since)]
    assert not any(b'"nro":63' in answer for answer in answers), "Ura would refuse the original with error 63"


def test_lifecare_typpi_and_the_hub_keep_the_whole_name(told: Told, stage: Stage, desk: Desk) -> None:
    patients = [r["potilas"] for r in stage.simulators["lifecare"].records()]
    hers = next(p for p in patients if p["henkilotunnukset"][0]["hetu"] == LUCJA.hetu)
    assert (hers["sukunimi"], hers["etunimet"]) == (LUCJA.family_name, LUCJA.given_names)
    assert told.wires["typpi"].holds(LUCJA.family_name)
    assert told.wires["typpi"].holds(LUCJA.given_names)
    for party in (HEALTH, SOCIAL, EMPLOYMENT):
        client = desk.read(party, told.case.plan_id)["plan"]["client"]
        assert (client["family_name"], client["given_names"]) == (LUCJA.family_name, LUCJA.given_names)


def test_the_interpreter_is_remembered_as_exactly_as_each_partner_can(
    told: Told, stage: Stage, desk: Desk
) -> None:
    patients = [r["potilas"] for r in stage.simulators["lifecare"].records()]
    hers = next(p for p in patients if p["henkilotunnukset"][0]["hetu"] == LUCJA.hetu)
    assert hers["tulkki"] == {"tarve": True, "kieli": "pl"}
    people = [r["asiakas"] for r in stage.simulators["ura"].records()]
    assert next(p for p in people if p["loppuosa"] == LUCJA.hetu[-4:])["tulkki"] == "K"
    assert any(b"Tulkki>K<" in request for request in told.wires["effica"].requests)
    client = desk.read(EMPLOYMENT, told.case.plan_id)["plan"]["client"]
    assert client["interpreter"] == {"required": True, "language": "pl"}
