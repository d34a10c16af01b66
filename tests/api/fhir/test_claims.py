"""The CapabilityStatement: every claim of it is called here, and whatever can be called is claimed."""

from typing import Any

import pytest

from tyokyky_bridge.api.fhir.doors import DOORS
from tyokyky_bridge.fhir.conformance.capability import statement
from tyokyky_bridge.fhir.conformance.registry import REGISTRY, Interaction
from tyokyky_bridge.fhir.wire.validate import validate
from worlds.fhir_web import BASE, Client, a_client, a_rich_plan, resources, small
from worlds.parties import EMPLOYMENT

pytestmark = pytest.mark.anyio

STATEMENT = statement(BASE, issuer={"token": "https://issuer.example/token"})
REST = STATEMENT["rest"][0]
CLAIMED: dict[str, dict[str, Any]] = {each["type"]: each for each in REST["resource"]}
WRITTEN = [t for t, each in CLAIMED.items() if {"code": "create"} in each["interaction"]]
SYSTEM = "https://tyokyky-bridge.example/fhir/CodeSystem/register"
VALUES = {
    "token": "x",
    "string": "x",
    "date": "2026",
    "reference": "x",
    "uri": "x",
    "number": "1",
    "quantity": "1",
}


@pytest.fixture
async def client(store):
    made = a_client(store)
    made.plan = await a_rich_plan(made.web)
    return made


def interactions(type_: str) -> set[str]:
    return {each["code"] for each in CLAIMED[type_]["interaction"]}


async def one_of(client: Client, type_: str) -> dict[str, Any]:
    """A resource of the type: what is there, else a new one of a stranger."""
    found = resources(await client.get(f"/{type_}?_count=1"))
    if not found and type_ in WRITTEN:
        return (await client.created(small(type_))).json()
    return found[0] if found else {}


async def test_the_statement_is_what_the_server_says_of_itself_and_is_valid(client):
    answer = await client.get("/metadata", bearer="")
    assert answer.json() == STATEMENT
    assert [i for i in validate(STATEMENT) if i.refuses] == []
    assert STATEMENT["fhirVersion"] == "4.0.1"
    assert STATEMENT["kind"] == "instance"
    assert STATEMENT["implementation"]["url"] == BASE
    coding = REST["security"]["service"][0]["coding"][0]
    assert coding["system"] == "http://terminology.hl7.org/CodeSystem/restful-security-service"


async def test_the_statement_can_be_read_and_searched_as_a_resource(client):
    read = await client.get("/CapabilityStatement/tyokyky-bridge")
    found = await client.get("/CapabilityStatement")
    assert read.json()["rest"] == STATEMENT["rest"]
    assert [each["id"] for each in resources(found)] == ["tyokyky-bridge"]


def test_names_of_parameters_and_operations_stand_once_in_a_type():
    for each in CLAIMED.values():
        for member in ("searchParam", "operation"):
            names = [one["name"] for one in each.get(member, [])]
            assert len(names) == len(set(names)), each["type"]


@pytest.mark.parametrize("type_", CLAIMED)
async def test_what_is_claimed_of_reading_is_done(client, type_):
    claimed = interactions(type_)
    one = await one_of(client, type_)
    place = f"/{type_}/{one.get('id', 'nobody')}"
    wanted = 200 if one else 404
    if "read" in claimed:
        assert (await client.get(place)).status_code == wanted
    if "vread" in claimed:
        version = one.get("meta", {}).get("versionId", "1")
        assert (await client.get(f"{place}/_history/{version}")).status_code == wanted
    if "history-instance" in claimed:
        assert (await client.get(f"{place}/_history")).status_code == wanted
    if "history-type" in claimed:
        assert (await client.get(f"/{type_}/_history")).status_code == 200
    if "search-type" in claimed:
        assert (await client.get(f"/{type_}")).status_code == 200
        assert (await client.form(f"/{type_}/_search", "_count=1")).status_code == 200
    if CLAIMED[type_]["conditionalRead"] == "full-support" and one:
        tag = (await client.get(place)).headers["etag"]
        assert (await client.get(place, headers={"If-None-Match": tag})).status_code == 304


async def test_the_plan_of_these_tests_has_something_of_every_type(client):
    """Otherwise the claims above would be tried on nothing."""
    without = [type_ for type_ in CLAIMED if not await one_of(client, type_)]
    assert without in ([], ["Encounter"])


