"""A plan that all four partners hold, for the day one of them is down."""

from tyokyky_bridge.demo.desk import Desk, Opened
from tyokyky_bridge.demo.people import (
    AINO,
    EMPLOYMENT,
    HEALTH,
    HELMI,
    OLLI,
    SOCIAL,
    Person,
    plan,
    typ_customer,
    y100,
)


def helmi_opens_a_plan_for_all_four(desk: Desk, client: Person = AINO) -> Opened:
    """Health care, social welfare and employment share the plan on a form, the joint register by statute."""
    content = plan(client, HEALTH, SOCIAL, EMPLOYMENT, coordinator=HELMI) | {
        "goals": [{"id": "g-1", "text_client": "Ensimmäinen kesätyö.", "status": "active"}],
    }
    case = desk.open_plan(HELMI, client, content)
    boxes = ("identity.core", "admin.*", "plan.*")
    desk.record_form(HELMI, case.client_id, y100(HEALTH, SOCIAL, EMPLOYMENT, categories=boxes))
    desk.revise(OLLI, case.plan_id, {"header.typ_customership": typ_customer()})
    return case
