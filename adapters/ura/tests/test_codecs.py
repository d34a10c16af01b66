"""Ura's ways of writing values, each read back."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tyokyky_adapter_ura.codecs import CODECS
from tyokyky_adapter_ura.texts import LINE_WIDTH, MAX_LINES
from tyokyky_bridge.adapterkit.codec import CodecRefusal

lines, name = CODECS["lines-8859-1"], CODECS["name-upper-8859-1"]
moment, partial, end = CODECS["moment-int"], CODECS["partial-date-int"], CODECS["date-int-end"]

latin = st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_categories=["Cc"])


def canonical(text: str) -> str:
    """A text as the plan keeps it: no spaces at line ends, no empty lines at the edges."""
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


texts = (
    st.lists(st.text(latin | st.sampled_from(" ¬"), max_size=150), min_size=1, max_size=5)
    .map(lambda parts: canonical("\n".join(parts)))
    .filter(bool)
)


@given(texts)
@example("sanaton" * 20)
@example("a¬\n¬¬\nb" + "c" * 69 + "¬")
@example("x" * 69 + "¬\ny")
@example("kaksi " * 30 + "loppu")
def test_a_text_comes_back_from_its_lines_as_it_was(text: str) -> None:
    written = lines.encode(text)
    assert all(len(line) <= LINE_WIDTH for line in written)
    assert len(written) <= MAX_LINES
    assert lines.decode(written) == text


@given(st.lists(st.text(latin | st.sampled_from(" ¬"), max_size=LINE_WIDTH), max_size=8))
def test_lines_that_a_user_typed_read_the_same_after_being_written_anew(typed: list[str]) -> None:
    read = lines.decode(typed)
    assert read is None or lines.decode(lines.encode(read)) == read


def test_lines_that_a_user_typed_are_joined_by_line_breaks() -> None:
    typed = ["Osa-aikatyö varastossa syksyllä.", "Ensin kuntouttava työtoiminta."]
    assert lines.decode(typed) == "Osa-aikatyö varastossa syksyllä.\nEnsin kuntouttava työtoiminta."


def test_a_text_of_more_than_twenty_lines_is_refused_not_cut() -> None:
    with pytest.raises(CodecRefusal, match="20 lines"):
        lines.encode("\n".join("rivi" for _ in range(21)))


def test_typographic_characters_are_written_plain_and_other_foreign_ones_refused() -> None:
    assert lines.encode("”Kyllä” – ehkä…") == ['"Kyllä" - ehkä...']
    with pytest.raises(CodecRefusal) as refused:
        lines.encode("terve Łucja")
    assert "U+0141" in refused.value.rule
    assert "ucja" not in refused.value.rule


@pytest.mark.parametrize(
    ("canonical_name", "native"),
    [
        ("Przykładowa-Đặng", "PRZYKLADOWA-DANG"),
        ("Łucja", "LUCJA"),
        ("Åström", "ÅSTRÖM"),
        ("Weiß", "WEISS"),
        ("Ÿvonne O’Neil", "YVONNE O'NEIL"),
    ],
)
def test_a_name_is_written_in_upper_case_with_the_letters_ura_has(canonical_name: str, native: str) -> None:
    assert name.encode(canonical_name) == native
    assert name.decode(native) == native
    assert name.encode(native) == native


def test_a_name_in_another_script_is_refused_not_guessed() -> None:
    with pytest.raises(CodecRefusal):
        name.encode("Анна")


@pytest.mark.parametrize(
    ("value", "native"), [("2019", 20190000), ("2019-04", 20190400), ("2019-04-07", 20190407)]
)
def test_a_partial_date_keeps_what_is_known(value: str, native: int) -> None:
    assert partial.encode(value) == native
    assert partial.decode(native) == value


@pytest.mark.parametrize("damaged", [20190007, 20191301, 20190231, "2019", True])
def test_a_date_that_cannot_be_is_refused(damaged: object) -> None:
    with pytest.raises(CodecRefusal):
        partial.decode(damaged)


def test_no_date_and_an_open_end_both_mean_nothing() -> None:
    assert end.decode(0) is None
    assert end.decode(99991231) is None
    assert end.decode(20260401) == date(2026, 4, 1)
    with pytest.raises(CodecRefusal):
        end.encode(date(9999, 12, 31))


def test_a_moment_is_finnish_local_time_to_the_minute() -> None:
    at = datetime(2026, 2, 10, 8, 15, tzinfo=UTC)
    assert moment.encode(at) == 202602101015
    assert moment.decode(202602101015) == at
    assert moment.decode(0) is None
    with pytest.raises(CodecRefusal):
        moment.decode(202602102515)


@pytest.mark.parametrize("codec", ["moment-int", "partial-date-int", "date-int-end", "day-of-moment-int"])
@pytest.mark.parametrize("number", [10**15, 10**18, 101010000, 10101, 1, -1])
def test_a_number_that_is_no_day_is_refused_and_nothing_else(codec: str, number: int) -> None:
    try:
        read = CODECS[codec].decode(number)
    except CodecRefusal:
        return
    assert read is not None
