"""A link that kills whoever has it: counted when claimed, tried alone, parked at last, and nobody else with it."""

import asyncio
import signal
from datetime import timedelta

import pytest

from tyokyky_bridge.domain.items import leaves_from_json
from tyokyky_bridge.domain.parties import Purpose
from tyokyky_bridge.services.callers import Caller, Role
from tyokyky_bridge.services.clients import register_client
from tyokyky_bridge.services.plans import create_plan
from tyokyky_bridge.services.poison import park_poison
from tyokyky_bridge.services.records import POISON_AFTER, SUSPECT_AFTER, Ack, Lease, Park, Retry
from tyokyky_bridge.services.redriving import Wanted, redrive_parked
from tyokyky_bridge.services.shape import shaped
from tyokyky_bridge.worker import Pace, _claim
from tyokyky_bridge.worker_ward import Ward
from worlds.hub import OPERATOR
from worlds.paper import CONCLUSION, CONTENT, Office, Paper, paper_bridge
from worlds.parties import HEALTH
from worlds.processes import start_python
from worlds.rows import LEASE, a_link, bury, claim, want_again

pytestmark = pytest.mark.anyio

HETUS = tuple(
    f"010190-{900 + n}{'0123456789ABCDEFHJKLMNPRSTUVWXY'[int(f'010190{900 + n}') % 31]}" for n in range(5)
)
KILLS = "Tappaa prosessin."

WORKER = """
import asyncio, os, signal, sys
from conftest import INDEX_KEY
from tyokyky_bridge import worker
from tyokyky_bridge.services.delivery import Engine
from tyokyky_bridge.storage import open_store
from worlds.paper import Paper, paper_bridge

URL, KILLS, *HETUS = sys.argv[1:]


def stores(content):
    if KILLS in str(content):
        os.kill(os.getpid(), signal.SIGKILL)
    return content


class Slow(Paper):
    async def find(self, hetu):
        await asyncio.sleep(0.15)
        return await super().find(hetu)

    async def write(self, found, content, **rest):
        if KILLS not in str(content):  # so that the one that kills is the first to get there
            await asyncio.sleep(0.15)
        return await super().write(found, content, **rest)


async def main():
    store = open_store(URL, index_key=INDEX_KEY)
    bridge = paper_bridge(store, Slow(people=set(HETUS), stores=stores))
    stop = asyncio.Event()

    async def until_settled():
        while await store.read(lambda tx: tx.workers.agenda(tuple(bridge.partners))):
            await asyncio.sleep(0.05)
        stop.set()

    watching = asyncio.create_task(until_settled())
    await worker.run(bridge, Engine(bridge, "w-1"), worker.Pace(poll_s=0.05, idle_s=0.1), stop)
    await watching
    await store.aclose()


asyncio.run(main())
"""


async def dies(store, *, times, system="lifecare-lr", worker="w-1"):
    """Workers claim and are never heard of again."""
    for _ in range(times):
        taken = await store.write(lambda tx: claim(tx, system=system, worker=worker))
        assert taken
        await store.write(lambda tx: bury(tx, worker))


async def unfinished(store, link):
    return (await store.read(lambda tx: tx.links.get(link.id))).unfinished


async def test_a_claim_that_nobody_ends_is_counted(store):
    link = await store.write(a_link)
    assert link.unfinished == 0
    await dies(store, times=2)
    assert await unfinished(store, link) == 2
    store.clock_offset = LEASE * 2
    await store.write(claim)
    store.clock_offset = LEASE * 4  # the end of a lease is no end of the work
    (again,) = await store.write(claim)
    assert again.unfinished == 4


@pytest.mark.parametrize(
    "end",
    [
        Ack(gen=1, kind="present", base={}),
        Retry(timedelta(0), "timeout", outcome_known=False),
        Retry(timedelta(0), counts=False),
        Park("refused"),
    ],
)
async def test_any_end_of_an_attempt_clears_the_count(store, end):
    link = await store.write(a_link)
    await dies(store, times=3)
    (leased,) = await store.write(claim)
    await store.write(lambda tx: tx.links.finish(link.id, leased.lease_epoch, end))
    assert await unfinished(store, link) == 0


async def test_what_a_worker_that_lives_gives_back_is_not_counted(store):
    link = await store.write(a_link)
    await dies(store, times=1)
    (leased,) = await store.write(claim)
    lease = Lease(link.id, leased.lease_epoch, "w-1")
    await store.write(lambda tx: tx.workers.free([lease], harmless=True))
    assert await unfinished(store, link) == 1
    (leased,) = await store.write(claim)
    lease = Lease(link.id, leased.lease_epoch, "w-1")
    await store.write(lambda tx: tx.workers.free([lease]))
    assert await unfinished(store, link) == 2


