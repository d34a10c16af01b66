"""Operations over HTTP: judging without an effect, everything of a plan, why it was disclosed, and terminology."""

import pytest

from tyokyky_bridge.services import trace
from worlds.fhir_web import FHIR_JSON, a_client, a_rich_plan, issues, resources, small
from worlds.parties import EMPLOYMENT, KELA

pytestmark = pytest.mark.anyio

LISTS = "https://tyokyky-bridge.example/fhir/CodeSystem"


@pytest.fixture
def client(store):
    return a_client(store)


def parameters(*given):
    return {"resourceType": "Parameters", "parameter": list(given)}


def texts(answer):
    return [each["details"]["text"] for each in issues(answer)]


def errors(answer):
    return [each for each in issues(answer) if each["severity"] in {"error", "fatal"}]


async def test_a_good_resource_is_judged_good_in_every_form_of_the_question(client):
    good = small("Patient")
    asked = [
        await client.post("/Patient/$validate", good),
        await client.post("/Patient/$validate?mode=create", good),
        await client.post("/Patient/$validate", parameters({"name": "resource", "resource": good})),
        await client.post(
            "/Patient/$validate",
            parameters({"name": "resource", "resource": good}, {"name": "mode", "valueCode": "create"}),
        ),
        await client.post("/Patient/x/$validate", {**good, "id": "x"}),
        await client.post("/Patient/x/$validate?mode=update", {**good, "id": "x"}),
        await client.post("/Patient/$validate", parameters({"name": "mode", "valueCode": "delete"})),
        await client.post("/Patient/$validate?profile=http://hl7.org/fhir/StructureDefinition/Patient", good),
    ]
    for answer in asked:
        assert (answer.status_code, errors(answer)) == (200, []), answer.text


async def test_a_bad_resource_is_200_with_every_finding(client):
    bad = {"resourceType": "Patient", "gender": "x", "nonsense": 1}
    answer = await client.post("/Patient/$validate", bad)
    assert answer.status_code == 200
    assert {each["expression"][0] for each in errors(answer)} == {"Patient.gender", "Patient.nonsense"}


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/Patient/$validate", {"resourceType": "Goal"}, "type"),
        ("/Patient/$validate?mode=update", small("Patient"), "id"),
        ("/Patient/x/$validate?mode=update", {**small("Patient"), "id": "y"}, "id"),
        ("/Patient/x/$validate", {**small("Patient"), "id": "y"}, "id"),
        (
            "/Organization/$validate?mode=create",
            {"resourceType": "Organization", "name": "x"},
            "Organization",
        ),
        ("/Organization/x/$validate?mode=delete", {"resourceType": "Organization"}, "Organization"),
        ("/Patient/$validate?profile=http://example.org/none", small("Patient"), "profile"),
    ],
)
async def test_what_a_write_would_be_refused_for_is_a_finding(client, path, body, expected):
    answer = await client.post(path, body)
    assert answer.status_code == 200
    assert expected in errors(answer)[0]["details"]["text"]


