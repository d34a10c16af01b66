"""When a withdrawal has been answered, nothing that rested on it starts to leave any more."""

import asyncio

import pytest

from tyokyky_bridge.services.delivery import deliver
from worlds.paper import CONCLUSION, Office, Paper
from worlds.parties import SOCIAL

pytestmark = [pytest.mark.anyio, pytest.mark.both_engines]


async def test_a_send_that_was_decided_before_does_not_start_after_the_answer(store):
    office = Office(store, Paper("blank"), licence_s=2.0)
    await office.open()
    form = await office.consent("health.conclusion")
    office.paper.then("about to write", lambda _: office.withdraw(form))
    await office.settle()
    assert office.paper.writes == []
    assert (await office.link()).acked_kind == "absent"


async def test_a_form_that_takes_something_away_waits_likewise(store):
    office = Office(store, Paper("blank"), licence_s=2.0)
    await office.open()
    form = await office.consent("health.conclusion")
    office.paper.then("about to write", lambda _: office.consent("plan.goals", supersedes=str(form)))
    await office.settle()
    assert office.paper.writes == []


async def test_an_organisation_that_left_the_network_gets_nothing_after_the_answer(store):
    office = Office(store, Paper("blank"), licence_s=2.0)
    await office.open()
    await office.consent("health.conclusion")
    office.paper.then("about to write", lambda _: office.change({"network.members[n-1]": None}))
    await office.settle()
    assert office.paper.writes == []


async def test_a_send_under_way_is_not_waited_for_longer_than_its_licence(store):
    office = Office(store, Paper("blank"), licence_s=1.0)
    await office.open()
    form = await office.consent("health.conclusion")
    begun, hanging = asyncio.Event(), asyncio.Event()

    async def hang(_):
        begun.set()
        await hanging.wait()

    office.paper.then("answer", hang)
    (link,) = await office.claim()
    sending = asyncio.create_task(deliver(office.engine, office.bridge.partners["paper-1"], link))
    await asyncio.wait_for(begun.wait(), 30)
    await asyncio.wait_for(office.withdraw(form), 3)
    hanging.set()
    await sending
    await office.settle()
    assert office.paper.holds() == {"terveys": {}}


async def test_a_draft_takes_nothing_away_from_the_form_it_names(store):
    office = Office(store, Paper("blank"))
    await office.open()
    form = await office.consent("health.conclusion")
    await office.settle()
    await office.consent("plan.goals", supersedes=str(form), status="draft")
    await office.change({CONCLUSION: "Kokoaikatyö mahdollinen."})
    await office.settle()
    assert office.paper.holds() == {"terveys": {"johtopaatos": "Kokoaikatyö mahdollinen."}}
    fenced = await office.withdraw(form)
    assert SOCIAL in fenced.notified


async def test_the_cancelled_items_of_every_plan_of_the_client_are_told(store):
    office = Office(store, Paper("blank"))
    first = await office.open(**{"goals[g-1].text_client": "Osa-aikatyö."})
    await office.change(
        {"header.status": "closed", "closing.closed_on": "2026-06-01", "closing.reason": "employed"}
    )
    await office.open_again()
    form = await office.consent("health.conclusion", "plan.goals")
    fenced = await office.withdraw(form)
    assert {CONCLUSION, "goals[g-1].text_client"} <= set(fenced.cancelled["paper-1"])
    assert await office.link(plan_id=first)
