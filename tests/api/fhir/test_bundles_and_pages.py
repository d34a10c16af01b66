"""Bundles, searches by form, pages and histories over HTTP: envelopes, links and preferences."""

import json

import pytest

from worlds.fhir_web import BASE, a_client, a_rich_plan, issues, resources, said, small

pytestmark = pytest.mark.anyio


@pytest.fixture
def client(store):
    return a_client(store)


def entry(method, url, resource=None, **request):
    held = {"request": {"method": method, "url": url, **request}}
    return held | ({"resource": resource} if resource else {})


def bundle(kind, *entries):
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


async def test_a_transaction_is_answered_in_the_order_of_the_request_with_what_is_preferred(client):
    asked = bundle(
        "transaction",
        entry("GET", "Patient?family=Vieras"),
        {
            **entry("POST", "Patient", small("Patient")),
            "fullUrl": "urn:uuid:0c3f0000-0000-4000-8000-000000000001",
        },
        entry("POST", "Observation", small("Observation", "urn:uuid:0c3f0000-0000-4000-8000-000000000001")),
    )
    plain = await client.post("", asked)
    assert [e["response"]["status"][:3] for e in plain.json()["entry"]] == ["200", "201", "201"]
    found, patient, observation = plain.json()["entry"]
    assert found["resource"]["total"] == 1
    full = await client.post("", asked, headers={"Prefer": "return=representation"})
    assert full.headers["preference-applied"] == "return=representation"
    read = await client.get(observation["fullUrl"])
    assert read.json()["subject"]["reference"] == patient["fullUrl"].removeprefix(f"{BASE}/")
    assert {e["resource"]["resourceType"] for e in full.json()["entry"]} == {
        "Bundle",
        "Patient",
        "Observation",
    }
    small_answer = await client.post("", asked, headers={"Prefer": "return=minimal"})
    assert ["resource" in e for e in small_answer.json()["entry"]] == [True, False, False]


async def test_a_refused_entry_refuses_the_whole_and_is_named(client):
    bad = {**small("Patient"), "gender": "x"}
    answer = await client.post(
        "", bundle("transaction", entry("POST", "Patient", small("Patient")), entry("POST", "Patient", bad))
    )
    assert answer.status_code == 422
    assert issues(answer)[0]["expression"] == ["Bundle.entry[1].resource.gender"]
    assert (await client.get("/Patient")).json()["total"] == 0
    missing = await client.post("", bundle("transaction", entry("GET", "Patient/nobody")))
    assert (missing.status_code, issues(missing)[0]["expression"]) == (404, ["Bundle.entry[0]"])


async def test_a_finding_that_a_use_case_makes_is_placed_in_the_bundle_too(client):
    made = await client.created(small("Patient"))
    path = f"Patient/{made.json()['id']}"
    part = (await client.get(f"/{path}?_elements=name")).json()
    asked = bundle("transaction", entry("GET", "Patient"), entry("PUT", path, part, ifMatch="*"))
    answer = await client.post("", asked)
    assert answer.status_code == 422
    assert issues(answer)[0]["expression"][0].startswith("Bundle.entry[1].resource.meta.tag")


async def test_a_batch_answers_for_each_entry_with_its_outcome(client):
    answer = await client.post(
        "",
        bundle(
            "batch",
            entry("POST", "Patient", small("Patient")),
            entry("POST", "Patient", {**small("Patient"), "gender": "x"}),
            entry("GET", "Patient/nobody"),
            entry("DELETE", "CarePlan/nobody"),
            entry("POST", "Organization", {"resourceType": "Organization", "name": "x"}),
        ),
    )
    assert answer.status_code == 200
    statuses = [e["response"]["status"][:3] for e in answer.json()["entry"]]
    assert statuses == ["201", "422", "404", "404", "405"]
    for each in answer.json()["entry"][1:]:
        assert each["response"]["outcome"]["resourceType"] == "OperationOutcome"


async def test_a_bundle_honours_the_versioning_of_the_caller(client):
    made = await client.created(small("Patient"))
    path = f"Patient/{made.json()['id']}"
    asked = bundle("batch", entry("PUT", path, {**made.json(), "language": "fi"}))
    statuses = [
        (await each.post("", asked)).json()["entry"][0]["response"]["status"][:3]
        for each in (client, client.as_(fhir_versioning="versioned"))
    ]
    assert statuses == ["400", "200"]


