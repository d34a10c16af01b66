"""Creating as FHIR: into the plan of a known client, as a new client, or whole for the own party; once where asked."""

import asyncio
from uuid import UUID

import pytest

from tyokyky_bridge.fhir.wire.issues import Invalid
from tyokyky_bridge.fhir.wire.text import render
from tyokyky_bridge.services import clients
from tyokyky_bridge.services.fhir import reading, writing
from tyokyky_bridge.services.fhir.refusals import (
    BadRequest,
    Conflict,
    Gone,
    MultipleMatches,
    NotAllowed,
    NotFound,
    Stale,
)
from worlds.fhir import Client, as_read
from worlds.hub import HELMI, HETU, KAISA, OLLI, SATAMA, TWIN, a_case, a_hub, days, member, y100
from worlds.parties import EMPLOYMENT, HEALTH

pytestmark = [pytest.mark.anyio, pytest.mark.both_engines]

TO_OLLI = y100((HEALTH, EMPLOYMENT), (EMPLOYMENT, HEALTH))
PIC = "urn:oid:1.2.246.21"


@pytest.fixture
def hub(store):
    return a_hub(store)


def stranger(**members):
    return {"resourceType": "Patient", "name": [{"family": "Vieras", "given": ["Ville"]}], **members}


def weight(subject, value="80.50"):
    return as_read(
        '{"resourceType":"Observation","status":"final","code":{"text":"paino"},'
        f'"subject":{{"reference":"{subject}"}},"valueQuantity":{{"value":{value},"unit":"kg"}},'
        '"extension":[{"url":"urn:unknown","valueString":"säilyy"}]}'
    )


def goal(subject, text="Uusi tavoite."):
    return {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": text},
        "subject": {"reference": subject},
    }


async def whole(case):
    row = await case.bridge.store.read(lambda tx: tx.plans.latest(case.plan_id))
    return row.version, dict(row.leaves)


async def test_a_strangers_resources_live_without_a_plan(hub):
    ngo = Client(hub, SATAMA)
    made = await ngo.create(stranger())
    assert (made.created, made.version.version, made.version.method) == (True, "1", "POST")
    sent = weight(f"Patient/{made.version.id}")
    observed = await ngo.create(sent)
    assert b'"value":80.50' in observed.version.body
    assert {**sent, "id": observed.version.id} == {
        k: v for k, v in observed.version.document.items() if k != "meta"
    }
    assert [d["id"] for d in await ngo.search("Observation", subject=f"Patient/{made.version.id}")] == [
        observed.version.id
    ]
    again = await ngo.read("Observation", observed.version.id)
    again["status"] = "amended"
    assert (await ngo.put(again)).version.version == "2"
    changed = await ngo.read("Observation", observed.version.id)
    assert not (await ngo.put(changed)).changed
    await ngo.patch(changed, {"op": "replace", "path": "/status", "value": "corrected"})
    await ngo.delete("Observation", observed.version.id)
    with pytest.raises(Gone):
        await ngo.read("Observation", observed.version.id)
    past = await ngo.history("Observation", observed.version.id)
    assert [(v.version, v.method) for v in past.versions] == [
        ("4", "DELETE"),
        ("3", "PUT"),
        ("2", "PUT"),
        ("1", "POST"),
    ]
    first = await reading.vread(hub, SATAMA, "Observation", observed.version.id, "1")
    assert first.body == observed.version.body


async def test_what_is_kept_whole_is_the_partys_alone(hub):
    made = await Client(hub, SATAMA).create(stranger())
    for who in (HELMI, OLLI):
        with pytest.raises(NotFound):
            await Client(hub, who).read("Patient", made.version.id)
        with pytest.raises(NotFound):
            await Client(hub, who).delete("Patient", made.version.id)
        assert await Client(hub, who).search("Patient") == []
        assert (await Client(hub, who).history("Patient")).versions == ()
    theirs = {**stranger(), "id": made.version.id}
    assert (await Client(hub, HELMI).put(theirs)).created
    assert (await Client(hub, SATAMA).version("Patient", made.version.id)).version == "1"