async def test_a_mode_finds_what_the_write_itself_would_be_refused_for(client):
    plan = await a_rich_plan(client.web)
    place = f"/CarePlan/{plan.plan_id}"
    read = (await client.get(place)).json()
    surplus = {**read, "note": [{"text": "ei paikkaa suunnitelmassa"}]}
    part = (await client.get(f"{place}?_elements=status")).json()
    other = client.as_(party=EMPLOYMENT)
    seen = (await other.get(place)).json()
    conclusion = next(e for e in seen["extension"] if e["url"].endswith("health-work-ability-conclusion"))
    conclusion["valueMarkdown" if "valueMarkdown" in conclusion else "valueString"] = "Toinen arvio."
    for who, path, body in [
        (client, f"{place}/$validate?mode=update", surplus),
        (client, f"{place}/$validate?mode=update", part),
        (client, f"{place}/$validate?mode=delete", read),
        (client, "/Patient/nobody/$validate?mode=delete", small("Patient")),
        (client, "/CarePlan/$validate?mode=create", small("CarePlan", f"Patient/{plan.client_id}")),
        (other, f"{place}/$validate?mode=update", seen),
        (client.as_(role="oversight"), "/Patient/$validate?mode=create", small("Patient")),
    ]:
        answer = await who.post(path, body)
        assert (answer.status_code, bool(errors(answer))) == (200, True), (path, answer.text)
    good = await client.post(f"{place}/$validate?mode=update", read)
    assert errors(good) == []
    assert (await client.get(place)).json() == read


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/Patient/$validate", parameters()),
        ("/Patient/$validate", parameters({"name": "what", "valueString": "x"})),
        ("/Patient/$validate?mode=fly", small("Patient")),
        ("/Patient/$validate?what=ever", small("Patient")),
        ("/Patient/$validate?mode=create&mode=update", small("Patient")),
        ("/Patient/$validate?mode=create", parameters({"name": "resource", "resource": small("Patient")})),
    ],
)
async def test_a_question_that_cannot_be_understood_is_400(client, path, body):
    assert (await client.post(path, body)).status_code == 400


async def test_judging_has_no_effect(client):
    plan = await a_rich_plan(client.web)
    read = (await client.get(f"/CarePlan/{plan.plan_id}")).json()
    before = [await client.get("/Patient"), await client.get(f"/CarePlan/{plan.plan_id}/_history")]
    audit = await client.web.bridge.store.read(lambda tx: len(tx.audit.of_plan(plan_uuid(plan))))
    for mode in ("create", "update", "delete"):
        await client.post(f"/CarePlan/{plan.plan_id}/$validate?mode={mode}", {**read, "title": "toinen"})
        await client.post(f"/Patient/$validate?mode={mode}", small("Patient"))
    assert audit == await client.web.bridge.store.read(lambda tx: len(tx.audit.of_plan(plan_uuid(plan))))
    after = [await client.get("/Patient"), await client.get(f"/CarePlan/{plan.plan_id}/_history")]
    assert [a.content for a in before] == [a.content for a in after]


def plan_uuid(plan):
    from uuid import UUID

    return UUID(plan.plan_id)


async def test_everything_of_a_plan_and_of_a_person_is_all_that_the_caller_may_see(client):
    plan = await a_rich_plan(client.web)
    whole = await client.get(f"/CarePlan/{plan.plan_id}/$everything")
    types = {each["resourceType"] for each in resources(whole)}
    assert {"CarePlan", "Patient", "Goal", "CareTeam", "Task", "Observation", "Condition"} <= types
    assert whole.json()["total"] == len(resources(whole))
    by_post = await client.call("POST", f"/CarePlan/{plan.plan_id}/$everything")
    assert by_post.json()["entry"] == whole.json()["entry"]
    other = resources(await client.as_(party=EMPLOYMENT).get(f"/CarePlan/{plan.plan_id}/$everything"))
    assert "Condition" not in {each["resourceType"] for each in other}
    person = await client.get(f"/Patient/{plan.client_id}/$everything?_type=Goal,Patient")
    assert {each["resourceType"] for each in resources(person)} == {"Goal", "Patient"}


async def test_everything_comes_in_pages_of_the_wanted_size(client):
    plan = await a_rich_plan(client.web)
    path = f"/CarePlan/{plan.plan_id}/$everything"
    whole = resources(await client.get(path))
    found, url = [], f"{path}?_count=3"
    while url:
        page = (await client.get(url)).json()
        assert len(page["entry"]) <= 3
        found += [entry["resource"] for entry in page["entry"]]
        links = {link["relation"]: link["url"] for link in page["link"]}
        assert (await client.get(links["self"])).json()["entry"] == page["entry"]
        url = links.get("next")
    assert sorted(map(str, found)) == sorted(map(str, whole))


