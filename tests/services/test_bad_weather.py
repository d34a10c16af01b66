"""A partner, a record or a database that fails costs its own links time, and nobody anything else."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from time import monotonic

import pytest

from tyokyky_bridge.adapterkit.errors import (
    AmbiguousIdentity,
    LicenceExpired,
    Refusal,
    Refused,
    TryLater,
)
from tyokyky_bridge.adapterkit.manifest import Limits
from tyokyky_bridge.domain.parties import Directory
from tyokyky_bridge.services.delivery import deliver
from tyokyky_bridge.services.outcomes import HELD_ATTEMPTS, result_of
from tyokyky_bridge.services.ports import StoreError, StoreUnavailable
from tyokyky_bridge.worker import Pace, _claim, sweep, sweep_in_time
from worlds.paper import CONCLUSION, LIMITATION, Office, Paper
from worlds.rows import a_plan

pytestmark = pytest.mark.anyio

LEASE = timedelta(seconds=31)


async def an_office(store, *papers, **leaves):
    office = Office(store, *(papers or (Paper("blank"),)))
    await office.open(**leaves)
    await office.consent("health.conclusion", "health.functioning")
    return office


def with_deadline(office, seconds):
    partner = office.bridge.partners["paper-1"]
    manifest = partner.manifest.model_copy(update={"limits": Limits(deadline_s=seconds)})
    office.bridge.partners["paper-1"] = replace(partner, manifest=manifest)


async def gate(office, system="paper-1"):
    return await office.store.read(lambda tx: tx.gates.get(system))


class Failing:
    """A store of which the n-th write fails, before or after its work."""

    def __init__(self, store, number, error, *, after=False):
        self._store, self._number, self._error, self._after = store, number, error, after

    async def write(self, fn):
        self._number -= 1
        if self._number or self._after:
            value = await self._store.write(fn)
            if self._number:
                return value
        raise self._error

    def __getattr__(self, name):
        return getattr(self._store, name)


@pytest.mark.parametrize("error", [StoreUnavailable("08006"), StoreError("database error 55P03")])
@pytest.mark.parametrize("after", [False, True], ids=["lost", "answer lost"])
@pytest.mark.parametrize("number", [1, 2], ids=["deciding", "recording"])
async def test_a_database_that_fails_for_a_moment_parks_nothing_and_sends_nothing_twice(
    store, number, after, error
):
    office = await an_office(store)
    (link,) = await office.claim()
    failing = replace(office.bridge, store=Failing(store, number, error, after=after))
    await deliver(replace(office.engine, bridge=failing), office.bridge.partners["paper-1"], link)
    store.clock_offset += LEASE
    await office.settle()
    assert (await office.link()).state == "in_sync"
    assert office.paper.writes == ["wrote v1"]


async def test_what_stopped_an_old_generation_does_not_park_the_newer_one(store):
    office = await an_office(store, **{LIMITATION: "Ei nostoja."})

    async def helmi_corrects_it(_):
        await office.change({LIMITATION: None})
        raise Refused((Refusal("422", "rajoite"),))

    office.paper.then("write", helmi_corrects_it)
    await office.settle()
    link = await office.link()
    assert (link.state, office.paper.holds()) == (
        "in_sync",
        {"terveys": {"johtopaatos": "Osa-aikatyö mahdollinen."}},
    )


async def test_a_withdrawal_while_an_attempt_fails_for_good_is_not_forgotten(store):
    office = Office(store, Paper("blank"))
    await office.open()
    form = await office.consent("health.conclusion")
    await office.settle()
    await office.change({CONCLUSION: "Kokoaikatyö mahdollinen."})

    async def withdrawn(_):
        await office.withdraw(form)
        raise RuntimeError

    office.paper.then("fetch", withdrawn)
    await office.settle()
    assert office.paper.holds() == {"terveys": {}}


async def test_a_licence_that_keeps_running_out_is_not_tried_in_a_tight_loop(store):
    office = await an_office(store)
    office.paper.then("write", *[LicenceExpired()] * 50)
    began, tried = monotonic(), 0
    while monotonic() - began < 1.0:
        tried += await office.attempt()
        await asyncio.sleep(0.01)
    assert 1 <= tried <= 12
    assert (await office.link()).attempts == tried


async def test_where_the_hub_itself_was_too_slow_it_tries_again_soon(store):
    office = await an_office(store)
    often_tried = replace(await office.link(), attempts=12)
    waits = [result_of(LicenceExpired(), often_tried).result.after for _ in range(50)]
    assert max(waits) <= timedelta(seconds=2)
    assert max(result_of(TryLater("down"), often_tried).result.after for _ in range(50)) > timedelta(
        minutes=1
    )


async def test_a_partner_that_never_answers_opens_its_breaker(store):
    office = await an_office(store)
    with_deadline(office, 0.2)
    office.paper.then("find", *[lambda _: asyncio.sleep(5)] * 5)
    for _ in range(5):
        assert await office.attempt()
        store.clock_offset += timedelta(minutes=6)
    assert (await gate(office)).breaker == "open"


async def test_a_link_that_needs_no_partner_says_nothing_of_its_health(store):
    office = Office(store, Paper("blank"))
    await office.open()
    form = await office.consent("health.conclusion")
    office.paper.then("find", *[TryLater("away")] * 4)
    for _ in range(4):
        assert await office.attempt()
        store.clock_offset += timedelta(minutes=6)
    await office.withdraw(form)
    await office.settle()
    assert (await office.link()).state == "in_sync"
    assert (await gate(office)).window == {"failures": 4}


async def test_a_half_open_breaker_lets_one_through_and_waits_for_it(store):
    office = await an_office(store)
    await store.write(
        lambda tx: tx.gates.save(
            replace(tx.gates.get("paper-1"), breaker="open", opened_at=tx.now(), open_count=1)
        )
    )
    partner, pace = office.bridge.partners["paper-1"], Pace()
    await store.write(lambda tx: tx.links.want(**wanted(tx, a_plan(tx))))
    claimed = [await _claim(office.engine, partner, pace, 8) for _ in range(3)]
    assert [len(links) for links in claimed] == [1, 0, 0]
    await deliver(office.engine, partner, claimed[0][0])
    after = await gate(office)
    assert (after.breaker, after.paused_until) == ("closed", None)
    assert len(await _claim(office.engine, partner, pace, 8)) == 1


def wanted(tx, plan):
    return {"plan_id": plan.id, "client_id": plan.client_id, "system": "paper-1", "kind": "present"}


@pytest.mark.parametrize("after", [None, timedelta(minutes=2)])
async def test_a_record_that_somebody_has_open_holds_up_no_other(store, after):
    office = await an_office(store)
    office.paper.then("write", *[TryLater("locked", after=after, record_only=True)] * 6)
    for _ in range(6):
        assert await office.attempt()
        assert (await gate(office)).paused_until is None
        store.clock_offset += timedelta(minutes=6)
    assert (await gate(office)).breaker == "closed"
    await office.settle()
    assert office.paper.holds()


async def test_a_record_that_stays_open_for_long_waits_for_a_person_and_for_whoever_has_it_open(store):
    office = await an_office(store)
    office.paper.then("write", *[TryLater("locked", record_only=True)] * HELD_ATTEMPTS)
    for _ in range(HELD_ATTEMPTS - 1):
        assert await office.attempt()
        assert (await office.link()).parked_reason is None
        store.clock_offset += timedelta(minutes=6)
    await office.attempt()
    link = await office.link()
    assert (link.state, link.parked_reason) == ("parked", "held_open")
    assert link.parked_detail == {"code": "locked", "attempts": HELD_ATTEMPTS}
    await store.write(lambda tx: tx.links.look(link.id))  # they have saved it
    await office.settle()
    assert office.paper.holds()


async def test_a_plan_that_cannot_be_read_does_not_stop_the_sweep(store):
    await store.write(lambda tx: a_plan(tx, leaves={"no.such": "field"}))
    office = Office(store, Paper("blank"))
    await office.open()
    await office.consent("health.conclusion", valid_until=_in_two_days())
    await office.settle()
    await store.write(lambda tx: a_plan(tx, leaves={"no.such": "field"}))
    store.clock_offset += timedelta(days=4)
    assert (await sweep(office.bridge)).marked == 1
    await office.settle()
    assert office.paper.holds() == {"terveys": {}}


def _in_two_days():
    return (datetime.now(UTC) + timedelta(days=2)).date()


async def test_a_form_that_counts_from_a_later_hour_is_followed_at_that_hour(store):
    office = Office(store, Paper("blank"))
    await office.open()
    now = await store.read(lambda tx: tx.now())
    noon = datetime.combine(now.date() + timedelta(days=1), time(10), UTC)
    store.clock_offset += noon - now
    await office.consent("health.conclusion", granted_at=noon + timedelta(hours=2))
    swept = await sweep_in_time(office.bridge, None)
    assert (swept.marked, swept.again_at) == (0, noon + timedelta(hours=2))
    assert await sweep_in_time(office.bridge, swept) is swept
    store.clock_offset += timedelta(hours=3)
    again = await sweep_in_time(office.bridge, swept)
    assert again.marked == 1
    store.clock_offset += timedelta(days=1)
    assert await sweep_in_time(office.bridge, again) != again
    await office.settle()
    assert office.paper.holds()


async def test_what_a_partner_refused_is_not_offered_again_because_a_day_went_by(store):
    office = await an_office(store)
    office.paper.then("write", *[Refused((Refusal("422"),))] * 9)
    await office.settle()
    asked = len(office.paper.journal)
    store.clock_offset += timedelta(days=1)
    await sweep(office.bridge)
    await office.settle()
    assert (len(office.paper.journal), (await office.link()).parked_reason) == (asked, "refused")


@pytest.mark.parametrize("reason", [Refused((Refusal("422"),)), AmbiguousIdentity(2), RuntimeError()])
async def test_what_runs_out_while_a_link_is_parked_is_taken_back(store, reason):
    office = Office(store, Paper("blank"))
    await office.open()
    await office.consent("health.conclusion", valid_until=_in_two_days())
    await office.settle()
    office.paper.then("fetch", reason)
    await office.change({CONCLUSION: "Kokoaikatyö mahdollinen."})
    await office.settle()
    assert (await office.link()).state == "parked"
    store.clock_offset += timedelta(days=4)
    await sweep(office.bridge)
    await office.settle()
    assert office.paper.holds() == {"terveys": {}}


async def test_nothing_goes_to_a_system_that_is_not_in_force_any_more(store):
    office = await an_office(store)
    rows = [row for group in office.bridge.directory.parties.values() for row in group]
    system = office.bridge.partners["paper-1"].system
    now = await store.read(lambda tx: tx.now())
    gone = replace(system, valid_to=(now - timedelta(days=2)).date())
    bridge = replace(office.bridge, directory=Directory(rows, [gone]))
    (link,) = await office.claim()
    await deliver(replace(office.engine, bridge=bridge), office.bridge.partners["paper-1"], link)
    assert office.paper.journal == []
    assert (await office.link()).parked_reason == "not_in_force"
