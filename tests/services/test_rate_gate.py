"""All workers together keep to one rate with a partner: what waits has not failed, what is taken back goes first."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tyokyky_bridge.adapterkit import meter
from tyokyky_bridge.adapterkit.contract import Changes, SystemConfig
from tyokyky_bridge.adapterkit.errors import TryLater
from tyokyky_bridge.adapterkit.manifest import Limits, Manifest
from tyokyky_bridge.bootstrap import _as_configured
from tyokyky_bridge.services import intake, rate_gate
from tyokyky_bridge.services.delivery import Engine, deliver
from tyokyky_bridge.services.outcomes import Ended
from tyokyky_bridge.services.records import Ack, GateRow
from tyokyky_bridge.services.standing import standings
from tyokyky_bridge.storage.repositories.gates import GateTable
from tyokyky_bridge.worker import Pace, _claim, run
from worlds.paper import Office, Paper
from worlds.rows import a_plan

pytestmark = [pytest.mark.anyio, pytest.mark.both_engines]
SYSTEM = "paper-1"
RATED = Limits(requests_per_min=60)
"""A burst of 15, of which 5 are reserved, and 39 in each minute: two attempts at once, a third for what is urgent."""
MINUTE = timedelta(minutes=1)


async def an_office(store, *, links=0, limits=RATED):
    office = Office(store, Paper("blank"))
    for system, partner in office.bridge.partners.items():
        manifest = partner.manifest.model_copy(update={"limits": limits})
        office.bridge.partners[system] = replace(partner, manifest=manifest)
    for _ in range(links):
        await store.write(wanted)
    return office


def wanted(tx, *, overtake=False):
    plan = a_plan(tx)
    return tx.links.want(
        plan_id=plan.id, client_id=plan.client_id, system=SYSTEM, kind="present", overtake=overtake
    )


async def claimed(office, free=8, worker="w-1"):
    engine = Engine(office.bridge, worker)
    return await _claim(engine, office.bridge.partners[SYSTEM], Pace(), free)


async def gate(office):
    return await office.store.read(lambda tx: tx.gates.get(SYSTEM))


async def test_two_workers_share_one_burst_and_what_waits_keeps_its_attempts(store):
    office = await an_office(store, links=10)
    one, other = await claimed(office, worker="w-1"), await claimed(office, worker="w-2")
    assert (len(one), len(other)) == (2, 0)
    left = [link for link in await links(office) if link.lease_by is None]
    assert len(left) == 8
    assert {(link.state, link.attempts, link.last_error, link.first_failed_at) for link in left} == {
        ("due", 0, None, None)
    }
    store.clock_offset += timedelta(seconds=13)  # 8 requests earned at 39 in a minute
    assert len(await claimed(office, worker="w-2")) == 2


async def links(office):
    def read(tx):
        return [link for plan in tx.plans.page(limit=100) for link in tx.links.of_plan(plan.id)]

    return await office.store.read(read)


async def test_what_has_to_be_taken_back_finds_room_that_ordinary_sends_leave(store):
    office = await an_office(store, links=10)
    assert len(await claimed(office)) == 2
    taken_back = await store.write(lambda tx: wanted(tx, overtake=True))
    assert [link.id for link in await claimed(office)] == [taken_back.id]
    await store.write(lambda tx: wanted(tx, overtake=True))
    assert await claimed(office) == ()


async def test_a_partner_without_a_rate_is_not_slowed_and_costs_no_statement(store):
    office = await an_office(store, links=20, limits=Limits(slots=20))
    rated = await an_office(store)
    assert len(await counted(store, claimed(office, free=20), saves=0)) == 20
    assert (await gate(office)).tat is None
    await store.write(wanted)
    assert len(await counted(store, claimed(rated), saves=1)) == 1


async def counted(store, work, *, saves):
    """Do *work*, which stores a gate so many times."""
    stored, save = [], GateTable.save

    def noted(self, *given, **named):
        stored.append(given)
        save(self, *given, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GateTable, "save", noted)
        done = await work
    assert len(stored) == saves
    return done


@pytest.mark.parametrize(("sent", "more"), [(1, 1), (4, 0), (40, 0)])
async def test_the_end_of_an_attempt_settles_what_it_really_sent(store, sent, more):
    office = await an_office(store, links=10)
    first, _second = await claimed(office)
    before = (await gate(office)).tat

    async def look(_):
        for _ in range(sent):
            meter.count_request()

    office.paper.then("find", look)
    await nothing_to_say(office, first, sent)
    after = (await gate(office)).tat
    assert (after - before).total_seconds() == pytest.approx((sent - 4) / 39 * 60, abs=0.01)
    store.clock_offset += timedelta(seconds=2)
    assert len(await claimed(office)) == more


async def nothing_to_say(office, link, sent):
    """End an attempt on a bare link as a partner that answered would have it."""
    ended = Ended(Ack(1, "present", {}), "ok")
    partner = office.bridge.partners[SYSTEM]

    def finish(tx):
        ended.tell_gate(tx, partner, link, sent)
        return tx.links.finish(link.id, link.lease_epoch, ended.result)

    assert await office.store.write(finish)


async def test_requests_are_counted_by_the_attempt_that_sends_them(store):
    office = await an_office(store)
    await office.open()
    await office.consent("health.conclusion")

    def ask(_):
        meter.count_request()
        meter.count_request()

    office.paper.then("find", ask)
    office.paper.then("write", ask)
    (link,) = await claimed(office)
    held = (await gate(office)).tat
    office.paper.then("fetch", ask)
    await deliver(office.engine, office.bridge.partners[SYSTEM], link)
    assert (await office.link()).state == "in_sync"
    assert ((await gate(office)).tat - held).total_seconds() == pytest.approx((6 - 4) / 39 * 60, abs=0.01)


@pytest.mark.parametrize("after", [None, timedelta(seconds=20)], ids=["without a time", "with Retry-After"])
@pytest.mark.parametrize("declared", [None, 60])
async def test_a_429_halves_the_rate_once_and_looks_like_no_failure(store, declared, after):
    office = await an_office(store, limits=Limits(requests_per_min=declared))
    await office.open()
    await office.consent("health.conclusion")
    for _ in range(7):
        office.paper.then("find", TryLater("http-429", after=after, throttled=True))
    (link,) = await claimed(office)
    await deliver(office.engine, office.bridge.partners[SYSTEM], link)
    slowed = await gate(office)
    assert slowed.rate_per_min == (declared or rate_gate.UNDECLARED_PER_MIN) / 2
    assert (slowed.breaker, slowed.window) == ("closed", {})
    assert (slowed.paused_until is None) == (after is None)
    link = await office.link()
    assert (link.state, link.attempts, link.first_failed_at) == ("due", 0, None)
    store.clock_offset += timedelta(seconds=0.01)
    assert await claimed(office) == ()  # nothing is left to be sent at once
    store.clock_offset += timedelta(minutes=3)
    (link,) = await claimed(office)
    stale = replace(link, leased_at=slowed.rate_set_at)
    limits = office.bridge.partners[SYSTEM].manifest.limits
    assert (
        rate_gate.slowed(await gate(office), limits, stale.leased_at, link.leased_at).rate_per_min
        == slowed.rate_per_min
    )
    await deliver(office.engine, office.bridge.partners[SYSTEM], link)
    assert (await gate(office)).rate_per_min == slowed.rate_per_min / 2


def test_successes_give_the_rate_back_by_steps_up_to_the_declared_one():
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    row = rate_gate.slowed(GateRow(SYSTEM), RATED, None, now)
    rates = []
    for second in range(0, 601, 20):
        row = rate_gate.restored(row, RATED, now + timedelta(seconds=second))
        rates.append(row.rate_per_min)
    steps = [rate for n, rate in enumerate(rates) if n == 0 or rate != rates[n - 1]]
    assert steps == [30, 36, 42, 48, 54, None]
    assert rates[:3] == [30, 30, 30]
    assert rate_gate.kept_rate(row, RATED) == 60


def test_the_rate_never_falls_so_low_that_nothing_goes_any_more():
    row = GateRow(SYSTEM)
    for minute in range(30):
        row = rate_gate.slowed(row, RATED, None, datetime(2026, 3, 2, 9, minute, tzinfo=UTC))
    assert row.rate_per_min == rate_gate.LEAST_PER_MIN
    assert row.ordinary_from - row.rate_set_at < timedelta(minutes=2)


async def test_reading_the_change_log_is_charged_and_a_429_to_it_slows_the_sends(store):
    office = await an_office(store, links=3)
    partner = office.bridge.partners[SYSTEM]

    async def changes(_cursor):
        for _ in range(6):
            meter.count_request()
        return Changes((), "1")

    partner.adapter.changes = changes
    await intake.poll(office.bridge, partner, worker="w-1", lease=MINUTE)
    assert len(await claimed(office)) == 1  # nine left of fifteen

    async def too_many(_cursor):
        raise TryLater("http-429", after=timedelta(seconds=20), throttled=True)

    partner.adapter.changes = too_many
    with pytest.raises(TryLater):
        await intake.poll(office.bridge, partner, worker="w-1", lease=MINUTE)
    row = await gate(office)
    assert row.rate_per_min == 30
    assert row.paused_until is not None
    assert 6 < rate_gate.listening_every_s(RATED) < 7
    assert rate_gate.listening_every_s(Limits()) == 0


async def test_a_worker_wakes_when_the_rate_allows_and_does_not_spin_until_then(store):
    office = await an_office(store, links=12, limits=Limits(requests_per_min=600, requests_per_attempt=40))
    begun, stop = [], asyncio.Event()

    async def hold_on(_engine, _partner, link):
        begun.append(link.id)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tyokyky_bridge.worker.deliver", hold_on)
        tries = asyncio.create_task(claims_within(store, 6.0))
        working = asyncio.create_task(run(office.bridge, office.engine, Pace(poll_s=0.05), stop))
        await asyncio.sleep(5.0)
        stop.set()
        await working
    # 100 at once are two attempts of 40; then one more each 6.2 s, the first when 20 have been earned.
    assert len(begun) == 3
    assert await tries <= 15


async def claims_within(store, seconds):
    """How often a gate was locked for a claim."""
    locked, get = [], GateTable.get

    def noted(self, system, *, lock=None):
        if lock is not None:
            locked.append(system)
        return get(self, system, lock=lock)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GateTable, "get", noted)
        await asyncio.sleep(seconds)
    return len(locked)


async def test_operations_see_the_rate_that_is_kept(store):
    office = await an_office(store)

    async def shown():
        (line,) = await store.read(lambda tx: standings(tx, office.bridge))
        return line.state, line.rate_per_min, line.slowed

    assert await shown() == ("open", 60, False)
    await store.write(lambda tx: tx.gates.save(GateRow(SYSTEM, rate_per_min=30.0)))
    assert await shown() == ("open", 30, True)


@pytest.mark.parametrize(("agreed", "kept"), [(None, 60), ("120", 120), ("0", None)])
def test_what_was_agreed_for_an_installation_comes_before_the_manifest(agreed, kept):
    declared = Manifest(system="x", title="X", contract=1, mapping="-", retract="void", limits=RATED)
    options = {} if agreed is None else {"requests_per_min": agreed}
    configured = _as_configured(declared, SystemConfig("x-1", "http://x", options))
    assert configured.limits == RATED.model_copy(update={"requests_per_min": kept})
    assert rate_gate.kept_rate(GateRow("x-1"), configured.limits) == kept


@pytest.mark.parametrize("agreed", ["-1", "many", "1.5", ""])
def test_a_rate_that_is_no_number_stops_the_start_and_names_the_system(agreed):
    declared = Manifest(system="x", title="X", contract=1, mapping="-", retract="void")
    with pytest.raises(ValueError, match="x-1: requests_per_min"):
        _as_configured(declared, SystemConfig("x-1", "http://x", {"requests_per_min": agreed}))
