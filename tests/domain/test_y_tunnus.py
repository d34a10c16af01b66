"""Y-tunnus: weights, check digit, numbers that cannot exist (domain report 5.7)."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tyokyky_bridge.domain.y_tunnus import InvalidYTunnus, check_digit, oid_root, parse_y_tunnus


@pytest.mark.parametrize(
    "value",
    [
        "0246246-0",
        "0101263-6",
        "0204819-8",
        "0166906-4",
        "3221308-6",
        "9000001-1",
        "9000003-8",
        "9000004-6",
        "9000005-4",
        "9000006-2",
        "9000007-0",
        "9000008-9",
    ],
)
def test_known_business_ids_are_valid(value):
    assert parse_y_tunnus(f" {value} ") == value


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("9000001-2", "check digit"),
        ("9000002-0", "number not in use"),
        ("9000001", "form"),
        ("90000011", "form"),
        ("９000001-1", "form"),
        ("", "form"),
    ],
)
def test_wrong_business_ids_are_refused_by_rule(value, rule):
    with pytest.raises(InvalidYTunnus) as refusal:
        parse_y_tunnus(value)

    assert refusal.value.rule == rule


def test_the_oid_root_of_an_organisation_is_its_eight_digits():
    assert oid_root("3221308-6") == "1.2.246.10.32213086"


@given(st.integers(0, 9_999_999))
def test_exactly_one_check_digit_fits_every_number_in_use(number):
    digits = f"{number:07d}"
    expected = check_digit(digits)
    assume(expected is not None)

    fitting = []
    for digit in range(10):
        try:
            fitting.append(parse_y_tunnus(f"{digits}-{digit}"))
        except InvalidYTunnus:
            continue

    assert fitting == [f"{digits}-{expected}"]


@given(st.integers(0, 9_999_999), st.integers(0, 6), st.integers(1, 9))
def test_no_single_wrong_digit_passes(number, place, shift):
    digits = f"{number:07d}"
    expected = check_digit(digits)
    assume(expected is not None)
    changed = digits[:place] + str((int(digits[place]) + shift) % 10) + digits[place + 1 :]

    with pytest.raises(InvalidYTunnus):
        parse_y_tunnus(f"{changed}-{expected}")
