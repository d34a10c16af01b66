"""Scenario 3: a name outside the partners' character sets, and an interpreter. Source: domain report 9."""

from tyokyky_bridge.demo.desk import Desk, Opened
from tyokyky_bridge.demo.people import (
    EMPLOYMENT,
    HEALTH,
    KAISA,
    LUCJA,
    OLLI,
    SOCIAL,
    plan,
    typ_customer,
    y100,
)
from tyokyky_bridge.demo.stage import Stage

TRANSLITERATED = ("Przykladowa-Dang", "Lucja")


def lucja_in_registers(stage: Stage) -> None:
    """Everywhere somebody once typed half of her name, and nobody asked about an interpreter."""
    half = {"family_name": "Przykladowa", "interpreter": None}
    for simulator in stage.simulators.values():
        simulator.seed(persons=[LUCJA.seed | half])


def kaisa_opens_lucjas_plan(desk: Desk) -> Opened:
    """Kaisa records the name as it is written and the language to interpret; Olli adds the TYP customership."""
    goal = {
        "id": "g-1",
        "text_client": "Haluan töihin leipomoon.",
        "language": "pl",
        "interpreted": True,
        "status": "active",
    }
    content = plan(LUCJA, SOCIAL, HEALTH, EMPLOYMENT, coordinator=KAISA) | {"goals": [goal]}
    case = desk.open_plan(KAISA, LUCJA, content)
    boxes = ("identity.*", "admin.*", "plan.*")
    desk.record_form(
        KAISA, case.client_id, y100(SOCIAL, HEALTH, EMPLOYMENT, categories=boxes, taken_by=KAISA)
    )
    desk.revise(OLLI, case.plan_id, {"header.typ_customership": typ_customer()})
    return case
