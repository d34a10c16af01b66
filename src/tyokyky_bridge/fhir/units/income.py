"""Observations of income and absence: benefits, sick leaves, pension. Source: domain report 3.3 D10 and S6, 4.5.

A Finnish income benefit is no insurance cover that pays for care, so it is no Coverage.
"""

from typing import Final

from tyokyky_bridge.fhir.derived.vocabulary import coding, concept
from tyokyky_bridge.fhir.lens.rows import Place, Row, Scene, Unit, code_in, period
from tyokyky_bridge.fhir.units.linking import codings, has_code, said_profile, subject, told_apart, typed
from tyokyky_bridge.fhir.units.observation import category
from tyokyky_bridge.fhir.wire.issues import Document

_COMPONENTS: Final = ("payer", "max-end", "expected-transition")


def _component(code: str) -> str:
    return f"component[id={code}]"


_DRESS: Final = {
    _component(code): {"code": concept(coding("benefit-component", code))} for code in _COMPONENTS
}


def _finish(document: Document, scene: Scene, _: Place) -> None:
    subject(document, scene)


def _prepare(document: Document) -> Document:
    return told_apart(typed(document, "performer"), "component", _component_id)


def _component_id(_: int, entry: Document) -> str | None:
    return next((str(c.get("code")) for c in codings(entry, "code") if c.get("code") in _COMPONENTS), None)


BENEFIT: Final = Unit(
    type="Observation",
    anchor="benefits[]",
    tag="be",
    profile="observation-benefit",
    rows=(
        code_in("type", "code", "CL-21"),
        code_in("status", "valueCodeableConcept", "CL-48"),
        *period("period", "effectivePeriod"),
        code_in("payer", f"{_component('payer')}.valueCodeableConcept", "CL-47"),
        Row("max_end", f"{_component('max-end')}.valueDateTime"),
        code_in(
            "expected_transition.to_type",
            f"{_component('expected-transition')}.valueCodeableConcept",
            "CL-21",
        ),
    ),
    dress=_DRESS,
    constant={"status": "final", "category": category("social-history")},
    required=("code!", "subject!"),
    finish=_finish,
    prepare=_prepare,
    recognises=lambda document: has_code(document, "code", "CL-21"),
)
"""One benefit; its value is where it stands."""

SICK_LEAVE: Final = Unit(
    type="Observation",
    anchor="measures.sick_leaves[]",
    tag="sl",
    profile="observation-sick-leave",
    rows=(*period("period", "effectivePeriod"), Row("basis_text", "valueString")),
    constant={
        "status": "final",
        "category": category("social-history"),
        "code": concept(coding("CL-10", "sick_leave")),
    },
    required=("subject!",),
    finish=_finish,
    recognises=lambda document: has_code(document, "code", "CL-10", "sick_leave"),
)
"""One sick leave, with its ground in words."""

SUBSIDY: Final = Unit(
    type="Observation",
    anchor="measures.rehabilitation_subsidy[]",
    tag="rs",
    profile="observation-rehabilitation-subsidy",
    rows=(
        *period("period", "effectivePeriod"),
        code_in("payer", f"{_component('payer')}.valueCodeableConcept", "CL-47"),
    ),
    dress=_DRESS,
    constant={
        "status": "final",
        "category": category("social-history"),
        "code": concept(coding("CL-21", "rehabilitation_subsidy")),
    },
    required=("subject!",),
    finish=_finish,
    prepare=_prepare,
    recognises=lambda document: said_profile(document, "observation-rehabilitation-subsidy"),
)
"""A time on rehabilitation subsidy, as the measures list it. Its code is that of a benefit too, so a new body has
to name the profile."""

PENSION: Final = Unit(
    type="Observation",
    anchor="measures.pension_applications[]",
    tag="pa",
    profile="observation-pension-application",
    rows=(
        Row("pension_type", "code.text"),
        Row("applied_on", "effectiveDateTime"),
        code_in("decision", "valueCodeableConcept", "CL-25"),
        Row("insurer", "performer[type=Organization].display"),
        Row("rejection_reason", "note[0].text"),
    ),
    constant={"status": "final", "category": category("social-history")},
    required=("code!", "subject!"),
    finish=_finish,
    prepare=_prepare,
    recognises=lambda document: (
        has_code(document, "valueCodeableConcept", "CL-25")
        or said_profile(document, "observation-pension-application")
    ),
)
"""One application for a pension; its value is the decision."""
