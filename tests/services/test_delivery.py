"""One attempt on one link, whatever the partner does: what may be there is written, once, and every end is kept."""

import asyncio
from datetime import timedelta

import pytest

from tyokyky_bridge.adapterkit.contract import Found
from tyokyky_bridge.adapterkit.errors import (
    AmbiguousIdentity,
    Blocked,
    ChangedUnderneath,
    NotThere,
    OutcomeUnknown,
    Refusal,
    Refused,
    TryLater,
)
from tyokyky_bridge.adapterkit.manifest import Limits
from tyokyky_bridge.services import trace
from tyokyky_bridge.services.delivery import Engine, deliver
from worlds.hub import DPO, HELMI, LEASE, FakePartner, a_case, a_hub, y100
from worlds.parties import EMPLOYMENT, HEALTH
from worlds.rows import bury

pytestmark = [pytest.mark.anyio, pytest.mark.both_engines]

TO_URA = y100((HEALTH, EMPLOYMENT))
CONCLUSION = "Osa-aikatyö mahdollinen."


@pytest.fixture
def ura():
    return FakePartner()


@pytest.fixture
async def case(store, ura):
    return await a_case(a_hub(store, {"ura": ura}), HELMI, TO_URA)


async def a_case_with(store, ura, **says):
    return await a_case(a_hub(store, {"ura": ura}, **says), HELMI, TO_URA)


async def outcomes(case):
    link = await case.link("ura")

    def read(tx):
        decisions = reversed(tx.decisions.of_link(link.id))
        return [attempt.outcome for d in decisions if (attempt := tx.decisions.attempt(d.id)) is not None]

    return await case.bridge.store.read(read)


async def states(case):
    found = await trace.trace_disclosures(case.bridge, DPO, case.plan_id, "ura")
    return {item.path: item.state for item in found.items}


async def test_what_may_be_there_is_written_once_and_acknowledged(case, ura):
    link = await case.deliver("ura")
    assert (link.state, link.acked_kind, link.acked_gen) == ("in_sync", "present", link.desired_gen)
    assert CONCLUSION in str(ura.content)
    assert "18" not in str(ura.content)
    assert "huomautettavaa" not in str(ura.content)
    assert len(ura.effects) == 1
    assert await outcomes(case) == ["ok"]


async def test_the_decision_is_on_record_before_the_partner_is_written_to(case, ura):
    async def look():
        link = await case.link("ura")
        (decision,) = await case.bridge.store.read(lambda tx: tx.decisions.of_link(link.id))
        permitted = {i["path"] for i in decision.items if i["outcome"] == "PERMIT"}
        assert "health.work_ability_conclusion" in permitted
        assert "scores[bdi].value" not in permitted
        assert link.intent is not None
        assert link.intent.key == decision.idem_key

    ura.script.append(look)
    assert (await case.deliver("ura")).state == "in_sync"
    assert len(ura.effects) == 1


async def test_a_record_that_changed_underneath_is_fetched_and_decided_again(case, ura):
    await case.deliver("ura")
    await case.change({"health.work_ability_conclusion": "Kokoaikatyö."})

    async def somebody_edits():
        ura.edits(lambda content: content.update(oma="käyttäjän rivi"))

    ura.script.append(somebody_edits)
    link = await case.deliver("ura")
    assert (link.state, link.last_error) == ("due", ChangedUnderneath.code)
    assert (await case.deliver("ura")).state == "in_sync"
    assert ura.content["oma"] == "käyttäjän rivi"
    assert "Kokoaikatyö." in str(ura.content)
    assert await outcomes(case) == ["ok", "changed_underneath", "ok"]


async def test_a_write_with_an_unknown_outcome_that_took_effect_is_found_and_not_done_again(case, ura):
    ura.script.append(("after", OutcomeUnknown()))
    link = await case.deliver("ura")
    assert (link.state, link.intent is not None) == ("due", True)
    link = await case.deliver("ura")
    assert (link.state, link.intent) == ("in_sync", None)
    assert len(ura.effects) == 1
    assert (await states(case))["health.work_ability_conclusion"] == "sent"


async def test_one_that_took_no_effect_is_done(case, ura):
    ura.script.append(OutcomeUnknown())
    await case.deliver("ura")
    assert (await case.deliver("ura")).state == "in_sync"
    assert len(ura.effects) == 1


