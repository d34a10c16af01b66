"""Scenario 5: a consent is narrowed while three items wait for Ura's window. Source: domain report 9."""

from typing import Any

from tyokyky_bridge.demo.desk import Desk, Opened
from tyokyky_bridge.demo.people import (
    EMPLOYMENT,
    HEALTH,
    HELMI,
    KELA,
    OLLI,
    PEKKA,
    TEEMU,
    Y100_CATEGORIES,
    day,
    moment,
    plan,
    y100,
)

PEKKAS_WORDS = {
    "services[s-1]": "Työkokeilu korjaamolla",
    "goals[g-1]": "Kuljettajan työhön jo kevääksi.",
    "feedback[f-1]": "Työkokeilu on alkanut sovitusti.",
}
"""What waits for Ura: the element of the plan, and the words by which it would be known in any request."""


def helmi_opens_pekkas_plan(desk: Desk) -> tuple[Opened, str]:
    """A running plan known to health care, employment services and Kela; returns the id of the form, too."""
    content = plan(PEKKA, HEALTH, EMPLOYMENT, KELA, coordinator=HELMI) | {
        "health": {"work_ability_conclusion": "Kokoaikatyö onnistuu kevennettynä."},
        "goals": [{"id": "g-1", "text_client": "Takaisin kuljettajaksi.", "status": "active"}],
    }
    case = desk.open_plan(HELMI, PEKKA, content)
    form = y100(HEALTH, EMPLOYMENT, KELA, categories=Y100_CATEGORIES, taken_by=HELMI)
    return case, desk.record_form(HELMI, case.client_id, form)["consent"]["consent_id"]


def helmi_queues_three_items(desk: Desk, case: Opened) -> None:
    """A service begins, a goal changes, a feedback is given: all three are for Ura, too."""
    service = {
        "id": "s-1",
        "type": "work_trial",
        "organizer": {"name": PEKKAS_WORDS["services[s-1]"]},
        "status": "ongoing",
        "actual_period": {"start": day()},
    }
    feedback = {
        "id": "f-1",
        "kind": "service_feedback",
        "about": "s-1",
        "sender": HELMI.ref,
        "recipient": OLLI.ref,
        "text": PEKKAS_WORDS["feedback[f-1]"],
        "given_at": moment(minutes_ago=1),
    }
    changes = {
        "services": [service],
        "goals[g-1].text_client": PEKKAS_WORDS["goals[g-1]"],
        "feedback": [feedback],
    }
    desk.revise(HELMI, case.plan_id, changes)


def teemu_records_the_narrower_form(
    desk: Desk, case: Opened, old_form: str, *, said_at: str
) -> dict[str, Any]:
    """Pekka tells Kela's adviser that employment may no longer know: a new form without it replaces the old."""
    narrower = y100(
        HEALTH,
        KELA,
        categories=Y100_CATEGORIES,
        taken_by=TEEMU,
        supersedes=old_form,
        granted_at=said_at,
        valid_from=day(-1),
    )
    return desk.record_form(TEEMU, case.client_id, narrower)
