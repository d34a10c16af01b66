"""A withdrawal is followed to its end, system by system, with proof, and tells nobody what they may not see."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from tyokyky_bridge.adapterkit.errors import OutcomeUnknown, Refusal, Refused, TryLater
from tyokyky_bridge.services.callers import NotForRole, Role
from tyokyky_bridge.services.campaign import consent_propagation
from tyokyky_bridge.services.consents import ConsentNotFound, withdraw_consent
from tyokyky_bridge.services.delivery import deliver
from tyokyky_bridge.services.repeats import RepeatKey
from worlds.contested import DPO, HELMI, KAISA, OLLI, TEEMU, one_of
from worlds.paper import CONCLUSION, LIMITATION, Office, Paper
from worlds.parties import EMPLOYMENT, HEALTH, NGO, SOCIAL
from worlds.rows import bury

pytestmark = pytest.mark.anyio

BOTH = ("health.conclusion", "health.functioning")


async def an_office(store, *papers, settled=True, **leaves):
    office = Office(store, *(papers or (Paper(),)), licence_s=1.0)
    await office.open(**leaves)
    office.form = await office.consent(*BOTH)
    if settled:
        await office.settle()
    return office


async def campaign(office, caller=DPO, form=None):
    return await consent_propagation(office.bridge, caller, form or office.form)


async def told(office, caller=DPO, form=None):
    """The only system of the campaign as the caller is told of it."""
    (found,) = (await campaign(office, caller, form)).systems
    return found


async def state(office):
    return (await told(office)).state


async def test_a_withdrawal_goes_from_queued_to_proved_absent(store):
    office = await an_office(store)
    assert (await campaign(office)).systems == ()
    await office.withdraw(office.form)
    waiting = await told(office)
    assert (waiting.system, waiting.party, waiting.state) == ("paper-1", SOCIAL, "queued")
    assert (waiting.items, waiting.paths, waiting.gen) == (
        1,
        (CONCLUSION,),
        (await office.link()).desired_gen,
    )
    (link,) = await office.claim()
    assert await state(office) == "retracting"
    await deliver(office.engine, office.bridge.partners["paper-1"], link)
    assert office.paper.holds() == {}
    assert await state(office) == "retracted"
    await office.settle()
    proved = await told(office)
    assert (proved.state, proved.since) == ("verified_absent", (await office.link()).verified_at)


async def test_a_later_delivery_does_not_take_the_proof_back(store):
    office = await an_office(store, **{"goals[g-1].text_client": "Osa-aikatyö."})
    await office.withdraw(office.form)
    await office.settle()
    await office.consent("plan.goals")
    await office.settle()
    assert office.paper.holds()
    assert await state(office) == "verified_absent"


async def test_what_the_partner_keeps_by_its_own_law_is_told_with_its_ground(store):
    office = await an_office(store, Paper("retained"))
    await office.withdraw(office.form)
    await office.settle()
    kept = await told(office)
    assert (kept.state, kept.ground) == ("retained", "recipient_register")
    assert office.paper.holds()


async def test_what_cannot_be_taken_back_is_a_persons_with_a_last_day(store):
    office = await an_office(store)
    await office.withdraw(office.form)
    office.paper.then("retract", Refused((Refusal("422", "tila"),)))
    await office.settle()
    manual = await told(office)
    parked_at = (await office.link()).parked_at
    assert (manual.state, manual.owner, manual.due_at) == ("manual", SOCIAL, parked_at + timedelta(days=14))
    assert manual.since == parked_at


async def test_a_partner_that_is_away_keeps_it_queued(store):
    office = await an_office(store)
    await office.withdraw(office.form)
    office.paper.then("fetch", TryLater("away"))
    await office.attempt()
    assert await state(office) == "queued"


async def test_what_came_back_after_it_was_proved_gone_is_told_as_that(store):
    office = await an_office(store)
    await office.withdraw(office.form)
    await office.settle()
    row = await office.link()
    stands = {"drift": "D4", "verified_at": row.verified_at}
    office.bridge = replace(office.bridge, store=Drifted(office.bridge.store, stands))
    assert await state(office) == "forbidden_present"


class Drifted:
    """The store, in which the newest look found what may not stand there."""

    def __init__(self, store, stands):
        self._store, self._stands = store, stands

    async def write(self, fn):
        def changed(tx):
            get = tx.links.get
            tx.links.get = lambda link_id, **how: replace(get(link_id, **how), **self._stands)
            return fn(tx)

        return await self._store.write(changed)


async def test_items_that_only_waited_are_targets_too(store):
    office = await an_office(store, settled=False)
    await office.withdraw(office.form)
    assert (await told(office)).paths == (CONCLUSION,)
    await office.settle()
    assert office.paper.holds() == {}
    assert await state(office) in {"retracted", "verified_absent"}


async def test_items_that_keep_another_basis_are_no_target(store):
    office = await an_office(store, **{LIMITATION: "Ei nostoja."})
    await office.consent("health.functioning")
    await office.settle()
    await office.withdraw(office.form)
    assert (await told(office)).paths == (CONCLUSION,)


async def test_a_newer_form_that_takes_something_away_is_a_campaign_of_the_old_one(store):
    office = await an_office(store, **{LIMITATION: "Ei nostoja."})
    newer = await office.consent("health.conclusion", supersedes=str(office.form))
    assert (await told(office)).paths == (LIMITATION,)
    assert (await campaign(office, form=newer)).systems == ()
    await office.settle()
    assert office.paper.holds() == {"terveys": {"johtopaatos": "Osa-aikatyö mahdollinen."}}
    assert await state(office) == "verified_absent"


# --- what was on its way ------------------------------------------------------------------------------------------


async def test_with_nothing_on_its_way_the_answer_says_so(store):
    office = await an_office(store)
    fenced = await office.withdraw(office.form)
    assert fenced.in_flight == ()


async def hanging_send(office, error=None):
    """A send that has begun, and the event that lets it go on."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def hang(_):
        begun.set()
        await go_on.wait()
        if error is not None:
            raise error

    office.paper.then("answer", hang)
    (link,) = await office.claim()
    sending = asyncio.create_task(deliver(office.engine, office.bridge.partners["paper-1"], link))
    await asyncio.wait_for(begun.wait(), 30)
    return sending, go_on


