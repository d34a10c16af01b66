"""Updates and deletes by criteria keep the conditions of the request, and in a Bundle those of its entries."""

import pytest

from worlds.fhir_web import a_client, small

pytestmark = pytest.mark.anyio

BY_NAME = "/Patient?identifier=urn:x|7"
STALE = {"If-Match": 'W/"77"'}
NAMED = {**small("Patient"), "identifier": [{"system": "urn:x", "value": "7"}]}


@pytest.fixture
def client(store):
    return a_client(store)


async def versions(client, id_):
    return (await client.get(f"/Patient/{id_}/_history")).json()["total"]


async def test_a_delete_by_criteria_asks_if_match(client):
    id_ = (await client.created(NAMED)).json()["id"]
    assert (await client.delete(BY_NAME, headers=STALE)).status_code == 412
    assert (await client.get(f"/Patient/{id_}")).status_code == 200
    assert (await client.delete(BY_NAME, headers={"If-Match": 'W/"1"'})).status_code == 204
    assert (await client.delete(BY_NAME, headers=STALE)).status_code == 412
    assert (await client.delete(BY_NAME)).status_code == 204


async def test_an_update_by_criteria_asks_if_none_match(client):
    id_ = (await client.created(NAMED)).json()["id"]
    changed = await client.put(BY_NAME, NAMED | {"gender": "male"}, headers={"If-None-Match": "*"})
    assert (changed.status_code, await versions(client, id_)) == (412, 1)


async def test_an_update_by_criteria_that_changes_nothing_makes_no_version(client):
    id_ = (await client.put(BY_NAME, NAMED)).json()["id"]
    again = await client.put(BY_NAME, NAMED)
    assert (again.status_code, again.headers["etag"], await versions(client, id_)) == (200, 'W/"1"', 1)


async def test_reads_in_a_batch_keep_their_conditions_and_refuse_what_they_would_pass_over(client):
    id_ = (await client.created(NAMED)).json()["id"]
    requests = [
        {"url": f"Patient/{id_}", "ifNoneMatch": "*"},
        {"url": f"Patient/{id_}", "ifNoneMatch": 'W/"1"'},
        {"url": f"Patient/{id_}", "ifNoneMatch": "1"},
        {"url": f"Patient/{id_}?_elements=name"},
        {"url": f"Patient/{id_}/_history?_since=2020-01-01T00:00:00+02:00"},
    ]
    entries = [{"request": {"method": "GET", **request}} for request in requests]
    answer = await client.post("", {"resourceType": "Bundle", "type": "batch", "entry": entries})
    told = [entry["response"] for entry in answer.json()["entry"]]
    assert [each["status"] for each in told] == ["304", "304", "400", "400", "200"]
    assert told[2]["outcome"]["issue"][0]["details"]["text"] == "If-None-Match is no list of ETags"
    assert answer.json()["entry"][-1]["resource"]["total"] == 1
