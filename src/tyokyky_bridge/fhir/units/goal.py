"""Goal: what the client aims at, in the client's own words. Source: domain report 3.3 D2, 4.5."""

from typing import Final

from tyokyky_bridge.fhir.lens.rows import Place, Row, Scene, Shown, Unit, code_in
from tyokyky_bridge.fhir.wire.issues import Document

ACHIEVEMENT: Final = "http://terminology.hl7.org/CodeSystem/goal-achievement"

STATUS: Final = {
    "proposed": "proposed",
    "accepted": "accepted",
    "active": "active",
    "on_hold": "on-hold",
    "achieved": "completed",
    "partly_achieved": "completed",
    "not_achieved": "completed",
    "abandoned": "cancelled",
}
ACHIEVED: Final = {"achieved": "achieved", "partly": "improving", "not_achieved": "not-achieved"}
"""A goal that was changed has no counterpart among the achievements of FHIR."""


def _finish(document: Document, scene: Scene, place: Place) -> None:
    if scene.subject is not None:
        document["subject"] = scene.subject
        if f"{place.anchor}.text_client" in scene.leaves:
            document["expressedBy"] = dict(scene.subject)


GOAL: Final = Unit(
    type="Goal",
    anchor="goals[]",
    tag="go",
    profile="goal",
    rows=(
        Row("text_client", "description.text"),
        code_in("area", "category[0]", "CL-29"),
        Row("achievement.text", "achievementStatus.text"),
        Row("due", "target[0].dueDate"),
        Row("measure", "target[0].measure.text"),
    ),
    shown=(
        Shown("status", "lifecycleStatus", STATUS),
        Shown("achievement.code", f"achievementStatus.coding[system={ACHIEVEMENT}].code", ACHIEVED),
    ),
    required=("lifecycleStatus", "description!", "subject!"),
    finish=_finish,
)
