"""The smaller tables: audit, gates, notices, idempotency keys, workers."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tyokyky_bridge.services.ports import ConstraintBroken
from tyokyky_bridge.services.records import AuditEntry, GateRow, IdempotencyRow
from worlds.rows import a_consent, a_plan

pytestmark = pytest.mark.anyio


async def test_the_audit_tells_who_did_what_in_order(store):
    plan = await store.write(a_plan)
    entry = AuditEntry(
        event="plan/revised",
        outcome="ok",
        actor_party="lrha-health",
        actor_role="professional",
        actor_sub="HVIRTA",
        client_id=plan.client_id,
        plan_id=plan.id,
        what={"items": ["goals[g-1].text_client"]},
        basis="SAME_REGISTER",
        recipient=None,
        request_id="req-1",
    )
    for n in range(3):
        await store.write(lambda tx, n=n: tx.audit.add(replace(entry, request_id=f"req-{n}")))
    await store.write(lambda tx: tx.audit.add(AuditEntry("hub/started", "ok")))
    rows = await store.read(lambda tx: tx.audit.of_plan(plan.id))
    assert [row.entry.request_id for row in rows] == ["req-0", "req-1", "req-2"]
    assert rows[1].entry == entry
    assert rows == await store.read(lambda tx: tx.audit.of_client(plan.client_id))
    assert await store.read(lambda tx: tx.audit.of_plan(plan.id, after=rows[0].seq, limit=1)) == (rows[1],)


async def test_a_system_without_a_gate_has_an_open_road(store):
    assert await store.read(lambda tx: tx.gates.get("ura-1")) == GateRow("ura-1")
    assert await store.write(lambda tx: tx.gates.get("ura-1", lock="update")) == GateRow("ura-1")


async def test_a_gate_is_stored_as_a_whole(store):
    now = await store.read(lambda tx: tx.now())
    gate = GateRow("ura-1", "open", now, 2, now + timedelta(hours=1), {"failed": [1, 0, 1]}, 30.0, now)
    await store.write(lambda tx: tx.gates.save(gate))
    assert await store.write(lambda tx: tx.gates.get("ura-1", lock="update")) == gate
    shut = replace(gate, breaker="closed", opened_at=None, paused_until=None, tat=None)
    await store.write(lambda tx: tx.gates.save(shut))
    assert await store.read(lambda tx: tx.gates.all()) == (shut,)


async def test_an_open_breaker_knows_since_when(store):
    with pytest.raises(ConstraintBroken):
        await store.write(lambda tx: tx.gates.save(GateRow("ura-1", "open")))


async def test_a_notice_is_given_once(store):
    client = await store.write(lambda tx: tx.clients.create())
    consent = await store.write(lambda tx: a_consent(tx, client.id))

    def tell(tx):
        return tx.notices.add(client_id=client.id, party="kela", kind="withdrawal", consent_id=consent)

    first = await store.write(tell)
    assert await store.write(tell) == first
    assert await store.read(lambda tx: tx.notices.pending("kela")) == (first,)
    assert await store.write(lambda tx: tx.notices.mark_delivered(first.id))
    assert not await store.write(lambda tx: tx.notices.mark_delivered(first.id))
    assert await store.read(lambda tx: tx.notices.pending("kela")) == ()
    assert (await store.read(lambda tx: tx.notices.of_client(client.id)))[0].delivered_at is not None


async def test_the_first_answer_to_a_key_is_the_answer(store):
    now = await store.read(lambda tx: tx.now())
    effects: list[int] = []

    def serve(n):
        def run(tx):
            if kept := tx.idempotency.get("lrha-health", "k"):
                return kept.response
            effects.append(n)
            row = IdempotencyRow("lrha-health", "k", "aa" * 32, 201, {"n": n}, now + timedelta(hours=1))
            tx.idempotency.put(row)
            return row.response

        return run

    answers = await asyncio.gather(*(store.write(serve(n)) for n in range(6)))
    assert all(answer == answers[0] for answer in answers)
    assert await store.read(lambda tx: tx.idempotency.get("kela", "k")) is None
    kept = await store.read(lambda tx: tx.idempotency.get("lrha-health", "k"))
    assert (kept.response, kept.status) == (answers[0], 201)


async def test_an_expired_answer_is_forgotten_and_may_be_replaced(store):
    now = await store.read(lambda tx: tx.now())
    row = IdempotencyRow("lrha-health", "k", "aa" * 32, 201, {"n": 1}, now + timedelta(hours=1))
    await store.write(lambda tx: tx.idempotency.put(row))
    with pytest.raises(ConstraintBroken):
        await store.write(lambda tx: tx.idempotency.put(row))
    store.clock_offset = timedelta(hours=2)
    assert await store.read(lambda tx: tx.idempotency.get("lrha-health", "k")) is None
    later = replace(row, response={"n": 2}, expires_at=now + timedelta(hours=3))
    await store.write(lambda tx: tx.idempotency.put(later))
    assert await store.read(lambda tx: tx.idempotency.get("lrha-health", "k")) == later
    store.clock_offset = timedelta(hours=4)
    assert await store.write(lambda tx: tx.idempotency.prune()) == 1


async def test_a_silent_worker_is_noticed(store):
    await store.write(lambda tx: tx.workers.start("w-1", host="a"))
    await store.write(lambda tx: tx.workers.start("w-2", host="b"))
    store.clock_offset = timedelta(seconds=10)
    assert await store.write(lambda tx: tx.workers.beat("w-2"))
    silent = await store.read(lambda tx: tx.workers.silent(timedelta(seconds=5)))
    assert [row.name for row in silent] == ["w-1"]
    again = await store.write(lambda tx: tx.workers.start("w-1", host="a"))
    assert again.started_at == again.heartbeat_at
    await store.write(lambda tx: tx.workers.stop("w-2"))
    assert not await store.write(lambda tx: tx.workers.beat("w-2"))
    assert await store.read(lambda tx: tx.workers.all()) == (again,)
