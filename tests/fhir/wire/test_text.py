"""Reading and writing FHIR JSON: strict, bounded, and true to every digit."""

import copy
import json
import pickle
import time
from contextlib import suppress
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tyokyky_bridge.fhir.wire.text import MAX_DEPTH, Lexeme, Unreadable, parse, render

NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?", fullmatch=True)
NAMES = st.text(max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=12) | NUMBERS.map(Lexeme)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4)
)


@given(st.binary(max_size=200))
def test_reading_any_bytes_gives_a_value_or_says_that_they_are_unreadable(body: bytes) -> None:
    try:
        document = parse(body)
    except Unreadable:
        return
    assert parse(render(document)) == document


@given(st.text(alphabet='{}[]",:\\0123456789.eE+-tfn ud8aäÄ\ud800\u0000', max_size=40))
def test_reading_any_text_like_json_gives_a_value_or_says_that_it_is_unreadable(text: str) -> None:
    body = text.encode("utf-8", "surrogatepass")
    try:
        document = parse(body)
    except Unreadable:
        return
    assert json.loads(body) == json.loads(render(document))


@given(NUMBERS)
def test_a_number_comes_back_with_every_digit(number: str) -> None:
    assert render(parse(f'{{"value": {number}}}'.encode())) == f'{{"value":{number}}}'.encode()


@given(VALUES)
def test_what_was_written_reads_back(value: Any) -> None:
    text = render(value) if not _has_wide_integer(value) else None
    if text is not None:
        assert render(parse(text)) == text


def _has_wide_integer(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_wide_integer(each) for each in value.values())
    if isinstance(value, list):
        return any(_has_wide_integer(each) for each in value)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63


@given(st.dictionaries(NAMES, st.integers(0, 9), min_size=1, max_size=5), st.data())
def test_a_member_that_stands_twice_is_refused_wherever_it_stands(members: dict[str, int], data: Any) -> None:
    twice = data.draw(st.sampled_from(sorted(members)))
    inner = ",".join(f"{json.dumps(name)}:{value}" for name, value in [*members.items(), (twice, 1)])

    with pytest.raises(Unreadable, match="stands twice"):
        parse(f'{{"resourceType":"Basic","x":[{{{inner}}}]}}'.encode())


def test_sixty_four_levels_are_read_and_one_more_is_not() -> None:
    assert parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)

    with pytest.raises(Unreadable, match="64"):
        parse(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


def test_brackets_inside_texts_do_not_count_as_levels() -> None:
    text = '{"a":"' + "[{" * 100 + '\\"' + "[" * 100 + '\\\\"}'

    assert parse(text.encode()) == {"a": "[{" * 100 + '"' + "[" * 100 + "\\"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":"' + b"x" * 10_000_000 + b'"}',
        b'"' + b'\\"' * 5_000_000,
        b'"' + b"\\\\" * 5_000_000 + b'"',
        b"9" * 5_000_000,
        b'{"value":1e' + b"9" * 1_000_000 + b"}",
        b"[" * 10_000_000,
        b'{"a":' * 2_000_000,
    ],
    ids=["text", "quotes", "backslashes", "digits", "exponent", "brackets", "objects"],
)
def test_a_hostile_body_costs_little(body: bytes) -> None:
    started = time.process_time()
    with suppress(Unreadable):
        parse(body)

    assert time.process_time() - started < 2


def test_a_number_has_two_hundred_characters_at_most_and_a_modest_exponent() -> None:
    assert str(parse(b"0." + b"1" * 198)) == "0." + "1" * 198
    assert str(parse(b"1e-999")) == "1e-999"

    for body in (b"0." + b"1" * 199, b"1" * 201, b"1e1000", b"1E-1000"):
        with pytest.raises(Unreadable, match="a number"):
            parse(body)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert parse(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


def test_a_refusal_tells_the_place_and_not_the_text() -> None:
    with pytest.raises(Unreadable, match="line 2") as refusal:
        parse(b'{"a": 1,\n"hetu": 131052-9990}')

    assert "131052" not in str(refusal.value)


def test_a_name_that_is_no_element_is_left_out_of_the_place() -> None:
    with pytest.raises(Unreadable) as refusal:
        parse(b'{"resourceType":"Patient","131052-9990":1,"131052-9990":2}')

    assert refusal.value.expression == "Patient"


def test_a_lexeme_is_a_number_that_remembers_its_text() -> None:
    number = Lexeme("1.0e2")

    assert number == Decimal(100)
    assert str(number) == "1.0e2"
    for twin in (copy.copy(number), copy.deepcopy(number), pickle.loads(pickle.dumps(number))):
        assert (twin, str(twin)) == (number, "1.0e2")


def test_a_plain_decimal_is_written_as_a_number() -> None:
    assert render({"value": Decimal("2.50")}) == b'{"value":2.50}'
    with pytest.raises(orjson.JSONEncodeError):
        render({"value": Decimal("NaN")})


def test_what_json_has_no_form_for_is_not_written() -> None:
    with pytest.raises(orjson.JSONEncodeError):
        render({"value": object()})


def test_pretty_text_is_the_same_document() -> None:
    document = parse(b'{"value": 2.50, "x": [1, {"y": null}]}')

    assert b"\n" in render(document, pretty=True)
    assert render(parse(render(document, pretty=True))) == render(document)
