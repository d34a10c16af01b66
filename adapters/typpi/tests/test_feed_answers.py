"""Answers of a feed that the simulator does not give, and laws of the simulated one."""

import asyncio
import json
from typing import Any

import pytest
import respx
from hypothesis import given, settings
from hypothesis import strategies as st

from tyokyky_adapter_typpi import connect
from tyokyky_adapter_typpi.assertion import make_key
from tyokyky_adapter_typpi.simulator.feed import CURSOR_LIFE_S, Feed
from tyokyky_adapter_typpi.simulator.login import PARTIES, Caller
from tyokyky_adapter_typpi.simulator.rules import ProblemAnswer
from tyokyky_bridge.adapterkit.contract import Changes, Hint, SystemConfig
from tyokyky_bridge.adapterkit.errors import Blocked, TryLater
from tyokyky_bridge.adapterkit.simulation import SimState, Simulation

URL = "http://typpi.test"
PEM = make_key()[0]
CONFIG = SystemConfig("typpi", URL, {"client_id": "hub", "private_key": PEM})


def asked(cursor: str | None) -> Changes:
    async def told() -> Changes:
        adapter = connect(CONFIG)
        try:
            return await adapter.changes(cursor)
        finally:
            await adapter.aclose()

    return asyncio.run(told())


@pytest.fixture
def typpi() -> Any:
    with respx.mock(base_url=URL, assert_all_called=False) as router:
        router.post("/typpi/token").respond(json={"access_token": "t", "expires_in": 300})
        yield router


def page(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"jatko": "c2", "_embedded": {"muutokset": list(rows)}, **more}


@pytest.mark.parametrize("cursor", ["120385-921T", "a&odota=9#x", "ä/../", "+%2B"])
def test_a_cursor_travels_unread_whatever_it_looks_like(typpi: Any, cursor: str) -> None:
    route = typpi.get("/typpi/muutokset").respond(json=page())
    assert asked(cursor) == Changes((), "c2")
    request = route.calls[0].request
    assert dict(request.url.params) == {"jatko": cursor, "odota": "1"}
    assert b"120385-921T" not in request.url.raw_path


def test_the_newest_row_of_a_record_is_its_hint_and_a_row_about_nobody_is_none(typpi: Any) -> None:
    plan = {"asiakasId": "1", "suunnitelmaId": "2"}
    rows = [
        {**plan, "tapahtuma": "a", "kohde": "osio"},
        {"tapahtuma": "b", "kohde": "huolto"},
        {"asiakasId": "3", "suunnitelmaId": None, "tapahtuma": "c", "kohde": "tuleva", "lisa": [1]},
        {**plan, "tapahtuma": "d", "kohde": "suunnitelma", "poistettu": True},
    ]
    typpi.get("/typpi/muutokset").respond(json=page(*rows, _links={"next": {"href": "x"}}))
    hints = (Hint("changed", "3", None, "c"), Hint("gone", "1", "2", "d"))
    assert asked("c1") == Changes(hints, "c2", more=True)


PLAN = {"asiakasId": "1", "suunnitelmaId": "2", "kohde": "osio", "lahde": "hub"}
KNOWN = json.dumps({"kela": "k-3", "terveys": "t-5", "osaaminen": None})


