"""Hints, cursors and intake decisions, and what links are looked at and counted for."""

from datetime import timedelta

import pytest

from tyokyky_bridge.services.ports import ConstraintBroken
from tyokyky_bridge.services.records import Ack, Remote
from tyokyky_bridge.services.sync_records import FeedRow, IntakeRow
from tyokyky_bridge.storage.migrate import _with_connection
from tyokyky_bridge.storage.sync_tables import inbox
from worlds.rows import LEASE, a_link, claim, want_again

pytestmark = pytest.mark.anyio

THERE = Remote(person="p-1", record="r-1", version="3")
MINUTE = timedelta(minutes=1)


def acked(drift="D0", base=True):
    held = {"header.status": "active"}
    return Ack(
        gen=1, kind="present", base=held if base else None, base_hub=held, base_remote=held, drift=drift
    )


async def in_sync(store, *, remote=THERE, drift="D0", **options):
    """A link that was delivered and compared now."""
    made = await store.write(lambda tx: a_link(tx, **options))

    def finish(tx):
        (link,) = [one for one in claim(tx, system=made.system, limit=10) if one.id == made.id]
        assert tx.links.finish(link.id, link.lease_epoch, acked(drift), remote=remote)
        return tx.links.get(link.id)

    return await store.write(finish)


def rejected(tx, link, *paths):
    items = tuple({"path": path, "state": "rejected"} for path in paths)
    row = IntakeRow(tx.new_id(), link.id, link.client_id, link.system, 1, "4", items, tx.now())
    tx.intakes.add(row)
    return row


async def test_the_same_hint_is_kept_once(store):
    link = await in_sync(store)
    assert await store.write(lambda tx: tx.inbox.add("ura-1", "e-1", link_id=link.id, kind="changed"))
    assert not await store.write(lambda tx: tx.inbox.add("ura-1", "e-1", link_id=link.id, kind="gone"))
    assert await store.write(lambda tx: tx.inbox.add("typpi-1", "e-1", link_id=link.id, kind="changed"))
    (first, second) = await store.read(lambda tx: tx.inbox.of_link(link.id))
    assert {first.system, second.system} == {"ura-1", "typpi-1"}
    assert (first.kind, first.outcome, first.settled_at) == ("changed", None, None)


async def test_a_hint_known_to_be_our_echo_is_settled_from_the_start(store):
    link = await in_sync(store)
    await store.write(lambda tx: tx.inbox.add("u", "e-1", link_id=link.id, kind="changed", outcome="echo"))
    (row,) = await store.read(lambda tx: tx.inbox.of_link(link.id))
    assert (row.outcome, row.settled_at) == ("echo", row.received_at)


async def test_a_look_settles_what_came_before_it_and_leaves_numbers_to_be_followed(store):
    link = await in_sync(store)
    for event, kind in (("e-1", "changed"), ("e-2", "identity")):
        await store.write(lambda tx, e=event, k=kind: tx.inbox.add("u", e, link_id=link.id, kind=k))
    looked_at = await store.read(lambda tx: tx.now())
    store.clock_offset = MINUTE
    await store.write(lambda tx: tx.inbox.add("u", "e-3", link_id=link.id, kind="gone"))
    assert await store.write(lambda tx: tx.inbox.settle(link.id, before=looked_at, outcome="merged")) == 1
    rows = await store.read(lambda tx: tx.inbox.of_link(link.id))
    assert [(row.event_id, row.outcome) for row in rows] == [("e-1", "merged"), ("e-2", None), ("e-3", None)]
    assert rows[0].settled_at > looked_at


async def test_identity_hints_wait_until_they_are_followed(store):
    link = await in_sync(store)
    for n in (2, 1):
        await store.write(lambda tx, n=n: tx.inbox.add("u", f"e-{n}", link_id=link.id, kind="identity"))
        store.clock_offset += MINUTE
    await store.write(lambda tx: tx.inbox.add("u", "e-3", link_id=link.id, kind="changed"))
    waiting = await store.read(lambda tx: tx.inbox.identities("u"))
    assert [row.event_id for row in waiting] == ["e-2", "e-1"]
    assert len(await store.read(lambda tx: tx.inbox.identities("u", limit=1))) == 1
    assert await store.read(lambda tx: tx.inbox.identities("other")) == ()
    assert await store.write(lambda tx: tx.inbox.settle_one("u", "e-2", outcome="merged"))
    assert not await store.write(lambda tx: tx.inbox.settle_one("u", "e-2", outcome="nothing"))
    assert [row.event_id for row in await store.read(lambda tx: tx.inbox.identities("u"))] == ["e-1"]


