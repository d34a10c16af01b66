"""Every error of every layer under /fhir is an OperationOutcome that says what to do and repeats nothing."""

import asyncio
import re

import pytest

from fhir_face.recorder import not_recorded
from tyokyky_bridge.api import intake
from tyokyky_bridge.api.fhir.doors import Door
from tyokyky_bridge.fhir.conformance.registry import REGISTRY
from tyokyky_bridge.services.fhir import reading
from tyokyky_bridge.services.ports import ConstraintBroken, StoreError, StoreUnavailable
from worlds.fhir_web import FHIR_JSON, Client, a_client, a_rich_plan, issues, said, small
from worlds.web import token

pytestmark = pytest.mark.anyio

SECRET = "zkultainen lause 7f3a"


@pytest.fixture
def client(store):
    return a_client(store)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/Nonsense", 404, "not-supported"),
        ("GET", "/patient", 404, "not-supported"),
        ("GET", "/Binary/1", 404, "not-supported"),
        ("POST", "/Nonsense", 404, "not-supported"),
        ("GET", "/Patient/1/2/3", 404, "not-supported"),
        ("GET", "/Patient/a_b", 404, "not-supported"),
        ("GET", f"/Patient/{'x' * 65}", 404, "not-supported"),
        ("GET", "/Patient/1/_history/1/2", 404, "not-supported"),
        ("GET", "/Patient/nobody", 404, "not-found"),
        ("GET", "/Patient/nobody/_history", 404, "not-found"),
        ("GET", "/CodeSystem/none", 404, "not-found"),
        ("GET", "/Patient/$nonsense", 404, "not-supported"),
        ("GET", "/Patient/nobody/$explain", 404, "not-supported"),
        ("GET", "/Patient/nobody/$everything", 404, "not-found"),
        ("GET", "/CarePlan/nobody/$explain?recipient=meriniemi-employment", 404, "not-found"),
        ("GET", "/CarePlan/nobody/$explain", 400, "invalid"),
        ("GET", "/CodeSystem/$lookup?code=x&what=ever", 400, "not-supported"),
        ("GET", "/CodeSystem/$lookup", 400, "required"),
        ("GET", "/Patient?nonsense=1", 400, "not-supported"),
        ("GET", "/Patient?birthdate=31.12.2020", 400, "value"),
        ("GET", "/Patient?_cursor=nonsense", 410, "deleted"),
        ("GET", "/CodeSystem?_cursor=nonsense", 410, "deleted"),
        ("GET", "/Patient/_history?_cursor=nonsense", 410, "deleted"),
        ("GET", "/Patient/_history?_since=yesterday", 400, "invalid"),
        ("GET", "/Patient/_history?_since=2026-02-30T10:00:00Z", 400, "invalid"),
        ("GET", "/Patient/_history?_count=-1", 400, "invalid"),
        ("GET", "/Patient/_history?_at=x", 400, "value"),
        ("GET", "/Patient?family=%ff", 400, "invalid"),
        ("GET", "/Patient?" + "&".join("family=x" for _ in range(201)), 400, "invalid"),
        ("DELETE", "/Patient", 400, "invalid"),
        ("DELETE", "/Patient?_count=1", 400, "invalid"),
        ("DELETE", "/Patient?nonsense=1", 400, "invalid"),
    ],
)
async def test_what_cannot_be_answered_is_said_in_the_code_that_fits(client, method, path, status, code):
    answer = await client.call(method, path)
    assert (answer.status_code, issues(answer)[0]["code"]) == (status, code), answer.text


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]
)
async def test_a_method_that_a_url_has_not_is_405_with_those_that_it_has(client, method):
    allowed = {
        "/metadata": "GET, HEAD",
        "/.well-known/smart-configuration": "GET, HEAD",
        "": "POST",
        "/Patient": "DELETE, GET, HEAD, POST, PUT",
        "/Patient/x": "DELETE, GET, HEAD, PATCH, PUT",
        "/Patient/_search": "POST",
        "/Patient/_history": "GET, HEAD",
        "/Patient/x/_history": "GET, HEAD",
        "/Patient/x/_history/1": "GET, HEAD",
        "/Patient/$validate": "POST",
        "/Patient/x/$everything": "GET, HEAD, POST",
        "/Organization": "GET, HEAD",
        "/Organization/x": "GET, HEAD",
        "/CodeSystem/x": "GET, HEAD",
        "/CodeSystem/x/_history": "",
        "/CodeSystem/$lookup": "GET, HEAD, POST",
    }
    for path, methods in allowed.items():
        if method in methods.split(", "):
            continue
        answer = await client.call(method, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, methods), (method, path)


async def test_a_delete_that_makes_no_sense_is_405_with_the_reason_and_what_else_there_is(client):
    plan = await a_rich_plan(client.web)
    answer = await client.delete(f"/CarePlan/{plan.plan_id}")
    assert (answer.status_code, issues(answer)[0]["code"]) == (405, "not-supported")
    assert "close the plan" in said(answer)
    assert answer.headers["allow"] == "GET, HEAD, PATCH, PUT"


async def test_a_body_that_is_too_large_is_413(client):
    size = {"Content-Length": str(intake.MAX_BODY_BYTES + 1), "Content-Type": FHIR_JSON}
    answer = await client.call("POST", "/Patient", raw=b"{}", headers=size)
    assert (answer.status_code, issues(answer)[0]["code"]) == (413, "too-long")


