"""Findings and the OperationOutcome that carries them."""

import pytest

from tyokyky_bridge.fhir.wire.issues import ISSUE_TYPES, Invalid, Issue, outcome
from tyokyky_bridge.fhir.wire.structure import codes_of
from tyokyky_bridge.fhir.wire.validate import validate

BAD = Issue("error", "required", "the element is required", "CarePlan.intent")
ODD = Issue("warning", "invariant", "con-3: a problem has a status", "Condition")


def test_the_codes_of_issues_are_those_of_the_required_value_set() -> None:
    (codes,) = (codes_of("http://hl7.org/fhir/ValueSet/issue-type") or {}).values()

    assert codes == ISSUE_TYPES


def test_an_invented_code_is_refused() -> None:
    with pytest.raises(ValueError, match="virhe"):
        Issue("error", "virhe", "x")


def test_an_outcome_is_itself_a_sound_resource_with_the_worst_first() -> None:
    document = outcome([ODD, BAD], diagnostics="req-17")

    assert validate(document) == ()
    assert [each["severity"] for each in document["issue"]] == ["error", "warning"]
    assert document["issue"][0]["expression"] == ["CarePlan.intent"]
    assert document["issue"][0]["details"] == {"text": "the element is required"}
    assert document["issue"][0]["diagnostics"] == "req-17"
    assert "diagnostics" not in document["issue"][1]


def test_an_outcome_of_nothing_says_that_all_is_well() -> None:
    document = outcome([])

    assert validate(document) == ()
    assert [(each["severity"], each["code"]) for each in document["issue"]] == [
        ("information", "informational")
    ]


def test_a_refusal_names_what_it_refuses() -> None:
    refusal = Invalid([BAD, *[ODD] * 30])

    assert refusal.code == "fhir/invalid"
    assert len(refusal.issues) == 31
    assert str(refusal).startswith("CarePlan.intent: the element is required; ")
    assert str(refusal).endswith("and 11 more")


def test_only_errors_refuse() -> None:
    assert [each.refuses for each in (BAD, ODD)] == [True, False]
