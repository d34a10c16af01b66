"""Updating as FHIR: only what a caller changed of what it saw changes, and what a plan cannot hold is refused."""

import pytest

from tyokyky_bridge.domain.items import leaves_to_json
from tyokyky_bridge.fhir.wire.issues import Invalid
from tyokyky_bridge.services.callers import NotForRole
from tyokyky_bridge.services.changes import CategoryWithheld, NotYourField
from tyokyky_bridge.services.fhir import writing
from tyokyky_bridge.services.fhir.refusals import (
    BadRequest,
    Gone,
    NotAllowed,
    NotFound,
    PreconditionRequired,
    Stale,
)
from tyokyky_bridge.services.plans import PlanClosed
from worlds.fhir import BASE, Client
from worlds.hub import DPO, HELMI, HETU, OLLI, SATAMA, TWIN, a_case, a_hub, y100
from worlds.paper import Office, Paper
from worlds.parties import EMPLOYMENT, HEALTH

pytestmark = pytest.mark.anyio

TO_OLLI = y100((HEALTH, EMPLOYMENT), (EMPLOYMENT, HEALTH))
TYPES = ("Patient", "CarePlan", "CareTeam", "EpisodeOfCare", "Goal", "Observation", "Condition", "Task")


@pytest.fixture
def hub(store):
    return a_hub(store)


def goal_id(case, name="g-1"):
    return f"{case.plan_id.hex}.go-{name}"


async def whole(case):
    row = await case.bridge.store.read(lambda tx: tx.plans.latest(case.plan_id))
    return row.version, dict(row.leaves)


async def test_writing_back_what_was_read_makes_no_revision(hub):
    case = await a_case(hub, HELMI, TO_OLLI)
    before = await whole(case)
    for who in (HELMI, OLLI):
        client = Client(hub, who)
        for kind in TYPES:
            for document in await client.search(kind):
                written = await client.put(document)
                assert (written.changed, written.created) == (False, False)
                assert written.version.document == document
    assert await whole(case) == before


async def test_one_visible_element_edited_in_a_cut_view_changes_only_that(hub):
    case = await a_case(hub, HELMI, TO_OLLI)
    olli = Client(hub, OLLI)
    version, before = await whole(case)
    goal = await olli.read("Goal", goal_id(case))
    goal["description"]["text"] = "Kokoaikatyö keittiössä."
    written = await olli.put(goal)
    assert written.changed
    assert written.version.document["description"]["text"] == "Kokoaikatyö keittiössä."
    after = await whole(case)
    assert after[0] == version + 1
    assert after[1] == {**before, "goals[g-1].text_client": "Kokoaikatyö keittiössä."}


async def test_a_status_is_edited_without_touching_the_extension_that_has_it_exactly(hub):
    case = await a_case(hub, HELMI, TO_OLLI)
    helmi = Client(hub, HELMI)
    goal = await helmi.read("Goal", goal_id(case))
    assert goal["lifecycleStatus"] != "on-hold"
    goal["lifecycleStatus"] = "on-hold"
    await helmi.put(goal)
    assert (await whole(case))[1]["goals[g-1].status"] == "on_hold"


async def test_a_plan_written_back_by_who_sees_a_part_keeps_what_was_hidden(hub):
    case = await a_case(hub, HELMI, TO_OLLI)
    olli = Client(hub, OLLI)
    _, before = await whole(case)
    plan = await olli.read("CarePlan", str(case.plan_id))
    assert "substance" not in str(plan)
    plan["extension"] = [
        *plan.get("extension", []),
        {
            "url": "https://tyokyky-bridge.example/fhir/StructureDefinition/follow-up-confirmed-current-on",
            "valueDate": "2026-03-01",
        },
    ]
    await olli.put(plan)
    _, after = await whole(case)
    assert after == {**before, "follow_up.confirmed_current_on": "2026-03-01"}


async def test_what_is_left_out_of_a_body_is_removed_if_it_was_seen(hub):
    case = await a_case(hub)
    await case.change({"goals[g-1].due": "2026-12"})
    helmi = Client(hub, HELMI)
    goal = await helmi.read("Goal", goal_id(case))
    del goal["target"]
    await helmi.put(goal)
    assert "goals[g-1].due" not in (await whole(case))[1]