async def test_a_body_that_does_not_come_is_408(client, monkeypatch):
    monkeypatch.setattr(intake, "BODY_WITHIN_S", 0.05)

    async def stalled():
        yield b"{"
        await asyncio.sleep(5)

    headers = {"Authorization": f"Bearer {token()}", "Content-Type": FHIR_JSON}
    answer = await client.web.http.post("/fhir/Patient", content=stalled(), headers=headers)
    assert (answer.status_code, issues(answer)[0]["code"]) == (408, "timeout")


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (RuntimeError(SECRET), 500, "exception"),
        (StoreError(SECRET), 500, "exception"),
        (KeyError(SECRET), 500, "exception"),
        (StoreUnavailable(SECRET), 503, "transient"),
        (ConstraintBroken(SECRET), 409, "conflict"),
    ],
)
async def test_a_fault_is_told_without_its_text_and_found_by_its_id(
    store, monkeypatch, capsys, fault, status, code
):
    async def broken(*_, **__):
        raise fault

    client = a_client(store, observe=False)
    monkeypatch.setattr(reading, "read", broken)
    with not_recorded():  # a fault that is made here is none to be judged
        answer = await client.get("/Patient/x")
    assert (answer.status_code, issues(answer)[0]["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert SECRET not in answer.text
    id_ = re.fullmatch(r"correlation id ([0-9a-f]{32})", issues(answer)[0]["diagnostics"])[1]
    logged = capsys.readouterr().out
    assert id_ in logged
    assert SECRET not in logged
    if status == 500:
        assert type(fault).__name__ in logged
    if status == 503:
        assert answer.headers["retry-after"] == "1"


async def test_a_fault_below_the_routes_is_an_outcome_too(store, monkeypatch):
    client = a_client(store, observe=False)
    monkeypatch.setattr(Door, "leads", lambda *_: 1 / 0)
    with not_recorded():
        answer = await client.get("/Patient/x")
    assert (answer.status_code, issues(answer)[0]["code"]) == (500, "exception")


async def test_two_requests_have_two_ids(client):
    first, second = await client.get("/Nonsense"), await client.get("/Nonsense")
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


async def test_problems_stay_problems_outside_of_fhir(client):
    answer = await client.web.call("GET", "/fhirs")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_errors_of_a_plan_are_said_by_field(client):
    plan = await a_rich_plan(client.web)
    read = await client.get(f"/CarePlan/{plan.plan_id}")
    other = client.as_(party="meriniemi-employment")
    stale = await other.put(f"/CarePlan/{plan.plan_id}", read.json(), etag=read.headers["etag"])
    assert stale.status_code in {403, 412}
    goals = (await client.get("/Goal")).json()["entry"][0]["resource"]
    goals["lifecycleStatus"] = "nonsense"
    refused = await client.put(f"/Goal/{goals['id']}", goals, etag="*")
    assert refused.status_code == 422
    assert issues(refused)[0]["expression"] == ["Goal.lifecycleStatus"]
    assert "nonsense" not in refused.text


HETU = ["120385-921T", "120385%2D921T", "120385Y921T", "urn:oid:1.2.246.21%7C120385-921T", "x%20120385-921t"]
OLD = ["120385%2B921T", "120385+921T"]


@pytest.mark.parametrize("value", [*HETU, *OLD])
async def test_an_identity_number_in_a_url_is_refused_with_the_way_that_is_right(client, value):
    for path in (
        f"/Patient?identifier={value}",
        f"/Patient?family={value}",
        f"/CarePlan?patient.identifier={value}",
        f"/CarePlan?subject:identifier={value}",
        f"/Patient/x?foo={value}",
        f"/Patient?{value}=1",
    ):
        answer = await client.get(path, headers={"Prefer": "handling=lenient"})
        assert answer.status_code == 400, path
        assert issues(answer)[0]["code"] == "security"
        assert "_search" in said(answer)
        assert "120385" not in answer.text
    for method in ("PUT", "DELETE"):
        answer = await client.call(method, f"/Patient?identifier={value}", small("Patient"))
        assert answer.status_code == 400


async def test_by_post_a_person_is_found_and_no_link_repeats_the_number(client):
    plan = await client.web.plan()
    answer = await client.form("/Patient/_search", "identifier=urn%3Aoid%3A1.2.246.21%7C120385-921T")
    bundle = answer.json()
    assert [e["resource"]["id"] for e in bundle["entry"]] == [plan.client_id]
    assert all("921T" not in link["url"] for link in bundle["link"])
    again = await client.get(bundle["link"][0]["url"])
    assert again.json()["entry"] == bundle["entry"]


async def test_a_create_with_a_query_is_told_of_the_header_instead_of_making_duplicates(client):
    """What fhirpy's get_or_create sends."""
    answer = await client.post("/Patient?family=Vieras", small("Patient"))
    assert answer.status_code == 400
    assert "If-None-Exist" in said(answer)
    assert (await client.get("/Patient")).json()["total"] == 0


async def test_every_type_answers_a_stranger_to_it_alike(client: Client):
    """No type leaks by another form of error: what is not there is not there."""
    told = set()
    for type_ in REGISTRY:
        answer = await client.get(f"/{type_}/018f6b1e-7c00-7000-8000-00000000dead")
        body = answer.json()
        body["issue"][0].pop("diagnostics")
        told.add((answer.status_code, str(body)))
    assert len(told) == 1
