"""Whatever the hub wrote, or may have written, goes when its basis ends; what a partner's people wrote stays."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tyokyky_bridge.adapterkit.errors import (
    ChangedUnderneath,
    LicenceExpired,
    OutcomeUnknown,
    Refusal,
    Refused,
    TryLater,
)
from worlds.paper import CONCLUSION, LIMITATION, Office, Paper

pytestmark = pytest.mark.anyio

BOTH = ("health.conclusion", "health.functioning")
PAUSE = timedelta(minutes=6)
"""Longer than any backoff."""


def replaced(partner, **manifest):
    """The partner with another manifest."""
    return replace(partner, manifest=partner.manifest.model_copy(update=manifest))


def refuse_limitation(paper):
    """The partner takes no write while ours has a limitation in it."""
    if paper.offered.get("terveys", {}).get("rajoite"):
        raise Refused((Refusal("422", "rajoite"),))


def lost_after(paper, error):
    """The next write takes effect and its answer is lost."""
    paper.then("answer", error)


async def an_unknown_write(store, paper, **leaves):
    """The partner has our conclusion, and the hub does not know it."""
    office = Office(store, paper)
    await office.open(**leaves)
    form = await office.consent(*BOTH)
    lost_after(paper, OutcomeUnknown())
    assert await office.attempt()
    assert paper.holds()["terveys"]["johtopaatos"]
    return office, form


@pytest.mark.parametrize("manner", ["void", "blank"])
async def test_a_write_with_an_unknown_outcome_is_taken_back_though_the_partner_was_away_in_between(
    store, manner
):
    office, form = await an_unknown_write(store, Paper(manner))
    office.paper.then("find", TryLater("away"))
    store.clock_offset += PAUSE
    assert await office.attempt()
    await office.withdraw(form)
    await office.settle()
    assert office.paper.holds() in ({}, {"terveys": {}})


async def test_a_write_with_an_unknown_outcome_is_taken_back_after_a_refused_one(store):
    paper = Paper("blank")
    paper.edit(lambda content: content.update(omaa="x"))
    office, form = await an_unknown_write(store, paper)
    await office.change({LIMITATION: "Ei nostoja."})
    paper.then("write", Refused((Refusal("422"),)))
    store.clock_offset += PAUSE
    assert await office.attempt()
    await office.withdraw(form)
    await office.settle()
    assert paper.holds() == {"omaa": "x", "terveys": {}}


async def test_a_write_with_an_unknown_outcome_is_taken_back_after_one_that_came_too_late(store):
    paper = Paper("blank")
    paper.edit(lambda content: content.update(omaa="x"))
    office, form = await an_unknown_write(store, paper)
    await office.change({LIMITATION: "Ei nostoja."})
    paper.then("write", ChangedUnderneath("412"))
    store.clock_offset += PAUSE
    assert await office.attempt()
    await office.withdraw(form)
    await office.settle()
    assert paper.holds() == {"omaa": "x", "terveys": {}}


async def test_a_record_created_with_an_unknown_outcome_is_voided_though_a_second_write_failed(store):
    office, form = await an_unknown_write(store, Paper("void"))
    await office.change({LIMITATION: "Ei nostoja."})
    office.paper.then("write", ChangedUnderneath("412"))
    store.clock_offset += PAUSE
    assert await office.attempt()
    await office.withdraw(form)
    await office.settle()
    assert office.paper.sheets == {}


@pytest.mark.parametrize(
    "end",
    [Refused((Refusal("422"),)), TryLater("http-429"), LicenceExpired(), ChangedUnderneath("412")],
    ids=lambda e: type(e).__name__,
)
async def test_the_first_half_of_a_write_in_several_requests_is_taken_back(store, end):
    paper = Paper("blank")
    paper.edit(lambda content: content.update(omaa="x"))
    office = Office(store, paper)
    await office.open()
    form = await office.consent(*BOTH)
    lost_after(paper, end)
    assert await office.attempt()
    await office.withdraw(form)
    await office.settle()
    assert paper.holds() == {"omaa": "x", "terveys": {}}


async def test_an_older_value_of_ours_is_taken_back_when_a_newer_one_may_not_have_arrived(store):
    paper = Paper("blank")
    paper.edit(lambda content: content.update(omaa="x"))
    office = Office(store, paper)
    await office.open()
    form = await office.consent(*BOTH)
    await office.settle()
    await office.change({CONCLUSION: "Kokoaikatyö mahdollinen."})
    paper.then("write", OutcomeUnknown())
    assert await office.attempt()
    await office.withdraw(form)
    await office.settle()
    assert paper.holds() == {"omaa": "x", "terveys": {}}


async def test_what_stands_after_a_failed_read_back_is_taken_back(store):
    paper = Paper("blank")
    paper.edit(lambda content: content.update(omaa="x"))
    paper.stores = lambda content: {
        **content,
        "terveys": {**content["terveys"], "rajoite": content["terveys"].get("rajoite", "")[:4]},
    }
    office = Office(store, paper)
    partner = office.bridge.partners["paper-1"]
    office.bridge.partners["paper-1"] = replaced(partner, read_back=True)
    await office.open(**{LIMITATION: "Ei nostoja."})
    form = await office.consent(*BOTH)
    await office.settle()
    assert (await office.link()).parked_reason == "read_back"
    paper.stores = dict
    await office.withdraw(form)
    await office.settle()
    assert "johtopaatos" not in paper.holds()["terveys"]


@pytest.mark.parametrize("fault", ["too long for them", "refused by them", "unreadable there"])
async def test_an_item_that_cannot_be_sent_does_not_hold_up_the_taking_back_of_another(store, fault):
    paper = Paper("blank")
    office = Office(store, paper)
    await office.open()
    form = await office.consent("health.conclusion", "health.functioning", "health.checkup")
    await office.settle()
    assert paper.holds()["terveys"]["johtopaatos"]
    if fault == "too long for them":
        await office.change({LIMITATION: "x" * 61})
    elif fault == "refused by them":
        paper.then("write", *[refuse_limitation] * 9)
        await office.change({LIMITATION: "Ei nostoja."})
    else:
        paper.edit(lambda content: content["terveys"].update(tarkastus="joskus"))
        await office.change({"health.checkup_date": "2026-03-02"})
    await office.settle()
    reason = (await office.link()).parked_reason
    assert reason in {"lens", "refused", "unknown_code"}
    await office.consent("health.functioning", "health.checkup", supersedes=str(form))
    await office.settle()
    assert "johtopaatos" not in paper.holds()["terveys"]
    link = await office.link()
    assert (link.parked_reason, link.desired_kind) == (reason, "present")


async def test_a_link_parked_by_a_fault_of_ours_still_takes_back_what_is_withdrawn(store):
    paper = Paper("blank")
    office = Office(store, paper)
    await office.open()
    form = await office.consent("health.conclusion")
    await office.settle()
    paper.then("fetch", RuntimeError("bug"))
    await office.change({CONCLUSION: "Kokoaikatyö mahdollinen."})
    await office.settle()
    assert (await office.link()).parked_reason == "adapter_error"
    await office.withdraw(form)
    await office.settle()
    assert paper.holds() == {"terveys": {}}


async def test_taking_back_needs_no_identity_number_when_the_record_is_known(store):
    paper = Paper("blank")
    office = Office(store, paper)
    await office.open()
    form = await office.consent("health.conclusion")
    await office.settle()
    await office.change({"client.hetu[h-1].kind": "temporary"})
    await office.withdraw(form)
    await office.settle()
    assert paper.holds() == {"terveys": {}}


async def test_a_record_that_the_partner_removed_has_nothing_to_take_back(store):
    paper = Paper("blank")
    office = Office(store, paper)
    await office.open()
    form = await office.consent("health.conclusion")
    await office.settle()
    paper.sheets.clear()
    await office.withdraw(form)
    await office.settle()
    link = await office.link()
    assert (link.state, link.acked_kind) == ("in_sync", "absent")


async def test_a_record_that_the_partner_removed_is_found_or_made_anew(store):
    paper = Paper("blank")
    office = Office(store, paper)
    await office.open()
    await office.consent("health.conclusion")
    await office.settle()
    paper.sheets.clear()
    await office.change({CONCLUSION: "Kokoaikatyö mahdollinen."})
    await office.settle()
    assert paper.holds() == {"terveys": {"johtopaatos": "Kokoaikatyö mahdollinen."}}


async def test_a_record_of_ours_in_which_a_user_has_written_is_not_voided(store):
    paper = Paper("void")
    office = Office(store, paper)
    await office.open()
    form = await office.consent("health.conclusion")
    await office.settle()
    paper.edit(lambda content: content["terveys"].update(rajoite="Oma havaintomme."))
    await office.withdraw(form)
    await office.settle()
    assert paper.holds() == {"terveys": {"rajoite": "Oma havaintomme."}}
    assert (await office.link()).acked_kind == "absent"


async def test_after_a_voided_record_a_new_consent_makes_a_new_one(store):
    paper = Paper("void")
    office = Office(store, paper)
    await office.open()
    form = await office.consent("health.conclusion")
    await office.settle()
    await office.withdraw(form)
    await office.settle()
    assert paper.sheets == {}
    paper.edit(lambda content: content.update(omaa="x"))
    second = await office.consent("health.conclusion")
    await office.settle()
    assert paper.holds() == {"omaa": "x", "terveys": {"johtopaatos": "Osa-aikatyö mahdollinen."}}
    await office.withdraw(second)
    await office.settle()
    assert paper.holds() == {"omaa": "x", "terveys": {}}


async def test_a_withdrawal_during_a_send_reaches_a_link_whose_partner_had_kept_an_earlier_record(store):
    office = Office(store, Paper("retained"))
    await office.open()
    form = await office.consent("health.conclusion")
    await office.settle()
    await office.withdraw(form)
    await office.settle()
    assert (await office.link()).retained
    second = await office.consent("health.conclusion")
    (leased,) = await office.claim()
    await office.withdraw(second)
    assert (await office.link()).desired_gen > leased.desired_gen
