"""Observations of work ability: scores and assessments. Source: domain report 3.3 D4 and D5, 4.5, 7."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from tyokyky_bridge.domain.codes import code_list
from tyokyky_bridge.fhir.derived.vocabulary import concept, foreign
from tyokyky_bridge.fhir.lens.codecs import of_list
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
from tyokyky_bridge.fhir.units.linking import (
    codings,
    entries,
    extended,
    extension,
    has_code,
    members,
    own_extension,
    said_profile,
    subject,
    typed,
)
from tyokyky_bridge.fhir.wire.issues import Document

CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
LOINC: Final = "http://loinc.org"
UCUM: Final = "http://unitsofmeasure.org"
ABSENT: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"

WHY_ABSENT: Final = {
    "declined": "asked-declined",
    "language_barrier": "not-performed",
    "not_asked": "not-asked",
    "not_applicable": "not-applicable",
}
_REASON: Final = own_extension("scores[].absent_reason")
_INSTRUMENTS: Final = "CL-36"


def category(code: str) -> list[Document]:
    """The category of an Observation."""
    return [concept(foreign(CATEGORY, code))]


@cache
def instruments_by_loinc() -> Mapping[str, str]:
    """Our instrument by its LOINC code, for those that have one. Source: domain report 7.1."""
    instruments = code_list(_INSTRUMENTS)
    return {
        str(instruments.value(each, "loinc")): each
        for each in sorted(instruments.codes)
        if instruments.value(each, "loinc")
    }


def _self_told(instrument: object) -> bool:
    labels = code_list(_INSTRUMENTS).values(str(instrument), "category")
    return any(str(label).startswith("self.") for label in labels)


def _by_client(document: Document, scene: Scene) -> None:
    """The client is the one who observed. Source: domain report 7.3, rule 9."""
    if scene.subject is not None:
        document["performer"] = [dict(scene.subject), *document.get("performer", [])]


def _finish_score(document: Document, scene: Scene, place: Place) -> None:
    subject(document, scene)
    instrument = scene.leaves.get(f"{place.anchor}.instrument")
    if instrument is not None:
        loinc = code_list(_INSTRUMENTS).value(str(instrument), "loinc")
        if loinc is not None:
            document["code"]["coding"].append({"system": LOINC, "code": loinc})
        if _self_told(instrument):
            _by_client(document, scene)
    if "valueQuantity" in document:
        document["valueQuantity"].update({"unit": "score", "system": UCUM, "code": "{score}"})
        return
    reason = scene.leaves.get(f"{place.anchor}.absent_reason")
    if reason is not None:  # beside a value FHIR has no place for it (obs-6), and the extension has to do
        document["dataAbsentReason"] = concept({"system": ABSENT, "code": WHY_ABSENT[str(reason)]})


def _prepare_score(document: Document) -> Document:
    return typed(_with_reason(_with_instrument(_with_quantity(document))), "performer")


def _with_quantity(document: Document) -> Document:
    """A whole number is a score too."""
    if "valueInteger" not in document:
        return document
    made = {name: value for name, value in document.items() if name != "valueInteger"}
    return {**made, "valueQuantity": {"value": document["valueInteger"]}}


def _with_instrument(document: Document) -> Document:
    if has_code(document, "code", _INSTRUMENTS):
        return document
    said = [each for each in codings(document, "code") if each.get("system") == LOINC]
    known = [
        instruments_by_loinc()[str(c["code"])] for c in said if str(c.get("code")) in instruments_by_loinc()
    ]
    if not known:
        return document
    own = of_list(_INSTRUMENTS).show(known[0])
    code = members(document, "code")
    return {**document, "code": {**code, "coding": [own, *entries(code, "coding")]}}


def _with_reason(document: Document) -> Document:
    """What the element says wins over the extension, where an editor changed the element alone."""
    said = [
        each.get("code") for each in codings(document, "dataAbsentReason") if each.get("system") == ABSENT
    ]
    if not said:
        valued = any(name.startswith("value") for name in document)
        return document if valued else extended(document, _REASON, None)
    kept = members(extension(document, _REASON) or {}, "valueCoding").get("code")
    if WHY_ABSENT.get(str(kept)) == said[0]:
        return document
    ours = next((ours for ours, theirs in WHY_ABSENT.items() if theirs == said[0]), None)
    return (
        document
        if ours is None
        else extended(document, _REASON, {"valueCoding": of_list("CL-38").show(ours)})
    )


def _is_score(document: Document) -> bool:
    loinc = (str(each.get("code")) for each in codings(document, "code") if each.get("system") == LOINC)
    return has_code(document, "code", _INSTRUMENTS) or any(code in instruments_by_loinc() for code in loinc)


SCORE: Final = Unit(
    type="Observation",
    anchor="scores[]",
    tag="sc",
    profile="observation-score",
    rows=(
        code_in("instrument", "code", _INSTRUMENTS),
        Row("value", "valueQuantity.value"),
        code_in("band", "interpretation[0]", "score-band"),
        Row("effective_on", "effectiveDateTime"),
        code_in("mode", "method", "CL-39"),
        *organization("collected_by", "performer[type=Organization]"),
    ),
    constant={"status": "final", "category": category("survey")},
    required=("code!", "subject!"),
    finish=_finish_score,
    prepare=_prepare_score,
    recognises=_is_score,
)
"""One score on one instrument. Bands are not computed here: what the plan says of one is shown."""

ASSESSMENT_STATUS: Final = {
    "planned": "registered",
    "ongoing": "preliminary",
    "completed": "final",
    "interrupted": "cancelled",
    "cancelled": "cancelled",
}


def _finish_assessment(document: Document, scene: Scene, place: Place) -> None:
    subject(document, scene)
    own = scene.leaves.get(f"{place.anchor}.kind") == "self"
    document["category"] = category("survey" if own else "exam")
    if own:
        _by_client(document, scene)


ASSESSMENT: Final = Unit(
    type="Observation",
    anchor="assessments[]",
    tag="as",
    profile="observation-assessment",
    rows=(
        code_in("kind", "code", "CL-34"),
        code_in("setting", "method", "CL-35"),
        *period("period", "effectivePeriod"),
        Row("conclusion", "valueString"),
        *worker("performers[]", "performer[]"),
    ),
    shown=(Shown("status", "status", ASSESSMENT_STATUS, {"cancelled": "cancelled"}),),
    required=("status", "code!", "subject!"),
    finish=_finish_assessment,
    recognises=lambda document: (
        has_code(document, "code", "CL-34") or said_profile(document, "observation-assessment")
    ),
)
"""One assessment, with its conclusion as the value."""
