"""A request with an Idempotency-Key has its effect once, also when it is sent twice at the same moment."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from tyokyky_bridge.domain.errors import InvalidPlan
from tyokyky_bridge.domain.parties import Purpose
from tyokyky_bridge.services import clients, consents, plans
from tyokyky_bridge.services.changes import Change
from tyokyky_bridge.services.plans import PlanExists
from tyokyky_bridge.services.repeats import KeyReused, RepeatKey
from worlds.hub import HELMI, HETU, OLLI, a_case, a_hub, caller, plan_content, y100
from worlds.parties import EMPLOYMENT, HEALTH

pytestmark = [pytest.mark.anyio, pytest.mark.both_engines]

KEY = RepeatKey("k-1", "a request")


@pytest.fixture
def hub(store):
    return a_hub(store)


async def test_a_repeat_gets_the_same_plan_and_makes_no_second(hub):
    client_id = await clients.register_client(hub, HELMI, HETU)
    first = await plans.create_plan(hub, HELMI, client_id, plan_content(), repeat=KEY)
    again = await plans.create_plan(hub, HELMI, client_id, plan_content(), repeat=KEY)
    assert (again.plan_id, again.etag) == (first.plan_id, first.etag)
    assert len(await hub.store.read(lambda tx: tx.plans.of_client(client_id))) == 1


async def test_of_ten_at_once_one_has_the_effect_and_all_get_its_answer(hub):
    client_id = await clients.register_client(hub, HELMI, HETU)
    made = await asyncio.gather(
        *(plans.create_plan(hub, HELMI, client_id, plan_content(), repeat=KEY) for _ in range(10))
    )
    assert len({seen.plan_id for seen in made}) == 1
    history = await hub.store.read(lambda tx: tx.audit.of_client(client_id, limit=500))
    assert [r.entry.event for r in history].count("plan/created") == 1


async def test_of_ten_forms_at_once_one_is_recorded(hub):
    case = await a_case(hub)
    made = await asyncio.gather(
        *(
            consents.record_consent(hub, HELMI, case.client_id, y100((HEALTH, EMPLOYMENT)), repeat=KEY)
            for _ in range(10)
        )
    )
    assert len({fenced.consent.consent_id for fenced in made}) == 1
    assert len(await hub.store.read(lambda tx: tx.consents.of_client(case.client_id))) == 1


async def test_a_repeated_withdrawal_says_again_what_the_first_cancelled(hub):
    case = await a_case(hub, HELMI, y100((HEALTH, EMPLOYMENT)))
    said = datetime.now(UTC) - timedelta(minutes=1)
    first, again = [
        await consents.withdraw_consent(hub, HELMI, case.forms[0], at=said, repeat=KEY) for _ in range(2)
    ]
    assert again == first
    assert first.cancelled["ura"]


async def test_a_repeated_closing_is_no_stale_change(hub):
    case = await a_case(hub)
    closing = [Change("header.status", "closed")]
    for _ in range(2):
        seen = await plans.revise_plan(hub, HELMI, case.plan_id, closing, if_match=case.seen.etag, repeat=KEY)
        assert seen.disclosure.view.leaves["header.status"] == "closed"


async def test_the_same_key_for_something_else_is_refused(hub):
    client_id = await clients.register_client(hub, HELMI, HETU)
    await plans.create_plan(hub, HELMI, client_id, plan_content(), repeat=KEY)
    with pytest.raises(KeyReused):
        await plans.create_plan(hub, HELMI, client_id, plan_content(), repeat=RepeatKey("k-1", "another"))
    other_purpose = caller(HEALTH, subject=HELMI.subject, purpose=Purpose.STATEMENT)
    with pytest.raises(KeyReused):
        await plans.create_plan(hub, other_purpose, client_id, plan_content(), repeat=KEY)


async def test_keys_of_different_callers_have_nothing_to_do_with_each_other(hub):
    client_id = await clients.register_client(hub, HELMI, HETU)
    await plans.create_plan(hub, HELMI, client_id, plan_content(), repeat=KEY)
    with pytest.raises(PlanExists):
        await plans.create_plan(
            hub, caller(HEALTH, subject="somebody else"), client_id, plan_content(), repeat=KEY
        )


async def test_a_refused_request_keeps_nothing_and_may_be_sent_again(hub):
    client_id = await clients.register_client(hub, HELMI, HETU)
    with pytest.raises(InvalidPlan):
        await plans.create_plan(hub, HELMI, client_id, {"header": {"status": "nonsense"}}, repeat=KEY)
    assert await plans.create_plan(hub, HELMI, client_id, plan_content(), repeat=KEY)


async def test_a_key_is_forgotten_after_a_day(hub, store):
    client_id = await clients.register_client(hub, HELMI, HETU)
    await plans.create_plan(hub, HELMI, client_id, plan_content(), repeat=KEY)
    store.clock_offset = timedelta(hours=25)
    with pytest.raises(PlanExists):
        await plans.create_plan(hub, HELMI, client_id, plan_content(), repeat=KEY)


async def test_a_repeat_is_answered_by_what_the_caller_may_see_now(hub):
    """A consent that ended in between has ended for the repeat too."""
    case = await a_case(hub, HELMI, y100((HEALTH, EMPLOYMENT), (EMPLOYMENT, HEALTH)))
    mine = await case.read(OLLI)
    change = [Change("employment.labour_market_status", "unemployed_jobseeker")]

    async def send():
        return await plans.revise_plan(hub, OLLI, case.plan_id, change, if_match=mine.etag, repeat=KEY)

    assert "health.work_ability_conclusion" in (await send()).disclosure.view.leaves
    await case.withdraw()
    assert set((await send()).disclosure.view.leaves) == {"employment.labour_market_status"}


async def test_nothing_of_the_plan_is_stored_with_a_key(hub):
    client_id = await clients.register_client(hub, HELMI, HETU)
    seen = await plans.create_plan(hub, HELMI, client_id, plan_content(), repeat=KEY)
    scope = f"{HEALTH}/{hashlib.sha256(HELMI.subject.encode()).hexdigest()}"
    row = await hub.store.read(lambda tx: tx.idempotency.get(scope, "k-1"))
    assert dict(row.response) == {"plan": str(seen.plan_id)}