@pytest.mark.parametrize("type_", WRITTEN)
async def test_what_is_claimed_of_writing_is_done(client, type_):
    claimed, each = interactions(type_), CLAIMED[type_]
    assert each["versioning"] == "versioned-update"
    assert {"create", "update", "patch", "delete"} <= claimed
    made = await client.created(small(type_))
    place, document = f"/{type_}/{made.json()['id']}", made.json()
    document["language"] = "fi"
    stored = await client.put(place, document, etag=made.headers["etag"])
    assert stored.status_code == 200, stored.text
    changed = await client.patch(
        place, [{"op": "replace", "path": "/language", "value": "sv"}], etag=stored.headers["etag"]
    )
    assert (changed.status_code, changed.json()["language"]) == (200, "sv")
    assert (await client.delete(place)).status_code == 204
    assert (await client.get(place)).status_code == 410
    if each["updateCreate"]:
        own = await client.put(f"/{type_}/my-own-id", {**small(type_), "id": "my-own-id"})
        assert (own.status_code, own.json()["id"]) == (201, "my-own-id")
    criteria = "_id=my-own-id"
    if each["conditionalCreate"]:
        again = await client.post(f"/{type_}", small(type_), headers={"If-None-Exist": criteria})
        assert (again.status_code, again.json()["id"]) == (200, "my-own-id")
    if each["conditionalUpdate"]:
        body = {**small(type_), "id": "my-own-id", "language": "sv"}
        by_criteria = await client.put(f"/{type_}?{criteria}", body)
        assert (by_criteria.status_code, by_criteria.json().get("language")) == (200, "sv"), by_criteria.text
    if each["conditionalDelete"] == "single":
        assert (await client.delete(f"/{type_}?{criteria}")).status_code == 204
        assert (await client.get(f"/{type_}/my-own-id")).status_code == 410


@pytest.mark.parametrize("type_", CLAIMED)
async def test_every_claimed_search_parameter_and_include_is_understood(client, type_):
    each = CLAIMED[type_]
    for parameter in each.get("searchParam", []):
        value = VALUES.get(parameter["type"], "x$1")
        answer = await client.form(f"/{type_}/_search", f"{parameter['name']}={value}")
        unfit = answer.status_code == 400 and "not-supported" not in {
            i["code"] for i in answer.json()["issue"]
        }
        assert answer.status_code == 200 or unfit, (parameter["name"], answer.text)
    for member, name in (("searchInclude", "_include"), ("searchRevInclude", "_revinclude")):
        for value in each.get(member, []):
            answer = await client.get(f"/{type_}?_count=1&{name}={value}")
            assert answer.status_code == 200, (value, answer.text)


async def test_what_shapes_an_answer_is_understood_as_claimed(client):
    values = {
        "_sort": "_id",
        "_include": "CarePlan:patient",
        "_revinclude": "Provenance:target",
        "_total": "none",
    }
    values |= {"_summary": "true", "_elements": "status", "_format": "json", "_pretty": "true", "_count": "1"}
    values |= {"_lastUpdated": "gt2020", "_id": "x", "_profile": "x", "_security": "x", "_tag": "x"}
    named = [each["name"] for each in REST["searchParam"]]
    assert set(named) == values.keys()
    for name in named:
        answer = await client.get(f"/CarePlan?{name}={values[name]}")
        assert answer.status_code == 200, (name, answer.text)


async def test_every_definition_that_is_claimed_resolves_at_this_server(client):
    named: set[str] = set()
    for each in CLAIMED.values():
        named |= {one["definition"] for one in each.get("searchParam", []) + each.get("operation", [])}
        named |= set(each.get("supportedProfile", []))
        named |= {each["profile"]} if "hl7.org/fhir/Structure" not in each["profile"] else set()
    named |= {each["definition"] for each in REST["searchParam"] if "definition" in each}
    assert len(named) > 200
    for url in sorted(named):
        type_, id_ = url.removeprefix("https://tyokyky-bridge.example/fhir/").split("/")
        answer = await client.get(f"/{type_}/{id_}")
        assert answer.status_code == 200, url
        assert answer.json()["url"] == url


OPERATIONS = sorted(
    (type_, operation["name"]) for type_, each in CLAIMED.items() for operation in each.get("operation", [])
)
ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "CodeSystem/lookup": (f"system={SYSTEM}&code=health", {"system": SYSTEM, "code": "health"}),
    "CodeSystem/validate-code": (f"url={SYSTEM}&code=health", {"url": SYSTEM, "code": "health"}),
    "ValueSet/validate-code": (
        f"url={SYSTEM.replace('CodeSystem', 'ValueSet')}&system={SYSTEM}&code=health",
        {"url": SYSTEM.replace("CodeSystem", "ValueSet"), "system": SYSTEM, "code": "health"},
    ),
    "ValueSet/expand": (
        f"url={SYSTEM.replace('CodeSystem', 'ValueSet')}",
        {"url": SYSTEM.replace("CodeSystem", "ValueSet")},
    ),
    "ConceptMap/translate": (
        "system=https://tyokyky-bridge.example/fhir/CodeSystem/goal-status&code=active",
        {"system": "https://tyokyky-bridge.example/fhir/CodeSystem/goal-status", "code": "active"},
    ),
    "CarePlan/explain": (f"recipient={EMPLOYMENT}", {"recipient": EMPLOYMENT}),
}
KINDS = {"system": "valueUri", "url": "valueUri", "code": "valueCode", "recipient": "valueString"}


