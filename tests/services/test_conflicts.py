"""A conflict waits for a person, is shown to nobody who may not know, and what is decided reaches everybody."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from tyokyky_bridge.domain.errors import InvalidPlan
from tyokyky_bridge.services import conflicts, resolving
from tyokyky_bridge.services.callers import NotForRole, Role
from tyokyky_bridge.services.changes import CategoryWithheld
from tyokyky_bridge.services.conflict_sight import HIDDEN
from tyokyky_bridge.services.conflicts import (
    ConflictEnded,
    ConflictNotFound,
    LinkBusy,
    NoBasisForTheirs,
    NotYourConflict,
    StaleConflict,
    conflicts_of_plan,
    list_conflicts,
    read_conflict,
)
from tyokyky_bridge.services.loading import PlanNotFound
from tyokyky_bridge.services.plans import PlanClosed, read_plan
from tyokyky_bridge.services.repeats import RepeatKey
from tyokyky_bridge.services.trace import trace_disclosures
from worlds.contested import (
    BOTH_WAYS,
    DPO,
    GOAL,
    HELMI,
    KAISA,
    OLLI,
    OURS,
    TEEMU,
    THEIRS,
    a_contested_office,
    goals,
    one_of,
    write_goal,
)
from worlds.paper import CONCLUSION
from worlds.parties import HEALTH, KELA, NGO, SOCIAL
from worlds.rows import bury

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(store):
    return await a_contested_office(store)


async def of_plan(office, caller, state=None):
    return await conflicts_of_plan(office.bridge, caller, office.plan_id, state=state)


async def test_the_owner_sees_three_values_and_whose_they_are(office):
    view = await office.collide()
    assert (view.base.value, view.ours.value, view.theirs.value) == ("Osa-aikatyö syksyllä.", OURS, THEIRS)
    assert (view.row.path, view.row.system, view.row.owner, view.row.state) == (
        GOAL,
        "paper-1",
        HEALTH,
        "open",
    )
    assert (view.changed.party, view.changed.system) == (HEALTH, None)
    assert view.escalate_at == view.row.opened_at + timedelta(days=7)
    assert view.may_resolve
    office.store.clock_offset += timedelta(days=8)
    later = await office.again(view.row.id)
    assert later.age_s > 8 * 86400 - 3600
    assert (later.row.state, later.etag) == ("open", view.etag)


async def test_while_it_is_open_the_partner_keeps_its_text_and_others_get_ours(office):
    await office.collide()
    social, employment = office.papers
    assert goals(social) == {"g-1": THEIRS}
    assert goals(employment) == {"g-1": OURS}


@pytest.mark.parametrize(
    ("choice", "value", "stands"),
    [("ours", None, OURS), ("theirs", None, THEIRS), ("other", "Osa-aikatyö heti.", "Osa-aikatyö heti.")],
)
async def test_what_was_decided_stands_in_the_plan_and_at_every_partner(office, choice, value, stands):
    view = await office.collide()
    ended = await office.resolve(choice, value)
    assert (ended.row.state, ended.row.resolution, ended.row.resolved_by) == ("resolved", choice, HEALTH)
    assert ended.row.resolved_at is not None
    assert (await office.leaves())[GOAL] == stands
    await office.settle()
    assert [goals(paper) for paper in office.papers] == [{"g-1": stands}] * 2
    await office.look()
    assert await of_plan(office, HELMI, "open") == ()
    assert (await office.again(view.row.id)).row.state == "resolved"


async def test_a_decision_is_written_once_and_then_there_is_silence(office):
    await office.collide()
    await office.resolve("ours")
    written = [len(paper.writes) for paper in office.papers]
    await office.settle()
    assert [len(paper.writes) for paper in office.papers] == [written[0] + 1, written[1]]
    for system in ("paper-1", "paper-2"):
        await office.look(system)
    assert [len(paper.writes) for paper in office.papers] == [written[0] + 1, written[1]]


async def test_what_was_taken_over_comes_from_the_partner_and_is_not_sent_back_to_it(office):
    view = await office.collide()
    written = len(office.paper.writes)
    await office.resolve("theirs")
    row = await office.store.read(lambda tx: tx.plans.latest(office.plan_id))
    origin = row.origins[GOAL]
    assert (row.cause, origin["party"], origin["system"]) == ("resolve", SOCIAL, "paper-1")
    assert origin["record_version"] == view.row.remote_version
    await office.settle()
    assert len(office.paper.writes) == written


async def test_a_third_value_comes_from_the_one_who_typed_it(office):
    await office.collide()
    await office.resolve("other", "Osa-aikatyö heti.")
    row = await office.store.read(lambda tx: tx.plans.latest(office.plan_id))
    assert (row.cause, row.origins[GOAL]["party"], row.origins[GOAL].get("system")) == (
        "resolve",
        HEALTH,
        None,
    )


async def test_ours_makes_no_revision(office):
    await office.collide()
    before = (await office.store.read(lambda tx: tx.plans.get(office.plan_id))).version
    await office.resolve("ours")
    assert (await office.store.read(lambda tx: tx.plans.get(office.plan_id))).version == before


async def test_a_change_there_after_the_decision_is_a_new_conflict_and_nothing_is_lost(office):
    view = await office.collide()
    office.paper.edit(write_goal("Opiskelu."))
    await office.resolve("ours")
    await office.settle()
    again = await office.the_conflict()
    assert again.row.id != view.row.id
    assert (again.base.value, again.ours.value, again.theirs.value) == (THEIRS, OURS, "Opiskelu.")
    assert goals(office.paper) == {"g-1": "Opiskelu."}


async def test_a_side_that_moved_makes_the_decision_stale(office):
    view = await office.collide()
    await office.change({GOAL: "Kokoaikatyö kesällä."})
    with pytest.raises(StaleConflict):
        await office.resolve("theirs", view=view)
    mine = await office.the_conflict()
    assert mine.ours.value == "Kokoaikatyö kesällä."
    office.paper.edit(write_goal("Opiskelu."))
    await office.look()
    with pytest.raises(StaleConflict):
        await office.resolve("ours", view=mine)
    theirs = await office.the_conflict()
    assert (theirs.row.id, theirs.theirs.value) == (view.row.id, "Opiskelu.")
    assert [entry["theirs"] for entry in theirs.history][-1] == THEIRS
    await office.resolve("ours", view=theirs)


async def test_an_unrelated_change_leaves_it_decidable(office):
    view = await office.collide()
    await office.change({CONCLUSION: "Kokoaikatyö mahdollinen."})
    await office.settle()
    await office.resolve("theirs", view=view)


async def test_it_is_decided_once_and_a_repeat_is_answered_from_the_first(office):
    view = await office.collide()
    repeat = RepeatKey("r-1", "digest")
    first = await office.resolve("theirs", view=view, repeat=repeat)
    second = await office.resolve("theirs", view=view, repeat=repeat)
    assert second.row == first.row
    with pytest.raises(ConflictEnded):
        await office.resolve("ours", view=view)


async def test_while_the_record_is_worked_on_the_decision_waits_a_little(office, monkeypatch):
    view = await office.collide()
    await office.change({CONCLUSION: "Kokoaikatyö mahdollinen."})
    (leased,) = await office.claim()
    monkeypatch.setattr(resolving, "TRIES_FOR_S", 0.3)
    with pytest.raises(LinkBusy):
        await office.resolve("theirs", view=view)
    assert (await office.leaves())[GOAL] == OURS, "nothing of a decision that failed is kept"
    monkeypatch.setattr(resolving, "TRIES_FOR_S", 5.0)
    deciding = asyncio.create_task(office.resolve("theirs", view=view))
    await asyncio.sleep(0.15)
    assert not deciding.done()
    await office.store.write(lambda tx: bury(tx, "w-1"))
    assert (await deciding).row.state == "resolved"
    assert leased.system == "paper-1"


async def test_the_owner_and_the_coordinators_party_decide_and_nobody_else(office):
    view = await office.collide()
    for caller in (KAISA, OLLI):
        seen = await read_conflict(office.bridge, caller, view.row.id)
        assert not seen.may_resolve
        with pytest.raises(NotYourConflict):
            await office.resolve("ours", caller=caller, view=seen)
    for role in (Role.OVERSIGHT, Role.OPERATIONS):
        with pytest.raises(NotForRole):
            await office.resolve("ours", caller=one_of(HEALTH, role), view=view)
    await office.resolve("ours", caller=one_of(HEALTH, Role.SYSTEM))


async def test_the_audit_names_who_decided_what_and_no_value(office):
    view = await office.collide()
    await office.resolve("theirs")
    rows = await office.store.read(lambda tx: tx.audit.of_plan(office.plan_id, limit=500))
    (entry,) = [row.entry for row in rows if row.entry.event == "conflict/resolved"]
    assert (entry.actor_party, entry.actor_sub) == (HEALTH, HELMI.subject)
    assert (entry.what["choice"], entry.what["paths"]) == ("theirs", [GOAL])
    assert entry.what["conflicts"] == [str(view.row.id)]
    assert not [row for row in rows if THEIRS in str(row) or OURS in str(row)]


# --- who may know -----------------------------------------------------------------------------------------------


async def test_who_may_not_know_of_the_plan_is_told_that_there_is_no_such_conflict(office):
    view = await office.collide()
    stranger = one_of(NGO)
    with pytest.raises(ConflictNotFound):
        await read_conflict(office.bridge, stranger, view.row.id)
    with pytest.raises(ConflictNotFound):
        await office.resolve("ours", caller=stranger, view=view)
    with pytest.raises(ConflictNotFound):
        await read_conflict(office.bridge, HELMI, uuid4())
    with pytest.raises(PlanNotFound):
        await of_plan(office, stranger)
    assert await list_conflicts(office.bridge, stranger) == ()


async def test_who_knows_the_plan_but_not_the_item_hears_of_no_conflict(office):
    view = await office.collide()
    assert await of_plan(office, TEEMU) == ()
    assert await list_conflicts(office.bridge, TEEMU) == ()
    with pytest.raises(ConflictNotFound):
        await read_conflict(office.bridge, TEEMU, view.row.id)


async def test_who_may_have_our_side_alone_is_not_told_that_the_partner_wrote_something(office):
    await office.consent(grants=[{"discloser": HEALTH, "recipient": KELA, "categories": ["plan.goals"]}])
    await office.collide()
    assert GOAL in (await read_plan(office.bridge, TEEMU, office.plan_id)).disclosure.view.leaves
    assert await of_plan(office, TEEMU) == ()
    await office.consent(grants=[{"discloser": SOCIAL, "recipient": KELA, "categories": ["plan.goals"]}])
    (seen,) = await of_plan(office, TEEMU)
    assert (seen.ours.value, seen.theirs.value, seen.may_resolve) == (OURS, THEIRS, False)


async def test_nor_is_that_told_by_the_trace_of_where_the_item_is(office):
    await office.consent(grants=[{"discloser": HEALTH, "recipient": KELA, "categories": ["plan.goals"]}])
    await office.collide()
    told = {}
    for caller in (TEEMU, HELMI, KAISA, DPO):
        trace = await trace_disclosures(office.bridge, caller, office.plan_id, "paper-1")
        (item,) = [item for item in trace.items if item.path == GOAL]
        told[caller] = (item.state, item.note is None)
    assert told[TEEMU] == ("queued", True)
    assert {told[caller] for caller in (HELMI, KAISA, DPO)} == {("conflict", False)}


async def test_the_owner_hears_of_it_without_the_value_that_it_may_not_have(office):
    view = await office.collide()
    from_social = [g for g in BOTH_WAYS if g["discloser"] == SOCIAL and g["recipient"] != HEALTH]
    from_health = [g for g in BOTH_WAYS if g["discloser"] == HEALTH]
    await office.consent(grants=[*from_social, *from_health], supersedes=str(office.form))
    seen = await office.again(view.row.id)
    assert (seen.ours.value, seen.theirs, seen.base, seen.may_resolve) == (OURS, HIDDEN, HIDDEN, True)
    assert THEIRS not in str(replace(seen, row=None))
    await office.resolve("ours", view=seen)


async def test_the_partner_is_not_told_of_what_it_may_not_see_even_by_a_conflict(office):
    view = await office.collide()
    assert (await office.the_conflict(KAISA)).ours.value == OURS
    to_social = [g for g in BOTH_WAYS if g["discloser"] == HEALTH and g["recipient"] == SOCIAL]
    await office.consent(grants=[g for g in BOTH_WAYS if g not in to_social], supersedes=str(office.form))
    assert await of_plan(office, KAISA) == ()
    with pytest.raises(ConflictNotFound):
        await read_conflict(office.bridge, KAISA, view.row.id)


async def test_a_coordinator_at_the_partner_is_not_told_either(office):
    view = await office.collide()
    to_social = [g for g in BOTH_WAYS if g["discloser"] == HEALTH and g["recipient"] == SOCIAL]
    await office.consent(grants=[g for g in BOTH_WAYS if g not in to_social], supersedes=str(office.form))
    await office.change({"care_team.coordinator.party": SOCIAL})
    assert await of_plan(office, KAISA) == ()
    assert (await office.again(view.row.id)).may_resolve, "the owner decides"


async def test_where_owner_and_coordinator_may_not_know_of_it_the_items_own_party_decides(office):
    await office.collide()
    to_social = [g for g in BOTH_WAYS if g["discloser"] == HEALTH and g["recipient"] == SOCIAL]
    await office.consent(grants=[g for g in BOTH_WAYS if g not in to_social], supersedes=str(office.form))
    await office.change({"care_team.coordinator.party": SOCIAL})
    link = await office.link()
    await office.store.write(lambda tx: tx.conflicts.supersede(link.id, [GOAL]))
    values = {"base": None, "ours": OURS, "theirs": THEIRS, "plan_version": 2, "remote_version": "9"}
    await office.store.write(lambda tx: tx.conflicts.put(link, GOAL, owner=SOCIAL, **values))
    assert await of_plan(office, KAISA, "open") == ()
    view = await office.the_conflict()
    assert (view.ours.value, view.theirs.value, view.may_resolve) == (OURS, THEIRS, True)
    await office.resolve("ours")


async def test_oversight_sees_that_there_is_one_and_no_value_that_its_party_may_not_see(office):
    await office.collide()
    (seen,) = await of_plan(office, DPO)
    assert (seen.row.path, seen.ours, seen.theirs, seen.base) == (GOAL, HIDDEN, HIDDEN, HIDDEN)
    assert (seen.changed, seen.may_resolve) == (None, False)
    with pytest.raises(NotForRole):
        await of_plan(office, one_of(HEALTH, Role.OPERATIONS))


async def test_a_decided_conflict_is_shown_by_what_the_caller_may_see_of_it_then(office):
    view = await office.collide()
    await office.resolve("theirs")
    assert (await office.again(view.row.id)).ours.value == OURS
    (seen,) = await of_plan(office, OLLI, "resolved")
    assert (seen.ours.value, seen.theirs.value) == (OURS, THEIRS)
    assert await of_plan(office, TEEMU, "resolved") == ()


async def test_all_conflicts_of_all_plans_are_listed_page_by_page(office, monkeypatch):
    await office.collide()
    for n in (2, 3):
        await office.change({f"goals[g-{n}].text_client": "a", f"goals[g-{n}].status": "active"})
        await office.settle()
        await office.change({f"goals[g-{n}].text_client": "b"})
        office.paper.edit(write_goal("c", key=f"g-{n}"))
        await office.look()
    monkeypatch.setattr(conflicts, "PAGE", 2)
    first = await list_conflicts(office.bridge, HELMI)
    second = await list_conflicts(office.bridge, HELMI, after=first[-1].row.id)
    assert [view.row.path for view in (*first, *second)] == [f"goals[g-{n}].text_client" for n in (1, 2, 3)]
    with pytest.raises(ConflictNotFound):
        await list_conflicts(office.bridge, TEEMU, after=first[-1].row.id)


# --- what cannot be decided so ----------------------------------------------------------------------------------


async def test_a_value_that_breaks_a_rule_of_the_plan_is_refused_and_nothing_changes(office):
    view = await office.collide()
    for value in ({"x": 1}, ["x"], 7):
        with pytest.raises(InvalidPlan):
            await office.resolve("other", value, view=view)
    assert (await office.the_conflict()).etag == view.etag


async def test_who_does_not_see_our_side_does_not_overwrite_it(office):
    view = await office.collide()
    await office.change({"care_team.coordinator.party": KELA})
    for choice in ("theirs", "other"):
        with pytest.raises(CategoryWithheld):
            await office.resolve(choice, "x", caller=TEEMU, view=await office.the_conflict(TEEMU))
    assert (await office.the_conflict(TEEMU)).ours == HIDDEN
    await office.resolve("theirs", view=await office.again(view.row.id))


async def test_what_the_hub_may_not_keep_any_more_is_not_taken_over(office):
    await office.collide()
    from_health = [g for g in BOTH_WAYS if g["discloser"] == HEALTH]
    await office.consent(grants=from_health, supersedes=str(office.form))
    with pytest.raises(NoBasisForTheirs):
        await office.resolve("theirs")
    await office.resolve("ours")


async def test_in_a_closed_plan_only_what_stands_can_stand(office):
    await office.collide()
    await office.change(
        {"header.status": "closed", "closing.closed_on": "2026-06-01", "closing.reason": "employed"}
    )
    for choice in ("theirs", "other"):
        with pytest.raises(PlanClosed):
            await office.resolve(choice, "x")
    await office.resolve("ours")


async def test_a_goal_that_we_removed_comes_back_when_their_text_stands(office):
    view = await office.collide(ours=None)
    assert (view.ours.value, view.ours.withheld, view.theirs.value) == (None, False, THEIRS)
    await office.resolve("theirs")
    assert (await office.leaves())[GOAL] == THEIRS
    await office.settle()
    assert [goals(paper) for paper in office.papers] == [{"g-1": THEIRS}] * 2


async def test_a_goal_that_we_removed_goes_there_too_when_ours_stands(office):
    await office.collide(ours=None)
    await office.resolve("ours")
    await office.settle()
    assert GOAL not in await office.leaves()
    assert [goals(paper) for paper in office.papers] == [{}] * 2


async def agreed_there(office, **leaves):
    """Further leaves of the goal stand at the partner, as if its mapping named them."""
    link = await office.link()
    there = {**link.base_remote, **{f"goals[g-1].{name}": value for name, value in leaves.items()}}
    assert await office.store.write(
        lambda tx: tx.links.move(link.id, base_hub=link.base_hub, base_remote=there)
    )


async def test_what_else_of_a_removed_goal_stands_there_comes_back_with_it(office):
    view = await office.collide(ours=None)
    await agreed_there(office, measure="Työkokeilu")
    await office.resolve("theirs", view=view)
    leaves = await office.leaves()
    assert {p: v for p, v in leaves.items() if p.startswith("goals[")} == {
        GOAL: THEIRS,
        "goals[g-1].measure": "Työkokeilu",
    }


@pytest.mark.parametrize(
    ("choice", "value", "others"),
    [("ours", None, "ours"), ("theirs", None, "theirs"), ("other", "x", "ours")],
)
async def test_the_conflicts_about_one_element_that_is_gone_there_end_together(office, choice, value, others):
    await office.change({GOAL: OURS, "goals[g-1].measure": "Työkokeilu"})
    link = await office.link()
    given = {"base": "a", "theirs": None, "plan_version": 2, "remote_version": "9", "owner": HEALTH}
    for path, ours in ((GOAL, OURS), ("goals[g-1].measure", "Työkokeilu"), ("goals[g-2].text_client", None)):
        await office.store.write(lambda tx, p=path, o=ours: tx.conflicts.put(link, p, ours=o, **given))
    found = {view.row.path: view for view in await of_plan(office, HELMI, "open")}
    await office.resolve(choice, value, view=found[GOAL])
    left = {view.row.path: view.row.resolution for view in await of_plan(office, HELMI)}
    assert left == {GOAL: choice, "goals[g-1].measure": others, "goals[g-2].text_client": None}
    leaves = await office.leaves()
    assert (leaves.get(GOAL), leaves.get("goals[g-1].measure")) == {
        "ours": (OURS, "Työkokeilu"),
        "theirs": (None, None),
        "other": ("x", "Työkokeilu"),
    }[choice]


async def test_a_goal_removed_there_goes_or_stays_as_a_whole(office):
    await office.change({GOAL: OURS})
    office.paper.edit(lambda content: content.pop("tavoitteet"))
    await office.look()
    view = await office.the_conflict()
    assert (view.theirs.value, view.theirs.withheld) == (None, False)
    await office.resolve("ours")
    await office.settle()
    assert [goals(paper) for paper in office.papers] == [{"g-1": OURS}] * 2
