"""The personal coach refers, the team assesses, the answer returns to Ura (domain report 9, scenario 1)."""

from dataclasses import dataclass
from typing import Any

import pytest

from tyokyky_bridge.demo.cases.tuulikki import (
    ANSWER,
    CONCLUSION,
    LIMITATION,
    OWN_LINE,
    helmi_assesses_tuulikki,
    olli_refers_tuulikki,
    tuulikki_in_ura,
)
from tyokyky_bridge.demo.desk import Desk, Opened, enter_everywhere
from tyokyky_bridge.demo.evidence import Wire
from tyokyky_bridge.demo.people import EMPLOYMENT, HEALTH, TUULIKKI, day, finnish
from tyokyky_bridge.demo.stage import Stage

EXCHANGE_TABLE = {
    "health.work_ability_conclusion": ("PERMIT", None),
    "health.work_limitation_text": ("PERMIT", None),
    "scores[b4-2].value": ("PERMIT", None),
    "feedback[f-1].text": ("PERMIT", None),
    "scores[bdi-1].value": ("DENY", "NO_BASIS"),
    "scores[audit-1].value": ("DENY", "NO_BASIS"),
}


@dataclass(frozen=True)
class Told:
    """The story once it has been lived, and all that the partners were sent."""

    case: Opened
    wires: dict[str, Wire]


@pytest.fixture(scope="module")
def told(stage: Stage, desk: Desk) -> Told:
    enter_everywhere(stage, TUULIKKI)
    tuulikki_in_ura(stage)
    wires = {system: Wire.from_now(simulator) for system, simulator in stage.simulators.items()}
    case = olli_refers_tuulikki(desk)
    stage.settle(case.plan_id)
    helmi_assesses_tuulikki(desk, case)
    stage.settle(case.plan_id)
    return Told(case, wires)


def standing_in_ura(stage: Stage) -> dict[str, Any]:
    return next(
        r for r in stage.simulators["ura"].records() if r["asiakas"]["loppuosa"] == TUULIKKI.hetu[-4:]
    )


def test_only_the_two_partners_on_the_form_have_a_link(told: Told, stage: Stage) -> None:
    links = stage.settle(told.case.plan_id)
    assert {s: link["state"] for s, link in links.items()} == {"lifecare": "in_sync", "ura": "in_sync"}


def test_ura_is_sent_conclusion_functioning_and_b4_in_its_own_form(told: Told) -> None:
    plan = told.wires["ura"].writes("/suunnitelma/tallenna")[-1]["suunnitelma"]
    assert plan["rajoitteen_kuvaus"] == f"Johtopäätös: {CONCLUSION}\nRajoite: {LIMITATION}"
    assert plan["tavoite"][0] == f"#KV-B4=4 {finnish(day())} b4-2"


def test_the_answer_returns_as_a_feedback_form_exactly_once(told: Told) -> None:
    forms = [form["palaute"] for form in told.wires["ura"].writes("/palaute/tallenna")]
    assert [(form["viite"], form["teksti"], form["liittyy"]) for form in forms] == [("f-1", ANSWER, "r-1")]
    assert [e.split()[0] for e in told.wires["ura"].effects].count("palaute") == 1


def test_what_olli_had_written_in_ura_stands_as_he_left_it(told: Told, stage: Stage) -> None:
    plan = standing_in_ura(stage)["suunnitelma"]
    assert plan["vastuuhlo"] == "OLINDQ"
    assert [line for line in plan["tavoite"] if line.startswith(("#KV-B4=3", OWN_LINE))] == [
        f"#KV-B4=3 {finnish(day(-8))}",
        OWN_LINE,
    ]


def test_no_byte_of_any_request_to_ura_tells_of_bdi_or_audit(told: Told) -> None:
    assert not told.wires["ura"].mentions(["bdi", "audit"])
    assert not told.wires["ura"].values() & {"18", "6"}
    lifecare = told.wires["lifecare"]
    assert lifecare.mentions(["bdi", "audit"]) == {"bdi", "audit"}, "the search itself has to work"
    assert {"18", "6"} <= lifecare.values()


def test_effica_and_typpi_are_not_even_asked(told: Told) -> None:
    """Where she has no link, she could only be searched for. Others of the installation may be asked about.

    Ura is searched by a number in two halves, so Lifecare shows that this search finds what it looks for.
    """
    searched = {system for system, wire in told.wires.items() if wire.holds(TUULIKKI.hetu)}
    assert searched == {"lifecare"}


def test_the_exchange_table_stands_in_the_disclosures_to_ura(told: Told, desk: Desk) -> None:
    items = desk.disclosures(told.case.plan_id, "ura")
    assert {p: (items[p]["outcome"], items[p]["reason"]) for p in EXCHANGE_TABLE} == EXCHANGE_TABLE
    for path, (outcome, _) in EXCHANGE_TABLE.items():
        sent = outcome == "PERMIT"
        assert items[path]["state"] == ("sent" if sent else "withheld")
        assert not sent or items[path]["basis"].startswith("CONSENT_Y100:")


def test_every_item_of_the_plan_is_denied_to_effica_for_lack_of_a_basis(told: Told, desk: Desk) -> None:
    items = desk.disclosures(told.case.plan_id, "effica")
    assert {(i["outcome"], i["reason"], i["state"]) for i in items.values()} == {
        ("DENY", "NO_BASIS", "withheld")
    }
    assert set(items) == set(desk.disclosures(told.case.plan_id, "ura"))


def test_each_party_reads_its_own_part_over_the_hub(told: Told, desk: Desk) -> None:
    for_olli = desk.read(EMPLOYMENT, told.case.plan_id)
    assert for_olli["plan"]["health"]["work_ability_conclusion"] == CONCLUSION
    assert {s["id"] for s in for_olli["plan"]["scores"]} == {"b4-2", f"ura-b4-{day(-8)}"}
    assert {"health.scores", "health.substance"} <= set(for_olli["withheld"])
    for_helmi = desk.read(HEALTH, told.case.plan_id)["plan"]
    assert {"bdi-1", "audit-1"} <= {s["id"] for s in for_helmi["scores"]}
