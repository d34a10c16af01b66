"""What nobody writes, as one caller sees it: organizations, workers, consents, and where each version is from."""

import pytest

from tyokyky_bridge.fhir.wire.validate import validate
from tyokyky_bridge.services import clients, plans
from tyokyky_bridge.services.fhir import reading
from worlds.fhir import BASE, KEY, Client
from worlds.hub import HELMI, KAISA, OLLI, SATAMA, TEEMU, TWIN, a_case, a_hub, member, plan_content, y100
from worlds.parties import EMPLOYMENT, HEALTH, SOCIAL

pytestmark = pytest.mark.anyio

TO_OLLI = y100((HEALTH, EMPLOYMENT))


@pytest.fixture
def hub(store):
    return a_hub(store)


async def test_the_parties_of_the_directory_are_organizations(hub):
    for who in (HELMI, SATAMA):
        names = {d["id"]: d.get("name") for d in await Client(hub, who).search("Organization")}
        assert HEALTH in names
        read = await Client(hub, who).read("Organization", HEALTH)
        assert read["name"] == names[HEALTH]
    past = await Client(hub, HELMI).history("Organization", HEALTH)
    assert [version.document for version in past.versions] == [read]


async def test_workers_are_those_whom_the_caller_sees_named(hub):
    await a_case(hub, HELMI, TO_OLLI)
    (worker,) = await Client(hub, HELMI).search("Practitioner")
    assert worker["name"] == [{"text": "Helmi Virta"}]
    assert [d["id"] for d in await Client(hub, OLLI).search("Practitioner")] == [worker["id"]]
    assert await Client(hub, SATAMA).search("Practitioner") == []
    assert (await Client(hub, HELMI).read("PractitionerRole", worker["id"]))["practitioner"] == {
        "reference": f"Practitioner/{worker['id']}"
    }


async def test_a_worker_of_two_plans_is_one(hub):
    await a_case(hub)
    (before,) = (await Client(hub, HELMI).history("Practitioner")).versions
    twin = await clients.register_client(hub, HELMI, TWIN)
    content = plan_content()
    content["client"]["hetu"][0]["value"] = TWIN
    content["care_team"]["coordinator"]["worker"] |= {"name": "Helmi Virta-Uusi"}
    await plans.create_plan(hub, HELMI, twin, content)
    (worker,) = await Client(hub, HELMI).search("Practitioner")
    assert worker["id"] == before.id
    assert [name["text"] for name in worker["name"]] == ["Helmi Virta", "Helmi Virta-Uusi"]
    assert worker["meta"]["versionId"] != before.version


async def test_a_meeting_becomes_an_encounter_when_it_has_been_held(hub):
    case = await a_case(hub, HELMI, TO_OLLI)
    helmi = Client(hub, HELMI)
    await case.change({"meetings[m-1].status": "booked", "meetings[m-1].mode": "phone"})
    assert await helmi.search("Encounter") == []
    await case.change({"meetings[m-1].status": "held"})
    (held,) = await helmi.search("Encounter", patient=f"Patient/{case.client_id}")
    assert held["appointment"] == [{"reference": f"Appointment/{case.plan_id.hex}.mt-m-1"}]
    assert held["class"]["code"] == "VR"
    assert await helmi.read("Encounter", held["id"]) == held
    assert await Client(hub, SATAMA).search("Encounter") == []
    await case.change({"meetings[m-1].status": "no_show"})
    assert (await helmi.history("Encounter", held["id"])).versions[0].document is None


async def test_a_form_is_shown_to_who_is_on_it_and_ends_in_sight(hub):
    case = await a_case(hub, HELMI, TO_OLLI)
    olli = Client(hub, OLLI)
    (consent,) = await olli.search("Consent", patient=f"Patient/{case.client_id}")
    assert consent["status"] == "active"
    assert await Client(hub, SATAMA).search("Consent") == []
    assert await Client(hub, TEEMU).search("Consent") == []
    await case.withdraw()
    ended = await olli.read("Consent", consent["id"])
    assert ended["status"] == "inactive"
    past = await olli.history("Consent", consent["id"])
    assert [v.document["status"] for v in past.versions] == ["inactive", "active"]
    assert past.versions[1].document == consent


async def test_each_version_tells_where_it_is_from(hub):
    case = await a_case(hub, HELMI, TO_OLLI)
    id_ = f"{case.plan_id.hex}.go-g-1"
    await case.change({"goals[g-1].text_client": "Kokoaikatyö."})
    olli = Client(hub, OLLI)
    told = await olli.search("Provenance", target=f"Goal/{id_}")
    versions = [version.version for version in (await olli.history("Goal", id_)).versions]
    assert {d["target"][0]["reference"] for d in told} == {f"Goal/{id_}/_history/{v}" for v in versions}
    assert all(d["agent"][0]["who"]["reference"] == f"Organization/{HEALTH}" for d in told)
    assert await olli.read("Provenance", told[0]["id"]) == told[0]
    assert await Client(hub, SATAMA).search("Provenance") == []


async def test_whatever_is_shown_is_good_fhir(hub):
    await a_case(hub, HELMI, TO_OLLI)
    for who in (HELMI, OLLI):
        for kind in (
            "Organization",
            "Practitioner",
            "PractitionerRole",
            "Consent",
            "Provenance",
            "Encounter",
        ):
            for document in await Client(hub, who).search(kind):
                assert [issue for issue in validate(document, resource_type=kind) if issue.refuses] == []


async def test_what_is_kept_whole_has_a_provenance_for_its_party(hub):
    ngo = Client(hub, SATAMA)
    made = await ngo.create({"resourceType": "Patient", "gender": "male"})
    (told,) = await ngo.search("Provenance", target=f"Patient/{made.version.id}")
    assert told["target"] == [{"reference": f"Patient/{made.version.id}/_history/1"}]
    assert await ngo.read("Provenance", told["id"]) == told
    assert told in await ngo.search("Provenance")
    found = await reading.search(
        hub, SATAMA, "Patient", [("_revinclude", "Provenance:target")], key=KEY, base=BASE
    )
    assert [version.document for version in found.included] == [told]
    assert await Client(hub, HELMI).search("Provenance", target=f"Patient/{made.version.id}") == []


async def test_who_took_something_out_of_sight_is_not_named(hub):
    network = {"members": [member(EMPLOYMENT, "employment"), member(SOCIAL, "social")]}
    form = y100(
        (HEALTH, EMPLOYMENT), (HEALTH, SOCIAL), categories=("plan.services", "plan.goals", "health.substance")
    )
    case = await a_case(
        hub,
        HELMI,
        y100((HEALTH, EMPLOYMENT), categories=("admin.case", "plan.goals")),
        form,
        network=network,
    )
    await case.change({"goals[g-1]": None}, KAISA)
    id_ = f"{case.plan_id.hex}.go-g-1"
    olli = Client(hub, OLLI)
    past = (await olli.history("Goal", id_)).versions
    assert [version.method for version in past] == ["DELETE", "POST"]
    told = await olli.search("Provenance", target=f"Goal/{id_}")
    assert f"Organization/{SOCIAL}" not in str(told)
    mine = await Client(hub, KAISA).search("Provenance", target=f"Goal/{id_}")
    assert f"Organization/{SOCIAL}" in str(mine)
