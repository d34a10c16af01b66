"""The generic codecs: they undo themselves, refuse what they cannot carry, and say what they lose."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tyokyky_bridge.adapterkit.codec import CodecRefusal
from tyokyky_bridge.mapping.codecs import GENERIC

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text(st.sampled_from("aäö –\nŁ")),
    "text-crlf": st.text(st.sampled_from("aäö –\n")),
    "int": st.integers(-(10**12), 10**12),
    "int-text": st.integers(-(10**12), 10**12),
    "decimal": st.decimals(-1000, 1000, places=2),
    "decimal-text": st.decimals(-(10**8), 10**8, places=4),
    "decimal-comma": st.decimals(-(10**8), 10**8, places=4),
    "bool": st.booleans(),
    "bool-text": st.booleans(),
    "bool-kylla-ei": st.booleans(),
    "date-iso": st.dates(),
    "date-fi": st.dates(),
    "date-int": st.dates(),
    "date-int-open": st.dates(max_value=date(9999, 12, 30)),
    "datetime-iso": st.datetimes(timezones=st.just(UTC)),
    "datetime-iso-local": st.datetimes(timezones=st.just(UTC)).filter(lambda moment: 1 < moment.year < 9999),
    "partial-date": st.sampled_from(["2026", "2026-05", "2026-02-28"]),
}


@pytest.mark.parametrize("name", sorted(name for name, codec in GENERIC.items() if codec.lossy is None))
def test_a_lossless_codec_undoes_itself(name: str) -> None:
    codec = GENERIC[name]

    @settings(max_examples=200, derandomize=True, database=None)
    @given(VALUES[name])
    def undoes(value: Any) -> None:
        assert codec.decode(codec.encode(value)) == value

    undoes()


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("int-text", "4-5"), ("int-text", "04"), ("int-text", 4), ("int", True), ("int", "4"), ("decimal-comma", "2.5"),
        ("decimal-text", "NaN"), ("decimal", float("nan")), ("bool", 1), ("bool-text", "k"), ("date-iso", "2026-02-30"),
        ("date-iso", "20260203"), ("date-fi", "3.2.26"), ("date-int", 20261301), ("date-int", "20260203"),
        ("date-int", False), ("datetime-iso", "2026-02-03T10:15:00"), ("datetime-iso", "2026-02-03"),
        ("datetime-fi", "03.02.2026 24.00"), ("datetime-fi", "01.01.0001 00.00"), ("date-int", 10**15),
        ("date-int-open", 10**15), ("partial-date", "2026-13"), ("text", 7), ("text", "a\x00b"),
        ("text", "a\ud800"), ("bool-kylla-ei", "ehkä"),
    ],
)  # fmt: skip
def test_what_is_no_such_value_is_refused_and_not_echoed(name: str, raw: Any) -> None:
    with pytest.raises(CodecRefusal) as refusal:
        GENERIC[name].decode(raw)
    assert str(raw) not in str(refusal.value) or str(raw) in "k47"


@pytest.mark.parametrize(
    "name", ["int", "int-text", "decimal", "bool", "date-iso", "date-fi", "date-int", "text"]
)
@pytest.mark.parametrize("value", [object(), None, b"x"])
def test_what_is_no_such_value_is_not_written(name: str, value: Any) -> None:
    with pytest.raises(CodecRefusal):
        GENERIC[name].encode(value)


def test_partners_spell_dates_and_numbers_in_their_own_way() -> None:
    day = date(2026, 2, 3)
    assert GENERIC["date-fi"].encode(day) == "03.02.2026"
    assert GENERIC["date-fi"].decode("3.2.2026") == day
    assert GENERIC["date-int"].encode(day) == 20260203
    assert GENERIC["decimal-comma"].encode(Decimal("2.5")) == "2,5"
    assert GENERIC["int-text"].encode(Decimal(0)) == "0"
    assert GENERIC["bool-text"].encode(value=True) == "K"


def test_nothing_and_an_open_end_read_as_nothing() -> None:
    assert GENERIC["date-int"].decode(0) is None
    assert GENERIC["date-int-open"].decode(99991231) is None
    with pytest.raises(CodecRefusal):
        GENERIC["date-int-open"].encode(date(9999, 12, 31))


def test_moments_are_finnish_only_at_the_partner() -> None:
    moment = datetime(2026, 2, 3, 8, 15, tzinfo=UTC)
    assert GENERIC["datetime-iso"].encode(moment) == "2026-02-03T08:15:00Z"
    assert GENERIC["datetime-iso-local"].encode(moment) == "2026-02-03T10:15:00+02:00"
    assert GENERIC["datetime-fi"].encode(moment) == "03.02.2026 10.15"
    assert GENERIC["datetime-fi"].decode("3.2.2026 10.15") == moment
    autumn = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert GENERIC["datetime-fi"].decode(GENERIC["datetime-fi"].encode(autumn)) != autumn
    assert GENERIC["datetime-fi"].lossy is not None


@pytest.mark.parametrize(
    ("given_name", "latin1", "latin9"),
    [
        ("Łukasz", "Lukasz", "Lukasz"), ("Đặng Thị Ễn", "Dang Thi En", "Dang Thi En"), ("Šárka", "Sárka", "Šárka"),
        ("Åsa Öhman-Ääri", "Åsa Öhman-Ääri", "Åsa Öhman-Ääri"), ("O’Brien", "O'Brien", "O'Brien"),
        ("İpek Ğ", "Ipek G", "Ipek G"), ("Œuvre", "OEuvre", "Œuvre"),
    ],
)  # fmt: skip
def test_names_lose_only_the_marks_that_the_partner_cannot_store(
    given_name: str, latin1: str, latin9: str
) -> None:
    assert GENERIC["transliterated-8859-1"].encode(given_name) == latin1
    assert GENERIC["transliterated-8859-15"].encode(given_name) == latin9
    assert GENERIC["transliterated-8859-15"].lossy is not None


@pytest.mark.parametrize("foreign", ["Мария", "محمد", "李"])
def test_other_scripts_are_refused_by_code_point_only(foreign: str) -> None:
    with pytest.raises(CodecRefusal, match=rf"U\+{ord(foreign[0]):04X}") as refusal:
        GENERIC["transliterated-8859-15"].encode(foreign)
    assert foreign not in str(refusal.value)


def test_text_loses_typography_and_nothing_else() -> None:
    assert GENERIC["text-8859-15"].encode("”työ” – 5 €…") == '"työ" - 5 €...'
    assert GENERIC["text-8859-1"].encode("5 €") == "5 EUR"
    with pytest.raises(CodecRefusal, match=r"U\+0142"):
        GENERIC["text-8859-15"].encode("Wrocław")


@settings(max_examples=300, derandomize=True, database=None)
@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_whatever_a_repertoire_codec_writes_the_partner_can_store(text: str) -> None:
    for name in ("transliterated-8859-1", "transliterated-8859-15", "text-8859-1", "text-8859-15"):
        try:
            written = GENERIC[name].encode(text)
        except CodecRefusal:
            continue
        written.encode("iso-" + name.partition("-")[2])
        assert GENERIC[name].encode(written) == written


def test_partners_line_ends_and_composition_become_ours() -> None:
    assert GENERIC["text"].decode("a\r\nb\rc") == "a\nb\nc"
    assert GENERIC["text"].decode("a\u0308") == "ä"
    assert GENERIC["text-crlf"].encode("a\nb") == "a\r\nb"