async def test_an_update_tells_who_made_it(hub):
    case = await a_case(hub, HELMI, TO_OLLI)
    olli = Client(hub, OLLI)
    goal = await olli.read("Goal", goal_id(case))
    goal["description"]["text"] = "Kokoaikatyö."
    await olli.put(goal)
    row = await hub.store.read(lambda tx: tx.plans.latest(case.plan_id))
    assert (row.actor, row.cause) == (EMPLOYMENT, "fhir")
    assert row.origins["goals[g-1].text_client"]["party"] == EMPLOYMENT
    assert row.origins["goals[g-1].status"]["party"] == HEALTH


async def test_an_organisation_that_left_the_network_gets_nothing_after_the_answer(store):
    office = Office(store, Paper("blank"), licence_s=2.0)
    await office.open()
    await office.consent("health.conclusion")
    helmi = Client(office.bridge, office.helmi)

    async def leave(_):
        team = await helmi.read("CareTeam", str(office.plan_id))
        team["participant"] = [each for each in team["participant"] if each["id"] != "network.members.n-1"]
        assert (await helmi.put(team)).changed

    office.paper.then("about to write", leave)
    await office.settle()
    assert office.paper.writes == []


async def test_what_the_hub_sets_may_be_left_out_and_not_be_changed(hub):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    before = await whole(case)
    for kind, id_, member in (
        ("CarePlan", case.plan_id, "created"),
        ("CarePlan", case.plan_id, "identifier"),
    ):
        document = await helmi.read(kind, str(id_))
        del document[member]
        assert not (await helmi.put(document)).changed
    plan = await helmi.read("CarePlan", str(case.plan_id))
    plan["created"] = "2020-01-01T00:00:00Z"
    with pytest.raises(Invalid) as refused:
        await helmi.put(plan)
    assert refused.value.issues[0].expression == "CarePlan.created"
    assert await whole(case) == before


async def test_partners_hear_of_an_update(hub):
    case = await a_case(hub, HELMI, TO_OLLI)
    before = await case.generations()
    helmi = Client(hub, HELMI)
    goal = await helmi.read("Goal", goal_id(case))
    goal["description"]["text"] = "Kokoaikatyö."
    await helmi.put(goal)
    after = await case.generations()
    assert before
    assert all(after[system] > gen for system, gen in before.items())


@pytest.mark.parametrize(
    ("member", "value", "expression"),
    [
        ("note", [{"text": "muistiinpano"}], "Goal.note"),
        ("startDate", "2026-01-01", "Goal.startDate"),
        ("extension", [{"url": "urn:x", "valueString": "y"}], "Goal.extension[0]"),
        ("statusReason", "syy", "Goal.statusReason"),
        ("meta", {"tag": [{"system": "urn:x", "code": "y"}]}, "Goal.meta.tag[0]"),
        ("meta", {"security": [{"system": "urn:x", "code": "y"}]}, "Goal.meta.security[0]"),
    ],
)
async def test_what_a_plan_has_no_place_for_is_refused_by_name(hub, member, value, expression):
    case = await a_case(hub)
    before = await whole(case)
    helmi = Client(hub, HELMI)
    goal = await helmi.read("Goal", goal_id(case))
    goal[member] = value
    with pytest.raises(Invalid) as refused:
        await helmi.put(goal, if_match="*")
    assert [issue.expression for issue in refused.value.issues] == [expression]
    assert await whole(case) == before


async def test_a_body_that_is_no_fhir_is_refused_before_anything_is_done(hub):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    goal = await helmi.read("Goal", goal_id(case))
    goal["lifecycleStatus"] = "aktiivinen"
    with pytest.raises(Invalid) as refused:
        await helmi.put(goal)
    assert refused.value.issues[0].expression == "Goal.lifecycleStatus"


async def test_a_rule_of_the_plan_names_the_element_that_breaks_it(hub):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    patient = await helmi.read("Patient", str(case.client_id))
    del patient["birthDate"]
    with pytest.raises(Invalid) as refused:
        await helmi.put(patient)
    assert refused.value.issues[0].expression == "Patient.birthDate"


@pytest.mark.parametrize("number", ["120385-921U", TWIN])
async def test_a_number_that_is_not_the_clients_is_refused_by_name(hub, number):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    patient = await helmi.read("Patient", str(case.client_id))
    for each in patient["identifier"]:
        each["value"] = number if each["value"] == HETU else each["value"]
    with pytest.raises(Invalid) as refused:
        await helmi.put(patient)
    assert {str(issue.expression)[:18] for issue in refused.value.issues} == {"Patient.identifier"}
    assert number not in str(refused.value)


