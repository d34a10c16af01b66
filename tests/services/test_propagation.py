"""A receipt says how far a revision is at every partner, and moves only with what the caller sees."""

import asyncio
import time
from datetime import timedelta

import pytest

from tyokyky_bridge.adapterkit.errors import Refusal, Refused
from tyokyky_bridge.services.callers import NotForRole, Role
from tyokyky_bridge.services.delivery import deliver
from tyokyky_bridge.services.loading import PlanNotFound
from tyokyky_bridge.services.propagation import plan_propagation
from worlds.contested import (
    DPO,
    GOAL,
    HELMI,
    OLLI,
    OURS,
    TEEMU,
    THEIRS,
    a_contested_office,
    one_of,
    write_goal,
)
from worlds.paper import CONCLUSION, LIMITATION
from worlds.parties import EMPLOYMENT, HEALTH, KELA, NGO, SOCIAL

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(store):
    return await a_contested_office(store)


async def receipts(office, caller=HELMI, **asked):
    found = await plan_propagation(office.bridge, caller, office.plan_id, **asked)
    return {receipt.system: receipt for receipt in found.receipts}


async def states(office, caller=HELMI, **asked):
    return {system: receipt.state for system, receipt in (await receipts(office, caller, **asked)).items()}


async def test_a_change_goes_from_queued_to_acknowledged_to_read_back(office):
    await office.change({GOAL: OURS})
    assert await states(office) == {"paper-1": "queued", "paper-2": "queued"}
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def hang(_):
        begun.set()
        await go_on.wait()

    office.paper.then("answer", hang)
    (link,) = await office.claim()
    assert (await states(office))["paper-1"] == "queued"
    sending = asyncio.create_task(deliver(office.engine, office.bridge.partners["paper-1"], link))
    await asyncio.wait_for(begun.wait(), 30)
    assert (await states(office))["paper-1"] == "sent"
    go_on.set()
    await sending
    assert await states(office) == {"paper-1": "acknowledged", "paper-2": "queued"}
    await office.store.write(lambda tx: tx.links.look(link.id, verify=True))
    await office.settle()
    assert await states(office) == {"paper-1": "read_back", "paper-2": "acknowledged"}


async def test_ages_are_told_since_the_revision(office):
    await office.change({GOAL: OURS})
    office.store.clock_offset += timedelta(seconds=40)
    assert 40 <= (await receipts(office))["paper-1"].age_s < 60
    await office.settle()
    arrived = (await receipts(office))["paper-1"]
    office.store.clock_offset += timedelta(hours=1)
    later = (await receipts(office))["paper-1"]
    assert (later.age_s, later.at) == (arrived.age_s, arrived.at)
    assert 40 <= later.age_s < 60


async def test_what_may_not_go_is_counted_by_its_reason(office):
    await office.change({LIMITATION: "Ei nostoja."})
    found = await receipts(office)
    assert {r.state for r in found.values()} == {"not_permitted"}
    assert found["paper-1"].why == {"NO_BASIS": 1}
    await office.change({GOAL: OURS, LIMITATION: "Ei nostoja yli 5 kg."})
    both = (await receipts(office))["paper-1"]
    assert (both.state, both.why) == ("queued", {"NO_BASIS": 1})


async def test_what_the_mapping_does_not_carry_is_told_as_that(office):
    await office.change({"goals[g-1].status": "achieved"})
    assert set((await states(office)).values()) == {"not_carried"}


async def test_a_parked_system_is_told_with_its_reason_and_holds_up_no_other(office):
    office.paper.then("write", Refused((Refusal("422", "teksti"),)))
    await office.change({GOAL: OURS})
    await office.settle()
    found = await receipts(office)
    assert (found["paper-1"].state, found["paper-1"].reason) == ("parked", "refused")
    assert found["paper-2"].state == "acknowledged"


async def test_a_field_in_conflict_is_told_as_that_until_somebody_decides(office):
    await office.collide()
    assert await states(office) == {"paper-1": "conflict", "paper-2": "acknowledged"}
    await office.resolve("ours")
    await office.settle()
    assert (await states(office))["paper-1"] in {"acknowledged", "read_back"}


async def test_a_change_that_came_from_a_partner_is_there_already(office):
    office.paper.edit(write_goal(THEIRS))
    await office.look()
    assert (await states(office))["paper-1"] in {"acknowledged", "read_back"}


async def test_a_removal_arrives_like_any_change(office):
    await office.change({"goals[g-1]": None})
    assert await states(office) == {"paper-1": "queued", "paper-2": "queued"}
    await office.settle()
    assert set((await states(office)).values()) <= {"acknowledged", "read_back"}


