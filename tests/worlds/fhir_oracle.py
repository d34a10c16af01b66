"""The R4B classes as an independent reader of what we derive."""

import json
from typing import Any

from fhir.resources.R4B import get_fhir_model_class


def reads(document: dict[str, Any]) -> None:
    """The document is what its ``resourceType`` asks for, and nothing in it is empty."""
    get_fhir_model_class(document["resourceType"]).model_validate_json(json.dumps(document))
    _nothing_empty(document)


def _nothing_empty(value: Any) -> None:
    assert value not in (None, "", [], {})
    if isinstance(value, dict):
        for inner in value.values():
            _nothing_empty(inner)
    elif isinstance(value, list):
        for inner in value:
            _nothing_empty(inner)


def codes(concept: dict[str, Any]) -> list[str]:
    """The codes of a CodeableConcept."""
    return [coding["code"] for coding in concept["coding"]]
