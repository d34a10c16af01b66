"""A spoken consent covers one transaction: it lasts until the partner has it, and not a moment longer."""

import asyncio
from datetime import timedelta

import pytest

from tyokyky_bridge.adapterkit.errors import OutcomeUnknown, TryLater
from tyokyky_bridge.services.delivery import deliver
from worlds.paper import CONCLUSION, LIMITATION, Office, Paper
from worlds.parties import SOCIAL

pytestmark = pytest.mark.anyio


async def an_office(store, *papers, **leaves):
    office = Office(store, *(papers or (Paper("blank"),)), parties=(SOCIAL,) * (len(papers) or 1))
    await office.open(**leaves)
    return office


async def test_it_is_not_used_up_by_reading_refreshing_or_an_attempt_that_sent_nothing(store):
    office = await an_office(store)
    await office.consent("health.conclusion", kind="ORAL_ONCE")
    await office.read()
    await office.change({"follow_up.next_on": "2026-12-01"})
    office.paper.then("find", TryLater("away"))
    await office.settle()
    assert office.paper.holds() == {"terveys": {"johtopaatos": "Osa-aikatyö mahdollinen."}}


@pytest.mark.parametrize("error", [TryLater("http-503"), OutcomeUnknown()], ids=["not taken", "cut"])
async def test_it_is_still_good_for_trying_again(store, error):
    office = await an_office(store)
    await office.consent("health.conclusion", kind="ORAL_ONCE")
    office.paper.then("write", error)
    await office.settle()
    assert office.paper.holds() == {"terveys": {"johtopaatos": "Osa-aikatyö mahdollinen."}}


@pytest.mark.parametrize("failed_before", [False, True])
async def test_once_the_partner_has_it_a_change_is_not_sent_on_it(store, failed_before):
    office = await an_office(store)
    await office.consent("health.conclusion", kind="ORAL_ONCE")
    if failed_before:
        office.paper.then("write", TryLater("http-503"))
    await office.settle()
    await office.change({CONCLUSION: "Kokoaikatyö mahdollinen."})
    await office.settle()
    assert office.paper.holds() == {"terveys": {"johtopaatos": "Osa-aikatyö mahdollinen."}}


@pytest.mark.parametrize("manner", ["void", "blank", "retained"])
async def test_what_was_given_on_it_stays_given(store, manner):
    office = await an_office(store, Paper(manner))
    await office.consent("health.conclusion", kind="ORAL_ONCE")
    await office.settle()
    for month in (1, 2):
        await office.change({"follow_up.next_on": f"2026-{month:02}-01"})
        await office.settle()
    assert office.paper.holds() == {"terveys": {"johtopaatos": "Osa-aikatyö mahdollinen."}}
    assert (await office.link()).retained


async def test_two_systems_that_send_at_once_do_not_both_use_it(store):
    office = await an_office(store, Paper("blank"), Paper("blank"))
    await office.consent("health.conclusion", kind="ORAL_ONCE")
    leased = [link for system in office.bridge.partners for link in await office.claim(system)]
    assert len(leased) == 2
    partners = office.bridge.partners
    await asyncio.gather(*(store.write(lambda tx: tx.now()) for _ in range(4)))  # as many connections
    await asyncio.gather(*(deliver(office.engine, partners[link.system], link) for link in leased))
    await office.settle()
    assert sorted(bool(paper.holds()) for paper in office.papers) == [False, True]


async def test_a_system_that_sends_nothing_of_it_does_not_use_it_up(store):
    knows, knows_not = Paper("blank"), Paper("blank")
    office = await an_office(store, knows_not, knows, **{LIMITATION: "Ei nostoja."})
    knows_not.edit(lambda content: content.update(terveys={"johtopaatos": "Osa-aikatyö mahdollinen."}))
    await office.consent("health.functioning")
    await office.consent("health.conclusion", kind="ORAL_ONCE")
    assert await office.attempt("paper-1")
    await office.settle()
    assert knows.holds()["terveys"]["johtopaatos"] == "Osa-aikatyö mahdollinen."


async def test_when_its_day_is_over_a_waiting_item_is_not_sent(store):
    office = await an_office(store)
    await office.consent("health.conclusion", kind="ORAL_ONCE")
    office.paper.then("write", TryLater("http-503"))
    assert await office.attempt()
    store.clock_offset += timedelta(days=70)
    await office.settle()
    assert office.paper.holds() == {}