async def test_old_hints_are_forgotten(store):
    link = await in_sync(store)
    await store.write(lambda tx: tx.inbox.add("u", "e-1", link_id=link.id, kind="changed"))
    store.clock_offset = timedelta(days=30)
    await store.write(lambda tx: tx.inbox.add("u", "e-2", link_id=link.id, kind="changed"))
    assert await store.write(lambda tx: tx.inbox.prune(timedelta(days=29))) == 1
    assert [row.event_id for row in await store.read(lambda tx: tx.inbox.of_link(link.id))] == ["e-2"]


async def test_a_hint_is_of_a_known_kind_and_about_a_link(store):
    link = await in_sync(store)
    with pytest.raises(ConstraintBroken):
        await store.write(lambda tx: tx.inbox.add("u", "e-1", link_id=link.id, kind="rumour"))
    with pytest.raises(ConstraintBroken):
        await store.write(lambda tx: tx.inbox.add("u", "e-1", link_id=link.id + 1, kind="changed"))


async def test_one_worker_reads_a_log_at_a_time(store):
    def take(worker):
        return lambda tx: tx.feeds.claim("ura-1", worker=worker, lease=LEASE)

    first = await store.write(take("w-1"))
    assert (first.system, first.cursor, first.lease_by) == ("ura-1", None, "w-1")
    assert await store.write(take("w-2")) is None
    assert await store.write(lambda tx: tx.feeds.claim("typpi-1", worker="w-2", lease=LEASE))
    store.clock_offset = timedelta(seconds=20)
    again = await store.write(take("w-1"))
    assert (
        again.lease_until == first.lease_until + timedelta(seconds=20)
        or again.lease_until > first.lease_until
    )
    store.clock_offset = timedelta(seconds=20) + LEASE + timedelta(seconds=5)
    assert (await store.write(take("w-2"))).lease_by == "w-2"
    assert await store.write(take("w-1")) is None


async def test_a_log_that_was_given_back_goes_on_where_it_was_left(store):
    await store.write(lambda tx: tx.feeds.claim("u", worker="w-1", lease=LEASE))
    assert await store.write(lambda tx: tx.feeds.advance("u", worker="w-1", cursor="17"))
    await store.write(lambda tx: tx.feeds.release("u", worker="w-2"))
    assert (await store.read(lambda tx: tx.feeds.get("u"))).lease_by == "w-1"
    await store.write(lambda tx: tx.feeds.release("u", worker="w-1"))
    kept = await store.read(lambda tx: tx.feeds.get("u"))
    assert (kept.cursor, kept.lease_by, kept.lost_at) == ("17", None, None)
    assert (await store.write(lambda tx: tx.feeds.claim("u", worker="w-2", lease=LEASE))).cursor == "17"


async def test_only_the_reader_moves_the_cursor_and_a_loss_is_dated(store):
    await store.write(lambda tx: tx.feeds.claim("u", worker="w-1", lease=LEASE))
    assert not await store.write(lambda tx: tx.feeds.advance("u", worker="w-2", cursor="9"))
    assert not await store.write(lambda tx: tx.feeds.advance("other", worker="w-1", cursor="9"))
    assert await store.write(lambda tx: tx.feeds.advance("u", worker="w-1", cursor="3", lost=True))
    lost = await store.read(lambda tx: tx.feeds.get("u"))
    assert lost.lost_at == lost.polled_at
    store.clock_offset = MINUTE
    await store.write(lambda tx: tx.feeds.advance("u", worker="w-1", cursor="4"))
    later = await store.read(lambda tx: tx.feeds.get("u"))
    assert isinstance(later, FeedRow)
    assert (later.lost_at, later.cursor) == (lost.lost_at, "4")
    assert later.polled_at > lost.polled_at
    assert await store.read(lambda tx: tx.feeds.get("other")) is None