@pytest.mark.parametrize(
    ("rows", "held"),
    [
        ([{"osio": "kela", "etag": "k-3"}], True),
        ([{"osio": "kela", "etag": "k-2"}, {"osio": "kela", "etag": "k-3"}], True),
        ([{"osio": "kela", "etag": "k-3"}, {"osio": "terveys", "etag": "t-5"}], True),
        ([{"osio": "terveys", "etag": "t-6", "lahde": "kela-1"}, {"osio": "kela", "etag": "k-3"}], False),
        ([{"osio": "kela", "etag": "k-2"}], False),
        ([{"osio": "seuranta", "etag": "s-1"}], False),
        ([{"osio": "kela"}], False),
        ([{"osio": "osaaminen"}], False),
        ([{"osio": "kela", "etag": "k-3", "poistettu": True}], False),
        ([{"kohde": "suunnitelma"}, {"osio": "kela", "etag": "k-3"}], False),
        ([{"osio": "kela", "etag": "k-3", "tapahtuma": "e" * 300}], False),
        ([{"tapahtuma": "[]"}], False),
        ([{"tapahtuma": "{}"}], False),
        ([{"tapahtuma": '["a",{}]'}], False),
    ],
)
def test_a_hint_is_held_where_every_row_tells_of_a_section_as_we_know_it(
    typpi: Any, rows: list[dict[str, Any]], held: bool
) -> None:
    """Whose rows they are says nothing: a hub that was set back to a backup does not know its own."""
    told = [{**PLAN, "tapahtuma": str(number), **row} for number, row in enumerate(rows)]
    typpi.get("/typpi/muutokset").respond(json=page(*told))
    (hint,) = asked("c1").hints
    assert hint.version is not None
    assert connect(CONFIG).matches(KNOWN, hint.version) is held


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"[]", TryLater),
        (200, b"{}", TryLater),
        (200, b'{"jatko": "", "_embedded": {"muutokset": []}}', TryLater),
        (200, b'{"_embedded": {"muutokset": []}}', TryLater),
        (200, b'{"jatko": "c", "_embedded": {"muutokset": [3]}}', TryLater),
        (400, b'{"type": "x/virheellinen-pyynto"}', TryLater),
        (404, b"", TryLater),
        (409, b"{}", TryLater),
        (422, b"", TryLater),
        (500, b"", TryLater),
        (503, b"", TryLater),
        (302, b"", Blocked),
        (401, b"", Blocked),
        (403, b"", Blocked),
    ],
)
def test_a_feed_that_gives_no_page_is_asked_later_or_shut(
    typpi: Any, status: int, body: bytes, error: type[Exception]
) -> None:
    typpi.get("/typpi/muutokset").respond(status, content=body)
    with pytest.raises(error):
        asked("c1")


@pytest.mark.parametrize(("status", "body"), [(410, b""), (400, b'{"type": "x/jatko-virheellinen"}')])
def test_a_cursor_that_is_not_taken_is_lost(typpi: Any, status: int, body: bytes) -> None:
    typpi.get("/typpi/muutokset", params={"jatko": "c1"}).respond(status, content=body)
    typpi.get(url__regex=r"/typpi/muutokset$").respond(json=page())
    assert asked("c1") == Changes((), "c2", lost=True)


def test_a_feed_that_takes_no_cursor_at_all_is_asked_later(typpi: Any) -> None:
    typpi.get("/typpi/muutokset").respond(410)
    for cursor in ("c1", None):
        with pytest.raises(TryLater):
            asked(cursor)


KELA = Caller("kela-1", "kela", "jarjestelma")
SERVING = st.sets(st.sampled_from(PARTIES), min_size=1)


def fresh_feed() -> Feed:
    return Feed(Simulation("typpi", SimState(), knobs={"cursor_life_s": CURSOR_LIFE_S}))


@given(serving=st.lists(SERVING, max_size=12), limit=st.integers(1, 5), start=st.integers(0, 12))
@settings(max_examples=60, deadline=None)
def test_pages_show_each_row_that_a_party_may_see_once_and_in_order(
    serving: list[set[str]], limit: int, start: int
) -> None:
    feed = fresh_feed()
    for number, parties in enumerate(serving, 1):
        client = {"asiakasId": str(number), "suunnitelmaId": None, "palvelevat": sorted(parties)}
        feed.note("asiakkuus", client, at=feed.sim.clock.now(), by=None)
    seen, after, more = [], min(start, len(serving)), True
    expected = [str(n) for n, parties in enumerate(serving, 1) if n > after and "kela" in parties]
    promised = False
    while more:
        shown = feed.page(KELA, after, limit=limit)
        assert shown.rows or not promised
        assert len(shown.rows) == limit or not shown.more
        seen += [row["asiakasId"] for row in shown.rows]
        after, more, promised = shown.last, shown.more, shown.more
    assert seen == expected
    assert after == len(serving)


@given(number=st.integers(0, 2**60), place=st.integers(0, 42), letter=st.sampled_from("AZaz09-_"))
@settings(max_examples=100, deadline=None)
def test_a_cursor_reads_back_and_an_altered_one_does_not(number: int, place: int, letter: str) -> None:
    feed = fresh_feed()
    cursor = feed.cursor(KELA, number)
    assert feed.read(KELA, cursor) == number
    altered = cursor[:place] + letter + cursor[place + 1 :]
    if place < 42 and altered != cursor:  # the last letter has two bits that say nothing
        with pytest.raises(ProblemAnswer):
            feed.read(KELA, altered)


def test_cursors_say_nothing_about_how_many_rows_there_are() -> None:
    feed = fresh_feed()
    cursors = [feed.cursor(KELA, number) for number in range(200)]
    assert len({len(cursor) for cursor in cursors}) == 1
    assert cursors != sorted(cursors)
    assert len({cursor[:4] for cursor in cursors}) > 190
