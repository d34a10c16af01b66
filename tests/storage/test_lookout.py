"""What a worker keeps an eye on: due work, leases that slipped from its hands, and what the dead hold."""

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tyokyky_bridge import worker_lookout
from tyokyky_bridge.services.records import Retry
from tyokyky_bridge.worker_lookout import Lookout, Pace
from worlds.rows import a_link, claim

pytestmark = pytest.mark.anyio
SYSTEM = "lifecare-lr"


class Counting:
    """A store that counts reads."""

    def __init__(self, store):
        self._store = store
        self.reads = 0

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def read(self, fn):
        self.reads += 1
        return await self._store.read(fn)


@asynccontextmanager
async def looking(store, *, hands=None, worker="w-me", among_others=False, **pace):
    bridge = SimpleNamespace(store=store, partners=dict.fromkeys((SYSTEM, "typpi", "ura")))
    lookout = Lookout(bridge, worker, Pace(**pace), {} if hands is None else hands, among_others=among_others)
    stop = asyncio.Event()
    task = asyncio.create_task(lookout.run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 5)


async def freed(store, link, *, within_s):
    began = time.monotonic()
    while (await store.read(lambda tx: tx.links.get(link.id))).lease_by is not None:
        if time.monotonic() - began > within_s:
            return False
        await asyncio.sleep(0.02)
    return True


async def test_an_idle_worker_looks_once_a_second_for_all_systems(store):
    counting = Counting(store)
    async with looking(counting, poll_s=0.05, idle_s=0.4):
        await asyncio.sleep(2.0)
    assert (
        3 <= counting.reads <= 10
    )  # 0.1, 0.2, then every 0.4 s; with one for each system it would be thrice that


async def test_what_is_due_rings_and_what_will_be_is_foreseen(store):
    await store.write(a_link)
    async with looking(store, poll_s=0.05, idle_s=30.0):
        assert await store.bell(SYSTEM).wait(2.0)
        (link,) = await store.write(claim)
        soon = Retry(timedelta(seconds=0.6), "try later")
        await store.write(lambda tx: tx.links.finish(link.id, link.lease_epoch, soon))
        await asyncio.sleep(0.2)
        await store.bell(SYSTEM).wait(0)
        began = time.monotonic()
        assert await store.bell(SYSTEM).wait(3.0)
        assert 0.2 < time.monotonic() - began < 1.5
        assert not await store.bell("ura").wait(0)


async def test_a_lease_that_the_database_gave_without_an_answer_is_found_and_freed(store, monkeypatch):
    monkeypatch.setattr(worker_lookout, "STRAY_S", 0.2)
    for _ in range(2):
        await store.write(a_link)
    slipped, held = await store.write(lambda tx: claim(tx, limit=2, worker="w-me"))
    hands = {held.id: held.lease_epoch}
    async with looking(store, hands=hands, poll_s=0.05, idle_s=0.1):
        assert await freed(store, slipped, within_s=3.0)
        assert not await freed(store, held, within_s=0.5)


async def test_what_a_dead_worker_held_is_freed_and_its_probe_does_not_keep_the_breaker_shut(
    store, monkeypatch
):
    from sqlalchemy import text

    from tyokyky_bridge.storage.repositories import workers

    monkeypatch.setattr(workers, "_TRY_LOCK", text("SELECT pg_try_advisory_xact_lock(:key)"))
    await store.write(a_link)
    await store.write(lambda tx: tx.workers.start("w-dead", host="elsewhere"))
    (link,) = await store.write(lambda tx: claim(tx, worker="w-dead"))
    await store.write(
        lambda tx: tx.gates.save(
            replace(
                tx.gates.get(SYSTEM),
                breaker="half",
                opened_at=tx.now(),
                open_count=1,
                paused_until=tx.now() + timedelta(seconds=30),
            )
        )
    )
    async with looking(store, among_others=False, poll_s=0.05, idle_s=0.1):
        assert not await freed(store, link, within_s=0.4)
    async with looking(store, among_others=True, poll_s=0.05, idle_s=0.1):
        assert await freed(store, link, within_s=3.0)
    assert (await store.read(lambda tx: tx.gates.get(SYSTEM))).paused_until is None
    assert await store.read(lambda tx: tx.workers.all()) == ()
