"""A plan's head moves from revision to revision; a revision never changes."""

import asyncio

import pytest

from tyokyky_bridge.services.ports import ConstraintBroken, RowMissing, StaleRevision
from worlds.rows import a_plan, revise

pytestmark = pytest.mark.anyio

LEAVES = {
    "header.status": "active",
    "goals[g-1].text_client": "Pärjätä kotona – Đặng, łódź 🙂",
    "scores[s-1].value": 4,
    "scores[s-2].value": 18.5,
    "header.typ_customership.active": True,
}


async def test_a_plan_begins_with_revision_one(store):
    plan = await store.write(lambda tx: a_plan(tx, leaves=LEAVES))
    latest = await store.read(lambda tx: tx.plans.latest(plan.id))
    assert (plan.version, latest.version, latest.cause) == (1, 1, "api")
    assert latest.leaves == LEAVES
    assert latest.origins == {"header.status": {"party": "lrha-health"}}
    assert [type(value) for _, value in sorted(latest.leaves.items())] == [
        type(value) for _, value in sorted(LEAVES.items())
    ]


async def test_a_revision_follows_the_one_it_was_based_on(store):
    plan = await store.write(a_plan)
    assert await store.write(lambda tx: revise(tx, plan, expected=1, leaves={"a": "2"})) == 2
    assert await store.write(lambda tx: revise(tx, plan, expected=2, leaves={"a": "3"})) == 3
    head, latest, second, history = await store.read(
        lambda tx: (
            tx.plans.get(plan.id),
            tx.plans.latest(plan.id),
            tx.plans.revision(plan.id, 2),
            tx.plans.history(plan.id),
        )
    )
    assert head.version == latest.version == 3
    assert (latest.leaves, second.leaves) == ({"a": "3"}, {"a": "2"})
    assert [(row.version, row.actor) for row in history] == [(n, "lrha-health") for n in (1, 2, 3)]
    assert head.updated_at == latest.at >= plan.updated_at


async def test_a_stale_revision_is_refused_and_leaves_nothing(store):
    plan = await store.write(a_plan)
    await store.write(lambda tx: revise(tx, plan, expected=1, leaves={}))
    with pytest.raises(StaleRevision) as caught:
        await store.write(lambda tx: revise(tx, plan, expected=1, leaves={}))
    assert (caught.value.expected, caught.value.current) == (1, 2)
    assert len(await store.read(lambda tx: tx.plans.history(plan.id))) == 2


async def test_of_many_who_revise_at_once_one_wins(store):
    plan = await store.write(a_plan)
    answers = await asyncio.gather(
        *(store.write(lambda tx, n=n: revise(tx, plan, expected=1, leaves={"n": n})) for n in range(8)),
        return_exceptions=True,
    )
    assert answers.count(2) == 1
    assert sum(isinstance(answer, StaleRevision) for answer in answers) == 7


async def test_an_unknown_plan_is_missing(store):
    plan = await store.write(a_plan)
    nobody = await store.write(lambda tx: tx.new_id())
    assert await store.read(lambda tx: tx.plans.get(nobody)) is None
    assert await store.read(lambda tx: tx.plans.latest(nobody)) is None
    assert await store.write(lambda tx: tx.plans.latest(nobody, lock="update")) is None
    assert await store.read(lambda tx: tx.plans.revision(plan.id, 2)) is None
    with pytest.raises(RowMissing):
        await store.write(
            lambda tx: tx.plans.append(
                nobody, expected=1, status="active", leaves={}, origins={}, cause="api", actor="x"
            )
        )


async def test_a_plan_needs_its_client(store):
    nobody = await store.write(lambda tx: tx.new_id())
    with pytest.raises(ConstraintBroken):
        await store.write(lambda tx: a_plan(tx, client_id=nobody))


async def test_plans_are_listed_by_client_and_by_page(store):
    def three(tx):
        client = tx.clients.create()
        return client, [a_plan(tx, client_id=client.id) for _ in range(2)], a_plan(tx)

    client, own, other = await store.write(three)
    assert set(await store.read(lambda tx: tx.plans.of_client(client.id))) == set(own)
    assert set(await store.write(lambda tx: tx.plans.of_client(client.id, lock="update"))) == set(own)
    first = await store.read(lambda tx: tx.plans.page(limit=2))
    rest = await store.read(lambda tx: tx.plans.page(after=first[-1].id, limit=2))
    assert {*first, *rest} == {*own, other}
    assert len(first) == 2


async def test_the_latest_revision_can_be_locked(store):
    plan = await store.write(lambda tx: a_plan(tx, leaves={"a": "1"}))
    for lock in ("update", "share"):
        latest = await store.write(lambda tx, lock=lock: tx.plans.latest(plan.id, lock=lock))
        assert latest.leaves == {"a": "1"}
