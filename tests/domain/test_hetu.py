"""HETU: strict, and never compared without its century sign (domain report 5.1–5.5)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tyokyky_bridge.domain.hetu import (
    CENTURIES,
    PUBLISHED_FIXTURES,
    Hetu,
    InvalidHetu,
    check_character,
    mask_hetu,
    normalise_hetu,
    parse_hetu,
)
from worlds.plans import SYNTHETIC_HETUS

DVV_EXAMPLES = [
    "010594Y9032",
    "010594Y9021",
    "020594X903P",
    "020594X902N",
    "030594W903B",
    "030694W9024",
    "040594V9030",
    "040594V902Y",
    "050594U903M",
    "050594U902L",
    "010516B903X",
    "010516B902W",
    "020516C903K",
    "020516C902J",
    "030516D9037",
    "030516D9026",
    "010501E9032",
    "020502E902X",
    "020503F9037",
    "020504A902E",
    "020504B904H",
]
SIGNS = {1800: "+", 1900: "-YXWVU", 2000: "ABCDEF"}


@st.composite
def hetus(draw):
    born = draw(st.dates(date(1850, 1, 1), date(2026, 1, 1)))
    sign = draw(st.sampled_from(SIGNS[born.year // 100 * 100]))
    number = draw(st.integers(2, 999))
    digits = f"{born:%d%m}{born.year % 100:02d}{number:03d}"
    return digits[:6] + sign + digits[6:] + check_character(digits)


@pytest.mark.parametrize("value", [*SYNTHETIC_HETUS, *DVV_EXAMPLES, "100190-999P", "100190Y999P"])
def test_published_and_synthetic_numbers_are_valid(value):
    parsed = parse_hetu(value, synthetic_only=True)

    assert parsed.value == value
    assert parsed.synthetic


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("120385-921U", "check character"),
        ("310285-9218", "birth date"),
        ("290203A912H", "birth date"),
        ("120385-0014", "individual number"),
        ("120385-0003", "individual number"),
        ("120385G921T", "form"),
        ("1203851921T", "form"),
        ("120385-921", "form"),
        ("120385-921TT", "form"),
        ("120385-921I", "form"),
        ("120385_921T", "form"),
        ("", "form"),
        ("120385-921T\n120385-921T", "form"),
        ("١٢٠٣٨٥-921T", "form"),
    ],
)
def test_wrong_numbers_are_refused_by_rule_and_not_repeated(value, rule):
    with pytest.raises(InvalidHetu) as refusal:
        parse_hetu(value)

    assert refusal.value.rule == rule
    assert not value or value not in str(refusal.value)


@pytest.mark.parametrize(
    "typed", ["120385-921t", " 120385-921T ", "120385\u2013921T", "120385\u2212921T", "120385\u2010921t"]
)
def test_case_spaces_and_typographic_dashes_are_normalised(typed):
    assert parse_hetu(typed).value == "120385-921T"


def test_nothing_else_is_repaired():
    with pytest.raises(InvalidHetu):
        parse_hetu("120385 921T")
    with pytest.raises(InvalidHetu):
        parse_hetu("12 03 85-921T")


@pytest.mark.parametrize("value", sorted(PUBLISHED_FIXTURES))
def test_published_examples_that_break_the_check_pass_only_by_an_explicit_allow_list(value):
    with pytest.raises(InvalidHetu):
        parse_hetu(value)

    assert parse_hetu(value, allow=PUBLISHED_FIXTURES).value == value


def test_numbers_of_real_people_are_refused_where_only_synthetic_ones_belong():
    digits = "120385002"
    value = f"120385-002{check_character(digits)}"

    assert not parse_hetu(value).synthetic
    with pytest.raises(InvalidHetu, match="only synthetic"):
        parse_hetu(value, synthetic_only=True)


def test_a_birth_date_in_the_future_is_refused_when_today_is_known():
    value = f"010199A900{check_character('010199900')}"

    assert parse_hetu(value).birth_date == date(2099, 1, 1)
    with pytest.raises(InvalidHetu, match="in the future"):
        parse_hetu(value, today=date(2026, 2, 2))


def test_twins_that_differ_only_in_the_century_sign_are_two_people():
    one, other = parse_hetu("120385-921T"), parse_hetu("120385Y921T")

    assert one != other
    assert len({one, other}) == 2
    assert one.birth_date == other.birth_date


def test_a_hetu_shows_itself_masked():
    parsed = parse_hetu("120385-921T")

    assert (str(parsed), repr(parsed), f"{parsed}") == ("120385-***T", "Hetu(120385-***T)", "120385-***T")
    assert mask_hetu("120385-921t") == "120385-***T"
    assert mask_hetu("120385-921U") == "***"


@given(hetus())
def test_every_number_built_by_the_rules_is_read_back(value):
    parsed = parse_hetu(value)

    assert parsed.value == value
    assert CENTURIES[parsed.century_sign] == parsed.birth_date.year // 100 * 100
    assert parse_hetu(f" {value.lower()} ") == parsed
    assert isinstance(parsed, Hetu)


@given(hetus(), st.integers(0, 9), st.sampled_from("0123456789"))
def test_no_single_wrong_digit_passes(value, place, digit):
    at = place if place < 6 else place + 1 if place < 9 else 9
    changed = value[:at] + digit + value[at + 1 :]
    if changed == value:
        return

    with pytest.raises(InvalidHetu):
        parse_hetu(changed)


@given(st.text(max_size=14))
def test_any_text_is_read_or_refused_without_being_repeated(text):
    refused = []
    try:
        assert parse_hetu(text).value == normalise_hetu(text)
    except InvalidHetu as refusal:
        refused.append(refusal)

    assert all(each.args == (f"not a valid HETU: {each.rule}",) for each in refused)
