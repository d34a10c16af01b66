"""Every link is compared in time, at a pace the partner bears; the figures say how far that has come."""

from datetime import timedelta

import pytest

from tyokyky_bridge.adapterkit.contract import Changes
from tyokyky_bridge.adapterkit.manifest import Limits
from tyokyky_bridge.domain.parties import Purpose
from tyokyky_bridge.services.callers import Caller, NotForRole, Role
from tyokyky_bridge.services.intake import poll
from tyokyky_bridge.services.reconciling import Trickle, coverage, read_coverage, sweep
from tyokyky_bridge.services.records import Ack, GateRow, Remote
from worlds.parties import HEALTH
from worlds.rows import LEASE, a_link, claim
from worlds.telling import a_telling_hub

pytestmark = pytest.mark.anyio

DAY = timedelta(hours=24)
EVERY = timedelta(hours=20)


@pytest.fixture
def bridge(store):
    return a_telling_hub(store)


async def links(store, count, *, system="ura", drift="D0"):
    """Links in sync that were just compared."""
    for _ in range(count):
        await store.write(lambda tx: a_link(tx, system=system))
    return await compare(store, system=system, drift=drift)


async def compare(store, *, system="ura", drift="D0"):
    """Do what the engine does with all that is due: look, and find what *drift* says."""

    def finish(tx):
        done = claim(tx, system=system, limit=1000)
        for link in done:
            ack = Ack(link.desired_gen, "present", {}, drift=drift, base_hub={}, base_remote={})
            assert tx.links.finish(link.id, link.lease_epoch, ack, remote=Remote("p-1", "r-1", "3"))
        return [link.id for link in done]

    return await store.write(finish)


def figures(bridge, system="ura"):
    def read(tx):
        return next(c for c in coverage(tx, bridge, tx.now()) if c.system == system)

    return bridge.store.read(read)


async def test_coverage_counts_what_was_compared_within_a_day(store, bridge):
    await links(store, 2)
    store.clock_offset += DAY + timedelta(minutes=1)
    await links(store, 1)
    now = await figures(bridge)
    assert (now.in_sync, now.fresh, now.share) == (3, 1, pytest.approx(1 / 3))
    assert now.drift["D0"] == 3


async def test_a_system_without_links_has_no_share_and_no_alarm(bridge):
    empty = await figures(bridge, "lifecare")
    assert (empty.in_sync, empty.share, empty.forbidden, empty.oldest) == (0, None, 0, None)


async def test_forbidden_data_present_comes_first(store, bridge):
    await links(store, 1, system="lifecare")
    await links(store, 1, system="ura", drift="D4")
    first, second = await store.read(lambda tx: coverage(tx, bridge, tx.now()))
    assert (first.system, first.forbidden) == ("ura", 1)
    assert (second.system, second.forbidden) == ("lifecare", 0)


async def test_the_figures_are_for_operations_and_oversight(bridge):
    def of(role):
        return Caller(HEALTH, role, "x", Purpose.WORK_ABILITY_SUPPORT)

    for role in (Role.OPERATIONS, Role.OVERSIGHT):
        assert len((await read_coverage(bridge, of(role)))[1]) == 2
    for role in (Role.PROFESSIONAL, Role.SYSTEM):
        with pytest.raises(NotForRole):
            await read_coverage(bridge, of(role))


async def test_a_sweep_asks_for_every_link_in_sync_once(store, bridge):
    await links(store, 3)
    await links(store, 1, system="lifecare")
    store.clock_offset += timedelta(seconds=1)
    assert await sweep(bridge, "ura") == 3
    assert {c.system: c.due for c in await store.read(lambda tx: tx.links.counts())} == {
        "lifecare": 0,
        "ura": 3,
    }
    (first, *_) = await store.write(lambda tx: claim(tx, system="ura"))
    assert first.asked == {"verify"}
    assert await sweep(bridge) == 1
    assert await sweep(bridge) == 0


