"""Forms are recorded, replaced and withdrawn; what rested on one stops in the transaction that ends it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from tyokyky_bridge.domain.consent import ConsentStatus, NotActive
from tyokyky_bridge.services import clients, consents
from tyokyky_bridge.services.callers import NotForRole
from tyokyky_bridge.services.clients import ClientNotFound
from tyokyky_bridge.services.consents import ConsentInvalid, ConsentNotFound
from worlds.hub import DPO, HELMI, HETU, KAISA, OLLI, OPERATOR, SATAMA, TEEMU, a_case, a_hub, y100
from worlds.parties import EMPLOYMENT, HEALTH, KELA, SOCIAL

pytestmark = pytest.mark.anyio

TO_URA = y100((HEALTH, EMPLOYMENT))
TO_URA_AND_KELA = y100((HEALTH, EMPLOYMENT), (HEALTH, KELA))


@pytest.fixture
def hub(store):
    return a_hub(store)


async def epoch(case):
    return (await case.bridge.store.read(lambda tx: tx.clients.get(case.client_id))).epoch


async def notices(case):
    rows = await case.bridge.store.read(lambda tx: tx.notices.of_client(case.client_id))
    return {row.party: str(row.consent_id) for row in rows}


async def test_oversight_and_operations_record_and_withdraw_nothing(hub):
    case = await a_case(hub, HELMI, TO_URA)
    for who in (DPO, OPERATOR):
        with pytest.raises(NotForRole):
            await case.consent(TO_URA, who)
        with pytest.raises(NotForRole):
            await case.withdraw(who)
    with pytest.raises(NotForRole):
        await consents.read_consent(hub, OPERATOR, case.forms[0])


async def test_a_party_that_does_not_know_the_client_records_nothing_and_hears_of_no_client(hub):
    case = await a_case(hub, HELMI, TO_URA)
    for who in (KAISA, SATAMA):
        with pytest.raises(ClientNotFound):
            await case.consent(TO_URA, who)
        with pytest.raises(ClientNotFound):
            await consents.list_consents(hub, who, case.client_id)
    with pytest.raises(ClientNotFound):
        await consents.record_consent(hub, HELMI, uuid4(), TO_URA)


async def test_a_form_is_read_by_the_parties_on_it_and_by_oversight(hub):
    case = await a_case(hub, HELMI, TO_URA)
    for who in (HELMI, OLLI, DPO):
        assert (await consents.read_consent(hub, who, case.forms[0])).consent_id == str(case.forms[0])
    for who in (TEEMU, KAISA):
        with pytest.raises(ConsentNotFound):
            await consents.read_consent(hub, who, case.forms[0])
    assert await consents.list_consents(hub, TEEMU, case.client_id) == ()


async def test_a_party_that_is_not_on_a_form_neither_withdraws_nor_replaces_it(hub):
    case = await a_case(hub, HELMI, TO_URA)
    with pytest.raises(ConsentNotFound):
        await case.withdraw(TEEMU)
    with pytest.raises(ConsentNotFound):
        await case.consent(y100((HEALTH, KELA), supersedes=str(case.forms[0])), TEEMU)
    with pytest.raises(ConsentNotFound):
        await case.consent(y100((HEALTH, KELA), supersedes="no-such-form"))
    form = await consents.read_consent(hub, HELMI, case.forms[0])
    assert form.status is ConsentStatus.ACTIVE


async def test_mutual_boxes_become_a_grant_in_each_direction(hub):
    case = await a_case(hub)
    box = {"parties": [HEALTH, EMPLOYMENT], "categories": ["admin.*", "self.b4"]}
    fenced = await case.consent({**TO_URA, "grants": [], "mutual": [box]})
    assert {(g.discloser, g.recipient) for g in fenced.consent.grants} == {
        (HEALTH, EMPLOYMENT),
        (EMPLOYMENT, HEALTH),
    }
    named = {c.value for g in fenced.consent.grants for c in g.categories}
    assert named == {"admin.case", "admin.network", "admin.referral", "self.b4"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (
            {"grants": [{"discloser": HEALTH, "recipient": "nobody", "categories": ["self.b4"]}]},
            "grants[0].recipient",
        ),
        ({"grants": [{"discloser": HEALTH, "recipient": HEALTH, "categories": ["self.b4"]}]}, "grants.0"),
        ({"grants": [{"discloser": HEALTH, "recipient": KELA, "categories": ["health.*"]}]}, "categories"),
        ({"grants": [{"discloser": HEALTH, "recipient": KELA, "categories": ["120385-921T"]}]}, "categories"),
        ({"grants": ["x"]}, "grants"),
        ({"grants": 5}, "grants"),
        ({"mutual": None}, "grants"),
        ({"mutual": [{"parties": [f"p-{n}" for n in range(500)], "categories": ["self.b4"]}]}, "parties"),
        ({"mutual": [{"parties": [HEALTH, KELA], "categories": ["self.b4"], "Esimerkki": 1}]}, ""),
        ({"status": "withdrawn"}, ""),
        ({"status": "superseded"}, "status"),
        ({"evidence": None}, ""),
        ({"Esimerkki": "Tuulikki"}, ""),
        ({"valid_until": "2020-01-01"}, ""),
        ({"granted_at": "2026-01-01T10:00:00"}, "granted_at"),
    ],
)
async def test_a_form_that_breaks_a_rule_is_refused_by_field_and_without_its_words(hub, change, field):
    case = await a_case(hub)
    with pytest.raises(ConsentInvalid) as refusal:
        await case.consent({**TO_URA, **change})
    assert field in [p.field for p in refusal.value.problems]
    told = str(refusal.value)
    assert not [word for word in ("120385", "Esimerkki", "Tuulikki", "nobody") if word in told]
    assert await hub.store.read(lambda tx: tx.consents.of_client(case.client_id)) == ()


async def test_an_unreadable_form_is_kept_as_a_draft_and_opens_nothing(hub):
    case = await a_case(hub)
    await case.consent({**y100((HEALTH, "nobody")), "status": "draft", "evidence": None})
    assert await case.link("ura") is None


async def test_every_change_of_a_form_raises_the_fence(hub):
    case = await a_case(hub)
    epochs = [await epoch(case)]
    await case.consent(TO_URA)
    epochs.append(await epoch(case))
    await case.consent(y100((HEALTH, EMPLOYMENT), supersedes=str(case.forms[0])))
    epochs.append(await epoch(case))
    await case.withdraw()
    epochs.append(await epoch(case))
    assert epochs == sorted(set(epochs))
    assert len(set(epochs)) == 4


async def test_a_change_of_the_network_raises_the_fence_too_and_other_edits_do_not(hub):
    case = await a_case(hub, HELMI, TO_URA)
    before = await epoch(case)
    await case.change({"goals[g-1].text_client": "Työ kirjastossa."})
    assert await epoch(case) == before
    await case.change({f"network.members[n-{EMPLOYMENT}]": None})
    assert await epoch(case) == before + 1


async def test_a_withdrawal_keeps_both_moments_and_tells_every_party_of_the_form(hub):
    case = await a_case(hub, HELMI, TO_URA_AND_KELA)
    said = datetime.now(UTC) - timedelta(minutes=30)
    fenced = await consents.withdraw_consent(hub, OLLI, case.forms[0], at=said)
    assert fenced.consent.status is ConsentStatus.WITHDRAWN
    assert fenced.consent.withdrawn.at == said
    assert fenced.consent.withdrawn.recorded_at - said >= timedelta(minutes=30)
    assert fenced.consent.withdrawn.received_by_party == EMPLOYMENT
    assert fenced.notified == (KELA, HEALTH, EMPLOYMENT)
    assert await notices(case) == dict.fromkeys((KELA, HEALTH, EMPLOYMENT), str(case.forms[0]))


async def test_a_withdrawal_cannot_be_dated_ahead_or_without_an_offset(hub):
    case = await a_case(hub, HELMI, TO_URA)
    for at in (datetime.now(UTC) + timedelta(hours=1), datetime.now()):  # noqa: DTZ005
        with pytest.raises(ConsentInvalid):
            await consents.withdraw_consent(hub, HELMI, case.forms[0], at=at)


async def test_a_form_is_withdrawn_once(hub):
    case = await a_case(hub, HELMI, TO_URA)
    await case.withdraw()
    with pytest.raises(NotActive):
        await case.withdraw()
    with pytest.raises(NotActive):
        await case.consent(y100((HEALTH, EMPLOYMENT), supersedes=str(case.forms[0])))


async def test_what_waited_is_cancelled_and_named_to_those_who_saw_it(hub):
    case = await a_case(hub, HELMI, TO_URA)
    fenced = await case.withdraw()
    assert "goals[g-1].text_client" in fenced.cancelled["ura"]
    assert "goals[g-1]" in fenced.cancelled_elements["ura"]
    link = await case.link("ura")
    rows = await hub.store.read(lambda tx: tx.decisions.cancelled(link.id))
    assert {row.path for row in rows} == set(fenced.cancelled["ura"])
    assert {row.consent_id for row in rows} == {case.forms[0]}
    assert link.desired_kind == "absent"
    assert link.urgent


async def test_who_could_not_see_what_waited_is_not_told_of_it(hub):
    form = y100((HEALTH, EMPLOYMENT))
    form["grants"].append({"discloser": HEALTH, "recipient": KELA, "categories": ["plan.goals"]})
    case = await a_case(hub, HELMI, form)
    fenced = await case.withdraw(TEEMU)
    assert {p.split("[")[0] for p in fenced.cancelled["ura"]} == {"goals"}
    link = await case.link("ura")
    rows = await hub.store.read(lambda tx: tx.decisions.cancelled(link.id))
    assert "health.work_ability_conclusion" in {row.path for row in rows}


async def test_a_newer_form_is_read_alone(hub):
    case = await a_case(hub, HELMI, TO_URA_AND_KELA)
    before = (await case.read(OLLI)).disclosure.view.leaves
    fenced = await case.consent(y100((HEALTH, KELA), supersedes=str(case.forms[0])))
    assert "goals[g-1].text_client" in before
    assert not (await case.read(OLLI)).disclosure.view.leaves
    assert (await case.read(TEEMU)).disclosure.view.leaves
    assert "goals[g-1].text_client" in fenced.cancelled["ura"]
    assert set(fenced.notified) == {HEALTH, EMPLOYMENT, KELA}
    old = await consents.read_consent(hub, HELMI, case.forms[0])
    assert (old.status, old.withdrawn.received_by_party) == (ConsentStatus.SUPERSEDED, HEALTH)


async def test_a_newer_form_that_takes_nothing_away_tells_nobody(hub):
    case = await a_case(hub, HELMI, TO_URA)
    more = y100((HEALTH, EMPLOYMENT), (HEALTH, KELA), supersedes=str(case.forms[0]))
    fenced = await case.consent(more)
    assert (fenced.notified, fenced.cancelled) == ((), {})
    assert await notices(case) == {}


async def test_a_form_of_another_client_cannot_be_replaced(hub):
    case = await a_case(hub, HELMI, TO_URA)
    other = await clients.register_client(hub, HELMI, "120385Y921T")
    with pytest.raises(ConsentNotFound):
        await consents.record_consent(hub, HELMI, other, {**TO_URA, "supersedes": str(case.forms[0])})


async def test_who_registered_a_client_may_record_a_form_before_there_is_a_plan(hub):
    client_id = await clients.register_client(hub, OLLI, HETU)
    fenced = await consents.record_consent(hub, OLLI, client_id, y100((EMPLOYMENT, HEALTH)))
    case = await a_case(hub)
    assert UUID(fenced.consent.client_id) == case.client_id
    (form,) = await consents.list_consents(hub, HELMI, case.client_id)
    assert form.consent_id == fenced.consent.consent_id


async def test_a_form_with_a_social_party_is_audited_without_its_words(hub):
    case = await a_case(hub, HELMI, y100((HEALTH, SOCIAL), categories=["plan.goals"]))
    await case.withdraw()
    rows = [r.entry for r in await hub.store.read(lambda tx: tx.audit.of_client(case.client_id, limit=500))]
    said = [(r.event, r.basis) for r in rows if r.event.startswith("consent/")]
    assert said == [("consent/recorded", str(case.forms[0])), ("consent/withdrawn", str(case.forms[0]))]
    assert "Lindqvist" not in str(rows)
