"""A plan is created, revised and closed; every item knows who it is from, and what may not be known is not there."""

import pytest

from tyokyky_bridge.domain.errors import InvalidPlan
from tyokyky_bridge.domain.hetu import InvalidHetu
from tyokyky_bridge.services import clients, plans
from tyokyky_bridge.services.callers import NotForRole, Role
from tyokyky_bridge.services.changes import CategoryWithheld, NotYourField
from tyokyky_bridge.services.clients import ClientNotFound
from tyokyky_bridge.services.loading import PlanNotFound
from tyokyky_bridge.services.plans import PlanClosed, PlanExists, StalePlan
from worlds.hub import (
    DPO,
    HELMI,
    HETU,
    KAISA,
    OLLI,
    OPERATOR,
    SATAMA,
    TEEMU,
    TWIN,
    a_case,
    a_hub,
    caller,
    plan_content,
    y100,
)
from worlds.parties import EMPLOYMENT, HEALTH, KELA, SOCIAL

pytestmark = pytest.mark.anyio

TO_ALL = y100((HEALTH, EMPLOYMENT), (HEALTH, KELA), (EMPLOYMENT, HEALTH), (EMPLOYMENT, KELA))


@pytest.fixture
def hub(store):
    return a_hub(store)


async def origins(case):
    row = await case.bridge.store.read(lambda tx: tx.plans.latest(case.plan_id))
    return {path: origin["party"] for path, origin in row.origins.items()}


@pytest.mark.parametrize("role", [Role.OVERSIGHT, Role.OPERATIONS])
async def test_only_professionals_and_systems_write(hub, role):
    other = caller(HEALTH, role)
    with pytest.raises(NotForRole):
        await clients.register_client(hub, other, HETU)
    case = await a_case(hub)
    for act in (
        plans.create_plan(hub, other, case.client_id, plan_content()),
        plans.revise_plan(hub, other, case.plan_id, [], if_match="*"),
    ):
        with pytest.raises(NotForRole):
            await act


async def test_operations_reads_no_content(hub):
    case = await a_case(hub)
    for act in (
        plans.read_plan(hub, OPERATOR, case.plan_id),
        plans.list_revisions(hub, OPERATOR, case.plan_id),
        clients.find_client(hub, OPERATOR, HETU),
    ):
        with pytest.raises(NotForRole):
            await act


async def test_a_plan_needs_a_client_that_the_caller_registered(hub):
    client_id = await clients.register_client(hub, HELMI, HETU)
    with pytest.raises(ClientNotFound):
        await plans.create_plan(hub, OLLI, client_id, plan_content())


async def test_whoever_registers_a_client_gets_the_same_id_also_after_a_long_history(hub):
    case = await a_case(hub)
    for _ in range(120):
        await case.read()
    mine = await clients.register_client(hub, KAISA, HETU)
    assert mine == case.client_id
    with pytest.raises(ClientNotFound):  # an open plan that she may not know of
        await plans.create_plan(hub, KAISA, mine, plan_content())
    assert (await clients.find_client(hub, KAISA, HETU))[0] == mine


async def test_twins_of_the_century_sign_are_two_clients(hub):
    assert await clients.register_client(hub, HELMI, HETU) != await clients.register_client(hub, HELMI, TWIN)


async def test_a_client_has_one_open_plan(hub):
    case = await a_case(hub)
    with pytest.raises(PlanExists):
        await plans.create_plan(hub, HELMI, case.client_id, plan_content())


async def test_the_hub_sets_ids_and_times(hub):
    case = await a_case(hub)
    leaves = case.seen.disclosure.view.leaves
    assert leaves["header.plan_id"] == str(case.plan_id)
    assert leaves["client.client_id"] == str(case.client_id)
    assert "header.created_at" in leaves


