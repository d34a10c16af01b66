"""What a hostile integrator sends: never a fault, never seconds of work, and nothing half done."""

import json
from collections.abc import Iterator

import pytest

from fhir_face.live import served
from worlds.attacker import Attacker
from worlds.fhir_web import small


@pytest.fixture
def attacker(sqlite_url) -> Iterator[Attacker]:
    with served(sqlite_url) as base:
        made = Attacker(base)
        yield made
        made.http.close()


def test_urls_that_no_library_would_send(attacker):
    wrong = {
        b"/fhir/Patient/%FF%FE": 404,
        b"/fhir/Patient/%00": 404,
        b"/fhir//Patient": 404,
        b"/fhir/Patient/../../v1/plans": 404,
        b"/fhir/Patient/\xff\xfe": 400,
        b"/fhir/" + b"A" * 60_000: 404,
        b"/fhir/Patient/" + b"a" * 5_000: 404,
        b"/fhir/Patient?name=%FF": 400,
        b"/fhir/Patient?name=\xff": 400,
        b"/fhir/Patient?%u1234&=&==&&&": 400,
        b"/fhir/Patient?_count=1&_count=2": 400,
        b"/fhir/Patient?_count=-1": 400,
        b"/fhir/Patient?_count=%D9%A3": 400,
        b"/fhir/Patient?" + b"&".join([b"name=a"] * 300): 400,
        b"/fhir/Patient?name=" + b"a," * 20_000: 400,
        b"/fhir/Patient?_sort=" + b",".join([b"family"] * 500): 400,
        b"/fhir/Patient?_include=*&_revinclude=*": 400,
        b"/fhir/CarePlan?" + b"&".join([b"_include:iterate=CarePlan:subject"] * 50): 400,
        b"/v1/plans/%FF%00": 422,
        b"/v1/conflicts?plan=%00&after=%FF": 422,
        b"/v1/sync/parked?system=%FF%00": 422,
    }
    met = {target: attacker.raw("GET", target)[0] for target in wrong}
    assert met == wrong


def test_headers_that_no_library_would_send(attacker):
    somebody = b"/fhir" + attacker.somebody().encode()
    for header in (
        b"X-Long: " + b"a" * 1_000_000,
        b"If-None-Match: \xff",
        b"If-Modified-Since: Mon, 01 Jan 0000 00:00:00 +9999",
        b"If-Modified-Since: Fri, 31 Dec 9999 23:59:59 -1200",
        b"Prefer: =;=,;," + b"return=" + b"x" * 5_000,
        b"Accept: application/fhir+json;q=1e999",
        b"Accept: " + b";;;," * 1_000,
        b"If-Match: " + b"x" * 10_000,
    ):
        status, _ = attacker.raw("GET", somebody, header)
        assert status in {200, 304, 406}, header[:40]
    assert attacker.raw("GET", somebody, *[b"X-%d: a" % n for n in range(5_000)])[0] == 200


def test_two_tokens_are_none(attacker):
    for target in (b"/fhir/Patient", b"/v1/notices"):
        assert attacker.raw("GET", target)[0] == 200
        assert attacker.raw("GET", target, b"Authorization: Bearer " + attacker.bearer.encode())[0] == 401


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "CONNECT", "PROPFIND"])
def test_methods_that_nothing_has(attacker, method):
    for target in (
        b"/fhir",
        b"/fhir/Patient",
        b"/fhir/Patient/x",
        b"/fhir/metadata",
        b"/fhir/Patient/$validate",
    ):
        status, came = attacker.raw(method, target)
        assert status in {400, 405}
        assert status == 400 or b"\r\nallow: " in came.lower()


def test_a_body_in_a_thousand_chunks_is_the_same_body(attacker):
    body = json.dumps(small("Patient")).encode()
    chunks = b"".join(b"1\r\n%c\r\n" % each for each in body) + b"0\r\n\r\n"
    headers = (b"Content-Type: application/fhir+json", b"Transfer-Encoding: chunked")
    assert attacker.raw("POST", b"/fhir/Patient", *headers, body=chunks)[0] == 201


def bundle(*entries: dict[str, object], kind: str = "transaction") -> dict[str, object]:
    return {"resourceType": "Bundle", "type": kind, "entry": [*entries]}


def posted(resource: dict[str, object], number: int | None = None) -> dict[str, object]:
    made: dict[str, object] = {
        "resource": resource,
        "request": {"method": "POST", "url": resource["resourceType"]},
    }
    return made if number is None else {"fullUrl": urn(number), **made}


def urn(number: int) -> str:
    return f"urn:uuid:00000000-0000-4000-8000-{number:012d}"


def reference(number: int) -> dict[str, str]:
    return {"reference": urn(number)}


def test_a_bundle_of_ten_thousand_is_refused_and_nothing_of_it_kept(attacker):
    for kind in ("transaction", "batch"):
        answer = attacker.send("POST", "", bundle(*[posted(small("Patient"))] * 10_000, kind=kind))
        assert answer.status_code in {400, 413}
    assert attacker.send("GET", "/Patient?_summary=count").json()["total"] == 0


def test_references_in_a_circle_are_resolved(attacker):
    circle = [
        posted({**small("Observation"), "subject": reference(9), "hasMember": [reference(n % 5)]}, n - 1)
        for n in range(1, 6)
    ]
    answer = attacker.send("POST", "", bundle(*circle, posted(small("Patient"), 9)))
    assert answer.status_code == 200, answer.text
    found = [each["resource"] for each in attacker.send("GET", "/Observation").json()["entry"]]
    assert {each["hasMember"][0]["reference"] for each in found} == {
        f"Observation/{each['id']}" for each in found
    }


def test_a_transaction_whose_last_entry_fails_leaves_nothing(attacker):
    crowd = [posted(small("Patient"), n) for n in range(20)]
    for last in (
        posted({**small("Observation"), "subject": {"reference": "Patient?family=Ei-ole"}}),
        {"request": {"method": "GET", "url": "Patient/ei-ole"}},
        {"request": {"method": "GET", "url": "Patient?_count=-1"}},
    ):
        assert attacker.send("POST", "", bundle(*crowd, last)).status_code in {400, 404, 422}
    assert attacker.send("GET", "/Patient?_summary=count").json()["total"] == 0


@pytest.mark.parametrize(
    "entry", [None, {}, {"a": 1}, [[]], [1], [{"request": 1}], [{"request": {"method": 1, "url": []}}]]
)
def test_entries_that_are_none(attacker, entry):
    for kind in ("transaction", "batch"):
        answer = attacker.send("POST", "", {"resourceType": "Bundle", "type": kind, "entry": entry})
        assert answer.status_code in {200, 400, 422}
        statuses = {each["response"]["status"] for each in answer.json().get("entry", [])}
        assert statuses <= {"400", "422"}