async def test_explain_says_of_each_visible_element_what_was_decided_and_no_value(client):
    plan = await a_rich_plan(client.web)
    answer = await client.get(f"/CarePlan/{plan.plan_id}/$explain?recipient=Organization/{EMPLOYMENT}")
    elements = [
        {part["name"]: next(v for k, v in part.items() if k != "name") for part in each["part"]}
        for each in answer.json()["parameter"]
    ]
    by_path = {each["path"]: each for each in elements}
    traced = await trace.trace_disclosures(client.web.bridge, a_caller(), plan_uuid(plan), "ura")
    assert by_path.keys() == {item.path for item in traced.items}
    goal, illness = by_path["goals[g-1].text_client"], by_path["health.limiting_illnesses[i-1].text"]
    assert (goal["disclosed"], goal["system"]) == (True, "ura")
    assert goal["basis"].startswith("CONSENT_Y100:")
    assert (illness["disclosed"], illness["category"]["code"]) == (False, "health.diagnoses")
    assert illness["reason"]
    assert "Selkä" not in answer.text
    assert "varastossa" not in answer.text
    body = parameters({"name": "recipient", "valueString": EMPLOYMENT})
    assert (await client.post(f"/CarePlan/{plan.plan_id}/$explain", body)).json() == answer.json()
    fewer = await client.as_(party=EMPLOYMENT).get(
        f"/CarePlan/{plan.plan_id}/$explain?recipient={EMPLOYMENT}"
    )
    assert "limiting_illnesses" not in fewer.text


def a_caller():
    from worlds.hub import HELMI

    return HELMI


async def test_a_plan_is_explained_under_its_own_id_alone(client):
    plan = await a_rich_plan(client.web)
    other_spelling = plan.plan_id.replace("-", "")
    answer = await client.get(f"/CarePlan/{other_spelling}/$explain?recipient={EMPLOYMENT}")
    assert (answer.status_code, issues(answer)[0]["code"]) == (404, "not-found")


async def test_a_recipient_without_a_system_cannot_be_explained(client):
    plan = await a_rich_plan(client.web)
    for recipient in (KELA, "nobody", "Organization/", ""):
        answer = await client.get(f"/CarePlan/{plan.plan_id}/$explain?recipient={recipient}")
        assert answer.status_code == 400, recipient


async def test_codes_are_looked_up_expanded_translated_and_checked(client):
    found = await client.get(f"/CodeSystem/$lookup?system={LISTS}/register&code=health&displayLanguage=sv")
    assert {"name": "display", "valueString": "hälso- och sjukvård"} in found.json()["parameter"]
    unknown = await client.get(f"/CodeSystem/$lookup?system={LISTS}/register&code=nonsense")
    assert (unknown.status_code, issues(unknown)[0]["code"]) == (404, "not-found")
    expanded = await client.get("/ValueSet/register/$expand?count=2&offset=1")
    assert len(expanded.json()["expansion"]["contains"]) == 2
    checked = await client.get(
        "/ValueSet/register/$validate-code?system=" + f"{LISTS}/register&code=nonsense"
    )
    assert {"name": "result", "valueBoolean": False} in checked.json()["parameter"]
    translated = await client.post(
        "/ConceptMap/$translate",
        parameters(
            {"name": "coding", "valueCoding": {"system": f"{LISTS}/goal-status", "code": "active"}},
        ),
    )
    assert {"name": "result", "valueBoolean": True} in translated.json()["parameter"]


async def test_a_body_of_an_operation_is_json_with_its_parameters_there(client):
    wrong = await client.call(
        "POST", "/CodeSystem/$lookup", raw=b"x=1", headers={"Content-Type": "text/plain"}
    )
    assert wrong.status_code == 415
    both = await client.post("/CodeSystem/$lookup?code=health", parameters())
    assert both.status_code == 400
    none = await client.call("POST", "/CodeSystem/$lookup", raw=b"{}", headers={"Content-Type": FHIR_JSON})
    assert none.status_code == 400