@pytest.mark.parametrize("kind", ["searchset", "history", "collection", "message", "document", "x", None, 1])
async def test_other_bundles_are_not_taken_at_the_base(client, kind):
    answer = await client.post("", bundle(kind))
    assert (answer.status_code, issues(answer)[0].get("expression")) == (400, ["Bundle.type"])
    other = await client.post("", small("Patient"))
    assert other.status_code == 400
    assert "Bundle" in said(other)


async def test_the_same_search_by_url_and_by_form_is_the_same_answer(client):
    await a_rich_plan(client.web)
    for query in ("status=active", "_count=2&_sort=-_lastUpdated", "category=x", "_summary=count"):
        by_url = await client.get(f"/CarePlan?{query}")
        assert (await client.form("/CarePlan/_search", query)).content == by_url.content
        assert (await client.form(f"/CarePlan/_search?{query}", "")).content == by_url.content
    assert (await client.call("POST", "/CarePlan/_search")).json()["total"] == 1


async def test_pages_neither_repeat_nor_lose_and_every_link_leads_where_it_says(client):
    for n in range(7):
        await client.created({**small("Patient"), "multipleBirthInteger": n})
    for start in ("/Patient?_count=3", "/Patient?_count=2&_sort=-family", "/Patient/_history?_count=3"):
        found, url, pages = [], start, 0
        while url:
            page = (await client.get(url)).json()
            assert page["total"] == 7
            found += [e["resource"]["id"] for e in page["entry"]]
            links = {link["relation"]: link["url"] for link in page["link"]}
            again = (await client.get(links["self"])).json()
            assert (again["total"], again["entry"]) == (7, page["entry"])
            url, pages = links.get("next"), pages + 1
        assert (len(found), len(set(found))) == (7, 7)
        assert pages > 2


async def test_a_page_is_nobody_elses(client):
    for _ in range(3):
        await client.created(small("Patient"))
    for path in ("/Patient?_count=1", "/Patient/_history?_count=1", "/CodeSystem?_count=1"):
        link = (await client.get(path)).json()["link"][1]
        assert link["relation"] == "next"
        assert (await client.as_(party="kela").get(link["url"])).status_code == 410


async def test_a_history_tells_what_was_done_and_a_deletion_has_no_resource(client):
    made = await client.created(small("Patient"))
    path = f"/Patient/{made.json()['id']}"
    await client.put(path, {**made.json(), "language": "fi"}, etag="*")
    await client.delete(path)
    found = (await client.get(f"{path}/_history")).json()
    assert [e["request"]["method"] for e in found["entry"]] == ["DELETE", "PUT", "POST"]
    assert [e["response"]["etag"] for e in found["entry"]] == ['W/"3"', 'W/"2"', 'W/"1"']
    assert ["resource" in e for e in found["entry"]] == [False, True, True]
    since = found["entry"][1]["response"]["lastModified"]
    newer = (await client.get(f"{path}/_history?_since={since}")).json()
    assert newer["total"] == 2
    assert (await client.get(f"{path}/_history?_at=2020")).json()["total"] == 0
    assert (await client.get(f"{path}/_history?_at={since[:4]}")).json()["total"] == 3
    assert (await client.get(f"{path}/_history?_count=1")).json()["total"] == 3


async def test_numbers_and_unknown_extensions_of_a_stranger_come_back_as_they_were_sent(client):
    raw = (
        b'{"resourceType":"Observation","status":"final","code":{"text":"B4"},'
        b'"extension":[{"url":"http://example.org/x","valueDecimal":1.50}],'
        b'"valueQuantity":{"value":2.500,"unit":"p"},"effectiveDateTime":"2026-02"}'
    )
    made = await client.call("POST", "/Observation", raw=raw, headers={"Content-Type": "application/json"})
    assert made.status_code == 201
    read = await client.get(f"/Observation/{made.json()['id']}")
    found = (await client.get("/Observation")).content
    for text in (b'"value":2.500', b'"valueDecimal":1.50', b'"effectiveDateTime":"2026-02"'):
        assert text in made.content
        assert text in read.content
        assert text in found
    pretty = await client.get(f"/Observation/{made.json()['id']}?_pretty=true")
    assert b"2.500" in pretty.content
    part = await client.get(f"/Observation/{made.json()['id']}?_elements=value")
    assert b"2.500" in part.content
    assert json.loads(part.content)["valueQuantity"]
    assert resources(await client.get("/Observation?_elements=value"))[0]["valueQuantity"]