async def test_a_caller_may_bring_an_id_for_what_is_kept_whole(hub):
    ngo = Client(hub, SATAMA)
    body = {**stranger(), "id": "oma-1"}
    with pytest.raises(Stale):
        await ngo.put(body, if_match='W/"1"')
    assert (await ngo.put(body, if_none_match="*")).created
    with pytest.raises(Stale):
        await ngo.put(body, if_none_match="*")


async def test_a_client_is_registered_by_the_identity_number(hub):
    helmi = Client(hub, HELMI)
    made = await helmi.create(stranger(identifier=[{"system": PIC, "value": HETU}]))
    assert made.version.id == str(await clients.register_client(hub, HELMI, HETU))
    assert (await helmi.read("Patient", made.version.id))["name"][0]["family"] == "Vieras"
    with pytest.raises(Conflict):
        await helmi.create(stranger(identifier=[{"system": PIC, "value": HETU}]))
    twin = await helmi.create(stranger(identifier=[{"system": PIC, "value": TWIN}]))
    assert twin.version.id != made.version.id
    await helmi.delete("Patient", made.version.id)
    back = await helmi.create(stranger(identifier=[{"system": PIC, "value": HETU}]))
    assert (back.version.id, back.version.version) == (made.version.id, "3")


async def test_the_register_tells_nobody_who_knows_a_client(hub):
    case = await a_case(hub)
    ngo = Client(hub, SATAMA)
    made = await ngo.create(stranger(identifier=[{"system": PIC, "value": HETU}]))
    assert (made.created, made.version.version) == (True, "1")
    assert made.version.id == str(case.client_id)
    about = await ngo.create(goal(f"Patient/{case.client_id}"))
    assert "." not in about.version.id
    with pytest.raises(clients.ClientNotFound):
        await ngo.create(care_plan(case.client_id))


def care_plan(client_id, **members):
    return {
        "resourceType": "CarePlan",
        "status": "active",
        "intent": "plan",
        "subject": {"reference": f"Patient/{client_id}"},
        **members,
    }


async def test_a_wrong_identity_number_is_refused_by_name_and_not_repeated(hub):
    for number in ("120385-921U", "120385-0014", "010170-123A"):
        with pytest.raises(Invalid) as refused:
            await Client(hub, HELMI).create(stranger(identifier=[{"system": PIC, "value": number}]))
        assert refused.value.issues[0].expression == "Patient.identifier[0].value"
        assert number not in str(refused.value)


async def test_a_new_element_goes_into_the_plan_of_its_subject(hub):
    network = {"members": [member(EMPLOYMENT, "employment"), member(HEALTH, "health")]}
    case = await a_case(hub, HELMI, TO_OLLI, network=network)
    version, before = await whole(case)
    made = await Client(hub, OLLI).create(goal(f"Patient/{case.client_id}"))
    assert made.created
    assert made.version.id.startswith(f"{case.plan_id.hex}.go-")
    after = await whole(case)
    assert after[0] == version + 1
    added = {path: value for path, value in after[1].items() if before.get(path) != value}
    assert sorted(added.values()) == ["Uusi tavoite.", "active"]
    assert before.items() <= after[1].items()
    seen = await Client(hub, HELMI).read("Goal", made.version.id)
    assert seen["description"]["text"] == "Uusi tavoite."


async def test_the_same_may_be_created_twice(hub):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    one = await helmi.create(goal(f"Patient/{case.client_id}"))
    two = await helmi.create(goal(f"Patient/{case.client_id}"))
    assert one.version.id != two.version.id


