"""Conditional create: nothing, one or many; never changed silently; and exactly one of 32 at the same moment."""

import asyncio

import pytest

from worlds.fhir_web import a_client, resources, said, small

pytestmark = pytest.mark.anyio

NAMED = {"identifier": [{"system": "urn:x", "value": "7"}]}
CRITERIA = {"If-None-Exist": "identifier=urn:x|7"}


@pytest.fixture
def client(store):
    return a_client(store)


def a_patient(**more):
    return {**small("Patient"), **NAMED, **more}


async def test_nothing_one_and_many(client):
    first = await client.post("/Patient", a_patient(), headers=CRITERIA)
    second = await client.post("/Patient", a_patient(language="fi"), headers=CRITERIA)
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json()
    assert second.headers["etag"] == first.headers["etag"]
    assert (await client.get(f"/Patient/{first.json()['id']}/_history")).json()["total"] == 1
    await client.created(a_patient())
    third = await client.post("/Patient", a_patient(), headers=CRITERIA)
    assert third.status_code == 412
    assert third.json()["issue"][0]["code"] == "multiple-matches"


@pytest.mark.parametrize(
    "criteria",
    ["", "?", "identifier=", "nonsense=1", "_count=1", "identifier:nonsense=x", "birthdate=x", "ä=1"],
)
async def test_criteria_that_say_nothing_or_nobody_knows_are_refused(client, criteria):
    answer = await client.post("/Patient", a_patient(), headers={"If-None-Exist": criteria.encode()})
    assert answer.status_code == 400, answer.text
    assert (await client.get("/Patient")).json()["total"] == 0


async def test_criteria_may_come_as_the_whole_url_of_a_search(client):
    await client.created(a_patient())
    for criteria in (
        "?identifier=urn:x|7",
        "Patient?identifier=urn%3Ax%7C7",
        "http://hub.test/fhir/Patient?identifier=7",
    ):
        answer = await client.post("/Patient", a_patient(), headers={"If-None-Exist": criteria})
        assert answer.status_code == 200, criteria


@pytest.mark.both_engines
async def test_of_32_at_the_same_moment_exactly_one_creates(client):
    answers = await asyncio.gather(
        *(client.post("/Patient", a_patient(language="fi"), headers=CRITERIA) for _ in range(32))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 31 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(resources(await client.get("/Patient"))) == 1


async def test_what_another_party_keeps_does_not_match(client):
    first = await client.post("/Patient", a_patient(), headers=CRITERIA)
    other = await client.as_(party="kela").post("/Patient", a_patient(), headers=CRITERIA)
    assert (first.status_code, other.status_code) == (201, 201)


async def test_by_criteria_one_is_updated_and_several_are_none(client):
    made = await client.put("/Patient?identifier=urn:x|7", a_patient())
    assert made.status_code == 201
    stored = await client.put("/Patient?identifier=urn:x|7", a_patient(language="fi"))
    assert (stored.status_code, stored.json()["id"]) == (200, made.json()["id"])
    await client.created(a_patient())
    for answer in (
        await client.put("/Patient?identifier=urn:x|7", a_patient()),
        await client.delete("/Patient?identifier=urn:x|7"),
    ):
        assert answer.status_code == 412
    assert (await client.delete("/Patient?identifier=urn:x|8")).status_code == 204
    nothing = await client.put("/Patient", a_patient())
    assert nothing.status_code == 400
    assert "criteria" in said(nothing)
