"""CarePlan: the plan itself, and every section that has no resource of its own. Source: domain report 4.5."""

from typing import Final

from tyokyky_bridge.fhir.derived.vocabulary import coding, concept, naming
from tyokyky_bridge.fhir.lens.rows import Place, Row, Scene, Shown, Unit, worker
from tyokyky_bridge.fhir.wire.issues import Document

STATUS: Final = {
    "draft": "draft",
    "active": "active",
    "under_revision": "active",
    "superseded": "completed",
    "closed": "completed",
    "cancelled": "revoked",
}
READ_STATUS: Final = {"completed": "closed", "entered-in-error": "cancelled"}

CATEGORY: Final = concept(coding("care-plan-category", "work-ability-support"))

ACTIVITIES: Final = ("ServiceRequest", "Task", "Appointment")
SUPPORTING: Final = ("Observation", "Condition", "DocumentReference", "Communication")


def _finish(document: Document, scene: Scene, _: Place) -> None:
    if scene.subject is not None:
        document["subject"] = scene.subject
    for name, found in (
        ("careTeam", scene.references("CareTeam")),
        ("goal", scene.references("Goal")),
        ("supportingInfo", scene.references(*SUPPORTING)),
        ("activity", [{"reference": each} for each in scene.references(*ACTIVITIES)]),
    ):
        if found:
            document[name] = found


CARE_PLAN: Final = Unit(
    type="CarePlan",
    anchor="",
    tag="cp",
    profile="care-plan",
    claims=("",),
    rows=(
        Row("header.plan_id", f"identifier[system={naming('plan-id')};use=usual].value"),
        Row("header.created_at", "created"),
        *worker("header.authors[]", "contributor[]"),
        Row("closing.closed_on", "period.end"),
    ),
    shown=(Shown("header.status", "status", STATUS, READ_STATUS),),
    constant={"intent": "plan", "category": [CATEGORY]},
    required=("status", "subject!"),
    finish=_finish,
    derived=frozenset({"careTeam", "goal", "supportingInfo", "activity"}),
    always=True,
)