@pytest.mark.parametrize(("type_", "name"), OPERATIONS)
async def test_every_claimed_operation_can_be_called(client, type_, name):
    served = REGISTRY[type_].operations
    operation = next(each for each in served if each.code == name)
    definition = await client.get(f"/OperationDefinition/{operation.id}")
    assert definition.json()["code"] == name
    if name == "validate":
        for place in (f"/{type_}/$validate", f"/{type_}/x/$validate"):
            answer = await client.post(place, {"resourceType": type_})
            assert (answer.status_code, answer.json()["resourceType"]) == (200, "OperationOutcome")
        return
    query, given = ASKED.get(f"{type_}/{name}", ("", {}))
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": n, KINDS[n]: value} for n, value in given.items()],
    }
    one = await one_of(client, type_)
    if definition.json()["type"]:
        assert (await client.get(f"/{type_}/${name}?{query}")).status_code == 200
        assert (await client.post(f"/{type_}/${name}", parameters)).status_code == 200
    if definition.json()["instance"]:
        place, query = f"/{type_}/{one['id']}/${name}", query.partition("&")[2] if "url=" in query else query
        parameters["parameter"] = [p for p in parameters["parameter"] if p["name"] != "url"]
        for answer in (await client.get(f"{place}?{query}"), await client.post(place, parameters)):
            # Other lists than the first one know the code that is asked for, and the question was understood.
            assert answer.status_code in {200, 404}, answer.text


PLACES = {
    "read": ("GET", "/{type}/nobody", "read"),
    "vread": ("GET", "/{type}/nobody/_history/1", "vread"),
    "update": ("PUT", "/{type}/nobody", "update"),
    "patch": ("PATCH", "/{type}/nobody", "patch"),
    "delete": ("DELETE", "/{type}/nobody", "delete"),
    "history": ("GET", "/{type}/nobody/_history", "history-instance"),
    "history_of_type": ("GET", "/{type}/_history", "history-type"),
    "create": ("POST", "/{type}", "create"),
    "search": ("GET", "/{type}", "search-type"),
    "search_by_form": ("POST", "/{type}/_search", "search-type"),
    "update_where": ("PUT", "/{type}", "update"),
    "delete_where": ("DELETE", "/{type}", "delete"),
}


@pytest.mark.parametrize("type_", CLAIMED)
async def test_what_is_not_claimed_of_a_type_cannot_be_reached(client, type_):
    """405 says which methods the URL has; nothing but what the statement claims answers otherwise."""
    for method, path, code in PLACES.values():
        answer = await client.call(method, path.format(type=type_), {} if method in {"PUT", "POST"} else None)
        reached = answer.status_code != 405
        assert reached == (code in interactions(type_)), (method, path, answer.status_code)
        if not reached:
            assert method not in answer.headers["allow"].split(", ")
    for name in {each.code for served in REGISTRY.values() for each in served.operations}:
        claimed = name in {each["name"] for each in CLAIMED[type_].get("operation", [])}
        answers = [
            await client.post(f"/{type_}/${name}", {}),
            await client.post(f"/{type_}/nobody/${name}", {}),
        ]
        unknown = [a.status_code == 404 and "no such operation" in a.text for a in answers]
        assert all(unknown) == (not claimed), (type_, name)


def test_every_door_leads_to_something_that_the_statement_says():
    """The routes are these doors and no others (test_openapi); each stands for a claim."""
    of_types = {name for name in DOORS if name.removeprefix("fhir_") in PLACES}
    assert DOORS.keys() - of_types == {
        "fhir_metadata",
        "fhir_smart_configuration",
        "fhir_bundle",
        "fhir_operate",
        "fhir_operate_by_get",
        "fhir_operate_on_type",
        "fhir_operate_on_type_by_get",
    }
    assert {each.value for each in Interaction} == {code for _, _, code in PLACES.values()}
    assert {each["code"] for each in REST["interaction"]} == {"transaction", "batch"}


@pytest.mark.parametrize("kind", [each["code"] for each in REST["interaction"]])
@pytest.mark.parametrize("base", ["", "/"])
async def test_claimed_bundles_are_taken_at_the_base(client, kind, base):
    entry = {"resource": small("Patient"), "request": {"method": "POST", "url": "Patient"}}
    answer = await client.post(base, {"resourceType": "Bundle", "type": kind, "entry": [entry]})
    assert (answer.status_code, answer.json()["type"]) == (200, f"{kind}-response"), answer.text
    assert answer.json()["entry"][0]["response"]["status"].startswith("201")
