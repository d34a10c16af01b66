"""Before each send there is a decision; after it, one attempt."""

from datetime import timedelta

import pytest

from tyokyky_bridge.services.ports import ConstraintBroken
from tyokyky_bridge.services.records import AttemptOutcome
from worlds.rows import a_consent, a_decision, a_link, bury, claim

pytestmark = pytest.mark.anyio


async def leased(store):
    await store.write(a_link)
    (link,) = await store.write(claim)
    return link


async def test_a_decision_is_read_back_as_it_was_made(store):
    link = await leased(store)
    made = await store.write(lambda tx: a_decision(tx, link))
    assert await store.read(lambda tx: tx.decisions.get(made.id)) == made
    assert await store.read(lambda tx: tx.decisions.latest(link.plan_id, link.system)) == made
    assert await store.read(lambda tx: tx.decisions.latest(link.plan_id, "ura-1")) is None


async def test_decisions_of_a_link_come_newest_first(store):
    link = await leased(store)
    first = await store.write(lambda tx: a_decision(tx, link))
    store.clock_offset = timedelta(seconds=1)
    second = await store.write(lambda tx: a_decision(tx, link, body="01" * 32))
    assert await store.read(lambda tx: tx.decisions.of_link(link.id)) == (second, first)
    assert await store.read(lambda tx: tx.decisions.of_link(link.id, limit=1)) == (second,)
    assert await store.read(lambda tx: tx.decisions.latest(link.plan_id, link.system)) == second
    assert await store.read(lambda tx: tx.decisions.with_body(link.id, "ab" * 32)) == first
    assert await store.read(lambda tx: tx.decisions.with_body(link.id, "02" * 32)) is None


async def test_a_body_and_its_key_come_together(store):
    link = await leased(store)

    def nameless(tx):
        from dataclasses import replace

        tx.decisions.add(replace(a_decision(tx, link), id=tx.new_id(), body_sha256=None))

    with pytest.raises(ConstraintBroken) as caught:
        await store.write(nameless)
    assert caught.value.constraint == "ck_decision_body_and_key"


@pytest.mark.parametrize("outcome", AttemptOutcome.__args__)
async def test_every_outcome_can_be_recorded_once(store, outcome):
    link = await leased(store)
    made = await store.write(lambda tx: a_decision(tx, link))
    assert await store.read(lambda tx: tx.decisions.attempt(made.id)) is None

    def record(tx):
        return tx.decisions.record_attempt(made.id, outcome, native_code="E17", ms=12, started_at=made.at)

    recorded = await store.write(record)
    assert await store.read(lambda tx: tx.decisions.attempt(made.id)) == recorded
    with pytest.raises(ConstraintBroken):
        await store.write(record)


async def test_the_barrier_sees_sends_that_may_still_start_and_no_others(store):
    link = await leased(store)
    old = await store.write(lambda tx: a_decision(tx, link, epoch=1))
    done = await store.write(lambda tx: a_decision(tx, link, epoch=1))
    await store.write(lambda tx: a_decision(tx, link, epoch=2))
    await store.write(lambda tx: a_decision(tx, link, epoch=1, kind="read"))
    await store.write(lambda tx: tx.decisions.record_attempt(done.id, "ok", ms=1, started_at=done.at))

    async def open_now():
        return await store.read(lambda tx: tx.decisions.open_before(link.client_id, 2))

    assert await open_now() == (old,)
    store.clock_offset = timedelta(seconds=3)
    assert await open_now() == ()


async def test_a_lost_lease_does_not_hide_an_open_decision(store):
    link = await leased(store)
    old = await store.write(lambda tx: a_decision(tx, link, epoch=1))
    await store.write(lambda tx: bury(tx, "w-1"))
    assert await store.read(lambda tx: tx.decisions.open_before(link.client_id, 2)) == (old,)


async def test_cancelled_items_name_the_withdrawn_consent(store):
    link = await store.write(a_link)
    consent = await store.write(lambda tx: a_consent(tx, link.client_id))
    await store.write(lambda tx: tx.decisions.cancel(link.id, {"b.two", "a.one"}, consent_id=consent))
    await store.write(lambda tx: tx.decisions.cancel(link.id, (), consent_id=consent))
    cancelled = await store.read(lambda tx: tx.decisions.cancelled(link.id))
    assert [(row.path, row.consent_id) for row in cancelled] == [("a.one", consent), ("b.two", consent)]
    assert {row.state for row in cancelled} == {"cancelled_by_withdrawal"}
