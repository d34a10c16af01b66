"""Tasks: what was agreed in a meeting, and the hand-over of coordination. Source: domain report 1.5, 4.5."""

from typing import Final

from tyokyky_bridge.fhir.derived.vocabulary import coding, concept
from tyokyky_bridge.fhir.lens.codecs import renamed
from tyokyky_bridge.fhir.lens.ids import place_of
from tyokyky_bridge.fhir.lens.rows import Keys, Place, Row, Scene, Unit, code_in, worker
from tyokyky_bridge.fhir.units.appointment import MEETING
from tyokyky_bridge.fhir.units.linking import (
    based_on_plan,
    has_code,
    link,
    members,
    party_link,
    the_plan,
    with_party,
)
from tyokyky_bridge.fhir.wire.issues import Document

_CODES: Final = "task-code"

HANDOVER_STATUS: Final = {
    "requested": "requested",
    "accepted": "accepted",
    "joint_contact_held": "in-progress",
    "effective": "completed",
    "rejected": "rejected",
    "cancelled": "cancelled",
    "expired": "failed",
}


def _for_client(document: Document, scene: Scene) -> None:
    if scene.subject is not None:
        document["for"] = scene.subject
    based_on_plan(document, scene)


def _finish_agreement(document: Document, scene: Scene, place: Place) -> None:
    _for_client(document, scene)
    meeting = link(scene, MEETING, place.keys[0])
    if meeting is not None:
        document["focus"] = meeting


def _meeting_of(document: Document) -> Keys | None:
    """The meeting that a new body points at as its focus."""
    type_, _, id_ = str(members(document, "focus").get("reference", "")).partition("/")
    found = place_of((MEETING,), type_, id_)
    return None if found is None else found[1].keys


AGREEMENT: Final = Unit(
    type="Task",
    anchor="meetings[].agreements[]",
    tag="ag",
    profile="task-agreement",
    rows=(
        Row("text", "description"),
        *worker("responsible", "owner"),
        Row("due", "restriction.period.end"),
    ),
    constant={
        "status": "accepted",
        "intent": "plan",
        "code": concept(coding(_CODES, "meeting-agreement")),
    },
    required=("for!",),
    finish=_finish_agreement,
    recognises=lambda document: has_code(document, "code", _CODES, "meeting-agreement"),
    parent_keys=_meeting_of,
)
"""One thing agreed in a meeting. The plan does not follow its course, so it stays accepted."""


def _finish_handover(document: Document, scene: Scene, place: Place) -> None:
    _for_client(document, scene)
    party_link(document, scene, "requester", f"{place.anchor}.from.party")
    party_link(document, scene, "owner", f"{place.anchor}.to.party")
    plan = the_plan(scene)
    if plan is not None:
        document["focus"] = plan


def _prepare_handover(document: Document) -> Document:
    return with_party(
        with_party(document, "requester", "handovers[].from.party"), "owner", "handovers[].to.party"
    )


HANDOVER: Final = Unit(
    type="Task",
    anchor="handovers[]",
    tag="ho",
    profile="task-handover",
    rows=(
        Row("status", "status", renamed(HANDOVER_STATUS)),
        *worker("from.worker", "requester"),
        *worker("to.worker", "owner"),
        code_in("reason.code", "reasonCode", "CL-50"),
        Row("reason.text", "reasonCode.text"),
        Row("effective_on", "executionPeriod.start"),
    ),
    constant={"intent": "order", "code": concept(coding(_CODES, "coordination-handover"))},
    required=("status", "for!"),
    finish=_finish_handover,
    prepare=_prepare_handover,
    recognises=lambda document: has_code(document, "code", _CODES, "coordination-handover"),
)
"""Coordination passing from one party to another; its focus is the plan."""
