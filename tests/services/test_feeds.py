"""The loops around intake and comparing go on through faults, share one tender, and end when told to."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tyokyky_bridge import feeds
from tyokyky_bridge.adapterkit.contract import Changes, Hint
from tyokyky_bridge.adapterkit.errors import Blocked, TryLater
from tyokyky_bridge.feeds import FeedPace
from tyokyky_bridge.services.intake import take_hints
from tyokyky_bridge.services.ports import StoreUnavailable
from tyokyky_bridge.services.records import IdempotencyRow
from worlds.hub import HELMI, a_case, y100
from worlds.parties import EMPLOYMENT, HEALTH
from worlds.telling import a_telling_hub, settled

pytestmark = pytest.mark.anyio

QUICK = FeedPace(
    poll_fastest_s=0.01, poll_slowest_s=0.04, verify_tick_s=0.01, prune_after_s=0.01, prune_every_s=0.01
)
NEWS = Hint("changed", "p-1", "r-1", "4")


@pytest.fixture
async def case(store):
    made = await a_case(a_telling_hub(store), HELMI, y100((HEALTH, EMPLOYMENT)))
    for system in ("lifecare", "ura"):
        await settled(made, system)
    return made


@contextlib.asynccontextmanager
async def tending(bridge, worker="w-1", pace=QUICK) -> AsyncIterator[asyncio.Task[None]]:
    stop = asyncio.Event()
    task = asyncio.create_task(feeds.run(bridge, worker, stop, pace))
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait_for(task, 10)


async def until(what, wait_s=10.0):
    end = time.monotonic() + wait_s
    while not await what():
        assert time.monotonic() < end, "it did not come about"
        await asyncio.sleep(0.01)


async def is_due(case, system="ura"):
    return (await case.link(system)).state == "due"


async def test_what_a_change_log_says_makes_links_due(case):
    case.bridge.partners["ura"].adapter.pages.append(Changes((NEWS,), "10"))
    async with tending(case.bridge):
        await until(lambda: is_due(case))
    assert not case.bridge.partners["lifecare"].adapter.cursors, "it pushes, and is not polled"


async def test_the_bell_of_the_system_rings(store, case):
    rung = asyncio.create_task(store.bell("ura").wait(10))
    await asyncio.sleep(0)
    case.bridge.partners["ura"].adapter.pages.append(Changes((NEWS,), "10"))
    async with tending(case.bridge):
        assert await rung


@pytest.mark.parametrize(
    "fault",
    [TryLater("503"), Blocked("401"), StoreUnavailable("gone"), RuntimeError("a fault of the adapter")],
)
async def test_a_fault_ends_no_loop(case, fault):
    fake = case.bridge.partners["ura"].adapter
    fake.pages.extend([fault, Changes((NEWS,), "10")])
    async with tending(case.bridge) as task:
        await until(lambda: is_due(case))
        assert not task.done()


async def test_two_workers_share_one_tender(case):
    fake = case.bridge.partners["ura"].adapter
    under_way = most = 0

    async def count():
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1

    fake.before_answer = count

    async def has_polled_often():
        return len(fake.cursors) > 3

    async with tending(case.bridge), tending(case.bridge, "w-2"):
        await until(has_polled_often)
    assert most == 1


async def test_a_tender_that_stops_gives_its_systems_back(store, case):
    async def has_polled():
        return bool(case.bridge.partners["ura"].adapter.cursors)

    async with tending(case.bridge):
        await until(has_polled)
    assert (await store.read(lambda tx: tx.feeds.get("ura"))).lease_by is None


async def test_stopping_does_not_wait_for_a_partner_that_does_not_answer(case):
    asked = asyncio.Event()

    async def never():
        asked.set()
        await asyncio.sleep(3600)

    case.bridge.partners["ura"].adapter.before_answer = never
    began = time.monotonic()
    async with tending(case.bridge):
        await asyncio.wait_for(asked.wait(), 10)
    assert time.monotonic() - began < 8


async def test_it_asks_often_while_something_comes_and_seldom_while_nothing_does(case, monkeypatch):
    slept: list[float] = []
    real = asyncio.sleep
    monkeypatch.setattr("tyokyky_bridge.feeds.random.uniform", lambda low, high: 1.0)
    found = iter([True, True, *[False] * 20])

    async def step():
        for each in found:
            return each
        raise asyncio.CancelledError

    async def sleep(seconds):
        slept.append(seconds)
        await real(0)

    monkeypatch.setattr("tyokyky_bridge.feeds.asyncio.sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await feeds._repeat("ura", step, 2.0, 60.0)
    assert slept[:5] == [2.0, 2.0, 2.0, 3.0, 4.5]
    assert slept[-1] == 60.0


async def test_a_partner_that_says_when_to_come_again_is_left_alone_until_then(monkeypatch):
    slept: list[float] = []
    faults = iter(
        [TryLater("429", after=timedelta(seconds=90)), Blocked("401"), TryLater("x", after=timedelta(days=1))]
    )

    async def step():
        raise next(faults, asyncio.CancelledError())

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr("tyokyky_bridge.feeds.random.uniform", lambda low, high: 1.0)
    monkeypatch.setattr("tyokyky_bridge.feeds.asyncio.sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await feeds._repeat("ura", step, 2.0, 60.0)
    assert slept == [2.0, 90.0, 300.0, 300.0]


async def test_a_changed_number_told_by_message_is_followed(store, case):
    new = "060602B975N"
    case.bridge.partners["lifecare"].adapter.numbers["p-1"] = new
    hint = Hint("identity", "p-1", version="e")
    await store.write(lambda tx: take_hints(tx, case.bridge.partners["lifecare"], (hint,), event="e"))

    async def followed():
        return await store.read(lambda tx: tx.clients.find(new)) is not None

    async with tending(case.bridge):
        await until(followed)


async def test_links_are_compared_when_their_time_has_come(store, case):
    store.clock_offset += timedelta(hours=21)
    async with tending(case.bridge, pace=FeedPace(verify_tick_s=0.05, verify_every_s=3600)):
        await asyncio.sleep(0.2)
        assert not await is_due(case), "there is no room in the rate yet"
    async with tending(case.bridge, pace=FeedPace(verify_tick_s=1.0, verify_every_s=3600)):
        await until(lambda: is_due(case), wait_s=20)
    (claimed,) = await store.write(
        lambda tx: tx.links.claim("ura", limit=1, worker="w", lease=timedelta(seconds=30))
    )
    assert claimed.asked == {"verify"}


async def test_what_nobody_can_repeat_any_more_is_swept_out(store, case):
    link = await case.link("ura")
    now = await store.read(lambda tx: tx.now())
    kept = IdempotencyRow("c", "k", "0" * 64, 200, {}, now + timedelta(days=1))
    await store.write(lambda tx: tx.inbox.add("ura", "e-1", link_id=link.id, kind="changed"))
    await store.write(lambda tx: tx.idempotency.put(kept))
    async with tending(case.bridge):
        await asyncio.sleep(0.1)
        assert len(await store.read(lambda tx: tx.inbox.of_link(link.id))) == 1
        store.clock_offset += timedelta(days=31)

        async def gone():
            return not await store.read(lambda tx: tx.inbox.of_link(link.id))

        await until(gone)
    store.clock_offset = timedelta(0)
    assert await store.read(lambda tx: tx.idempotency.get("c", "k")) is None
