"""The edge beside other validators: it refuses what they refuse, and they accept what it accepts.

Where a judge is wrong by R4, the appeal says why; an appeal that nobody needs any more is a failure.
"""

import json
import random
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import fhirkit
import pyfhircheck
import pytest
from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from tyokyky_bridge.fhir.wire.structure import resource_types
from tyokyky_bridge.fhir.wire.validate import acceptable, validate
from worlds.fhir_breaking import WAYS, broken_at, places
from worlds.fhir_broken import BROKEN
from worlds.fhir_good import GOOD

Judge = Callable[[Any], list[str]]

APPEALS = {
    ("extension.unknown", ""): "R4 allows extensions that the receiver does not know (extensibility.html)",
    ("element.unknown", "Patient.communication[0].language"): "R4 has the element (patient.html)",
    (
        "cardinality.min",
        "CarePlan.status",
    ): "an extension in the place of the value is the element (json.html)",
    ("invariant.per-1", "CarePlan.period"): "an end of 2026 includes all of the year (datatypes.html#Period)",
    ("reference.contained.unresolved", "Task.basedOn[0]"): "# is the container (references.html#contained)",
    ("reference.format", "Goal.subject"): "a transaction may have conditional references (http.html#trules)",
    (
        "datatype.invalid",
        "Patient.photo[0].data",
    ): "white space is allowed in base64 (datatypes.html#base64Binary)",
    (
        "bundle.entry.resource",
        "Bundle.entry[0].resource",
    ): "a delete in a history has no resource (http.html#history)",
    (
        "terminology.required",
        "CapabilityStatement.format[0]",
    ): "the set is all media types (valueset-mimetypes)",
}


def fhir_resources(document: Any) -> list[str]:
    try:
        get_fhir_model_class(document["resourceType"]).model_validate(document)
    except (ValidationError, KeyError, TypeError, AttributeError) as refusal:  # it stumbles over some bodies
        return [type(refusal).__name__]
    return []


def fhirkit_rs(document: Any) -> list[str]:
    try:
        return [
            f"{each.path}: {each.message}"
            for each in fhirkit.validate(json.dumps(document))
            if each.severity == "error"
        ]
    except fhirkit.ParseError as refusal:
        return [str(refusal)]


@cache
def _pyfhircheck() -> pyfhircheck.Validator:
    return pyfhircheck.Validator()


def pyfhircheck_findings(document: Any) -> list[tuple[str, str]]:
    report = _pyfhircheck().validate_resource(document)
    return [(each.code, str(each.path)) for each in report.issues if each.severity.value == "error"]


def mutants(name: str, count: int) -> Iterator[Any]:
    """Some breakages of a good body; the same ones in every run."""
    chosen = [(place, how) for place in places(GOOD[name]) for how in WAYS]
    dice = random.Random(name)
    for place, how in dice.sample(chosen, min(count, len(chosen))):
        yield broken_at(GOOD[name], place, how)


@pytest.mark.parametrize("judge", [fhir_resources, fhirkit_rs])
@pytest.mark.parametrize("name", GOOD)
def test_what_the_edge_accepts_they_accept(name: str, judge: Judge) -> None:
    assert judge(GOOD[name]) == []


@pytest.mark.parametrize("judge", [fhir_resources, fhirkit_rs])
@pytest.mark.parametrize("name", GOOD)
def test_what_they_refuse_the_edge_refuses(name: str, judge: Judge) -> None:
    let_through = [
        document for document in mutants(name, 60) if judge(document) and acceptable(validate(document))
    ]

    assert let_through == []


@pytest.mark.parametrize("judge", [fhir_resources, fhirkit_rs])
def test_the_edge_refuses_at_least_twice_as_much(judge: Judge) -> None:
    of_a_type = [each for each, _, _ in BROKEN.values() if isinstance(each, dict) and _has_type(each)]

    refused = sum(bool(judge(each)) for each in of_a_type)

    assert 20 < refused < len(of_a_type) / 2


def _has_type(document: dict[str, Any]) -> bool:
    return isinstance(document.get("resourceType"), str) and document["resourceType"] in resource_types()


def test_a_judge_with_rules_finds_nothing_that_the_edge_let_through_but_for_the_appeals() -> None:
    needed: set[tuple[str, str]] = set()
    unexplained: list[tuple[str, str, str]] = []
    for name, good in GOOD.items():
        for document in (good, *mutants(name, 8)):
            if not acceptable(validate(document)):
                continue
            for code, path in pyfhircheck_findings(document):
                appeal = next((each for each in APPEALS if each[0] == code and path.endswith(each[1])), None)
                if appeal is None:
                    unexplained.append((name, code, path))
                else:
                    needed.add(appeal)

    assert unexplained == []
    assert needed == set(APPEALS)
