"""Who may not, over FHIR: without a token nobody, then strangers, then roles; the two open doors tell of nobody."""

import pytest

from tyokyky_bridge.api.fhir.doors import DOORS
from worlds.fhir_web import Client, a_client, a_rich_plan, issues, resources, small
from worlds.parties import EMPLOYMENT, HEALTH, KELA, NGO
from worlds.web import OTHER_KEY, token

pytestmark = pytest.mark.anyio

GUARDED = [door for door in DOORS.values() if not door.public]
LANGUAGE = [{"op": "add", "path": "/language", "value": "fi"}]
OPEN = ["/metadata", "/.well-known/smart-configuration"]


@pytest.fixture
def client(store):
    return a_client(store)


def place_of(door):
    path = door.path.removeprefix("/fhir")
    on_type = "validate" if "{resource_id" not in path else "everything"
    given = {"resource_type": "Patient", "resource_id": "x", "version_id": "1", "operation": on_type}
    for name, value in given.items():
        path = path.replace(f"{{{name}:fhir_{name}}}", value)
    return path


async def knock(client: Client, door, **more):
    body = {} if door.method in {"POST", "PUT", "PATCH"} else None
    return await client.call(door.method, place_of(door), body, **more)


@pytest.mark.parametrize("door", GUARDED, ids=lambda d: d.name)
async def test_without_a_token_nobody_enters(client, door):
    answer = await knock(client, door, bearer="")
    assert (answer.status_code, issues(answer)[0]["code"]) == (401, "login")


@pytest.mark.parametrize("door", GUARDED, ids=lambda d: d.name)
async def test_with_a_token_of_somebody_else_or_out_of_date_nobody_enters(client, door):
    for bad in ("nonsense", token(key=OTHER_KEY), token(exp=1), token(aud="others"), token(party="nobody")):
        assert (await knock(client, door, bearer=bad)).status_code == 401


@pytest.mark.parametrize("door", GUARDED, ids=lambda d: d.name)
async def test_clients_themselves_have_no_door_here(client, door):
    me = client.as_(role="client", client="5f0c0000-0000-4000-8000-000000000001")
    answer = await knock(me, door)
    assert (answer.status_code, issues(answer)[0]["code"]) == (403, "forbidden")


async def test_a_token_with_an_unknown_versioning_is_no_token(client):
    for said in ("sometimes", 1, ["versioned"], {}):
        assert (await client.as_(fhir_versioning=said).get("/Patient")).status_code == 401


async def test_the_open_doors_need_no_token_and_tell_of_nobody(client):
    plan = await a_rich_plan(client.web)
    for path in OPEN:
        answer = await client.get(path, bearer="")
        assert answer.status_code == 200
        assert plan.client_id not in answer.text
        assert "Esimerkki" not in answer.text


async def test_what_a_party_keeps_is_not_there_for_any_other(client):
    for type_ in ("Patient", "Observation"):
        made = await client.created(small(type_))
        place = f"/{type_}/{made.json()['id']}"
        for party in (EMPLOYMENT, KELA):
            other = client.as_(party=party)
            for answer in (
                await other.get(place),
                await other.get(f"{place}/_history"),
                await other.get(f"{place}/_history/1"),
                await other.delete(place),
                await other.patch(place, LANGUAGE, etag="*"),
            ):
                assert answer.status_code == 404
            assert resources(await other.get(f"/{type_}?_id={made.json()['id']}")) == []
            assert (await other.get(f"/{type_}/_history")).json()["total"] == 0


async def test_a_plan_is_not_there_for_who_may_not_know_of_it(client):
    plan = await a_rich_plan(client.web)
    every = resources(await client.get(f"/CarePlan/{plan.plan_id}/$everything"))
    assert len(every) > 10
    stranger = client.as_(party=NGO)
    for each in every:
        if each["resourceType"] == "Organization":  # the directory is known to everybody
            continue
        place = f"/{each['resourceType']}/{each['id']}"
        assert (await stranger.get(place)).status_code == 404, place
        assert (await stranger.get(f"{place}/_history")).status_code == 404
    for path in (
        f"/CarePlan/{plan.plan_id}/$everything",
        f"/CarePlan/{plan.plan_id}/$explain?recipient={EMPLOYMENT}",
    ):
        assert (await stranger.get(path)).status_code == 404


async def test_roles_that_do_not_read_content_read_none_here(client):
    plan = await a_rich_plan(client.web)
    operator = client.as_(party=HEALTH, role="operations")
    for path in (f"/CarePlan/{plan.plan_id}", "/Patient", f"/CarePlan/{plan.plan_id}/_history"):
        assert (await operator.get(path)).status_code == 403
    oversight = client.as_(party=HEALTH, role="oversight")
    assert (await oversight.get(f"/CarePlan/{plan.plan_id}")).status_code == 200
    assert (await oversight.post("/Patient", small("Patient"))).status_code == 403
    entry = {"resource": small("Patient"), "request": {"method": "POST", "url": "Patient"}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    assert (await operator.post("", bundle)).status_code == 403
