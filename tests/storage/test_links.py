"""A link says what a partner's record ought to hold, and lets one worker at a time make it so."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tyokyky_bridge.services.ports import ConstraintBroken
from tyokyky_bridge.services.records import Ack, Intent, Park, Remote, Retry
from worlds.rows import LEASE, a_link, a_plan, bury, claim, want_again

pytestmark = pytest.mark.anyio

INTENT = Intent(key="k1", gen=1, sha="cd" * 32)
ACKED = Ack(gen=1, kind="present", base={"header.status": "active"}, projection_sha="ef" * 32)
THERE = Remote(person="p-1", record="r-1", version="3", created_by_us=True)


def all_links(tx):
    return [link for plan in tx.plans.page(limit=100) for link in tx.links.of_plan(plan.id)]


async def leased(store, **options):
    await store.write(lambda tx: a_link(tx, **options))
    (link,) = await store.write(claim)
    return link


async def test_a_new_link_is_due_at_once(store):
    link = await store.write(a_link)
    assert (link.state, link.desired_gen, link.acked_gen, link.acked_kind) == ("due", 1, 0, None)
    assert link.due_at == link.due_since == link.created_at
    assert await store.read(lambda tx: tx.workers.agenda(("lifecare-lr",))) == {"lifecare-lr": link.due_at}


async def test_many_changes_are_one_link_with_the_newest_generation(store):
    first = await store.write(a_link)
    store.clock_offset = timedelta(seconds=5)
    second = await store.write(lambda tx: want_again(tx, first, kind="absent"))
    assert second.id == first.id
    assert (second.desired_gen, second.desired_kind) == (2, "absent")
    assert (second.due_since, second.due_at) == (first.due_since, first.due_at)


async def test_a_plan_has_one_link_to_each_system(store):
    def two(tx):
        plan = a_plan(tx)
        return plan, a_link(tx, plan=plan, system="ura-1"), a_link(tx, plan=plan, system="typpi-1")

    plan, ura, typpi = await store.write(two)
    assert await store.read(lambda tx: tx.links.of_plan(plan.id)) == (ura, typpi)
    assert await store.read(lambda tx: tx.links.of_plan(plan.id, system="typpi-1")) == (typpi,)
    assert await store.write(lambda tx: tx.links.of_client(plan.client_id, lock="update")) == (ura, typpi)
    assert await store.write(lambda tx: tx.links.get(ura.id, lock="share")) == ura
    assert await store.read(lambda tx: tx.links.get(10**6)) is None


async def test_a_link_belongs_to_the_client_of_its_plan(store):
    def mixed(tx):
        plan, other = a_plan(tx), tx.clients.create()
        tx.links.want(plan_id=plan.id, client_id=other.id, system="ura-1", kind="present")

    with pytest.raises(ConstraintBroken):
        await store.write(mixed)


async def test_claiming_leases_what_is_due_and_counts_the_attempt(store):
    due = await store.write(a_link)
    (link,) = await store.write(claim)
    assert (link.id, link.state, link.lease_by) == (due.id, "leased", "w-1")
    assert (link.lease_epoch, link.attempts) == (1, 1)
    assert link.lease_until == link.due_at == link.leased_at + LEASE
    assert await store.write(claim) == ()
    assert await store.read(lambda tx: tx.workers.agenda(("lifecare-lr",))) == {
        "lifecare-lr": link.lease_until
    }


async def test_only_links_of_the_asked_system_are_claimed_oldest_first_and_no_more_than_asked(store):
    def four(tx):
        return [a_link(tx, system=system) for system in ("ura-1", "typpi-1", "ura-1", "ura-1")]

    made = await store.write(four)
    store.clock_offset = timedelta(seconds=1)
    claimed = await store.write(lambda tx: claim(tx, system="ura-1", limit=2))
    assert [link.id for link in claimed] == [made[0].id, made[2].id]


async def test_a_withdrawal_overtakes_the_queue(store):
    first = await store.write(a_link)
    store.clock_offset = timedelta(seconds=1)
    second = await store.write(lambda tx: a_link(tx, overtake=True))
    claimed = await store.write(lambda tx: claim(tx, limit=1))
    assert [link.id for link in claimed] == [second.id]
    assert claimed[0].urgent
    assert not first.urgent


async def test_a_withdrawal_during_a_send_overtakes_when_the_send_ends(store):
    link = await leased(store)
    await store.write(a_link)
    await store.write(lambda tx: want_again(tx, link, kind="absent", overtake=True))
    assert await store.write(lambda tx: tx.links.finish(link.id, link.lease_epoch, ACKED))
    claimed = await store.write(lambda tx: claim(tx, limit=1))
    assert [row.id for row in claimed] == [link.id]


async def test_an_expired_lease_is_claimed_again_and_fences_the_first_worker_out(store):
    first = await leased(store)
    store.clock_offset = LEASE + timedelta(seconds=1)
    (second,) = await store.write(lambda tx: claim(tx, worker="w-2"))
    assert (second.id, second.lease_epoch, second.attempts) == (first.id, 2, 2)
    for act in (
        lambda tx: tx.links.finish(first.id, 1, ACKED),
        lambda tx: tx.links.finish(first.id, 1, Park("refused")),
        lambda tx: tx.links.set_intent(first.id, 1, INTENT),
    ):
        assert await store.write(act) is False
    assert await store.read(lambda tx: tx.links.get(first.id)) == second


async def test_a_result_after_the_lease_still_counts_while_nobody_took_over(store):
    link = await leased(store)
    store.clock_offset = LEASE * 2
    assert await store.write(lambda tx: tx.links.finish(link.id, link.lease_epoch, ACKED))
    assert not await store.write(lambda tx: tx.links.finish(link.id, link.lease_epoch, ACKED))


async def test_an_acknowledgement_settles_the_link(store):
    link = await leased(store)
    assert await store.write(lambda tx: tx.links.set_intent(link.id, link.lease_epoch, INTENT))
    assert await store.write(
        lambda tx: tx.links.finish(link.id, link.lease_epoch, ACKED, remote=THERE, identity_resolved=True)
    )
    settled = await store.read(lambda tx: tx.links.get(link.id))
    assert (settled.state, settled.acked_gen, settled.acked_kind) == ("in_sync", 1, "present")
    assert (settled.base, settled.projection_sha) == ({"header.status": "active"}, "ef" * 32)
    assert (settled.remote, settled.identity_resolved) == (THERE, True)
    assert (settled.attempts, settled.intent, settled.due_since, settled.lease_by) == (0, None, None, None)
    assert settled.acked_at is not None
    assert await store.read(lambda tx: tx.workers.agenda((settled.system,))) == {}


async def test_a_later_look_does_not_move_the_moment_of_the_acknowledgement(store):
    link = await leased(store)
    await store.write(lambda tx: tx.links.finish(link.id, link.lease_epoch, ACKED))
    first = await store.read(lambda tx: tx.links.get(link.id))
    store.clock_offset = timedelta(hours=1)
    await store.write(lambda tx: tx.links.look(link.id, verify=True))
    (again,) = await store.write(claim)
    seen = replace(ACKED, drift="D0")
    await store.write(lambda tx: tx.links.finish(again.id, again.lease_epoch, seen))
    second = await store.read(lambda tx: tx.links.get(link.id))
    assert second.acked_at == first.acked_at < second.verified_at

    await store.write(lambda tx: want_again(tx, link))
    (newer,) = await store.write(claim)
    await store.write(lambda tx: tx.links.finish(newer.id, newer.lease_epoch, replace(ACKED, gen=2)))
    third = await store.read(lambda tx: tx.links.get(link.id))
    assert third.acked_at > second.acked_at


async def test_a_change_during_the_send_makes_the_link_due_right_after_it(store):
    link = await leased(store)
    store.clock_offset = timedelta(seconds=3)
    still = await store.write(lambda tx: want_again(tx, link))
    assert (still.state, still.due_at) == ("leased", link.lease_until)
    assert await store.write(lambda tx: tx.links.finish(link.id, link.lease_epoch, ACKED))
    after = await store.read(lambda tx: tx.links.get(link.id))
    assert (after.state, after.acked_gen, after.desired_gen) == ("due", 1, 2)
    assert after.due_since == link.leased_at
    (again,) = await store.write(claim)
    assert again.id == link.id


async def test_a_generation_never_acknowledged_cannot_be(store):
    link = await leased(store)
    with pytest.raises(ConstraintBroken) as caught:
        await store.write(lambda tx: tx.links.finish(link.id, link.lease_epoch, Ack(2, "present", {})))
    assert caught.value.constraint == "ck_link_generations"


async def test_acknowledged_generations_never_fall(store):
    link = await leased(store)
    await store.write(lambda tx: tx.links.finish(link.id, link.lease_epoch, ACKED))
    await store.write(lambda tx: want_again(tx, link))
    (again,) = await store.write(claim)
    older = Ack(gen=0, kind="present", base=None)
    assert await store.write(lambda tx: tx.links.finish(again.id, again.lease_epoch, older)) is False


async def test_a_failure_is_tried_again_after_its_delay_and_keeps_an_unknown_intent(store):
    link = await leased(store)
    await store.write(lambda tx: tx.links.set_intent(link.id, link.lease_epoch, INTENT))
    retry = Retry(timedelta(minutes=1), "partner/outcome-unknown", outcome_known=False)
    assert await store.write(lambda tx: tx.links.finish(link.id, link.lease_epoch, retry))
    assert await store.write(claim) == ()
    store.clock_offset = timedelta(minutes=1, seconds=1)
    (again,) = await store.write(claim)
    assert (again.intent, again.attempts, again.last_error) == (INTENT, 2, "partner/outcome-unknown")
    assert again.first_failed_at is not None
    assert again.due_since == link.due_since


async def test_a_known_failure_clears_the_intent(store):
    link = await leased(store)
    await store.write(lambda tx: tx.links.set_intent(link.id, link.lease_epoch, INTENT))
    await store.write(
        lambda tx: tx.links.finish(link.id, link.lease_epoch, Retry(timedelta(0), "partner/try-later"))
    )
    (again,) = await store.write(claim)
    assert again.intent is None


async def test_a_link_given_back_without_an_attempt_keeps_its_count(store):
    link = await leased(store)
    await store.write(
        lambda tx: tx.links.finish(link.id, link.lease_epoch, Retry(timedelta(0), counts=False))
    )
    given_back = await store.read(lambda tx: tx.links.get(link.id))
    assert (given_back.attempts, given_back.first_failed_at, given_back.state) == (0, None, "due")


async def test_a_link_whose_system_is_paused_says_why_without_counting_an_attempt(store):
    link = await leased(store)
    paused = Retry(timedelta(0), "partner/blocked", counts=False)
    await store.write(lambda tx: tx.links.finish(link.id, link.lease_epoch, paused))
    waiting = await store.read(lambda tx: tx.links.get(link.id))
    assert (waiting.last_error, waiting.attempts, waiting.first_failed_at) == ("partner/blocked", 0, None)


async def test_a_parked_link_waits_for_a_redrive(store):
    link = await leased(store)
    park = Park("refused", {"native_code": "E17"})
    assert await store.write(lambda tx: tx.links.finish(link.id, link.lease_epoch, park))
    assert await store.write(claim) == ()
    (parked,) = await store.read(lambda tx: tx.links.parked(system="lifecare-lr", reason="refused"))
    assert (parked.state, parked.parked_reason, parked.parked_detail) == (
        "parked",
        "refused",
        {"native_code": "E17"},
    )
    assert parked.parked_at is not None
    assert parked.due_since == link.due_since
    assert await store.read(lambda tx: tx.links.parked(reason="poison")) == ()
    assert await store.write(lambda tx: tx.links.redrive(reason="poison")) == ()
    assert await store.write(lambda tx: tx.links.redrive(link_id=link.id)) == (link.id,)
    (again,) = await store.write(claim)
    assert (again.attempts, again.parked_reason, again.parked_detail) == (1, None, None)


async def test_a_redrive_of_many_is_spread_over_time(store):
    def ten(tx):
        for _ in range(10):
            tx.links.park(a_link(tx).id, "poison", {})

    await store.write(ten)
    spread = timedelta(minutes=10)
    assert len(await store.write(lambda tx: tx.links.redrive(system="lifecare-lr", spread=spread))) == 10
    due = []
    for minute in range(11):
        store.clock_offset = timedelta(minutes=minute, milliseconds=500)
        due.append(await store.read(lambda tx: sum(link.due_at <= tx.now() for link in all_links(tx))))
    assert due == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10]


@pytest.mark.parametrize(
    ("unpark", "state"), [((), "parked"), (("refused",), "due"), (("poison",), "parked")]
)
async def test_a_new_generation_unparks_only_what_it_may_have_cured(store, unpark, state):
    link = await leased(store)
    await store.write(lambda tx: tx.links.finish(link.id, link.lease_epoch, Park("refused")))
    after = await store.write(lambda tx: want_again(tx, link, unpark=unpark))
    assert (after.state, after.desired_gen) == (state, 2)
    assert (after.parked_reason is None, after.attempts) == ((True, 0) if state == "due" else (False, 1))


async def test_a_link_at_rest_can_be_parked_and_a_leased_one_cannot(store):
    link = await store.write(a_link)
    assert await store.write(lambda tx: tx.links.park(link.id, "identity", {}))
    assert not await store.write(lambda tx: tx.links.park(link.id, "identity", {}))
    busy = await leased(store)
    assert not await store.write(lambda tx: tx.links.park(busy.id, "identity", {}))


async def test_a_retraction_leaves_nothing_of_ours(store):
    link = await leased(store)
    await store.write(lambda tx: tx.links.finish(link.id, link.lease_epoch, ACKED, remote=THERE))
    await store.write(lambda tx: want_again(tx, link, kind="absent"))
    (again,) = await store.write(claim)
    gone = Ack(gen=2, kind="absent", base=None)
    assert await store.write(lambda tx: tx.links.finish(again.id, again.lease_epoch, gone))
    after = await store.read(lambda tx: tx.links.get(link.id))
    assert (after.state, after.base, after.projection_sha, after.retained) == ("in_sync", None, None, False)
    assert after.remote == Remote(person="p-1")


async def test_content_cannot_be_kept_past_a_retraction(store):
    link = await leased(store, kind="absent")
    with pytest.raises(ConstraintBroken) as caught:
        await store.write(lambda tx: tx.links.finish(link.id, link.lease_epoch, Ack(1, "absent", {"a": "b"})))
    assert caught.value.constraint == "ck_link_nothing_kept"


async def test_what_the_partner_must_keep_is_marked_as_retained(store):
    link = await leased(store, kind="absent")
    kept = Ack(gen=1, kind="absent", base=None, retained=True)
    assert await store.write(lambda tx: tx.links.finish(link.id, link.lease_epoch, kept, remote=THERE))
    after = await store.read(lambda tx: tx.links.get(link.id))
    assert (after.retained, after.remote) == (True, THERE)


async def test_what_was_decided_at_sending_is_what_the_generation_wants(store):
    link = await leased(store)  # wanted as present; by the time of sending its consent had run out
    gone = Ack(gen=1, kind="absent", base=None)
    assert await store.write(lambda tx: tx.links.finish(link.id, link.lease_epoch, gone))
    after = await store.read(lambda tx: tx.links.get(link.id))
    assert (after.state, after.desired_kind, after.acked_kind) == ("in_sync", "absent", "absent")


async def test_a_newer_wish_outlives_what_was_decided_before_it(store):
    link = await leased(store)
    await store.write(lambda tx: want_again(tx, link, kind="absent"))
    assert await store.write(lambda tx: tx.links.finish(link.id, link.lease_epoch, ACKED))
    after = await store.read(lambda tx: tx.links.get(link.id))
    assert (after.state, after.desired_kind, after.acked_kind) == ("due", "absent", "present")


async def test_leases_of_a_stopped_worker_are_due_at_once(store):
    link = await leased(store)
    assert await store.write(lambda tx: bury(tx, "w-2")) == 0
    assert await store.write(lambda tx: bury(tx, "w-1")) == 1
    (again,) = await store.write(lambda tx: claim(tx, worker="w-2"))
    assert (again.id, again.lease_epoch) == (link.id, 2)


async def test_many_workers_never_hold_the_same_link(store):
    def many(tx):
        return {a_link(tx).id for _ in range(60)}

    made = await store.write(many)
    taken: list[int] = []

    async def work(name):
        while got := await store.write(lambda tx: claim(tx, limit=7, worker=name)):
            taken.extend(link.id for link in got)
            await asyncio.sleep(0)

    await asyncio.gather(*(work(f"w-{n}") for n in range(6)))
    # PostgreSQL gives a worker an empty hand while another holds the rest; so there is a last look.
    while got := await store.write(lambda tx: claim(tx, limit=7)):
        taken.extend(link.id for link in got)
    assert len(taken) == len(made)
    assert set(taken) == made


async def test_the_counts_tell_how_far_each_system_is(store):
    def world(tx):
        links = [a_link(tx) for _ in range(4)]
        a_link(tx, system="ura-1")
        tx.links.park(links[0].id, "identity", {})

    await store.write(world)
    store.clock_offset = timedelta(seconds=1)
    one, two = await store.write(lambda tx: claim(tx, limit=2))
    await store.write(lambda tx: tx.links.finish(one.id, one.lease_epoch, ACKED))
    counts = {row.system: row for row in await store.read(lambda tx: tx.links.counts())}
    lifecare, ura = counts["lifecare-lr"], counts["ura-1"]
    assert (lifecare.in_sync, lifecare.due, lifecare.leased, lifecare.parked) == (1, 1, 1, 1)
    assert (ura.in_sync, ura.due, ura.leased, ura.parked) == (0, 1, 0, 0)
    assert lifecare.oldest_due_since is not None
    assert two.id != one.id


async def test_the_bell_of_a_system_rings_when_one_of_its_links_falls_due(store):
    assert not await store.bell("lifecare-lr").wait(0.01)
    await store.write(a_link)
    assert await store.bell("lifecare-lr").wait(0.01)
    assert not await store.bell("lifecare-lr").wait(0.01)
    assert not await store.bell("ura-1").wait(0.01)
    (link,) = await store.write(claim)
    await store.write(lambda tx: tx.links.finish(link.id, link.lease_epoch, ACKED))
    assert not await store.bell("lifecare-lr").wait(0.01)


async def test_a_bell_does_not_ring_for_what_was_rolled_back(store):
    def fail(tx):
        a_link(tx)
        raise LookupError

    with pytest.raises(LookupError):
        await store.write(fail)
    assert not await store.bell("lifecare-lr").wait(0.01)