async def test_suspects_are_claimed_one_at_a_time_and_hold_up_nobody(store):
    first, second = [await store.write(a_link) for _ in range(2)]
    await dies(store, times=SUSPECT_AFTER)
    sound = await store.write(a_link)
    claimed = await store.write(claim)
    assert [link.id for link in claimed] == [first.id, sound.id]
    assert [link.is_suspect for link in claimed] == [True, False]

    def without(tx):
        return tx.links.claim("lifecare-lr", limit=9, worker="w-1", lease=LEASE, suspects=False)

    assert await store.write(without) == ()
    assert [link.id for link in await store.write(claim)] == [second.id]


async def test_after_five_claims_without_an_end_a_link_is_parked_and_a_redrive_lifts_it(store):
    bridge = paper_bridge(store, Paper())
    link = await store.write(lambda tx: a_link(tx, system="paper-1"))
    await dies(store, times=POISON_AFTER, system="paper-1")
    partner = bridge.partners["paper-1"]
    engine = Office(store, Paper()).engine
    assert await _claim(engine, partner, Pace(), 8) == ()
    (parked,) = await store.read(lambda tx: tx.links.parked(reason="poison"))
    assert (parked.id, parked.parked_detail) == (link.id, {"claims": POISON_AFTER})
    (entry,) = await store.read(lambda tx: tx.audit.of_client(link.client_id))
    assert (entry.entry.event, entry.entry.what["detail"]["reason"]) == ("delivery/parked", "poison")
    again = await store.write(lambda tx: want_again(tx, parked))
    assert again.state == "parked"
    assert await redrive_parked(bridge, OPERATOR, Wanted(reason="poison")) == (link.id,)
    (claimed,) = await _claim(engine, partner, Pace(), 8)
    assert (claimed.id, claimed.unfinished) == (link.id, 1)


async def test_something_to_take_back_is_tried_again_from_the_beginning(store):
    link = await store.write(a_link)
    await dies(store, times=POISON_AFTER)
    assert await store.write(lambda tx: park_poison(tx, claim(tx))) == ()
    again = await store.write(
        lambda tx: want_again(tx, link, kind="absent", overtake=True, unpark=("poison",))
    )
    assert (again.state, again.unfinished) == ("due", 0)


async def test_two_systems_that_claim_at_once_let_one_suspect_in(store):
    bridge = paper_bridge(store, Paper(), Paper())
    engine = Office(store, Paper(), Paper()).engine
    for system in bridge.partners:
        await store.write(lambda tx, system=system: a_link(tx, system=system))
        await dies(store, times=SUSPECT_AFTER, system=system)
    ward = Ward(store, bridge.partners)
    one, other = await asyncio.gather(
        *(_claim(engine, partner, Pace(), 8, ward) for partner in bridge.partners.values())
    )
    assert len(one) + len(other) == 1
    left = [link for link in await store.read(waiting) if link.lease_by is None]
    assert [link.unfinished for link in left] == [SUSPECT_AFTER]
    ward.leave(None)
    assert ward.is_free


def waiting(tx):
    return [link for plan in tx.plans.page(limit=9) for link in tx.links.of_plan(plan.id)]


async def test_a_body_that_kills_its_worker_is_parked_and_those_beside_it_arrive(store, database_url):
    """Real processes: the first two that die have all five links in their hands, the others the poisonous one."""
    bridge = paper_bridge(store, Paper())
    helmi = Caller(HEALTH, Role.PROFESSIONAL, "helmi", Purpose.WORK_ABILITY_SUPPORT)
    office = Office(store, Paper())
    plans = []
    for number, hetu in enumerate(HETUS):
        content = CONTENT | {"client.hetu[h-1].value": hetu, "client.birth_date": "1990-01-01"}
        content[CONCLUSION] = KILLS if number == 3 else f"Tekstiä {number}."
        office.client_id = await register_client(bridge, helmi, hetu)
        seen = await create_plan(bridge, helmi, office.client_id, shaped(leaves_from_json(content)))
        plans.append(seen.plan_id)
        await office.consent("health.conclusion")
    ends = []
    while not ends or ends[-1] == -signal.SIGKILL:
        process = start_python(WORKER, database_url, KILLS, *HETUS)
        ends.append(await asyncio.to_thread(process.wait, 60))
        assert len(ends) < 12
    assert ends == [-signal.SIGKILL] * POISON_AFTER + [0]
    links = [await office.link(plan_id=plan) for plan in plans]
    assert [link.parked_reason for link in links] == [None, None, None, "poison", None]
    assert [link.state for link in links].count("in_sync") == 4
