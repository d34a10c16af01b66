"""Good bodies: what a stranger may send and R4 allows is accepted, with no error, and keeps every character."""

import pytest

from tyokyky_bridge.fhir.wire.text import parse, render
from tyokyky_bridge.fhir.wire.validate import acceptable, validate
from worlds.fhir_bodies import as_text, changed, concept, observation, patient
from worlds.fhir_good import GOOD

DIGITS = {
    "trailing zeros": "2.50",
    "leading zeros of a fraction": "0.010",
    "eighteen digits": "123456789012345.678",
    "thirty digits": "0.123456789012345678901234567890",
    "an exponent": "1.0e2",
    "an exponent with a sign": "1E+2",
    "minus zero": "-0.00",
    "a large integer": "123456789012345678901234",
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_body_is_accepted(name: str) -> None:
    assert validate(parse(as_text(GOOD[name]))) == ()


@pytest.mark.parametrize("name", GOOD)
def test_a_good_body_comes_back_as_it_was(name: str) -> None:
    document = parse(as_text(GOOD[name]))

    assert parse(render(document)) == document
    assert parse(render(document, pretty=True)) == document


@pytest.mark.parametrize("name", DIGITS)
def test_a_decimal_keeps_its_digits(name: str) -> None:
    body = as_text(changed(observation(), "valueQuantity.value", "§")).replace(
        '"§"'.encode(), DIGITS[name].encode()
    )

    document = parse(body)

    assert validate(document) == ()
    assert b'"value":' + DIGITS[name].encode() in render(document)


def test_a_document_that_was_made_and_not_read_is_judged_alike() -> None:
    assert validate(changed(observation(), "valueQuantity.value", 2.5)) == ()
    assert not acceptable(validate(changed(observation(), "valueQuantity.value", float("nan"))))


def test_a_code_outside_an_extensible_set_is_only_remarked_on() -> None:
    issues = validate(patient(maritalStatus=concept("urn:x", "avoliitto")))

    assert [(each.severity, each.expression) for each in issues] == [("warning", "Patient.maritalStatus")]
    assert acceptable(issues)
    assert validate(patient(maritalStatus={"text": "avoliitto"})) == ()
