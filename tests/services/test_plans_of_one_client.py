"""A partner keeps one record for a person: a closed plan and the one after it must not fight over it."""

from datetime import timedelta

import pytest

from tyokyky_bridge.domain.calendar import finnish_day
from tyokyky_bridge.services.delivery import deliver
from tyokyky_bridge.worker import sweep
from worlds.paper import CONCLUSION, LIMITATION, Office, Paper

pytestmark = pytest.mark.anyio

OLD, NEW = "Osa-aikatyö mahdollinen.", "Kokoaikatyö mahdollinen."
CLOSED = {"header.status": "closed", "closing.closed_on": "2026-06-01", "closing.reason": "employed"}


async def returned(store, manner, **leaves):
    """A client whose first plan was delivered and closed, and who has a second one."""
    office = Office(store, Paper(manner))
    first = await office.open(**{LIMITATION: "Ei nostoja."})
    form = await office.consent("health.conclusion", "health.functioning", "plan.goals")
    await office.settle()
    await office.change(CLOSED)
    await office.settle()
    second = await office.open_again(**{CONCLUSION: NEW, **leaves})
    await office.settle()
    assert office.paper.holds()["terveys"]["johtopaatos"] == NEW
    return office, form, first, second


@pytest.mark.parametrize("manner", ["void", "blank", "retained"])
async def test_a_new_form_does_not_bring_the_closed_plan_back(store, manner):
    office, form, *_ = await returned(store, manner)
    await office.consent("health.conclusion", supersedes=str(form))
    await office.settle()
    await office.consent("health.conclusion", "health.functioning", "health.checkup")
    await office.settle()
    assert office.paper.holds()["terveys"]["johtopaatos"] == NEW


async def test_a_new_mapping_does_not_bring_the_closed_plan_back(store):
    office, *_ = await returned(store, "blank")
    later = Office(store, office.paper, version=2)
    later.client_id, later.plan_id = office.client_id, office.plan_id
    await sweep(later.bridge)
    for link in reversed(await later.claim(limit=2)):
        await deliver(later.engine, later.bridge.partners["paper-1"], link)
    await later.settle()
    assert office.paper.holds()["terveys"]["johtopaatos"] == NEW


@pytest.mark.parametrize("manner", ["void", "blank"])
@pytest.mark.parametrize("same", [False, True])
async def test_a_withdrawal_takes_back_what_both_plans_brought(store, manner, same):
    office, form, *_ = await returned(store, manner, **({LIMITATION: "Ei nostoja."} if same else {}))
    await office.withdraw(form)
    await office.settle()
    assert office.paper.holds() in ({}, {"terveys": {}})


async def test_the_end_of_the_closed_plans_form_leaves_the_new_plan_where_it_is(store):
    office = Office(store, Paper("void"))
    await office.open(**{LIMITATION: "Ei nostoja."})
    first = await office.consent("health.conclusion", "health.functioning")
    await office.settle()
    await office.change(CLOSED)
    await office.settle()
    await office.open_again(**{CONCLUSION: OLD})
    await office.consent("health.conclusion")
    await office.settle()
    await office.withdraw(first)
    await office.settle()
    assert office.paper.holds() == {"terveys": {"johtopaatos": OLD}}


@pytest.mark.parametrize("manner", ["void", "blank"])
async def test_what_the_closed_plan_wrote_and_the_new_one_relies_on_goes_with_the_new_ones_basis(
    store, manner
):
    office = Office(store, Paper(manner))
    today = finnish_day(await store.read(lambda tx: tx.now()))
    await office.open(**{LIMITATION: "Ei nostoja."})
    form = await office.consent("health.conclusion", "health.functioning", valid_until=None)
    await office.settle()
    await office.change({**CLOSED, "closing.closed_on": today.isoformat()})
    await office.settle()
    await office.open_again()
    await office.settle()
    store.clock_offset += timedelta(days=1)
    await sweep(office.bridge)
    await office.settle()
    assert office.paper.holds() == {"terveys": {"johtopaatos": OLD}}
    await office.withdraw(form)
    await office.settle()
    assert office.paper.holds() in ({}, {"terveys": {}})
