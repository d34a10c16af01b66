"""A link tells a caller of the items that it sees itself; its existence and movements betray no others."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tyokyky_bridge.adapterkit.errors import Refusal, Refused
from tyokyky_bridge.api.schemas import LinkShown
from tyokyky_bridge.domain.parties import Directory, Purpose
from tyokyky_bridge.services.callers import Caller, Role
from tyokyky_bridge.services.trace import (
    LinkNotFound,
    LinkNotParked,
    list_links,
    redrive_link,
    trace_disclosures,
)
from worlds.paper import CONCLUSION, LIMITATION, Office, Paper
from worlds.parties import KELA

pytestmark = pytest.mark.anyio

TEEMU = Caller(KELA, Role.PROFESSIONAL, "teemu", Purpose.WORK_ABILITY_SUPPORT)
DPO = Caller(KELA, Role.OVERSIGHT, "dpo", Purpose.WORK_ABILITY_SUPPORT)
IN_NETWORK = {
    "network.members[n-2].organization.party": KELA,
    "network.members[n-2].sector": "kela",
    LIMITATION: "Ei nostoja.",
}


async def an_office(store):
    office = Office(store, Paper("blank"))
    await office.open(**IN_NETWORK)
    await office.consent("health.conclusion", "health.functioning")
    await office.settle()
    return office


async def seen_by_teemu(office):
    views = await list_links(office.bridge, TEEMU, office.plan_id)
    return [LinkShown.of(view).model_dump() for view in views]


async def test_a_link_to_which_nothing_goes_that_the_caller_sees_is_not_there_for_it(store):
    office = await an_office(store)
    office.paper.then("write", Refused((Refusal("422", "rajoite"),)))
    await office.change({LIMITATION: "Ei nostoja yli 5 kg."})
    await office.settle()
    assert await seen_by_teemu(office) == []
    with pytest.raises(LinkNotFound):
        await redrive_link(office.bridge, TEEMU, office.plan_id, "paper-1")
    assert (await trace_disclosures(office.bridge, TEEMU, office.plan_id, "paper-1")).link is None
    assert len(await list_links(office.bridge, DPO, office.plan_id)) == 1


async def test_what_happens_to_items_out_of_sight_does_not_move_a_link_in_sight(store):
    office = await an_office(store)
    await office.consent("health.conclusion", to=KELA)
    before = await seen_by_teemu(office)
    assert [link["system"] for link in before] == ["paper-1"]
    for step in range(3):
        if step == 1:
            office.paper.then("write", Refused((Refusal("422", "rajoite"),)))
        await office.change({LIMITATION: f"Ei nostoja yli {step} kg."})
        assert await seen_by_teemu(office) == before
        await office.settle()
        assert await seen_by_teemu(office) == before
    await office.change({LIMITATION: "Ei nostoja."})
    office.paper.then("write", Refused((Refusal("422", "rajoite"),)))
    await office.settle()
    with pytest.raises(LinkNotParked):
        await redrive_link(office.bridge, TEEMU, office.plan_id, "paper-1")


async def test_what_happens_to_an_item_in_sight_does(store):
    office = await an_office(store)
    await office.consent("health.conclusion", to=KELA)
    (before,) = await seen_by_teemu(office)
    await office.change({CONCLUSION: "Kokoaikatyö mahdollinen."})
    (waiting,) = await list_links(office.bridge, TEEMU, office.plan_id)
    assert waiting.link.state == "due"
    assert waiting.link.desired_gen == waiting.link.acked_gen + 1
    await office.settle()
    (after,) = await list_links(office.bridge, TEEMU, office.plan_id)
    assert (after.link.state, len(after.deliveries)) == ("in_sync", len(before["deliveries"]) + 1)
    assert {delivery["body_sha256"] for delivery in after.deliveries} == {None}


async def test_a_system_that_is_not_in_force_any_more_hinders_nobody(store):
    office = await an_office(store)
    system = office.bridge.partners["paper-1"].system
    rows = [row for group in office.bridge.directory.parties.values() for row in group]
    passed = (await store.read(lambda tx: tx.now())).date() - timedelta(days=2)
    bridge = replace(office.bridge, directory=Directory(rows, [replace(system, valid_to=passed)]))
    assert await list_links(bridge, office.helmi, office.plan_id) == ()
    assert len(await list_links(bridge, DPO, office.plan_id)) == 1
    with pytest.raises(LinkNotFound):
        await trace_disclosures(bridge, DPO, office.plan_id, "paper-1")


async def test_who_does_not_see_all_is_not_told_the_partners_field_names(store):
    office = await an_office(store)
    await office.consent("health.conclusion", to=KELA)
    office.paper.then("write", Refused((Refusal("422", "terveys.rajoite"),)))
    await office.change({CONCLUSION: "Kokoaikatyö mahdollinen.", LIMITATION: "Ei nostoja."})
    await office.settle()
    (view,) = await list_links(office.bridge, TEEMU, office.plan_id)
    assert (view.link.parked_reason, view.parked_detail) == ("refused", {})
    for who in (DPO, office.helmi):
        (whole,) = await list_links(office.bridge, who, office.plan_id)
        assert whole.parked_detail["reasons"][0]["field"] == "terveys.rajoite"
