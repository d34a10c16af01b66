"""Condition: an illness that limits work. Source: domain report 3.3 S4, 4.5."""

from typing import Final

from tyokyky_bridge.fhir.lens.rows import Place, Row, Scene, Unit, worker
from tyokyky_bridge.fhir.units.linking import subject
from tyokyky_bridge.fhir.wire.issues import Document

ICD10: Final = "http://hl7.org/fhir/sid/icd-10"


def _finish(document: Document, scene: Scene, _: Place) -> None:
    subject(document, scene)


LIMITING_ILLNESS: Final = Unit(
    type="Condition",
    anchor="health.limiting_illnesses[]",
    tag="il",
    profile="condition",
    rows=(
        Row("icd10", f"code.coding[system={ICD10}].code"),
        Row("text", "code.text"),
        Row("diagnosed_on", "recordedDate"),
        *worker("diagnosed_by", "asserter"),
    ),
    required=("code!", "subject!"),
    finish=_finish,
)
"""One limiting illness. The plan says neither whether it is active nor how sure it is, so neither is claimed."""
