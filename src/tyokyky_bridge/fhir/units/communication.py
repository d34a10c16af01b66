"""Communications: feedback between organisations and from the client, and consultations. Source: domain report 4.5."""

from collections.abc import Iterator
from typing import Final

from tyokyky_bridge.fhir.derived.vocabulary import coding, concept
from tyokyky_bridge.fhir.lens.rows import Place, Row, Scene, Unit, code_in, worker
from tyokyky_bridge.fhir.units.linking import also_coded, has_code, in_order, link, subject, told_apart
from tyokyky_bridge.fhir.units.observation import ASSESSMENT
from tyokyky_bridge.fhir.units.service_request import PREVIOUS, REFERRAL, SERVICE
from tyokyky_bridge.fhir.wire.issues import Document

_CATEGORIES: Final = "communication-category"
_ABOUT: Final = (REFERRAL, SERVICE, PREVIOUS, ASSESSMENT)
"""What feedback can be about: the plan names it by its element id alone."""


def _about(scene: Scene, id_: object) -> Iterator[Document]:
    if id_ is None:
        return
    for unit in _ABOUT:
        found = link(scene, unit, str(id_))
        if found is not None:
            yield found


def _finish_feedback(document: Document, scene: Scene, place: Place) -> None:
    subject(document, scene)
    also_coded(document, "category", coding(_CATEGORIES, "feedback"))
    about = list(_about(scene, scene.leaves.get(f"{place.anchor}.about")))
    if about:
        document["about"] = about


FEEDBACK: Final = Unit(
    type="Communication",
    anchor="feedback[]",
    tag="fb",
    profile="communication-feedback",
    rows=(
        code_in("kind", "category[0]", "CL-45"),
        code_in("channel", "medium[0]", "CL-46"),
        *worker("sender", "sender"),
        *worker("recipient", "recipient[0]"),
        Row("text", "payload[0].contentString"),
        Row("given_at", "sent"),
        Row("delivered_at", "received"),
    ),
    constant={"status": "completed"},
    required=("subject!",),
    finish=_finish_feedback,
    recognises=lambda document: (
        has_code(document, "category", _CATEGORIES, "feedback") or has_code(document, "category", "CL-45")
    ),
)
"""Feedback from one organisation to another."""


def _finish_client_feedback(document: Document, scene: Scene, place: Place) -> None:
    subject(document, scene)
    if scene.subject is not None and scene.leaves.get(f"{place.anchor}.anonymous") is False:
        document["sender"] = dict(scene.subject)


CLIENT_FEEDBACK: Final = Unit(
    type="Communication",
    anchor="client_feedback[]",
    tag="cf",
    profile="communication-client-feedback",
    rows=(
        Row("stage", "topic.text"),
        Row("text", "payload[0].contentString"),
        Row("date", "sent"),
    ),
    constant={"status": "completed", "category": [concept(coding(_CATEGORIES, "client-feedback"))]},
    required=("subject!",),
    finish=_finish_client_feedback,
    recognises=lambda document: has_code(document, "category", _CATEGORIES, "client-feedback"),
)
"""The client's feedback on the process; the client is named as its sender only where it is said not to be anonymous."""


def _finish_consultation(document: Document, scene: Scene, place: Place) -> None:
    also_coded(document, "category", coding(_CATEGORIES, "consultation"))
    if scene.leaves.get(f"{place.anchor}.kind") != "anonymous":
        subject(document, scene)


CONSULTATION: Final = Unit(
    type="Communication",
    anchor="consultations[]",
    tag="co",
    profile="communication-consultation",
    rows=(
        code_in("kind", "category[0]", "CL-49"),
        *worker("asker", "sender"),
        *worker("answerer", "recipient[0]"),
        Row("question", "payload[id=question].contentString"),
        Row("answer", "payload[id=answer].contentString"),
    ),
    constant={"status": "completed"},
    finish=_finish_consultation,
    prepare=lambda document: told_apart(document, "payload", in_order("question", "answer")),
    recognises=lambda document: (
        has_code(document, "category", _CATEGORIES, "consultation") or has_code(document, "category", "CL-49")
    ),
)
"""A consultation. An anonymous one says nothing of a client: it has neither subject nor about."""