async def test_a_send_under_way_is_told_in_the_answer_and_followed_by_its_taking_back(store):
    office = await an_office(store, settled=False)
    sending, go_on = await hanging_send(office)
    fenced = await office.withdraw(office.form)
    (send,) = fenced.in_flight
    assert (send.system, send.paths, send.outcome) == ("paper-1", (CONCLUSION,), None)
    assert await state(office) == "in_flight"
    go_on.set()
    await sending
    assert office.paper.holds()
    assert await state(office) == "queued"
    await office.settle()
    assert (office.paper.holds(), await state(office)) == ({}, "verified_absent")


async def test_how_it_ended_is_told_when_that_is_known_by_then(store):
    office = await an_office(store, settled=False)
    office.engine = replace(office.engine, licence_s=1.5)
    sending, go_on = await hanging_send(office, OutcomeUnknown())
    withdrawing = asyncio.create_task(office.withdraw(office.form))
    await asyncio.sleep(0.3)
    go_on.set()
    await sending
    (send,) = (await withdrawing).in_flight
    assert send.outcome == "outcome_unknown"
    assert send.started_at is not None


async def test_a_repeat_of_the_request_tells_the_same_sends(store):
    office = await an_office(store, settled=False)
    sending, go_on = await hanging_send(office)
    at = (await store.read(lambda tx: tx.now())) - timedelta(seconds=1)
    repeat = RepeatKey("w-1", "digest")
    again = [
        await withdraw_consent(office.bridge, HELMI, office.form, at=at, by={}, repeat=repeat)
        for _ in range(2)
    ]
    assert again[0].in_flight == again[1].in_flight != ()
    go_on.set()
    await sending


async def test_a_send_that_never_ends_is_not_under_way_for_ever(store):
    office = await an_office(store, settled=False)
    sending, _ = await hanging_send(office)
    await office.withdraw(office.form)
    sending.cancel()
    store.clock_offset += timedelta(minutes=1)
    assert await state(office) == "retracting", "the lease has not run out yet"
    await store.write(lambda tx: bury(tx, "w-1"))
    assert await state(office) == "queued"


async def test_what_went_out_before_the_clients_word_was_recorded_is_reported(store):
    office = await an_office(store, settled=False)
    said = await store.read(lambda tx: tx.now())
    store.clock_offset += timedelta(minutes=5)
    await office.settle()
    store.clock_offset += timedelta(minutes=20)
    await withdraw_consent(office.bridge, HELMI, office.form, at=said + timedelta(minutes=1), by={})
    await office.settle()
    (sent,) = (await campaign(office)).sent_before_recorded
    assert (sent.system, sent.items, sent.outcome) == ("paper-1", 1, "ok")
    assert said < sent.at < said + timedelta(minutes=20)


