"""Records at partners with our mark that no link names: kept once, open until somebody or a link has them."""

from datetime import timedelta

import pytest

from tyokyky_bridge.services.records import Ack, Remote
from worlds.rows import a_link, claim

pytestmark = pytest.mark.anyio


async def note(store, record="r-2", *, system="lifecare-lr", version="1", reference="k1"):
    await store.write(lambda tx: tx.quarantine.note(system, record, reference=reference, version=version))
    store.clock_offset += timedelta(minutes=1)


async def listed(store, **options):
    return await store.read(lambda tx: tx.quarantine.listed(**options))


async def test_a_record_is_kept_once_and_told_by_system(store):
    await note(store)
    await note(store)
    await note(store, system="ura-1")
    first, second = await listed(store)
    assert (first.system, first.record_id, first.reference, first.state) == (
        "lifecare-lr",
        "r-2",
        "k1",
        "open",
    )
    assert first.last_seen_at - first.first_seen_at >= timedelta(minutes=1)
    assert await listed(store, system="ura-1") == (second,)
    assert await store.read(lambda tx: tx.quarantine.counts()) == {"lifecare-lr": 1, "ura-1": 1}


@pytest.mark.parametrize(
    ("again", "state"), [({}, "cleared"), ({"version": "2"}, "open"), ({"reference": "k2"}, "open")]
)
async def test_one_that_was_seen_to_is_open_again_when_it_moved(store, again, state):
    await note(store)
    (row,) = await listed(store)
    assert await store.write(lambda tx: tx.quarantine.clear(row.id, by="lrha-health"))
    assert not await store.write(lambda tx: tx.quarantine.clear(row.id, by="lrha-social"))
    assert await listed(store) == ()
    await note(store, **again)
    (after,) = await listed(store, state=state)
    assert after.cleared_by == ("lrha-health" if state == "cleared" else None)


async def test_one_that_a_link_names_is_our_own(store):
    await note(store)
    link = await store.write(a_link)
    (leased,) = await store.write(claim)
    there = Remote(person="p-1", record="r-2", version="1", created_by_us=True)
    ack = Ack(gen=1, kind="present", base={})
    await store.write(lambda tx: tx.links.finish(link.id, leased.lease_epoch, ack, remote=there))
    assert await listed(store) == ()
    assert await store.read(lambda tx: tx.quarantine.counts()) == {}
    assert await store.write(lambda tx: tx.quarantine.clear_named("lifecare-lr")) == 1
    assert [row.cleared_by for row in await listed(store, state="cleared")] == ["hub"]