async def test_intake_decisions_are_read_newest_first_and_rejections_counted(store):
    link, other = await in_sync(store), await in_sync(store, system="typpi-1")
    first = await store.write(lambda tx: rejected(tx, link, "goals[g-1].status", "health.checkup_date"))
    store.clock_offset = MINUTE
    second = await store.write(lambda tx: rejected(tx, link, "goals[g-1].status"))
    await store.write(lambda tx: rejected(tx, other, "goals[g-1].status"))
    assert await store.read(lambda tx: tx.intakes.of_link(link.id)) == (second, first)
    assert await store.read(lambda tx: tx.intakes.of_link(link.id, limit=1)) == (second,)
    counted = await store.read(lambda tx: tx.intakes.rejections(link.id, first.at))
    assert counted == {"goals[g-1].status": 2, "health.checkup_date": 1}
    assert await store.read(lambda tx: tx.intakes.rejections(link.id, second.at)) == {"goals[g-1].status": 1}


async def test_a_look_makes_a_link_due_without_a_new_generation(store):
    link = await in_sync(store)
    assert link.state == "in_sync"
    assert await store.write(lambda tx: tx.links.look(link.id))
    due = await store.read(lambda tx: tx.links.get(link.id))
    assert (due.state, due.desired_gen) == ("due", link.desired_gen)
    (claimed,) = await store.write(claim)
    assert claimed.asked == {"look"}
    assert await store.write(lambda tx: tx.links.finish(claimed.id, claimed.lease_epoch, acked()))
    assert (await store.read(lambda tx: tx.links.get(link.id))).state == "in_sync"


async def test_a_look_asked_for_during_the_work_comes_after_it(store):
    link = await in_sync(store)
    await store.write(lambda tx: want_again(tx, link, kind="present"))
    (leased,) = await store.write(claim)
    assert await store.write(lambda tx: tx.links.look(link.id, verify=True))
    assert (await store.read(lambda tx: tx.links.get(link.id))).lease_until == leased.lease_until
    done = Ack(gen=2, kind="present", base={}, drift="D0")
    assert await store.write(lambda tx: tx.links.finish(link.id, leased.lease_epoch, done))
    (again,) = await store.write(claim)
    assert again.asked == {"verify"}


async def test_a_look_that_only_hints_asked_for_is_taken_back_after_the_work_and_no_other(store):
    made = await store.write(a_link)
    for asked, taken_back in (((), False), (("told",), True), (("told", "look"), False)):
        (link,) = await store.write(claim)
        for one in asked:
            await store.write(lambda tx, o=one: tx.links.look(made.id, told=o == "told"))
        assert not await store.write(lambda tx: tx.links.unlook(made.id))  # while it is worked on
        await store.write(lambda tx, e=link.lease_epoch: tx.links.finish(made.id, e, acked()))
        assert await store.write(lambda tx: tx.links.unlook(made.id)) is taken_back
        found = await store.read(lambda tx: tx.links.get(made.id))
        assert (found.state, found.due_since is None) == (
            ("in_sync", True) if taken_back or not asked else ("due", False)
        )
        await store.write(lambda tx: tx.links.look(made.id))


async def test_what_a_hint_told_is_kept_until_it_is_settled(store, database_url):
    def kept(connection):
        return connection.execute(inbox.select()).one().told

    link = await in_sync(store)
    await store.write(lambda tx: tx.inbox.add("u", "e-1", link_id=link.id, kind="changed", told="7"))
    assert await _with_connection(database_url, kept) == "7"
    now = await store.read(lambda tx: tx.now())
    assert await store.write(lambda tx: tx.inbox.settle(link.id, before=now, outcome="echo")) == 1
    assert await _with_connection(database_url, kept) is None


