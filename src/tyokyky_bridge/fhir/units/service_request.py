"""ServiceRequests: services of the plan, earlier ones, referrals and rehabilitation. Source: domain report 4.5."""

from typing import Final

from tyokyky_bridge.fhir.derived.vocabulary import coding, concept
from tyokyky_bridge.fhir.lens.rows import (
    Place,
    Row,
    Scene,
    Shown,
    Unit,
    code_in,
    organization,
    period,
    worker,
)
from tyokyky_bridge.fhir.units.coding_list import only_coding
from tyokyky_bridge.fhir.units.linking import (
    based_on_plan,
    has_code,
    in_order,
    party_link,
    subject,
    told_apart,
    typed,
    with_party,
)
from tyokyky_bridge.fhir.wire.issues import Document

_CATEGORIES: Final = "service-request-category"

SERVICE_STATUS: Final = {
    "recommended": "draft",
    "agreed": "active",
    "requested": "active",
    "granted": "active",
    "denied": "revoked",
    "waiting": "active",
    "ongoing": "active",
    "interrupted": "on-hold",
    "completed": "completed",
    "cancelled": "revoked",
    "feedback_received": "completed",
}
COMPLETION: Final = {
    "completed": "completed",
    "interrupted_by_client": "revoked",
    "interrupted_by_producer": "revoked",
    "interrupted_sickness": "revoked",
    "not_started": "revoked",
    "ongoing": "active",
    "unknown": "unknown",
}
REFERRAL_STATUS: Final = {
    "draft": "draft",
    "sent": "active",
    "received": "active",
    "accepted": "active",
    "redirected": "revoked",
    "returned_for_info": "on-hold",
    "answered": "completed",
}


def _category(code: str) -> list[Document]:
    return [concept(coding(_CATEGORIES, code))]


def _finish(document: Document, scene: Scene, _: Place) -> None:
    subject(document, scene)
    based_on_plan(document, scene)


def _prepare(document: Document) -> Document:
    return typed(document, "performer")


SERVICE: Final = Unit(
    type="ServiceRequest",
    anchor="services[]",
    tag="sv",
    profile="service-request",
    rows=(
        code_in("type", "code", "CL-11"),
        *period("planned_period", "occurrencePeriod"),
        *worker("responsible_worker", "performer[type=PractitionerRole]"),
        *organization("producer", "performer[type=Organization]"),
        Row("compatibility_note", "note[0].text"),
    ),
    shown=(Shown("status", "status", SERVICE_STATUS, {"revoked": "cancelled"}),),
    constant={"intent": "plan", "category": _category("service")},
    required=("status", "subject!"),
    finish=_finish,
    prepare=_prepare,
    recognises=lambda document: (
        has_code(document, "category", _CATEGORIES, "service") or has_code(document, "code", "CL-11")
    ),
)
"""One service of the plan."""

PREVIOUS: Final = Unit(
    type="ServiceRequest",
    anchor="previous_services[]",
    tag="ps",
    profile="service-request-history",
    rows=(
        code_in("type", "code", "CL-09"),
        Row("other_description", "code.text"),
        *period("period", "occurrencePeriod"),
        Row("guidance_notes", "note[0].text"),
    ),
    # A service that was broken off has more than one reason here, and FHIR tells none: without ours it is unknown.
    shown=(Shown("completion", "status", COMPLETION, {"revoked": "unknown"}),),
    constant={"intent": "order", "category": _category("history")},
    required=("status", "subject!"),
    finish=_finish,
    recognises=lambda document: (
        has_code(document, "category", _CATEGORIES, "history") or has_code(document, "code", "CL-09")
    ),
)
"""One service before the plan: the same type as a service of it, which becomes one when it ends."""


def _finish_referral(document: Document, scene: Scene, place: Place) -> None:
    _finish(document, scene, place)
    if (
        scene.leaves.get(f"{place.anchor}.referring_party_type") == "client_self"
        and scene.subject is not None
    ):
        document.setdefault("requester", dict(scene.subject))
    party_link(document, scene, "requester", f"{place.anchor}.referring_organization.party")


def _prepare_referral(document: Document) -> Document:
    known = with_party(document, "requester", "referrals[].referring_organization.party")
    return told_apart(known, "note", in_order("essential-information", "reason"))


REFERRAL: Final = Unit(
    type="ServiceRequest",
    anchor="referrals[]",
    tag="rf",
    profile="service-request-referral",
    rows=(
        *worker("referring_worker", "requester"),
        Row("received_on", "authoredOn"),
        Row("need_cues[]", "reasonCode[+].coding", only_coding("CL-05")),
        Row("essential_information", "note[id=essential-information].text"),
        Row("reason", "note[id=reason].text"),
    ),
    shown=(Shown("status", "status", REFERRAL_STATUS),),
    constant={"intent": "order", "category": _category("referral")},
    required=("status", "subject!"),
    finish=_finish_referral,
    prepare=_prepare_referral,
    recognises=lambda document: has_code(document, "category", _CATEGORIES, "referral"),
)
"""How the client came: who asked for help, and what gave cause."""

REHABILITATION: Final = Unit(
    type="ServiceRequest",
    anchor="measures.rehabilitation[]",
    tag="rh",
    profile="service-request-rehabilitation",
    rows=(
        code_in("type", "code", "CL-22"),
        *period("period", "occurrencePeriod"),
        *organization("organiser", "performer[type=Organization]"),
        Row("outcome", "note[0].text"),
    ),
    shown=(Shown("status", "status", SERVICE_STATUS, {"revoked": "cancelled"}),),
    constant={"intent": "plan", "category": _category("rehabilitation")},
    required=("status", "subject!"),
    finish=_finish,
    prepare=_prepare,
    recognises=lambda document: (
        has_code(document, "category", _CATEGORIES, "rehabilitation") or has_code(document, "code", "CL-22")
    ),
)
"""Rehabilitation by Kela or a pension provider."""