async def test_a_part_of_a_resource_is_refused_as_an_update(hub):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    goal = await helmi.read("Goal", goal_id(case))
    system = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
    goal["meta"]["tag"] = [*goal["meta"]["tag"], {"system": system, "code": "SUBSETTED"}]
    with pytest.raises(Invalid) as refused:
        await helmi.put(goal)
    assert refused.value.issues[0].expression == "Goal.meta.tag[1]"


async def test_an_update_names_the_version_that_it_was_made_from(hub):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    old = await helmi.read("Goal", goal_id(case))
    await case.change({"goals[g-1].text_client": "Kokoaikatyö."})
    new = await helmi.read("Goal", goal_id(case))
    with pytest.raises(Stale):
        await helmi.put(old)
    with pytest.raises(PreconditionRequired):
        await helmi.put(new, if_match=None)
    for malformed in ("2", 'W/"1', "", "W/1, *"):
        with pytest.raises(PreconditionRequired):
            await helmi.put(new, if_match=malformed)
    with pytest.raises(Stale):
        await helmi.put(new, if_none_match="*")
    with pytest.raises(BadRequest):
        await helmi.put(new, if_none_match='"1"')
    for match in (f'"{new["meta"]["versionId"]}"', f'W/"x", W/"{new["meta"]["versionId"]}"', "*"):
        assert not (await helmi.put(new, if_match=match)).changed
    assert not (await helmi.put(new, if_match=None, versioned=False)).changed


async def test_a_hidden_edit_makes_no_update_stale(hub):
    case = await a_case(hub, HELMI, TO_OLLI)
    olli = Client(hub, OLLI)
    goal = await olli.read("Goal", goal_id(case))
    plan = await olli.read("CarePlan", str(case.plan_id))
    await case.change({"health.substance_use": "hoidossa"})
    goal["description"]["text"] = "Kokoaikatyö."
    await olli.put(goal)
    await olli.put(plan)
    assert (await whole(case))[1]["health.substance_use"] == "hoidossa"


async def test_the_body_has_the_id_of_the_address(hub):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    goal = await helmi.read("Goal", goal_id(case))
    for id_ in ("toinen", None):
        body = {k: v for k, v in {**goal, "id": id_}.items() if v is not None}
        with pytest.raises(BadRequest):
            await writing.update(hub, HELMI, "Goal", goal_id(case), body, if_match="*")


async def test_an_id_that_is_the_servers_to_give_is_not_taken_from_a_caller(hub):
    """The same answer whether the element is hidden, deleted, or never was: otherwise trying would tell."""
    case = await a_case(hub, HELMI, TO_OLLI)
    await case.change({"goals[g-2]": {"text_client": "Toinen.", "status": "active"}})
    await case.change({"goals[g-2]": None})
    olli = Client(hub, OLLI)
    score = next(iter(await olli.search("Observation")))
    for id_ in (f"{case.plan_id.hex}.sc-bdi", f"{case.plan_id.hex}.sc-x", f"{case.client_id.hex}.sc-bdi"):
        with pytest.raises(NotAllowed):
            await olli.put({**score, "id": id_}, if_match=None)
        with pytest.raises(Stale):
            await olli.put({**score, "id": id_})
    goal = await olli.read("Goal", goal_id(case))
    with pytest.raises(NotAllowed):
        await olli.put({**goal, "id": goal_id(case, "g-2")}, if_match=None)


async def test_who_may_not_write_a_field_is_told_so(hub):
    case = await a_case(hub, HELMI, TO_OLLI)
    olli = Client(hub, OLLI)
    plan = await olli.read("CarePlan", str(case.plan_id))
    before = await whole(case)
    extension = "https://tyokyky-bridge.example/fhir/StructureDefinition/health-work-ability-conclusion"
    for held in plan["extension"]:
        if held["url"] == extension:
            held["valueString"] = "Ei työkykyä."
    with pytest.raises(NotYourField):
        await olli.put(plan)
    plan["extension"].append(
        {"url": extension.replace("work-ability-conclusion", "substance-use"), "valueString": "ei"}
    )
    with pytest.raises((NotYourField, CategoryWithheld)):
        await olli.put(plan)
    assert await whole(case) == before


async def test_only_who_writes_plans_writes(hub):
    case = await a_case(hub)
    goal = await Client(hub, DPO).read("Goal", goal_id(case))
    with pytest.raises(NotForRole):
        await Client(hub, DPO).put(goal)