async def test_nobody_else_sets_them(hub):
    client_id = await clients.register_client(hub, HELMI, HETU)
    content = plan_content()
    content["header"]["plan_id"] = "00000000-0000-4000-8000-000000000001"
    with pytest.raises(InvalidPlan):
        await plans.create_plan(hub, HELMI, client_id, content)
    case = await a_case(hub)
    for path in ("header.plan_id", "client.client_id"):
        with pytest.raises(InvalidPlan):
            await case.change({path: "00000000-0000-4000-8000-000000000001"})
        with pytest.raises(InvalidPlan):
            await case.change({path: None})
    with pytest.raises(InvalidPlan):
        await case.change({"header": {"status": "active", "plan_id": "00000000-0000-4000-8000-000000000001"}})


async def test_a_section_read_may_be_sent_back_with_its_ids(hub):
    case = await a_case(hub)
    from tyokyky_bridge.services.shape import shaped

    header = shaped(case.seen.disclosure.view.leaves)["header"]
    after = await case.change({"header": {**header, "form": "reduced"}})
    assert after.disclosure.view.leaves["header.form"] == "reduced"
    assert after.disclosure.view.leaves["header.plan_id"] == str(case.plan_id)


async def test_every_item_keeps_the_party_that_gave_it(hub):
    case = await a_case(hub, HELMI, TO_ALL)
    await case.change({"employment.labour_market_status": "unemployed_jobseeker"}, OLLI)
    await case.change({"goals[g-1].text_client": "Työ kirjastossa."}, OLLI)
    found = await origins(case)
    assert found["employment.labour_market_status"] == found["goals[g-1].text_client"] == EMPLOYMENT
    assert found["goals[g-1].status"] == found["health.work_ability_conclusion"] == HEALTH


async def test_the_same_content_again_makes_no_revision(hub):
    case = await a_case(hub)
    await case.change({"goals[g-1].text_client": "Osa-aikatyö varastossa.  \r\n"})
    history = await hub.store.read(lambda tx: tx.plans.history(case.plan_id))
    assert [head.version for head in history] == [1]


async def test_numbers_are_kept_as_they_are_written(hub):
    case = await a_case(hub)
    score = {"id": "kv", "instrument": "kykyviisari", "value": 4.1, "effective_on": "2026-03-01"}
    after = await case.change({"scores[kv]": score})
    assert str(after.disclosure.view.leaves["scores[kv].value"]) == "4.1"


async def test_a_change_on_an_old_reading_is_refused(hub):
    case = await a_case(hub)
    old = case.seen.etag
    await case.change({"goals[g-1].text_client": "Työ kirjastossa."})
    with pytest.raises(StalePlan):
        await case.change({"goals[g-1].status": "achieved"}, etag=old)


@pytest.mark.parametrize(
    ("who", "path", "value"),
    [
        (OLLI, "health.work_ability_conclusion", "Kokoaikatyö."),
        (OLLI, "goals[g-2]", None),
        (HELMI, "employment.labour_market_status", "unemployed_jobseeker"),
        (HELMI, "measures.kela_view", "Kuntoutus kannattaa."),
        (HELMI, "competence.work_experience_summary", "Kassatyötä."),
    ],
)
async def test_a_field_belongs_to_the_registers_of_its_authority(hub, who, path, value):
    case = await a_case(hub, HELMI, TO_ALL)
    if value is None:
        after = await case.change({path: {"text_client": "Työ.", "status": "active"}}, who)
        assert f"{path}.text_client" in after.disclosure.view.leaves  # whoever records a goal answers for it
        return
    with pytest.raises(NotYourField):
        await case.change({path: value}, who)


async def test_fields_of_kela_and_pension_providers_are_nobody_elses(hub):
    case = await a_case(hub)
    with pytest.raises(NotYourField):
        await case.change({"measures.rehabilitation_subsidy": [{"id": "m-1", "decision_date": "2026-03-01"}]})


