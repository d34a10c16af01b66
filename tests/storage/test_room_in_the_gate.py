"""The gate's row says from when on there is room for a claim; who only looks at the rows waits until then."""

from datetime import timedelta

import pytest

from tyokyky_bridge.services.records import GateRow
from worlds.rows import LEASE, a_link

pytestmark = pytest.mark.anyio
SYSTEM = "lifecare-lr"


async def test_the_agenda_waits_for_the_room_that_each_kind_of_work_has(store):
    await store.write(a_link)
    now = await store.read(lambda tx: tx.now())
    soon, later = now + timedelta(seconds=30), now + timedelta(minutes=2)
    await store.write(lambda tx: tx.gates.save(GateRow(SYSTEM, urgent_from=soon, ordinary_from=later)))
    assert await store.read(lambda tx: tx.workers.agenda((SYSTEM,))) == {SYSTEM: later}
    await store.write(lambda tx: a_link(tx, overtake=True))
    assert await store.read(lambda tx: tx.workers.agenda((SYSTEM,))) == {SYSTEM: soon}


async def test_a_claim_for_urgent_links_leaves_the_others_where_they_are(store):
    ordinary = await store.write(a_link)
    urgent = await store.write(lambda tx: a_link(tx, overtake=True))

    def claim(tx):
        return tx.links.claim(SYSTEM, limit=9, worker="w-1", lease=LEASE, only_urgent=True)

    assert [link.id for link in await store.write(claim)] == [urgent.id]
    assert await store.write(claim) == ()
    left = await store.read(lambda tx: tx.links.get(ordinary.id))
    assert (left.state, left.attempts, left.lease_epoch) == ("due", 0, 0)


@pytest.mark.parametrize("opens", [False, True])
async def test_whoever_waits_for_room_is_woken_when_some_is_given_back(store, opens):
    bell = store.bell(SYSTEM)
    await bell.wait(0)
    await store.write(lambda tx: tx.gates.save(GateRow(SYSTEM), opens=opens))
    assert await bell.wait(0.5) is opens
