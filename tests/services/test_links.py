"""Which links a change makes and wakes: those whose desired state it changed, in its own transaction, and no other."""

import pytest

from tyokyky_bridge.services import trace
from tyokyky_bridge.services.callers import NotForRole, Role
from tyokyky_bridge.services.loading import PlanNotFound
from tyokyky_bridge.services.trace import LinkNotFound, LinkNotParked
from worlds.hub import (
    DPO,
    HELMI,
    KAISA,
    OLLI,
    OPERATOR,
    SATAMA,
    TEEMU,
    FakePartner,
    a_case,
    a_hub,
    caller,
    days,
    y100,
)
from worlds.parties import EMPLOYMENT, HEALTH

pytestmark = [pytest.mark.anyio, pytest.mark.both_engines]

TO_URA = y100((HEALTH, EMPLOYMENT))


@pytest.fixture
def hub(store):
    return a_hub(store)


async def settled(case):
    for system in await case.generations():
        link = await case.deliver(system)
        assert link.state == "in_sync", link.last_error
    return await case.generations()


async def test_a_plan_gets_a_link_only_where_something_of_it_may_be(hub):
    case = await a_case(hub)
    assert set(await case.generations()) == {"lifecare"}
    await case.consent(TO_URA)
    assert set(await case.generations()) == {"lifecare", "ura"}


async def test_consent_without_a_place_in_the_network_makes_no_link(hub):
    case = await a_case(hub, HELMI, TO_URA, network={})
    assert set(await case.generations()) == {"lifecare"}
    await case.change(
        {
            "network.members": [
                {"id": "n-1", "organization": {"party": EMPLOYMENT}, "period": {"start": days(-1)}}
            ]
        }
    )
    assert set(await case.generations()) == {"lifecare", "ura"}


@pytest.mark.parametrize(
    "change",
    [
        {"health.work_limitation_text": "Ei nostoja yli 5 kg."},
        {"health.substance_use": "jotain"},
        {"scores[bdi].value": 20},
    ],
)
async def test_an_edit_that_employment_may_not_see_wakes_no_employment_link(hub, change):
    case = await a_case(hub, HELMI, TO_URA)
    before = await settled(case)
    await case.change(change)
    assert (await case.generations())["ura"] == before["ura"]
    assert (await case.link("ura")).state == "in_sync"


async def test_an_edit_that_it_may_see_wakes_it(hub):
    case = await a_case(hub, HELMI, TO_URA)
    before = await settled(case)
    await case.change({"health.work_ability_conclusion": "Kokoaikatyö."})
    assert (await case.generations())["ura"] == before["ura"] + 1
    assert (await case.link("ura")).state == "due"


async def test_an_item_that_no_row_of_the_mapping_names_wakes_nothing(hub):
    case = await a_case(hub, HELMI, TO_URA)
    before = await settled(case)
    await case.change({"health.substance_use": "jotain muuta"})  # the toy mapping has no place for it
    assert await case.generations() == before


async def test_an_edit_that_changes_nothing_wakes_nothing(hub):
    case = await a_case(hub, HELMI, TO_URA)
    before = await settled(case)
    await case.change({"health.work_ability_conclusion": "Osa-aikatyö mahdollinen."})
    assert await case.generations() == before


async def test_many_edits_before_a_delivery_are_one_delivery(hub):
    case = await a_case(hub, HELMI, TO_URA)
    for n in range(5):
        await case.change({"health.work_ability_conclusion": f"Johtopäätös {n}."})
    await settled(case)
    fake = hub.partners["ura"].adapter
    assert len(fake.effects) == 1
    assert "Johtopäätös 4." in str(fake.content)


async def test_leaving_the_network_takes_the_plan_back(hub):
    case = await a_case(hub, HELMI, TO_URA)
    await settled(case)
    await case.change({f"network.members[n-{EMPLOYMENT}]": None})
    link = await case.link("ura")
    assert (link.desired_kind, link.state) == ("absent", "due")
    await case.deliver("ura")
    assert hub.partners["ura"].adapter.content is None


async def test_an_expired_form_is_seen_by_the_daily_look(hub, store):
    from datetime import timedelta

    from tyokyky_bridge.worker import sweep

    case = await a_case(hub, HELMI, y100((HEALTH, EMPLOYMENT), valid_until=days(1)))
    await settled(case)
    assert (await sweep(hub)).marked == 0
    store.clock_offset = timedelta(days=3)
    assert (await sweep(hub)).marked == 1
    assert (await case.link("ura")).desired_kind == "absent"