async def test_a_withheld_category_cannot_be_overwritten_whether_it_holds_anything_or_not(hub):
    case = await a_case(hub, HELMI, TO_ALL)
    told = []
    for path in ("social.daily_rhythm", "social.debts"):
        with pytest.raises(CategoryWithheld) as refusal:
            await case.change({path: "jotain"}, OLLI)
        told.append(str(refusal.value))
    assert len(set(told)) == 1


async def test_a_refusal_tells_not_whether_there_is_anything_to_refuse_for(hub):
    """The same edits are answered alike on a plan with hidden items and on one without them."""
    answers = []
    for content in (plan_content()["health"], {}):
        case = await a_case(hub, HELMI, TO_ALL, health=content)
        told = []
        for path, value in (
            ("health.substance_use", "jotain"),
            ("health.substance_use", 5),
            ("health.work_limitation_flag", "ehkä"),
            ("social.debts", None),
            ("social.debts", "on"),
        ):
            try:
                told.append((await case.change({path: value}, OLLI)).etag)
            except (InvalidPlan, NotYourField, CategoryWithheld) as refusal:
                told.append((type(refusal), refusal.problems))
        answers.append([*told[:-2], told[-1]])
        await case.change({"header.status": "closed"})
    assert answers[0] == answers[1]


async def test_a_hidden_element_survives_a_list_that_is_written_back(hub):
    case = await a_case(hub, HELMI, TO_ALL)
    seen = await case.read(OLLI)
    assert {p for p in seen.disclosure.view.leaves if p.startswith("scores[bdi]")} == set()
    await case.change({"scores": [], "goals": []}, OLLI)
    left = (await case.read(HELMI)).disclosure.view.leaves
    assert left["scores[bdi].value"] == 18
    assert not [p for p in left if p.startswith(("scores[b4]", "goals["))]


async def test_an_address_kept_back_by_a_non_disclosure_order_is_not_erased(hub):
    client = plan_content()["client"] | {
        "address": {"street": "Esimerkkikatu 1", "city": "Meriniemi"},
        "non_disclosure": {"active": True},
    }
    case = await a_case(hub, HELMI, client=client)
    from tyokyky_bridge.services.shape import shaped

    view = case.seen.disclosure.view
    assert view.non_disclosure
    assert "client.address.street" not in view.leaves
    await case.change({"client": shaped(view.leaves)["client"] | {"call_name": "Tuuli"}})
    row = await hub.store.read(lambda tx: tx.plans.latest(case.plan_id))
    assert row.leaves["client.address.street"] == "Esimerkkikatu 1"
    for path in ("client.address.street", "client.address.postal_code"):  # there, and not there
        with pytest.raises(CategoryWithheld):
            await case.change({path: "00001"})


async def test_an_identity_number_of_somebody_else_is_refused_in_every_guise(hub):
    for kind in ("official", "temporary"):
        client_id = await clients.register_client(hub, HELMI, HETU)
        content = plan_content()
        content["client"]["hetu"] = [{"id": "h-1", "value": TWIN, "kind": kind}]
        with pytest.raises(InvalidPlan):
            await plans.create_plan(hub, HELMI, client_id, content)


async def test_a_foreign_number_is_no_hetu_and_a_real_one_is_refused_where_only_synthetic_ones_are_taken(hub):
    case = await a_case(hub)
    foreign = {"id": "h-2", "value": "PL 91072512345", "kind": "foreign"}
    after = await case.change({"client.hetu[h-2]": foreign})
    assert after.disclosure.view.leaves["client.hetu[h-2].value"] == "PL 91072512345"
    with pytest.raises(InvalidHetu):
        await clients.register_client(hub, HELMI, "131052-308T")


async def test_a_closed_plan_is_not_edited_and_a_new_one_may_be_opened(hub):
    case = await a_case(hub)
    await case.change({"header.status": "closed", "closing.closed_on": "2026-03-02"})
    with pytest.raises(PlanClosed):
        await case.change({"goals[g-1].status": "achieved"})
    again = await plans.create_plan(hub, HELMI, case.client_id, plan_content())
    assert again.plan_id != case.plan_id


