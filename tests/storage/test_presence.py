"""What processes see of each other: wake-ups and signs of life."""

import asyncio
import contextlib
import signal
import time

import pytest
from sqlalchemy import make_url

from conftest import INDEX_KEY
from tyokyky_bridge.services.ports import ANY_SYSTEM, StoreError
from tyokyky_bridge.services.records import Lease
from tyokyky_bridge.storage import open_store, revision_of
from tyokyky_bridge.storage.repositories.workers import lock_key
from tyokyky_bridge.storage.side_channel import CHANNEL
from worlds.processes import start_python
from worlds.rows import a_link, a_plan, claim

pytestmark = pytest.mark.anyio

HOLDER = """
import asyncio, sys
from conftest import INDEX_KEY
from tyokyky_bridge.storage import open_store, revision_of
from worlds.rows import a_link, claim

async def main():
    store = open_store(sys.argv[1], index_key=INDEX_KEY)
    present = asyncio.create_task(store.attend(sys.argv[2]))
    await store.write(a_link)
    await store.write(lambda tx: claim(tx, worker=sys.argv[2]))
    while await store.write(lambda tx: tx.workers.gone(sys.argv[2])):
        await asyncio.sleep(0.02)
    print("held", flush=True)
    await present

asyncio.run(main())
"""


@contextlib.asynccontextmanager
async def attending(store, worker="w-here"):
    task = asyncio.create_task(store.attend(worker))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def held(postgres_server, url, name):
    """Whether somebody holds the worker's lock, by the server's own list."""
    key = lock_key(name) % 2**64
    database = make_url(url).database
    found = await asyncio.to_thread(
        postgres_server.sql,
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        f" AND classid::bigint = {key >> 32} AND objid::bigint = {key & 0xFFFFFFFF}"
        f" AND database = (SELECT oid FROM pg_database WHERE datname = '{database}')",
    )
    return int(found) > 0


async def until(check, *, within_s=5.0):
    began = time.monotonic()
    while not await check():
        assert time.monotonic() - began < within_s
        await asyncio.sleep(0.01)
    return time.monotonic() - began


async def rung(bell, *, within_s=3.0):
    began = time.monotonic()
    return await bell.wait(within_s) and time.monotonic() - began


@pytest.mark.postgres
async def test_a_commit_elsewhere_rings_here_on_postgres(postgres_server, postgres_url):
    here, there = (open_store(postgres_url, index_key=INDEX_KEY) for _ in range(2))
    async with attending(here):
        await until(lambda: held(postgres_server, postgres_url, "w-here"))
        await there.write(a_link)
        took_s = await rung(here.bell("lifecare-lr"))
        assert took_s
        assert took_s < 1.0
        assert not await here.bell("ura").wait(0)
    await here.aclose()
    await there.aclose()


async def test_a_commit_elsewhere_rings_here_on_sqlite(sqlite_url):
    here, there = (open_store(sqlite_url, index_key=INDEX_KEY) for _ in range(2))
    async with attending(here):
        await rung(here.bell(ANY_SYSTEM))  # what was there before
        await there.write(a_link)
        took_s = await rung(here.bell(ANY_SYSTEM))
        assert took_s
        assert took_s < 1.0
        assert not await here.bell(ANY_SYSTEM).wait(0.2)
    await here.aclose()
    await there.aclose()


@pytest.mark.postgres
async def test_wake_ups_leave_after_the_commit_and_gathered(postgres_url, monkeypatch):
    """Within the transaction each would make all commits queue; of a burst two or three go out, not sixty."""
    from tyokyky_bridge.storage import side_channel

    sent = []
    ask = side_channel._ask

    async def noted(connection, statement, **values):
        if "payload" in values:
            sent.append(values["payload"])
        return await ask(connection, statement, **values)

    monkeypatch.setattr(side_channel, "_ask", noted)
    monkeypatch.setattr(side_channel, "GATHER_S", 0.25)
    store = open_store(postgres_url, index_key=INDEX_KEY)
    plan = await store.write(a_plan)
    await asyncio.gather(
        *(
            store.write(lambda tx, name=name: a_link(tx, plan=plan, system=name))
            for name in [f"s-{n}" for n in range(60)]
        )
    )

    async def all_named():
        return {name for payload in sent for name in payload.split(",")[1:]} == {f"s-{n}" for n in range(60)}

    await until(all_named)
    assert len(sent) <= 6
    await store.aclose()