async def test_a_crash_between_write_and_record_brings_no_second_write(case, ura):
    """The process dies after the partner has answered: the next one finds the write in the record."""
    store = case.bridge.store
    (link,) = await store.write(lambda tx: tx.links.claim("ura", limit=1, worker="w-1", lease=LEASE))
    died = asyncio.Event()

    async def die():
        died.set()
        await asyncio.sleep(60)

    original = ura.write

    async def write(*args, **kwargs):
        await original(*args, **kwargs)
        await die()

    ura.write = write
    task = asyncio.create_task(deliver(Engine(case.bridge, "w-1"), case.bridge.partners["ura"], link))
    await asyncio.wait_for(died.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    ura.write = original
    await store.write(lambda tx: bury(tx, "w-1"))
    assert (await case.deliver("ura")).state == "in_sync"
    assert len(ura.effects) == 1


async def test_a_worker_that_was_thought_dead_changes_nothing_when_it_comes_back(case, ura):
    store = case.bridge.store
    (old,) = await store.write(lambda tx: tx.links.claim("ura", limit=1, worker="w-1", lease=LEASE))
    done = await case.deliver("ura")
    assert done.state == "in_sync"
    await deliver(Engine(case.bridge, "w-1"), case.bridge.partners["ura"], old)
    assert len(ura.effects) == 1
    assert await case.link("ura") == done


async def test_a_refusal_parks_the_link_with_codes_and_new_content_frees_it(case, ura):
    ura.script.append(Refused((Refusal("E63", "tavoite", "merkki ei sallittu"),)))
    link = await case.deliver("ura")
    assert (link.state, link.parked_reason) == ("parked", "refused")
    assert link.parked_detail["reasons"][0]["code"] == "E63"
    assert (await case.deliver("ura")).state == "parked"
    assert ura.effects == []
    await case.change({"health.work_ability_conclusion": "Kokoaikatyö."})
    assert (await case.deliver("ura")).state == "in_sync"


async def test_an_over_long_text_is_parked_with_row_and_path_and_nothing_is_sent(case, ura):
    await case.change({"health.work_ability_conclusion": "x" * 61})
    link = await case.deliver("ura")
    assert link.parked_reason == "lens"
    assert link.parked_detail["path"] == "health.work_ability_conclusion"
    assert "xxx" not in str(link.parked_detail)
    assert (await states(case))["health.work_ability_conclusion"] == "parked"
    assert ura.effects == []
    await case.change({"health.work_ability_conclusion": "x" * 60})
    assert (await case.deliver("ura")).state == "in_sync"


@pytest.mark.parametrize(("error", "reason"), [(NotThere(), "not_there"), (AmbiguousIdentity(2), "identity")])
async def test_who_cannot_be_told_apart_or_found_is_left_to_a_person(case, ura, error, reason):
    ura.on_find = error
    assert (await case.deliver("ura")).parked_reason == reason
    assert ura.asked == ["find"]
    assert ura.effects == []


async def test_a_licence_that_ran_out_sends_nothing_and_is_decided_anew(case, ura):
    async def dawdle():
        await asyncio.sleep(0.06)

    ura.script.append(dawdle)
    link = await case.deliver("ura", licence_s=0.05)
    assert link.state == "due"
    assert ura.effects == []
    assert await outcomes(case) == ["licence_expired"]
    assert (await case.deliver("ura")).state == "in_sync"


async def test_a_partner_that_does_not_answer_in_time_is_tried_again(store, ura):
    case = await a_case_with(store, ura, limits=Limits(deadline_s=1))

    async def hang():
        await asyncio.sleep(60)

    ura.script.append(hang)
    link = await case.deliver("ura")
    assert (link.state, link.last_error) == ("due", "deadline")
    assert (await case.deliver("ura")).state == "in_sync"
    assert len(ura.effects) == 1


async def test_a_withdrawal_between_the_look_and_the_decision_wins(case, ura):
    async def withdraw():
        await case.withdraw()

    ura.on_fetch = withdraw
    await case.deliver("ura")
    assert ura.effects == []
    assert ura.content is None
    assert (await case.deliver("ura")).acked_kind == "absent"
    assert ura.effects == []


async def test_a_withdrawal_between_the_decision_and_the_send_is_answered_when_nothing_can_start_any_more(
    case, ura
):
    async def withdraw():
        await case.withdraw()  # waits until the licence has run out

    ura.script.append(withdraw)
    await case.deliver("ura", licence_s=0.1)
    assert ura.effects == []
    assert await outcomes(case) == ["licence_expired"]
    assert (await case.deliver("ura")).acked_kind == "absent"
    assert ura.effects == []


async def test_what_reads_back_otherwise_is_parked(store, ura):
    case = await a_case_with(store, ura, read_back=True)
    ura.distort = lambda content: {**content, "osiot": []}
    link = await case.deliver("ura")
    assert (link.state, link.parked_reason) == ("parked", "read_back")
    assert "health.work_ability_conclusion" in link.parked_detail["paths"]


async def test_a_record_that_the_hub_made_is_voided(case, ura):
    await case.deliver("ura")
    await case.withdraw()
    link = await case.deliver("ura")
    assert (link.acked_kind, link.verified_at, ura.content) == ("absent", None, None)
    link = await case.deliver("ura")  # once more, to see that it is gone
    assert (link.state, link.drift) == ("in_sync", "D0")
    assert link.verified_at > link.acked_at


async def test_in_a_record_of_the_partners_only_what_the_hub_wrote_is_cleared(store, ura):
    ura.edits(lambda content: content.update(oma="rivi", rajoite="kyllä"))
    case = await a_case_with(store, ura)
    await case.deliver("ura")
    assert CONCLUSION in str(ura.content)
    await case.withdraw()
    link = await case.deliver("ura")
    assert link.acked_kind == "absent"
    assert CONCLUSION not in str(ura.content)
    assert (ura.content["oma"], ura.content["rajoite"]) == ("rivi", "kyllä")


async def test_what_the_partner_held_already_is_not_taken_for_the_hubs(store, ura):
    """The same words that a user of the partner typed before stay when the consent ends."""

    def typed(content):
        content["osiot"] = [{"osio": "terveys", "tiedot": {"johtopaatos": CONCLUSION}}]

    ura.edits(typed)
    case = await a_case_with(store, ura)
    await case.deliver("ura")
    await case.withdraw()
    await case.deliver("ura")
    assert CONCLUSION in str(ura.content)


async def test_what_the_partner_edited_since_survives_the_retraction(store, ura):
    case = await a_case_with(store, ura, retract="blank")
    await case.deliver("ura")

    def edited(content):
        content["osiot"][0]["tiedot"]["johtopaatos"] = "Käyttäjän oma johtopäätös."

    ura.edits(edited)
    await case.withdraw()
    await case.deliver("ura")
    assert "Käyttäjän oma johtopäätös." in str(ura.content)
    assert "Osa-aikatyö varastossa" not in str(ura.content)


async def test_a_system_that_keeps_what_it_got_keeps_it_and_the_link_says_so(store):
    ura = FakePartner(retract="retained")
    case = await a_case_with(store, ura, retract="retained")
    await case.deliver("ura")
    writes = len(ura.effects)
    await case.withdraw()
    link = await case.deliver("ura")
    assert (link.state, link.acked_kind, link.retained) == ("in_sync", "absent", True)
    assert CONCLUSION in str(ura.content)
    assert len(ura.effects) == writes
    assert (await states(case))["health.work_ability_conclusion"] == "retained"


async def test_an_item_that_lost_its_basis_goes_and_the_others_stay(case, ura):
    await case.deliver("ura")
    only_goals = y100((HEALTH, EMPLOYMENT), categories=["plan.goals"], supersedes=str(case.forms[0]))
    await case.consent(only_goals)
    assert (await case.deliver("ura")).acked_kind == "present"
    assert CONCLUSION not in str(ura.content)
    assert "Osa-aikatyö varastossa." in str(ura.content)


async def test_a_partner_that_names_a_time_is_left_alone_until_then(case, ura):
    ura.script.append(TryLater("night", after=timedelta(hours=2)))
    await case.deliver("ura")
    gate = await case.bridge.store.read(lambda tx: tx.gates.get("ura"))
    assert gate.paused_until is not None
    assert gate.breaker == "closed"
    link = await case.link("ura")
    assert link.due_at - link.due_since > timedelta(hours=1)
    assert ura.effects == []


async def test_refused_credentials_close_the_system_and_burn_no_link(case, ura):
    ura.on_find = Blocked("401")
    link = await case.deliver("ura")
    assert (link.state, link.attempts) == ("due", 0)
    gate = await case.bridge.store.read(lambda tx: tx.gates.get("ura"))
    assert gate.paused_until is not None


async def test_five_failures_in_a_row_open_the_breaker_and_a_success_closes_it(case, ura):
    for _ in range(5):
        ura.script.append(TryLater("503"))
        await case.deliver("ura")
    store = case.bridge.store
    opened = await store.read(lambda tx: tx.gates.get("ura"))
    assert (opened.breaker, opened.open_count) == ("open", 1)
    assert opened.paused_until is not None
    await case.deliver("ura")
    closed = await store.read(lambda tx: tx.gates.get("ura"))
    assert (closed.breaker, closed.open_count) == ("closed", 0)


async def test_a_fault_in_an_adapter_stops_its_link_alone_and_tells_only_its_type(case, ura, capfd, caplog):
    ura.script.append(KeyError("Tuulikki 120385-921T"))
    link = await case.deliver("ura")
    assert (link.parked_reason, dict(link.parked_detail)) == ("adapter_error", {"error": "KeyError"})
    said = "".join(capfd.readouterr()) + caplog.text
    assert "Tuulikki" not in said
    assert "120385" not in said


async def test_a_known_record_is_not_searched_for_again(case, ura):
    await case.deliver("ura")
    ura.asked.clear()
    await case.change({"health.work_ability_conclusion": "Kokoaikatyö."})
    await case.deliver("ura")
    assert "find" not in ura.asked
    assert (await ura.find("120385-921T")) == Found("p-1", "r-p-1")
