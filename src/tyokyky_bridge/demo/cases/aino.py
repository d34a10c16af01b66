"""A plan that two partners hold, for the day one of them is down."""

from tyokyky_bridge.demo.desk import Desk, Opened
from tyokyky_bridge.demo.people import AINO, EMPLOYMENT, HEALTH, HELMI, Y100_CATEGORIES, plan, y100


def helmi_opens_ainos_plan(desk: Desk) -> Opened:
    """A plan that Lifecare and Ura both hold."""
    content = plan(AINO, HEALTH, EMPLOYMENT, coordinator=HELMI) | {
        "goals": [{"id": "g-1", "text_client": "Ensimmäinen kesätyö.", "status": "active"}],
    }
    case = desk.open_plan(HELMI, AINO, content)
    desk.record_form(HELMI, case.client_id, y100(HEALTH, EMPLOYMENT, categories=Y100_CATEGORIES))
    return case
