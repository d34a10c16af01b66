"""Numbers and quantities, up to the digits that were asked for."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tyokyky_bridge.fhir.search.numbers import number_of
from tyokyky_bridge.fhir.wire.text import Lexeme
from worlds.searches import asked, observation

UCUM = "http://unitsofmeasure.org"


def weight(value: Any, **members: Any) -> dict[str, Any]:
    return observation(
        valueQuantity={"value": value, "unit": "kilo", "system": UCUM, "code": "kg", **members}
    )


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("100", "99.5", "100.5"),
        ("100.00", "99.995", "100.005"),
        ("1e2", "95", "105"),
        ("5.40e-3", "0.005395", "0.005405"),
        ("0", "-0.5", "0.5"),
        ("-5.4", "-5.45", "-5.35"),
    ],
)
def test_a_number_stands_for_what_rounds_to_it(text: str, low: str, high: str):
    number = number_of(text)
    assert number is not None
    assert (number.low, number.high) == (Decimal(low), Decimal(high))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**6), max_value=10**6))
def test_a_number_finds_itself_and_what_rounds_to_it(value: Decimal):
    said = f"{value:f}"
    assert asked(weight(Lexeme(said)), ("value-quantity", said))
    assert asked(weight(value + Decimal("0.0004")), ("value-quantity", said))
    assert not asked(weight(value + Decimal("0.0006")), ("value-quantity", said))
    for prefix in ("ne", "gt", "lt", "sa", "eb"):
        assert not asked(weight(Lexeme(said)), ("value-quantity", f"{prefix}{said}"))
    for prefix in ("ge", "le"):
        assert asked(weight(Lexeme(said)), ("value-quantity", f"{prefix}{said}"))


@given(st.integers(-20, 20), st.integers(-20, 20))
def test_order_disregards_precision(asked_for: int, found: int):
    stored = weight(Decimal(found) / 10)
    for prefix, holds in (
        ("gt", found > asked_for * 10),
        ("lt", found < asked_for * 10),
        ("ge", found >= asked_for * 10),
        ("le", found <= asked_for * 10),
        ("sa", found > asked_for * 10),
        ("eb", found < asked_for * 10),
    ):
        assert asked(stored, ("value-quantity", f"{prefix}{asked_for}")) is holds


def test_the_answer_of_a_whole_number_is_exact():
    score = observation(valueInteger=5)
    assert asked(score, ("value-integer", "5"))
    assert asked(score, ("value-integer", "5.0"))
    assert not asked(score, ("value-integer", "5.2"))
    assert asked(score, ("value-integer", "ne5.2"))
    assert not asked(observation(valueInteger=0), ("value-integer:missing", "true"))
    assert not asked(observation(valueInteger=True), ("value-integer", "1"))


def test_a_unit_is_asked_by_code_in_a_system_or_by_either_name():
    stored = weight(Decimal("70.5"))
    assert asked(stored, ("value-quantity", f"70.5|{UCUM}|kg"))
    assert asked(stored, ("value-quantity", "70.5||kg"))
    assert asked(stored, ("value-quantity", "70.5||kilo"))
    assert not asked(stored, ("value-quantity", f"70.5|{UCUM}|kilo"))
    assert not asked(stored, ("value-quantity", "70.5|http://other.example|kg"))
    assert not asked(stored, ("value-quantity", "70.5||g"))


@pytest.mark.parametrize(
    ("comparator", "matching"),
    [
        ("<", {"lt5", "le5", "lt6", "le6", "eb6", "eb5", "gt4", "ge4", "ne5", "lt4", "le4"}),
        ("<=", {"lt5", "le5", "lt6", "le6", "eb6", "gt4", "ge4", "ge5", "ne5", "lt4", "le4"}),
        (">", {"gt5", "ge5", "gt4", "ge4", "sa4", "sa5", "lt6", "le6", "ne5", "gt6", "ge6"}),
        (">=", {"gt5", "ge5", "gt4", "ge4", "sa4", "lt6", "le5", "le6", "ne5", "gt6", "ge6"}),
    ],
)
def test_a_measure_beyond_its_scale_is_all_that_it_may_be(comparator: str, matching: set[str]):
    stored = weight(5, comparator=comparator)
    tried = {f"{prefix}{n}" for prefix in ("gt", "ge", "lt", "le", "sa", "eb") for n in (4, 5, 6)} | {
        "eq5",
        "ne5",
    }
    assert {each for each in tried if asked(stored, ("value-quantity", each))} == matching


def test_what_is_no_number_matches_nothing():
    for value in ("5", None, True, float("nan"), float("inf"), [], {}, Decimal("NaN")):
        for prefix in ("", "ne", "gt", "lt", "ge", "le"):
            assert not asked(weight(value), ("value-quantity", f"{prefix}5"))


def test_a_number_of_any_size_is_compared_at_once():
    assert asked(weight(Lexeme("1e999")), ("value-quantity", "gt5"))
    assert not asked(weight(Lexeme("1e-999")), ("value-quantity", "gt1e-99"))
    assert asked(weight(Decimal("1e999999")), ("value-quantity", "sa1e99"))