async def test_a_sweep_leaves_alone_what_is_compared_while_it_runs(store, bridge, monkeypatch):
    """Else a fast engine and a sweep would keep each other busy for ever."""
    monkeypatch.setattr("tyokyky_bridge.services.reconciling.PAGE", 1)
    await links(store, 3)
    store.clock_offset += timedelta(seconds=1)
    write = store.write

    async def and_compare(fn):
        value = await write(fn)
        store.clock_offset += timedelta(seconds=1)
        monkeypatch.setattr(store, "write", write)
        await compare(store)
        monkeypatch.setattr(store, "write", and_compare)
        return value

    monkeypatch.setattr(store, "write", and_compare)
    assert await sweep(bridge, "ura") == 3


def trickle(bridge, system="ura"):
    return Trickle(bridge.partners[system], every=EVERY)


async def ask(store, tr, limit=10):
    return await store.write(lambda tx: tr.ask(tx, limit=limit))


async def test_the_trickle_asks_for_what_was_compared_longest_ago_and_no_more_than_allowed(store, bridge):
    old = await links(store, 3)
    store.clock_offset += EVERY + timedelta(minutes=1)
    await links(store, 2)
    tr = trickle(bridge)
    assert await store.read(tr.waits)
    assert await ask(store, tr, limit=2) == 2
    assert await ask(store, tr) == 1
    assert sorted(await compare(store)) == sorted(old)
    assert not await store.read(tr.waits)
    assert await ask(store, tr) == 0


async def test_every_link_is_compared_within_a_day_where_the_rate_allows(store, bridge):
    await links(store, 5)
    tr = trickle(bridge)
    for _ in range(20):
        store.clock_offset += timedelta(hours=3)
        await ask(store, tr)
        await compare(store)
        assert (await figures(bridge)).share == 1


async def test_the_trickle_keeps_to_a_small_part_of_the_rate(store, bridge):
    tr = trickle(bridge)
    declared = bridge.partners["ura"].manifest.model_copy(update={"limits": Limits(requests_per_min=600)})
    bounded = Trickle(
        type(bridge.partners["ura"])(
            bridge.partners["ura"].system,
            declared,
            bridge.partners["ura"].lens,
            bridge.partners["ura"].adapter,
        ),
        every=EVERY,
    )
    assert await store.read(bounded.room) == 6.0
    assert await store.read(tr.room) == 12.0
    await store.write(lambda tx: tx.gates.save(GateRow("ura", rate_per_min=100.0)))
    assert await store.read(tr.room) == 1.0
    asked = 0
    for _ in range(12 * 60):  # an hour in steps of five seconds
        now = tr.allowed(1.0, 5)
        asked += now
        tr.spent(now)
    assert 58 <= asked <= 60


async def test_what_was_not_needed_is_not_saved_up(bridge):
    tr = trickle(bridge)
    for _ in range(1000):
        tr.allowed(12.0, 60)
    assert tr.allowed(12.0, 5) == 12


async def test_nothing_is_compared_while_the_system_is_shut(store, bridge):
    now = await store.read(lambda tx: tx.now())
    tr = trickle(bridge)
    for gate in (
        GateRow("ura", "open", now, 1, now + timedelta(minutes=1)),
        GateRow("ura", paused_until=now + timedelta(minutes=1)),
    ):
        await store.write(lambda tx, g=gate: tx.gates.save(g))
        assert tr.allowed(await store.read(tr.room), 3600) == 0


async def test_after_hints_were_lost_every_link_is_compared_anew_and_faster(store, bridge):
    await links(store, 4)
    tr = trickle(bridge)
    usual = await store.read(tr.room)
    store.clock_offset += timedelta(minutes=5)
    assert not await store.read(tr.waits)
    partner = bridge.partners["ura"]
    partner.adapter.pages.append(Changes((), "99", lost=True))
    assert (await poll(bridge, partner, worker="w-1", lease=LEASE)).lost
    assert await store.read(tr.room) > 10 * usual
    assert await ask(store, tr, limit=3) == 3
    await compare(store)
    store.clock_offset += timedelta(seconds=1)
    assert await ask(store, tr) == 1
    await compare(store)
    assert await ask(store, tr) == 0
    store.clock_offset += timedelta(minutes=2)
    # Those looks may have begun before the loss was noticed.
    assert await ask(store, tr) == 4
    await compare(store)
    assert await ask(store, tr) == 0
    assert await store.read(tr.room) == usual
