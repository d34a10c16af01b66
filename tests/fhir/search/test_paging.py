"""Pages and the links between them."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tyokyky_bridge.fhir.search.ordering import Position
from tyokyky_bridge.fhir.search.paging import Cursor, CursorGone, page, seal, unseal
from worlds.searches import Document, observation, patient, query

KEY = b"a key for made-up people only...."
NOW = datetime(2026, 2, 3, 10, tzinfo=UTC)
CURSOR = Cursor(
    "Patient",
    (("family", "Korhonen"), ("_count", "7")),
    Position((1_234_567_890_123_456_789_012, "korhonen aino", Decimal("1.50"), None), "aino"),
)


def sealed(cursor: Cursor = CURSOR, *, caller: str = "espoo/omavalmentaja", epoch: str = "7") -> str:
    return seal(cursor, key=KEY, caller=caller, epoch=epoch, expires=NOW + timedelta(hours=1))


def opened(
    text: str, *, caller: str = "espoo/omavalmentaja", epoch: str = "7", now: datetime = NOW
) -> Cursor:
    return unseal(text, key=KEY, caller=caller, epoch=epoch, now=now)


def walked(documents: list[Document], *pairs: tuple[str, str], size: int) -> list[list[str]]:
    """The ids of each page, the way a client goes: from link to link."""
    pages: list[list[str]] = []
    asked = query("Observation", *pairs, ("_count", str(size)))
    found = page(asked, documents)
    while True:
        pages.append([each["id"] for each in found.matched])
        if found.after is None:
            return pages
        cursor = opened(sealed(Cursor("Observation", asked.pairs, found.after)))
        asked = query(cursor.type, *cursor.pairs)
        found = page(asked, documents, after=cursor.after)


@pytest.mark.parametrize(
    "sort", ["_lastUpdated", "-_lastUpdated", "date", "-code,_lastUpdated", "_id", "-_id"]
)
def test_a_thousand_equal_timestamps_page_by_seven_without_a_repeat_or_a_gap(sort: str):
    meta = {"lastUpdated": "2026-02-03T10:00:00Z"}
    documents = [observation(f"s-{each}", meta=meta) for each in range(1000)]
    pages = walked(documents, ("_sort", sort), size=7)
    assert [len(each) for each in pages] == [7] * 142 + [6]
    met = [each for held in pages for each in held]
    assert met == sorted((each["id"] for each in documents), reverse=sort == "-_id")


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from([None, "2025", "2026", "2026-02"]), max_size=25),
    st.sampled_from(["date", "-date", "-_lastUpdated,date", "value-integer,-date"]),
    st.integers(1, 9),
)
def test_pages_together_are_the_whole_in_order(dates: list[str | None], sort: str, size: int):
    documents = [
        observation(f"{place:02}", valueInteger=place % 3, **({"effectiveDateTime": date} if date else {}))
        for place, date in enumerate(dates)
    ]
    whole = [
        each["id"]
        for each in page(query("Observation", ("_sort", sort), ("_count", "200")), documents).matched
    ]
    pages = walked(documents, ("_sort", sort), size=size)
    assert [each for held in pages for each in held] == whole
    assert all(len(each) == size for each in pages[:-1])


@settings(max_examples=60)
@given(st.sets(st.integers(0, 40)), st.sets(st.integers(0, 40)), st.integers(1, 9))
def test_what_stays_is_met_once_while_others_come_and_go(first: set[int], then: set[int], size: int):
    asked = query("Observation", ("_sort", "-date"), ("_count", str(size)))

    def stored(numbers: set[int]) -> list[Document]:
        return [observation(f"{n:02}", effectiveDateTime=f"2026-01-{n % 28 + 1:02}") for n in numbers]

    met: list[str] = []
    found = page(asked, stored(first))
    while True:
        met += [each["id"] for each in found.matched]
        if found.after is None:
            break
        found = page(asked, stored(then), after=found.after)
    assert len(met) == len(set(met))
    assert {f"{n:02}" for n in first & then} <= set(met)


def test_a_page_says_how_many_match_altogether():
    documents = [patient(each) for each in "abc"]
    found = page(query("Patient", ("_count", "2")), documents)
    assert (len(found.matched), found.total) == (2, 3)
    assert page(query("Patient", ("_count", "2")), documents, after=found.after).total == 3
    for only in (("_count", "0"), ("_summary", "count")):
        counted = page(query("Patient", only), documents)
        assert (counted.matched, counted.total, counted.after) == ((), 3, None)


def test_no_link_follows_the_last_page():
    documents = [patient(each) for each in "abcd"]
    found = page(query("Patient", ("_count", "4")), documents)
    assert found.after is None
    assert page(query("Patient"), []).after is None


def test_a_cursor_opens_as_it_was_sealed():
    assert opened(sealed()) == CURSOR
    first = Cursor("Patient", (("identifier", "120385-921T"),))
    assert opened(sealed(first)) == first


def test_equal_cursors_are_equal_texts():
    assert sealed() == sealed()


def test_a_cursor_tells_nothing_of_the_search_or_of_where_it_stands():
    text = sealed()
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    for secret in (b"Korhonen", b"korhonen", b"aino", b"family", b"Patient"):
        assert secret not in raw


def test_no_bit_of_a_cursor_can_be_turned():
    text = sealed()
    raw = bytearray(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    for place in range(len(raw) * 8):
        turned = bytearray(raw)
        turned[place // 8] ^= 1 << (place % 8)
        with pytest.raises(CursorGone):
            opened(urlsafe_b64encode(bytes(turned)).rstrip(b"=").decode())


@given(st.data())
def test_no_character_of_a_cursor_can_be_changed_added_or_left_out(data: st.DataObject):
    text = sealed(Cursor("Patient", (), Position((), data.draw(st.sampled_from(["a", "ab", "abc"])))))
    place = data.draw(st.integers(0, len(text) - 1))
    character = data.draw(st.sampled_from("ABCabc019-_= +/é\x00"))
    for changed in (
        text[:place] + character + text[place + 1 :],
        text[:place] + text[place + 1 :],
        text + character,
    ):
        if changed != text:
            with pytest.raises(CursorGone):
                opened(changed)


@given(st.text(max_size=80))
def test_just_any_text_is_no_cursor(text: str):
    with pytest.raises(CursorGone):
        opened(text)


def test_a_cursor_is_for_one_caller_and_one_state_of_consents_and_its_time():
    text = sealed()
    for wrong in (
        {"caller": "espoo/omavalmentaj"},
        {"epoch": "8"},
        {"now": NOW + timedelta(hours=1, seconds=2)},
    ):
        with pytest.raises(CursorGone) as gone:
            opened(text, **wrong)
        assert gone.value.code == "fhir/cursor"
    with pytest.raises(CursorGone):
        unseal(text, key=b"another key", caller="espoo/omavalmentaja", epoch="7", now=NOW)
    with pytest.raises(CursorGone):  # what stands between caller and epoch cannot be moved
        opened(sealed(caller="ab", epoch="c"), caller="a", epoch="bc")
    with pytest.raises(CursorGone):
        opened("A" * 20_000)