async def test_a_parked_link_is_looked_at_when_it_is_redriven(store):
    link = await in_sync(store)
    assert await store.write(lambda tx: tx.links.park(link.id, "identity", {}))
    assert not await store.write(lambda tx: tx.links.look(link.id))
    assert (await store.read(lambda tx: tx.links.get(link.id))).state == "parked"
    await store.write(lambda tx: tx.links.redrive(link_id=link.id))
    (claimed,) = await store.write(claim)
    assert claimed.asked == {"look"}
    assert not await store.write(lambda tx: tx.links.look(10**6))


async def test_links_are_found_by_record_else_by_person(store):
    mine = await in_sync(store)
    other = await in_sync(store, remote=Remote(person="p-1", record="r-2", version="1"))
    await in_sync(store, system="typpi-1")

    def ids(**where):
        return lambda tx: [link.id for link in tx.links.at_remote(mine.system, **where)]

    assert await store.read(ids(person="p-1", record="r-1")) == [mine.id]
    assert await store.read(ids(person="p-1", record="r-9")) == [mine.id, other.id]
    assert await store.read(ids(person="p-1")) == [mine.id, other.id]
    assert await store.read(ids(record="r-9")) == []
    assert await store.read(ids()) == []


async def test_a_forgotten_place_is_found_no_more(store):
    link = await in_sync(store)
    await store.write(lambda tx: tx.links.forget_remote(link.id))
    assert await store.read(lambda tx: tx.links.at_remote(link.system, person="p-1", record="r-1")) == ()
    remote = (await store.read(lambda tx: tx.links.get(link.id))).remote
    assert (remote.person, remote.record, remote.version) == (None, None, None)


async def test_links_nobody_compared_come_longest_ago_first(store):
    never = await in_sync(store, drift=None)
    older = await in_sync(store)
    store.clock_offset = timedelta(hours=1)
    newer = await in_sync(store)
    due = await in_sync(store)
    parked = await in_sync(store)
    await in_sync(store, system="typpi-1")
    await store.write(lambda tx: tx.links.look(due.id))
    await store.write(lambda tx: tx.links.park(parked.id, "refused", {}))
    later = await store.read(lambda tx: tx.now()) + MINUTE

    def unverified(before, limit=10):
        rows = lambda tx: tx.links.unverified(never.system, before=before, limit=limit)  # noqa: E731
        return store.read(lambda tx: [link.id for link in rows(tx)])

    assert await unverified(later) == [never.id, older.id, newer.id]
    assert await unverified(later, limit=2) == [never.id, older.id]
    assert await unverified(newer.verified_at) == [never.id, older.id]


async def test_what_was_compared_is_counted_by_system(store):
    await in_sync(store, drift=None)
    await in_sync(store, drift="D1")
    store.clock_offset = timedelta(hours=1)
    fresh = await in_sync(store)
    bad = await in_sync(store, drift="D4")
    await in_sync(store, system="typpi-1")
    await store.write(lambda tx: tx.links.look(bad.id))
    ura = next(
        c
        for c in await store.read(lambda tx: tx.links.checked(fresh.verified_at))
        if c.system == fresh.system
    )
    assert (ura.in_sync, ura.fresh, ura.never) == (3, 1, 1)
    assert ura.oldest < fresh.verified_at
    assert ura.drift == {"D0": 1, "D1": 1, "D2": 0, "D3": 0, "D4": 1}
    assert len(await store.read(lambda tx: tx.links.checked(fresh.verified_at))) == 2


async def test_what_both_sides_agree_on_is_kept_under_the_lease_only(store):
    link = await in_sync(store)
    await store.write(lambda tx: tx.links.look(link.id))
    (leased,) = await store.write(claim)
    ours, theirs = {"goals[g-1].status": "active"}, {"goals[g-1].status": "aktiv"}

    def agree(epoch):
        return lambda tx: tx.links.agree(link.id, epoch, base_hub=ours, base_remote=theirs)

    assert not await store.write(lambda tx: tx.links.move(link.id, base_hub={}, base_remote={}))
    assert not await store.write(agree(leased.lease_epoch - 1))
    assert await store.write(agree(leased.lease_epoch))
    kept = await store.read(lambda tx: tx.links.get(link.id))
    assert (kept.base_hub, kept.base_remote) == (ours, theirs)
