"""Texts are kept in one form: NFC, LF, no spaces at line ends, no control characters, of bounded length."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from tyokyky_bridge.domain.errors import InvalidPlan
from tyokyky_bridge.domain.plan import normalise_text
from worlds.plans import a_plan


def kept(text):
    return a_plan({"plan.client_role": text}).plan.client_role


def test_composition_line_ends_and_trailing_spaces_are_normalised():
    assert kept("a\u0308iti  \r\nisa\u0308\u00a0\n\n") == "äiti\nisä"


def test_leading_spaces_and_inner_empty_lines_are_content():
    assert kept("  yksi\n\n  kaksi") == "  yksi\n\n  kaksi"


@pytest.mark.parametrize(
    "character",
    [
        "\x00",
        "\t",
        "\x0b",
        "\x1b",
        "\r",
        "\x7f",
        "\x85",
        "\u2028",
        "\u2029",
        "\ud800",
        chr(0xDFFF),
        "\ufeff",
        "\uffff",
        "\u202e",
        "\u2066",
    ],
)
def test_control_characters_separators_overrides_and_lone_surrogates_are_refused(character):
    with pytest.raises(
        InvalidPlan, match=r"plan\.client_role: has a control character, separator or lone surrogate"
    ):
        kept(f"ennen{character}jälkeen")


@pytest.mark.parametrize("empty", ["", " ", "\n\n", " \r\n "])
def test_an_empty_text_is_refused_because_it_is_no_value(empty):
    with pytest.raises(InvalidPlan, match="is empty"):
        kept(empty)


def test_a_text_has_at_most_ten_thousand_characters_and_a_line_five_hundred():
    assert len(kept("ä" * 10_000)) == 10_000
    with pytest.raises(InvalidPlan, match="is longer than 10000 characters"):
        kept("ä" * 10_001)
    assert a_plan({"client.call_name": "x" * 500})
    with pytest.raises(InvalidPlan, match="is longer than 500 characters"):
        a_plan({"client.call_name": "x" * 501})


def test_a_line_has_one_line():
    assert a_plan({"client.call_name": "  Tuulikki \n"}).client.call_name == "Tuulikki"
    with pytest.raises(InvalidPlan, match="must be one line"):
        a_plan({"client.call_name": "Tuu\nlikki"})


@given(st.text(max_size=60))
@example("e\u0301\u00a0 \n x")
@example("\u1e9b\u0323")
def test_normalising_twice_changes_nothing_more(text):
    try:
        once = normalise_text(text)
    except PydanticCustomError:
        return

    assert normalise_text(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert all(line == line.rstrip() for line in once.split("\n"))
    assert once.encode("utf-8")
