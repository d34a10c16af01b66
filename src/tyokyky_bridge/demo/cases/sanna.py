"""Scenario 8: a TYP customer without any Y100. Source: domain report 9."""

from tyokyky_bridge.demo.desk import Desk, Opened
from tyokyky_bridge.demo.people import (
    EMPLOYMENT,
    HEALTH,
    HELMI,
    OLLI,
    SANNA,
    TYP,
    Person,
    day,
    moment,
    plan,
    score,
    typ_customer,
)

SANNAS_CONCLUSION = "Työkyky alentunut, osa-aikatyö mahdollinen."
SANNAS_FUNCTIONING = "Kävely portaissa hidasta."
SANNAS_EXPERIENCE = "Kymmenen vuotta laitoshuoltajana."


def olli_opens_sannas_plan(desk: Desk, client: Person = SANNA) -> Opened:
    """Olli records the customership and the work history; nobody has asked for a form."""
    content = plan(client, HEALTH, EMPLOYMENT, TYP, coordinator=OLLI) | {
        "competence": {"work_experience_summary": SANNAS_EXPERIENCE},
    }
    content["header"] = content["header"] | {"typ_customership": typ_customer()}
    return desk.open_plan(OLLI, client, content)


def helmi_assesses_sanna(desk: Desk, case: Opened, conclusion: str = SANNAS_CONCLUSION) -> None:
    """A conclusion that Helmi marks as necessary for employment, a functioning text without mark, and BDI-II."""
    mark = {"id": "m-1", "item": "health.work_ability_conclusion", "by": HELMI.ref, "at": moment()}
    assessed = {
        "health.work_ability_conclusion": conclusion,
        "health.work_limitation_text": SANNAS_FUNCTIONING,
        "scores[bdi-1]": score("bdi-1", "bdi_ii", 22, day(), HEALTH, version="II"),
        "necessity_marks[m-1]": mark,
    }
    desk.revise(HELMI, case.plan_id, assessed)
