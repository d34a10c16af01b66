"""Several processes on one database, some of them killed."""

import asyncio
import random
import signal

import pytest

from conftest import INDEX_KEY
from tyokyky_bridge.storage import open_store
from worlds.processes import start_python
from worlds.rows import a_link

pytestmark = pytest.mark.anyio

WRITER = """
import asyncio, sys
from conftest import INDEX_KEY
from tyokyky_bridge.storage import open_store
from worlds.rows import a_plan

async def main():
    store = open_store(sys.argv[1], index_key=INDEX_KEY)
    async def one():
        for _ in range(int(sys.argv[2])):
            plan = await store.write(a_plan)
            print(plan.id, flush=True)
    await asyncio.gather(*(one() for _ in range(4)))
    await store.aclose()

asyncio.run(main())
"""

WORKER = """
import asyncio, sys
from conftest import INDEX_KEY
from tyokyky_bridge.services.records import Ack
from tyokyky_bridge.storage import open_store
from worlds.rows import claim

async def main():
    store = open_store(sys.argv[1], index_key=INDEX_KEY)
    idle = 0
    while idle < 20:
        taken = await store.write(lambda tx: claim(tx, limit=3, worker=sys.argv[2]))
        for link in taken:
            print(link.id, flush=True)
            ack = Ack(link.desired_gen, link.desired_kind, {})
            assert await store.write(lambda tx: tx.links.finish(link.id, link.lease_epoch, ack))
        idle = 0 if taken else idle + 1
        if not taken:
            await asyncio.sleep(0.05)
    await store.aclose()

asyncio.run(main())
"""


async def test_what_was_acknowledged_survives_kill_9(database_url):
    randomly = random.Random(7)
    acknowledged = set()
    for _ in range(4):
        process = start_python(WRITER, database_url, "1000000")
        seen = [process.stdout.readline() for _ in range(randomly.randint(3, 60))]
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().splitlines(keepends=True)
        process.wait()
        acknowledged |= {line.strip() for line in seen + rest if line.endswith("\n")}
    store = open_store(database_url, index_key=INDEX_KEY)
    try:
        kept = await store.read(
            lambda tx: {str(plan.id): tx.plans.latest(plan.id) for plan in tx.plans.page(limit=100000)}
        )
        await store.write(a_link)
    finally:
        await store.aclose()
    assert len(acknowledged) > 12
    assert acknowledged <= set(kept)
    assert all(revision is not None for revision in kept.values())


async def test_a_hub_and_two_workers_share_one_database(database_url):
    links = 120
    workers = [start_python(WORKER, database_url, name) for name in ("w-1", "w-2")]
    store = open_store(database_url, index_key=INDEX_KEY)
    slowest = 0.0
    for _ in range(links):
        began = asyncio.get_running_loop().time()
        await store.write(a_link)
        slowest = max(slowest, asyncio.get_running_loop().time() - began)
    printed = [await asyncio.to_thread(worker.communicate) for worker in workers]
    counts = await store.read(lambda tx: tx.links.counts())
    await store.aclose()
    assert [worker.returncode for worker in workers] == [0, 0]
    claimed = [line for out, _ in printed for line in out.split()]
    assert len(claimed) == len(set(claimed)) == links
    assert (counts[0].in_sync, counts[0].due, counts[0].leased) == (links, 0, 0)
    assert slowest < 10


async def test_a_busy_process_leaves_gaps_for_another(sqlite_url):
    busy = start_python(WRITER, sqlite_url, "1000000")
    busy.stdout.readline()
    store = open_store(sqlite_url, index_key=INDEX_KEY)
    drain = asyncio.create_task(asyncio.to_thread(busy.stdout.read))
    waits = []
    for _ in range(20):
        began = asyncio.get_running_loop().time()
        await store.write(a_link)
        waits.append(asyncio.get_running_loop().time() - began)
    busy.kill()
    busy.wait()
    await drain
    await store.aclose()
    assert max(waits) < 5