async def test_who_may_not_know_a_plan_cannot_update_it(hub):
    case = await a_case(hub)
    goal = await Client(hub, HELMI).read("Goal", goal_id(case))
    with pytest.raises(Stale):
        await Client(hub, SATAMA).put(goal)
    with pytest.raises(NotAllowed):
        await Client(hub, SATAMA).put(goal, if_match=None)
    with pytest.raises(NotFound):
        await Client(hub, SATAMA).patch(goal, {"op": "remove", "path": "/target"})
    with pytest.raises(NotFound):
        await Client(hub, SATAMA).delete("Goal", goal_id(case))


async def test_a_closed_plan_is_not_edited(hub):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    await case.change({"header.status": "closed"})
    goal = await helmi.read("Goal", goal_id(case))
    assert not (await helmi.put(goal)).changed
    goal["description"]["text"] = "Kokoaikatyö."
    with pytest.raises(PlanClosed):
        await helmi.put(goal)


async def test_a_patch_is_applied_to_what_the_caller_sees(hub):
    case = await a_case(hub, HELMI, TO_OLLI)
    olli = Client(hub, OLLI)
    _, before = await whole(case)
    goal = await olli.read("Goal", goal_id(case))
    written = await olli.patch(
        goal,
        {"op": "test", "path": "/description/text", "value": "Osa-aikatyö varastossa."},
        {"op": "replace", "path": "/description/text", "value": "Kokoaikatyö."},
    )
    assert written.version.document["description"]["text"] == "Kokoaikatyö."
    assert (await whole(case))[1] == {**before, "goals[g-1].text_client": "Kokoaikatyö."}
    with pytest.raises(Stale):
        await olli.patch(goal, {"op": "remove", "path": "/target"})
    with pytest.raises(PreconditionRequired):
        await olli.patch(goal, {"op": "remove", "path": "/target"}, if_match=None)


async def test_what_a_patch_makes_has_to_be_fhir_that_a_plan_can_hold(hub):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    goal = await helmi.read("Goal", goal_id(case))
    before = await whole(case)
    for operation, expression in (
        ({"op": "replace", "path": "/lifecycleStatus", "value": "x"}, "Goal.lifecycleStatus"),
        ({"op": "add", "path": "/note", "value": [{"text": "x"}]}, "Goal.note"),
        ({"op": "test", "path": "/lifecycleStatus", "value": "x"}, "Goal"),
    ):
        with pytest.raises(Invalid) as refused:
            await helmi.patch(goal, operation)
        assert refused.value.issues[0].expression == expression
    for path in ("/id", "/resourceType", "/meta/versionId", "/meta", ""):
        with pytest.raises(BadRequest):
            await helmi.patch(goal, {"op": "replace", "path": path, "value": "x"})
    assert await whole(case) == before


async def test_an_element_of_a_plan_is_deleted_as_far_as_the_caller_sees_it(hub):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    with pytest.raises(Stale):
        await helmi.delete("Goal", goal_id(case), if_match='W/"1-00000000"')
    written = await helmi.delete("Goal", goal_id(case))
    assert (written.version.deleted, written.changed) == (True, True)
    assert not [path for path in (await whole(case))[1] if path.startswith("goals[")]
    again = await helmi.delete("Goal", goal_id(case))
    assert (again.version, again.changed) == (written.version, False)
    with pytest.raises(Gone):
        await helmi.read("Goal", goal_id(case))
    with pytest.raises(NotFound):
        await helmi.delete("Goal", goal_id(case, "g-9"))


async def test_a_plan_and_a_client_and_what_is_derived_are_not_deleted(hub):
    case = await a_case(hub, HELMI, TO_OLLI)
    helmi = Client(hub, HELMI)
    before = await whole(case)
    for kind in ("Patient", "CarePlan", "CareTeam", "EpisodeOfCare", "Consent", "Organization", "Provenance"):
        for document in (await helmi.search(kind))[:1]:
            with pytest.raises(NotAllowed) as refused:
                await helmi.delete(kind, document["id"])
            assert refused.value.reason
    assert await whole(case) == before


async def test_absolute_references_to_this_server_are_its_own(hub):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    goal = await helmi.read("Goal", goal_id(case))
    goal["subject"]["reference"] = f"{BASE}/{goal['subject']['reference']}"
    assert not (await helmi.put(goal)).changed
    seen = await case.read()
    assert leaves_to_json(seen.revision.leaves)["goals[g-1].status"] == "active"