@pytest.mark.postgres
async def test_no_transaction_of_a_use_case_notifies(postgres_server, postgres_url):
    store = open_store(postgres_url, index_key=INDEX_KEY)
    async with store._writing.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        heard = []
        await raw.add_listener(CHANNEL, lambda *_: heard.append(1))
        store._side.tell = lambda systems: None
        await store.write(a_link)
        await asyncio.sleep(0.1)
        assert heard == []
    await store.aclose()


@pytest.mark.postgres
async def test_the_dead_are_seen_to_be_dead_at_once_and_the_living_are_not(postgres_server, postgres_url):
    store = open_store(postgres_url, index_key=INDEX_KEY)
    await asyncio.sleep(max(0.0, 3.1 - await _server_age_s(postgres_server)))
    process = start_python(HOLDER, postgres_url, "w-other")
    assert (await asyncio.to_thread(process.stdout.readline)).strip() == "held"
    assert not await store.write(lambda tx: tx.workers.gone("w-other"))
    process.send_signal(signal.SIGSTOP)  # it sleeps, but lives: only the end of its lease frees its links
    await asyncio.sleep(0.3)
    assert not await store.write(lambda tx: tx.workers.gone("w-other"))
    process.kill()
    took_s = await until(lambda: store.write(lambda tx: tx.workers.gone("w-other")))
    assert took_s < 1.0
    await asyncio.to_thread(process.wait)
    await store.aclose()


async def _server_age_s(postgres_server):
    return float(
        postgres_server.sql("SELECT extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())")
    )


@pytest.mark.postgres
async def test_a_lost_side_connection_stops_nobody_and_comes_back(postgres_server, postgres_url):
    here, there = (open_store(postgres_url, index_key=INDEX_KEY) for _ in range(2))
    database = make_url(postgres_url).database
    async with attending(here) as task:
        await until(lambda: held(postgres_server, postgres_url, "w-here"))
        postgres_server.sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        )
        assert not await held(postgres_server, postgres_url, "w-here")
        await until(lambda: held(postgres_server, postgres_url, "w-here"))
        assert not task.done()
        await there.write(a_link)
        assert await rung(here.bell("lifecare-lr"))
    await here.aclose()
    await there.aclose()


async def test_leases_are_freed_each_under_its_own_epoch_only(store):
    await store.write(a_link)
    (link,) = await store.write(lambda tx: claim(tx, worker="w-1"))
    (lease,) = await store.read(lambda tx: tx.workers.leases())
    assert lease == Lease(link.id, link.lease_epoch, "w-1")
    for wrong in (Lease(link.id, link.lease_epoch - 1, "w-1"), Lease(link.id, link.lease_epoch, "w-2")):
        assert await store.write(lambda tx, wrong=wrong: tx.workers.free([wrong])) == 0
    assert await store.write(lambda tx: tx.workers.free([lease])) == 1
    assert (await store.read(lambda tx: tx.links.get(link.id))).lease_by is None
    assert await store.read(lambda tx: tx.workers.leases()) == ()


async def test_the_agenda_says_from_when_each_system_has_something_to_claim(store):
    from dataclasses import replace
    from datetime import timedelta

    systems = ("lifecare-lr", "typpi", "ura")
    assert await store.read(lambda tx: tx.workers.agenda(systems)) == {}
    await store.write(a_link)
    urgent = await store.write(lambda tx: a_link(tx, system="ura", overtake=True))
    later = await store.write(lambda tx: a_link(tx, system="ura"))
    pause = await store.write(
        lambda tx: (
            tx.gates.save(
                gate := replace(tx.gates.get("lifecare-lr"), paused_until=tx.now() + timedelta(hours=1))
            )
            or gate.paused_until
        )
    )
    agenda = await store.read(lambda tx: tx.workers.agenda(systems))
    assert agenda == {"lifecare-lr": pause, "ura": min(urgent.due_at, later.due_at)}


@pytest.mark.parametrize("url", ["postgresql://u@127.0.0.1:1/d", "sqlite:////no/such/folder/hub.db"])
async def test_a_database_that_is_away_when_a_process_starts_is_a_plain_fact(url):
    with pytest.raises(StoreError) as away:
        await revision_of(url)
    assert len(str(away.value).splitlines()) == 1