async def test_an_older_revision_has_arrived_with_a_later_send_and_only_then(office):
    await office.change({GOAL: OURS})
    await office.change({CONCLUSION: "Kokoaikatyö mahdollinen."})
    assert set((await states(office, revision=2)).values()) == {"queued"}
    await office.settle()
    await office.change({GOAL: "Opiskelu."})
    for number, state in ((2, "acknowledged"), (3, "acknowledged"), (4, "queued")):
        assert set((await states(office, revision=number)).values()) == {state}, number
    newest = await plan_propagation(office.bridge, HELMI, office.plan_id)
    assert newest.revision == 4
    for number in (0, 5):
        with pytest.raises(PlanNotFound):
            await states(office, revision=number)


# --- waiting ------------------------------------------------------------------------------------------------------


async def test_waiting_ends_as_soon_as_everything_has_arrived(office):
    await office.change({GOAL: OURS})
    waiting = asyncio.create_task(states(office, wait_s=20))
    await asyncio.sleep(0.25)
    assert not waiting.done()
    await office.settle()
    assert set((await asyncio.wait_for(waiting, 2)).values()) == {"acknowledged"}


async def test_waiting_ends_with_the_time_that_was_asked_for(office):
    await office.change({GOAL: OURS})
    begun = time.monotonic()
    assert set((await states(office, wait_s=0.4)).values()) == {"queued"}
    assert 0.4 <= time.monotonic() - begun < 3


async def test_nobody_is_waited_for_who_has_gone(office):
    await office.change({GOAL: OURS})

    async def gone():
        return True

    assert await asyncio.wait_for(states(office, wait_s=20, gone=gone), 2)


async def test_what_waits_for_a_person_is_not_waited_for(office):
    await office.collide()
    await asyncio.wait_for(states(office, wait_s=20), 2)


# --- who may know -------------------------------------------------------------------------------------------------


async def test_what_happens_to_items_out_of_sight_moves_no_receipt(office):
    """Kela sees goals and no conclusions: neither numbers nor states tell of the latter."""
    await office.consent(grants=[{"discloser": HEALTH, "recipient": KELA, "categories": ["plan.goals"]}])
    await office.change({GOAL: OURS})
    await office.settle()
    before = await plan_propagation(office.bridge, TEEMU, office.plan_id)
    assert {receipt.state for receipt in before.receipts} == {"acknowledged"}
    office.paper.then("write", Refused((Refusal("422", "johtopaatos"),)))
    await office.change({CONCLUSION: "Kokoaikatyö mahdollinen.", LIMITATION: "Ei nostoja."})
    assert await plan_propagation(office.bridge, TEEMU, office.plan_id) == before
    await office.settle()
    assert (await office.link()).parked_reason == "refused"
    assert await plan_propagation(office.bridge, TEEMU, office.plan_id) == before
    assert (await states(office))["paper-1"] == "parked"


async def test_a_conflict_that_the_caller_may_not_know_of_is_no_state(office):
    await office.consent(grants=[{"discloser": HEALTH, "recipient": KELA, "categories": ["plan.goals"]}])
    await office.collide()
    assert (await states(office))["paper-1"] == "conflict"
    assert (await states(office, TEEMU))["paper-1"] == "queued"


async def test_after_a_withdrawal_nothing_is_told_to_whoever_lost_sight(office):
    await office.change({GOAL: OURS})
    await office.settle()
    assert await states(office, OLLI)
    await office.withdraw(office.form)
    found = await receipts(office)
    assert {r.state for r in found.values()} == {"not_permitted"}
    with pytest.raises(PlanNotFound):
        await states(office, OLLI, revision=2)


async def test_nothing_is_told_of_an_item_that_is_somebody_elses_and_out_of_sight_by_now(office):
    await office.consent(grants=[{"discloser": HEALTH, "recipient": KELA, "categories": ["plan.goals"]}])
    await office.change({GOAL: OURS})
    await office.settle()
    assert set(await states(office, TEEMU, revision=2)) == {"paper-1", "paper-2"}
    office.paper.edit(write_goal(THEIRS))
    await office.look()
    assert await states(office, TEEMU, revision=2) == {}
    assert set(await states(office, HELMI, revision=2)) == {"paper-1", "paper-2"}


async def test_strangers_get_the_answer_of_a_plan_that_does_not_exist(office):
    with pytest.raises(PlanNotFound):
        await states(office, one_of(NGO))
    with pytest.raises(NotForRole):
        await states(office, one_of(HEALTH, Role.OPERATIONS))


async def test_oversight_is_told_of_every_item_by_its_own_numbers(office):
    found = await plan_propagation(office.bridge, DPO, office.plan_id)
    assert found.revision == 1
    assert {r.system: (r.party, r.state) for r in found.receipts} == {
        "paper-1": (SOCIAL, "acknowledged"),
        "paper-2": (EMPLOYMENT, "acknowledged"),
    }
