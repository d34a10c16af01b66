"""Going on in the feed: cursors that are sealed and expire, waiting for the first row, and the rate."""

import asyncio
import time
from typing import Any

import pytest

from tyokyky_adapter_typpi import connect
from tyokyky_bridge.adapterkit.contract import Adapter, Changes
from tyokyky_bridge.adapterkit.errors import TryLater

PEKKA = "171268X9339"
FEED = "/typpi/muutokset"
A_DAY = 86_400


async def begin(adapter: Adapter) -> str:
    return (await adapter.changes(None)).cursor


def test_a_cursor_older_than_fourteen_days_is_lost_and_the_fresh_one_begins_at_the_present(
    office: Any,
) -> None:
    office.plan_id()

    async def story(adapter: Adapter) -> None:
        old = await begin(adapter)
        office.edit(text="missed")
        office.simulator.clock(advance_s=14 * A_DAY - 60)
        assert len((await adapter.changes(old)).hints) == 1
        office.simulator.clock(advance_s=120)
        page = await adapter.changes(old)
        assert (page.lost, page.hints, page.more) == (True, (), False)
        assert (await adapter.changes(page.cursor)).hints == ()
        office.edit(text="heard")
        assert len((await adapter.changes(page.cursor)).hints) == 1

    office.tell(story)
    assert 410 in [e.status for e in office.simulator.journal()]


def test_a_cursor_stays_young_by_being_used(office: Any) -> None:
    async def story(adapter: Adapter) -> None:
        cursor = await begin(adapter)
        for _ in range(4):
            office.simulator.clock(advance_s=10 * A_DAY)
            page = await adapter.changes(cursor)
            assert not page.lost
            cursor = page.cursor

    office.tell(story)


def test_how_long_a_cursor_lives_can_be_turned(office: Any) -> None:
    cursor = office.tell(begin)
    office.simulator.clock(advance_s=100)
    office.simulator.chaos(cursor_life_s=50)
    assert office.tell(lambda a: a.changes(cursor)).lost


def test_after_a_reset_every_cursor_is_lost(office: Any) -> None:
    cursor = office.tell(begin)
    office.simulator.reset()
    assert office.tell(lambda a: a.changes(cursor)).lost


def test_on_the_wire_an_expired_cursor_is_410_with_the_way_to_begin_anew(office: Any) -> None:
    with office.browser() as browser:
        onward = browser.get(FEED).json()["_links"]["jatko"]["href"]
        assert browser.get(onward).status_code == 200
        office.simulator.clock(advance_s=15 * A_DAY)
        answer = browser.get(onward)
    assert (answer.status_code, answer.headers["content-type"]) == (410, "application/problem+json")
    problem = answer.json()
    assert problem["type"] == "https://typpi.invalid/ongelmat/jatko-vanhentunut"
    assert problem["title"].startswith("Jatkotunniste on vanhentunut")
    assert problem["_links"]["muutokset"]["href"] == FEED


def test_a_cursor_is_sealed_and_its_owners_alone(office: Any) -> None:
    with office.browser() as browser:
        cursor = browser.get(FEED).json()["jatko"]
        altered = ("B" if cursor[0] == "A" else "A") + cursor[1:]
        answers = [browser.get(FEED, params={"jatko": c}) for c in (altered, cursor[:-4], "", "ä", "104882")]
    with office.browser("te") as other:
        answers.append(other.get(FEED, params={"jatko": cursor}))
    assert {a.json()["type"].rpartition("/")[2] for a in answers} == {"jatko-virheellinen"}
    assert {a.status_code for a in answers} == {400}


@pytest.mark.parametrize("wait", ["soon", "-1", "1.5", "٣"])
def test_a_wait_that_is_no_number_of_seconds_is_refused(office: Any, wait: str) -> None:
    with office.browser() as browser:
        answer = browser.get(FEED, params={"odota": wait})
    assert (answer.status_code, answer.json()["kentta"]) == (400, "odota")


def test_a_long_poll_ends_as_soon_as_something_happens(office: Any) -> None:
    office.plan_id()

    async def story() -> tuple[Changes, float]:
        adapter = connect(office.config(feed_wait_s="9"))
        try:
            cursor, began = await begin(adapter), time.monotonic()
            poll = asyncio.create_task(adapter.changes(cursor))
            await asyncio.sleep(0.5)
            assert not poll.done()
            await asyncio.to_thread(office.edit)
            return await poll, time.monotonic() - began
        finally:
            await adapter.aclose()

    page, seconds = asyncio.run(story())
    assert len(page.hints) == 1
    assert 0.5 <= seconds < 4
    assert office.simulator.journal()[-1].path.endswith("&odota=9")


@pytest.mark.parametrize(("wait", "least", "most"), [("0", 0, 0.8), ("1", 1, 3)])
def test_when_nothing_happens_the_poll_ends_when_it_was_told_to(
    office: Any, wait: str, least: float, most: float
) -> None:
    async def story() -> float:
        adapter = connect(office.config(feed_wait_s=wait))
        try:
            cursor, began = await begin(adapter), time.monotonic()
            assert (await adapter.changes(cursor)).hints == ()
            return time.monotonic() - began
        finally:
            await adapter.aclose()

    assert least <= asyncio.run(story()) < most


def test_the_wait_leaves_half_of_the_deadline(office: Any) -> None:
    async def story() -> None:
        adapter = connect(office.config(feed_wait_s="25", deadline_s="2.5"))
        try:
            await adapter.changes(await begin(adapter))
        finally:
            await adapter.aclose()

    asyncio.run(story())
    assert office.simulator.journal()[-1].path.endswith("&odota=1")


@pytest.mark.parametrize("wait", ["-1", "26", "soon"])
def test_a_wait_that_cannot_be_is_found_at_the_start(office: Any, wait: str) -> None:
    with pytest.raises(ValueError, match=r"feed_wait_s|invalid literal"):
        connect(office.config(feed_wait_s=wait))


def test_asking_counts_and_too_much_of_it_says_when_to_come_back(office: Any) -> None:
    office.simulator.chaos(rate_per_min=3)

    async def story(adapter: Adapter) -> None:
        cursor = await begin(adapter)
        for _ in range(2):
            cursor = (await adapter.changes(cursor)).cursor
        with pytest.raises(TryLater) as later:
            await adapter.changes(cursor)
        assert later.value.after is not None
        assert 1 <= later.value.after.total_seconds() <= 60

    office.tell(story)
    assert [e.status for e in office.simulator.journal() if e.path.startswith(FEED)] == [200, 200, 200, 429]


def test_a_day_that_comes_while_a_poll_waits_is_told_at_once(office: Any) -> None:
    office.simulator.clock(set="2026-06-20T12:00:00+03:00")
    office.simulator.seed(persons=[{"hetu": PEKKA, "typ": {"alkaen": "2026-06-21"}}])

    async def story() -> Changes:
        adapter = connect(office.config(feed_wait_s="9"))
        try:
            poll = asyncio.create_task(adapter.changes(await begin(adapter)))
            await asyncio.sleep(0.3)
            await asyncio.to_thread(office.simulator.clock, advance_s=A_DAY)
            return await poll
        finally:
            await adapter.aclose()

    (hint,) = asyncio.run(story()).hints
    assert (hint.kind, hint.record_id) == ("changed", None)
    assert hint.person_id == office.tell(lambda a: a.find(PEKKA)).person_id