async def test_a_score_goes_into_the_plan_and_other_findings_are_kept_whole(hub):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    example = next(d for d in await helmi.search("Observation") if d["id"].endswith("sc-b4"))
    score = {
        k: v
        for k, v in example.items()
        if k in {"resourceType", "status", "category", "code", "subject", "effectiveDateTime", "performer"}
    }
    made = await helmi.create({**score, "valueInteger": 7, "effectiveDateTime": days(-1)})
    assert made.version.id.startswith(f"{case.plan_id.hex}.sc-")
    kept = await helmi.create(weight(f"Patient/{case.client_id}"))
    assert "." not in kept.version.id
    assert len(await helmi.search("Observation", patient=f"Patient/{case.client_id}")) == 4
    with pytest.raises(Invalid) as refused:
        await helmi.create({**score, "valueInteger": 7, "note": [{"text": "x"}]})
    assert "Observation.note" in [issue.expression for issue in refused.value.issues]


async def test_who_does_not_know_the_plan_keeps_what_it_says_for_itself(hub):
    case = await a_case(hub)
    before = await whole(case)
    made = await Client(hub, SATAMA).create(goal(f"Patient/{case.client_id}"))
    assert "." not in made.version.id
    assert await whole(case) == before


async def test_of_what_a_plan_has_one_there_is_no_second(hub):
    case = await a_case(hub)
    helmi = Client(hub, HELMI)
    team = {"resourceType": "CareTeam", "subject": {"reference": f"Patient/{case.client_id}"}}
    for document in (care_plan(case.client_id), team, stranger(identifier=[{"system": PIC, "value": HETU}])):
        with pytest.raises(Conflict):
            await helmi.create(document)


async def test_what_is_derived_is_not_created(hub):
    with pytest.raises(NotAllowed):
        await Client(hub, HELMI).create({"resourceType": "Organization", "name": "Uusi"})
    with pytest.raises(NotFound):
        await Client(hub, HELMI).create({"resourceType": "Basic", "code": {"text": "x"}})


async def test_a_care_plan_begins_the_plan_of_a_registered_client(hub):
    helmi = Client(hub, HELMI)
    born = {"birthDate": "1985-03-12", "identifier": [{"system": PIC, "value": HETU}]}
    patient = await helmi.create(stranger(**born))
    made = await helmi.create(care_plan(patient.version.id))
    row = await hub.store.read(lambda tx: tx.plans.latest(UUID(made.version.id)))
    assert row.leaves["client.family_name"] == "Vieras"
    assert row.leaves["care_team.coordinator.party"] == HEALTH
    now = await helmi.version("Patient", patient.version.id)
    assert now.version.startswith("1-")
    past = await helmi.history("Patient", patient.version.id)
    assert [v.version for v in past.versions] == [now.version, "1"]
    with pytest.raises(Conflict):
        await helmi.create(care_plan(patient.version.id))


async def test_a_person_of_whom_a_plan_cannot_hold_all_gets_none(hub):
    helmi = Client(hub, HELMI)
    born = {"birthDate": "1985-03-12", "identifier": [{"system": PIC, "value": HETU}]}
    patient = await helmi.create(stranger(**born, maritalStatus={"text": "naimaton"}))
    with pytest.raises(Invalid) as refused:
        await helmi.create(care_plan(patient.version.id))
    assert [issue.expression for issue in refused.value.issues] == ["Patient.maritalStatus"]
    assert (await helmi.version("Patient", patient.version.id)).version == "1"


async def test_a_plan_without_its_client_is_refused_by_name(hub):
    client_id = await clients.register_client(hub, HELMI, HETU)
    with pytest.raises(Invalid) as refused:
        await Client(hub, HELMI).create(care_plan(client_id))
    assert "Patient.name.family" in {issue.expression for issue in refused.value.issues}