async def test_what_went_out_before_that_or_did_not_rest_on_it_is_not(store):
    office = await an_office(store)
    store.clock_offset += timedelta(minutes=20)
    said = await store.read(lambda tx: tx.now())
    other = await office.consent("plan.goals")
    await office.change({"goals[g-1].text_client": "Osa-aikatyö.", "goals[g-1].status": "active"})
    await office.settle()
    store.clock_offset += timedelta(minutes=1)
    await withdraw_consent(office.bridge, HELMI, office.form, at=said, by={})
    assert (await campaign(office)).sent_before_recorded == ()
    assert (await campaign(office, form=other)).sent_before_recorded == ()


# --- who may know -------------------------------------------------------------------------------------------------


def the_client(office, client_id=None):
    return replace(one_of(HEALTH, Role.CLIENT), client_id=client_id or office.client_id)


async def two_systems(store):
    """A form to social care and to the employment authority, delivered and withdrawn."""
    office = Office(store, Paper(), Paper(), licence_s=1.0)
    await office.open(
        **{
            "network.members[n-2].organization.party": EMPLOYMENT,
            "network.members[n-2].sector": "employment",
            LIMITATION: "Ei nostoja.",
        }
    )
    grants = [
        {"discloser": HEALTH, "recipient": SOCIAL, "categories": list(BOTH)},
        {"discloser": HEALTH, "recipient": EMPLOYMENT, "categories": ["health.conclusion"]},
    ]
    office.form = await office.consent(grants=grants)
    await office.settle()
    await office.withdraw(office.form)
    await office.settle()
    return office


async def test_the_discloser_sees_all_of_it_and_no_generation(store):
    office = await two_systems(store)
    found = {each.system: each for each in (await campaign(office, HELMI)).systems}
    assert {system: each.paths for system, each in found.items()} == {
        "paper-1": (CONCLUSION, LIMITATION),
        "paper-2": (CONCLUSION,),
    }
    assert {each.gen for each in found.values()} == {None}


async def test_a_recipient_is_told_of_its_own_system_and_of_what_had_reached_it(store):
    office = await two_systems(store)
    for caller, system, items in ((KAISA, "paper-1", 2), (OLLI, "paper-2", 1)):
        own = await told(office, caller)
        assert (own.system, own.items, own.state) == (system, items, "verified_absent")


async def test_a_recipient_is_not_told_of_items_that_never_reached_it(store):
    office = await an_office(store, settled=False)
    await office.withdraw(office.form)
    await office.settle()
    assert (await campaign(office, KAISA)).systems == ()


async def test_the_client_is_told_of_every_system_and_of_no_path(store):
    office = await two_systems(store)
    found = (await campaign(office, the_client(office))).systems
    assert [(each.system, each.party, each.items, each.paths) for each in found] == [
        ("paper-1", SOCIAL, 2, ()),
        ("paper-2", EMPLOYMENT, 1, ()),
    ]


async def test_nobody_else_is_told_that_the_form_exists(store):
    office = await two_systems(store)
    no_client = one_of(HEALTH, Role.CLIENT)
    for caller in (TEEMU, one_of(NGO), the_client(office, uuid4()), no_client):
        with pytest.raises(ConsentNotFound):
            await campaign(office, caller)
    with pytest.raises(ConsentNotFound):
        await campaign(office, the_client(office), form=uuid4())
    with pytest.raises(NotForRole):
        await campaign(office, one_of(HEALTH, Role.OPERATIONS))


async def test_what_was_sent_before_the_recording_is_told_by_the_same_rule(store):
    office = await an_office(store, settled=False)
    said = await store.read(lambda tx: tx.now())
    store.clock_offset += timedelta(minutes=5)
    await office.settle()
    await withdraw_consent(office.bridge, HELMI, office.form, at=said + timedelta(minutes=1), by={})
    for caller, count in ((DPO, 1), (HELMI, 1), (KAISA, 1), (the_client(office), 1)):
        assert len((await campaign(office, caller)).sent_before_recorded) == count


async def test_reading_it_is_on_record(store):
    office = await an_office(store)
    await campaign(office, the_client(office))
    rows = await store.read(lambda tx: tx.audit.of_client(office.client_id, limit=500))
    (entry,) = [r.entry for r in rows if r.entry.event == "consent/propagation_read"]
    assert (entry.actor_role, entry.basis) == ("client", str(office.form))
