"""Broken bodies: what other validators let through is refused here, and the place of it is named."""

import pytest

from tyokyky_bridge.fhir.wire.text import Unreadable, parse
from tyokyky_bridge.fhir.wire.validate import acceptable, validate
from worlds.fhir_bodies import as_text, care_plan, goal, patient, ref, transaction
from worlds.fhir_broken import BROKEN, UNREADABLE


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_body_is_refused_where_it_is_broken(name: str) -> None:
    document, expression, code = BROKEN[name]

    found = [each for each in validate(document) if each.refuses]

    assert (expression, code) in {(each.expression, each.code) for each in found}
    assert len(found) == 1, found


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_text_that_is_not_the_json_of_fhir_is_refused_before_anything_looks_at_it(name: str) -> None:
    body, expression = UNREADABLE[name]

    with pytest.raises(Unreadable) as refusal:
        parse(body)

    assert refusal.value.expression == expression


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_body_is_broken_as_bytes_too(name: str) -> None:
    assert not acceptable(validate(parse(as_text(BROKEN[name][0]))))


def test_no_finding_repeats_a_value_of_the_body() -> None:
    secret = "131052-9990"
    for place in (
        "status",
        "title",
        "created",
        "language",
        "intent",
        "description",
        "subject",
        "period",
        "goal",
    ):
        for value in (
            f"{secret} {secret}",
            [secret],
            {secret: secret},
            {"reference": secret},
            {"start": secret},
        ):
            issues = validate(care_plan(**{place: value}))
            assert all(secret not in f"{each.text} {each.expression}" for each in issues), place
    assert all(secret not in f"{each}" for each in validate(care_plan(**{secret: 1, f"_{secret}": 2})))


def test_a_body_of_another_type_than_the_address_is_refused() -> None:
    (issue,) = validate(patient(), resource_type="CarePlan")

    assert (issue.expression, issue.code, issue.severity) == ("Patient", "invalid", "error")
    assert validate(patient(), resource_type="Patient") == ()


def test_a_reference_to_what_the_caller_does_not_know_is_refused() -> None:
    known = {("Patient", "p-1"), ("Organization", "kunta"), ("CareTeam", "plan-1")}
    asked: list[tuple[str, str]] = []

    def knows(resource_type: str, identifier: str) -> bool:
        asked.append((resource_type, identifier))
        return (resource_type, identifier) in known

    issues = validate(
        care_plan(
            goal=[ref("Goal/g-1")],
            addresses=[ref("https://other.example/Condition/1")],
            activity=[{"reference": ref("Task/t")}],
        ),
        references=knows,
    )

    assert [(each.expression, each.code) for each in issues] == [
        ("CarePlan.goal[0].reference", "not-found"),
        ("CarePlan.activity[0].reference.reference", "not-found"),
    ]
    assert ("Condition", "1") not in asked


def test_a_reference_that_an_entry_of_the_bundle_answers_is_not_asked_about() -> None:
    bundle = transaction(patient(), goal())

    assert validate(bundle, references=lambda *_: False) == ()