class TestConditionalCreate:
    """0 matches: created; 1: what is there, untouched; many: refused; nothing said: refused."""

    async def test_nothing_matches(self, hub):
        made = await Client(hub, SATAMA).create(stranger(), if_none_exist=(("family", "Vieras"),))
        assert made.created

    async def test_one_matches(self, hub):
        ngo = Client(hub, SATAMA)
        first = await ngo.create(stranger())
        again = await ngo.create(stranger(gender="male"), if_none_exist=(("family", "Vieras"),))
        assert (again.created, again.changed, again.version) == (False, False, first.version)
        assert "gender" not in await ngo.read("Patient", first.version.id)

    async def test_several_match(self, hub):
        ngo = Client(hub, SATAMA)
        await ngo.create(stranger())
        await ngo.create(stranger())
        with pytest.raises(MultipleMatches):
            await ngo.create(stranger(), if_none_exist=(("family", "Vieras"),))

    @pytest.mark.parametrize(
        "criteria",
        [(), (("family", ""),), (("_count", "1"),), (("shoe", "42"),), (("birthdate", "eilen"),)],
    )
    async def test_criteria_that_say_nothing(self, hub, criteria):
        ngo = Client(hub, SATAMA)
        with pytest.raises(BadRequest):
            await ngo.create(stranger(), if_none_exist=criteria)
        assert await ngo.search("Patient") == []

    async def test_only_what_the_caller_sees_can_match(self, hub):
        case = await a_case(hub)
        criteria = (("identifier", f"{PIC}|{HETU}"),)
        mine = await Client(hub, HELMI).create(stranger(), if_none_exist=criteria)
        assert (mine.created, mine.version.id) == (False, str(case.client_id))
        assert (await Client(hub, SATAMA).create(stranger(), if_none_exist=criteria)).created

    async def test_a_plan_element(self, hub):
        case = await a_case(hub)
        subject = f"Patient/{case.client_id}"
        criteria = (("patient", subject), ("lifecycle-status", "active"))
        found = await Client(hub, HELMI).create(goal(subject), if_none_exist=criteria)
        assert (found.created, found.version.id) == (False, f"{case.plan_id.hex}.go-g-1")

    async def test_many_at_once_make_one(self, hub):
        ngo = Client(hub, SATAMA)
        body = stranger(identifier=[{"system": "urn:x", "value": "1"}])
        criteria = (("identifier", "urn:x|1"),)
        made = await asyncio.gather(*(ngo.create(body, if_none_exist=criteria) for _ in range(32)))
        assert len([each for each in made if each.created]) == 1
        assert len({each.version.id for each in made}) == 1
        assert len(await ngo.search("Patient")) == 1


async def test_updating_by_criteria(hub):
    where = (("identifier", "urn:x|1"),)
    body = stranger(identifier=[{"system": "urn:x", "value": "1"}])
    made = await writing.update_where(hub, SATAMA, "Patient", where, body)
    assert made.created
    again = await writing.update_where(hub, SATAMA, "Patient", where, {**body, "gender": "male"})
    assert (again.created, again.version.id, again.version.version) == (False, made.version.id, "2")
    with pytest.raises(BadRequest):
        await writing.update_where(hub, SATAMA, "Patient", where, {**body, "id": "toinen"})
    await Client(hub, SATAMA).create(body)
    for act in (
        writing.update_where(hub, SATAMA, "Patient", where, body),
        writing.delete_where(hub, SATAMA, "Patient", where),
    ):
        with pytest.raises(MultipleMatches):
            await act
    gone = await writing.delete_where(hub, SATAMA, "Patient", (("_id", made.version.id),))
    assert gone.version.deleted
    assert (await writing.delete_where(hub, SATAMA, "Patient", (("family", "Kukaan"),))).version is None


async def test_an_observation_about_who_has_no_plan_is_kept_whole(hub):
    client_id = await clients.register_client(hub, KAISA, HETU)
    made = await Client(hub, KAISA).create(weight(f"Patient/{client_id}", "80.0"))
    assert render(made.version.document).count(b"80.0,") == 1
