"""A TYP customer without any form: the law covers the joint register and nothing else (domain report 9, scenario 8)."""

from dataclasses import dataclass

import pytest

from tyokyky_bridge.demo.cases.sanna import (
    SANNAS_CONCLUSION,
    SANNAS_EXPERIENCE,
    SANNAS_FUNCTIONING,
    helmi_assesses_sanna,
    olli_opens_sannas_plan,
)
from tyokyky_bridge.demo.desk import Desk, Opened, enter_everywhere
from tyokyky_bridge.demo.evidence import Wire
from tyokyky_bridge.demo.people import HEALTH, HELMI, SANNA
from tyokyky_bridge.demo.stage import Stage
from worlds.strangers import stranger


@dataclass(frozen=True)
class Told:
    """The story once it has been lived, and all that the partners were sent."""

    case: Opened
    wires: dict[str, Wire]


@pytest.fixture(scope="module")
def told(stage: Stage, desk: Desk) -> Told:
    enter_everywhere(stage, SANNA)
    wires = {system: Wire.from_now(simulator) for system, simulator in stage.simulators.items()}
    case = olli_opens_sannas_plan(desk)
    helmi_assesses_sanna(desk, case)
    links = stage.settle(case.plan_id)
    assert {link["state"] for link in links.values()} == {"in_sync"}
    return Told(case, wires)


def test_there_is_no_form_at_all(told: Told, stage: Stage) -> None:
    path = f"/v1/clients/{told.case.client_id}/consents"
    assert stage.call("GET", path, party=HEALTH, role="oversight").json() == []


def test_typpi_is_sent_the_marked_conclusion_on_statutory_basis(told: Told, stage: Stage, desk: Desk) -> None:
    record = next(r for r in stage.simulators["typpi"].records() if r["hetu"] == SANNA.hetu)
    health = next(section for section in record["osiot"] if section["osio"] == "terveys")
    assert health["tiedot"]["tyokykyJohtopaatos"] == SANNAS_CONCLUSION
    assert told.wires["typpi"].holds(SANNAS_CONCLUSION)
    item = desk.disclosures(told.case.plan_id, "typpi")["health.work_ability_conclusion"]
    assert (item["outcome"], item["row"], item["state"]) == ("PERMIT", 4, "sent")
    assert item["basis"].startswith("STATUTORY_TYP:")


def test_what_is_not_marked_or_not_on_the_list_never_reaches_typpi(told: Told, desk: Desk) -> None:
    wire = told.wires["typpi"]
    assert not wire.holds(SANNAS_FUNCTIONING)
    assert not wire.mentions(["bdi"])
    assert "22" not in wire.values()
    items = desk.disclosures(told.case.plan_id, "typpi")
    unmarked, score = items["health.work_limitation_text"], items["scores[bdi-1].value"]
    assert (unmarked["outcome"], unmarked["reason"]) == ("DENY", "NO_BASIS")
    assert "TYP_MARK" in unmarked["reasons"], "mark it or leave it out"
    assert (score["outcome"], score["reason"]) == ("DENY", "NO_BASIS")
    assert "TYP_LABELS" in score["reasons"]


def test_ura_gets_olli_s_own_items_and_not_the_conclusion(told: Told, desk: Desk) -> None:
    wire = told.wires["ura"]
    assert wire.holds(SANNAS_EXPERIENCE)
    assert not any(wire.holds(text) for text in (SANNAS_CONCLUSION, SANNAS_FUNCTIONING))
    item = desk.disclosures(told.case.plan_id, "ura")["health.work_ability_conclusion"]
    assert (item["outcome"], item["reason"]) == ("DENY", "NO_BASIS")
    assert "TYP_CHANNEL" in item["reasons"], "the statute is about the joint register"


def test_typpi_refuses_a_score_hidden_in_a_text_and_it_is_not_tried_again(stage: Stage, desk: Desk) -> None:
    client = stranger(8)
    enter_everywhere(stage, client)
    case = olli_opens_sannas_plan(desk, client)
    stage.settle(case.plan_id)
    wire = Wire.from_now(stage.simulators["typpi"])
    helmi_assesses_sanna(desk, case, conclusion="Työkyky alentunut, BDI-II 22 pistettä.")
    link = stage.settle(case.plan_id)["typpi"]
    assert (link["state"], link["parked_reason"]) == ("parked", "refused")
    assert "tietosisalto-ei-sallittu" in str(link["parked_detail"])
    tries = len([1 for entry in stage.simulators["typpi"].journal(since=wire.since) if entry.status == 422])
    assert tries == 1
    desk.revise(HELMI, case.plan_id, {"health.work_ability_conclusion": SANNAS_CONCLUSION})
    assert stage.settle(case.plan_id)["typpi"]["state"] == "in_sync"
    assert wire.holds(SANNAS_CONCLUSION)