async def test_a_party_outside_the_network_finds_no_trace_of_the_plan(hub):
    case = await a_case(hub, HELMI, TO_ALL)
    for who in (KAISA, SATAMA, caller("jarvialue-health")):
        for act in (
            plans.read_plan(hub, who, case.plan_id),
            plans.list_revisions(hub, who, case.plan_id),
            plans.revise_plan(hub, who, case.plan_id, [], if_match="*"),
        ):
            with pytest.raises(PlanNotFound):
                await act
        with pytest.raises(ClientNotFound):
            await clients.find_client(hub, who, HETU)
    assert (await clients.find_client(hub, TEEMU, HETU))[1][0].plan_id == case.plan_id


async def test_a_party_that_is_not_in_force_finds_no_trace_either(hub, store):
    case = await a_case(hub)
    from dataclasses import replace
    from datetime import date

    from tyokyky_bridge.domain.parties import Directory

    rows = [row for group in hub.directory.parties.values() for row in group]
    ended = [replace(r, valid_to=date(2026, 1, 1)) if r.id == EMPLOYMENT else r for r in rows]
    later = replace(hub, directory=Directory(ended), partners={})
    with pytest.raises(PlanNotFound):
        await plans.read_plan(later, OLLI, case.plan_id)
    with pytest.raises(PlanNotFound):
        await plans.read_plan(later, caller("nobody"), case.plan_id)


async def test_the_network_knows_of_the_plan_without_seeing_its_status(hub):
    case = await a_case(hub)
    (listed,) = (await clients.find_client(hub, OLLI, HETU))[1]
    assert listed.plan_id == case.plan_id
    assert "header.status" not in listed.disclosure.view.leaves


async def test_the_etag_moves_with_the_view_and_with_nothing_else(hub):
    case = await a_case(hub, HELMI, TO_ALL)
    before = await case.read(OLLI)
    await case.change({"health.substance_use": "jotain muuta", "scores[bdi].value": 20})
    hidden = await case.read(OLLI)
    assert hidden.etag == before.etag
    assert hidden.revision.version == before.revision.version + 1
    await case.change({"health.work_ability_conclusion": "Kokoaikatyö."})
    assert (await case.read(OLLI)).etag != before.etag


async def test_revisions_are_numbered_by_what_the_caller_could_see_change(hub):
    case = await a_case(hub, HELMI, TO_ALL)
    await case.change({"health.substance_use": "jotain muuta"})
    await case.change({"goals[g-1].text_client": "Työ kirjastossa."})
    mine = await plans.list_revisions(hub, HELMI, case.plan_id)
    ollis = await plans.list_revisions(hub, OLLI, case.plan_id)
    assert [r.number for r in mine] == [1, 2, 3]
    assert [r.number for r in ollis] == [1, 2]
    goals = [r.seen.disclosure.view.leaves["goals[g-1].text_client"] for r in ollis]
    assert goals == ["Osa-aikatyö varastossa.", "Työ kirjastossa."]


async def test_reading_leaves_a_trace_without_content(hub):
    case = await a_case(hub)
    await case.read(DPO)
    rows = await hub.store.read(lambda tx: tx.audit.of_plan(case.plan_id))
    last = rows[-1].entry
    assert (last.event, last.actor_party, last.actor_role) == ("plan/read", HEALTH, "oversight")
    assert "Esimerkki" not in str([row.entry for row in rows])


async def test_a_social_worker_in_the_network_sees_only_what_a_form_gives(hub):
    from worlds.hub import member

    case = await a_case(
        hub,
        HELMI,
        y100((HEALTH, SOCIAL), categories=["plan.goals"]),
        network={"members": [member(SOCIAL, "social")]},
    )
    view = (await case.read(KAISA)).disclosure.view
    assert set(view.leaves) == {"goals[g-1].text_client", "goals[g-1].status"}
    assert "health.substance" in view.withheld