async def test_links_of_a_plan_are_shown_to_those_who_know_the_plan_and_to_nobody_else(hub):
    case = await a_case(hub, HELMI, TO_URA)
    for who in (KAISA, SATAMA):
        with pytest.raises(PlanNotFound):
            await trace.list_links(hub, who, case.plan_id)
    for who in (HELMI, OLLI, DPO, OPERATOR):
        found = await trace.list_links(hub, who, case.plan_id)
        assert {view.link.system for view in found} == {"lifecare", "ura"}
    assert await trace.list_links(hub, TEEMU, case.plan_id) == ()


async def test_a_parked_link_tells_rows_and_paths_only_to_those_who_see_the_item(hub):
    too_long = {"work_ability_conclusion": "x" * 200}
    case = await a_case(hub, HELMI, TO_URA, health=too_long)
    assert (await case.deliver("lifecare")).parked_reason == "lens"

    async def detail(who):
        views = {v.link.system: v for v in await trace.list_links(hub, who, case.plan_id)}
        return views["lifecare"].parked_detail

    assert (await detail(HELMI))["path"] == "health.work_ability_conclusion"
    assert await detail(OLLI) == await detail(DPO) == await detail(HELMI)
    assert await trace.list_links(hub, TEEMU, case.plan_id) == ()


async def test_redriving_needs_the_plan_the_link_the_role_and_a_reason(hub):
    case = await a_case(hub, HELMI, TO_URA)
    with pytest.raises(PlanNotFound):
        await trace.redrive_link(hub, KAISA, case.plan_id, "ura")
    with pytest.raises(NotForRole):
        await trace.redrive_link(hub, caller(HEALTH, Role.SYSTEM), case.plan_id, "ura")
    with pytest.raises(LinkNotFound):
        await trace.redrive_link(hub, HELMI, case.plan_id, "no\x00thing")
    with pytest.raises(LinkNotFound):
        await trace.redrive_link(a_hub(hub.store, {"effica": FakePartner()}), HELMI, case.plan_id, "effica")
    with pytest.raises(LinkNotParked):
        await trace.redrive_link(hub, OPERATOR, case.plan_id, "ura")


async def test_a_redriven_link_is_decided_afresh(hub):
    case = await a_case(hub, HELMI, TO_URA)
    fake = hub.partners["ura"].adapter
    fake.persons.clear()
    assert (await case.deliver("ura")).parked_reason == "not_there"
    await case.change({"health.work_ability_conclusion": "Kokoaikatyö."})
    assert (await case.link("ura")).state == "parked"  # new content finds no person either
    fake.persons["120385-921T"] = "p-1"
    view = await trace.redrive_link(hub, OPERATOR, case.plan_id, "ura")
    assert view.link.state == "due"
    await case.deliver("ura")
    assert "Kokoaikatyö." in str(fake.content)
    assert "Osa-aikatyö mahdollinen" not in str(fake.content)


async def test_a_trace_has_every_item_of_the_plan_exactly_once_for_oversight(hub):
    case = await a_case(hub, HELMI, TO_URA)
    await settled(case)
    row = await hub.store.read(lambda tx: tx.plans.latest(case.plan_id))
    for system in ("lifecare", "ura"):
        found = await trace.trace_disclosures(hub, DPO, case.plan_id, system)
        assert sorted(item.path for item in found.items) == sorted(row.leaves)


async def test_a_trace_has_for_others_the_items_that_they_see(hub):
    case = await a_case(hub, HELMI, TO_URA)
    for who in (HELMI, OLLI, TEEMU):
        found = await trace.trace_disclosures(hub, who, case.plan_id, "ura")
        assert {item.path for item in found.items} == set((await case.read(who)).disclosure.view.leaves)
    with pytest.raises(PlanNotFound):
        await trace.trace_disclosures(hub, KAISA, case.plan_id, "ura")
    with pytest.raises(LinkNotFound):
        await trace.trace_disclosures(hub, HELMI, case.plan_id, "no-such")


async def test_a_trace_says_what_was_sent_on_which_form_and_why_the_rest_was_not(hub):
    case = await a_case(hub, HELMI, TO_URA)
    await settled(case)
    found = {i.path: i for i in (await trace.trace_disclosures(hub, DPO, case.plan_id, "ura")).items}
    sent = found["health.work_ability_conclusion"]
    assert (sent.state, sent.row, sent.basis) == ("sent", 8, f"CONSENT_Y100:{case.forms[0]}")
    kept = found["scores[bdi].value"]
    assert (kept.state, kept.outcome, kept.row, kept.reason) == ("withheld", "DENY", 10, "NO_BASIS")
    assert kept.reasons
