"""What a hostile integrator sends: never a fault, never seconds of work, and nothing half done."""

import json
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from fhir_face.live import served
from worlds.fhir_web import FHIR_JSON, small
from worlds.web import token

PATIENCE_S = 10.0
"""Far above what any of these takes on a machine that is busy with other tests, far below what they took once."""
JSON_PATCH = "application/json-patch+json"


class Attacker:
    """Somebody with a good token and bad manners."""

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        self.address = (parts.hostname or "", parts.port or 0)
        self.bearer = token(fhir_versioning="versioned")
        self.http = httpx.Client(
            base_url=base, headers={"Authorization": f"Bearer {self.bearer}"}, timeout=60
        )

    def send(self, method: str, path: str, body: object = None, kind: str = FHIR_JSON) -> httpx.Response:
        """One request over a client that is well-behaved; answered soon, and with no fault."""
        content = body if isinstance(body, bytes | None) else json.dumps(body, ensure_ascii=False).encode()
        started = time.monotonic()
        answer = self.http.request(method, path, content=content, headers={"Content-Type": kind})
        assert answer.status_code < 500, answer.text
        assert time.monotonic() - started < PATIENCE_S
        return answer

    def raw(self, method: str, target: bytes, *headers: bytes, body: bytes = b"") -> tuple[int, bytes]:
        """One request as bytes on a socket, for what no client library would send: status, and all that came."""
        own = (b"Host: hub.test", b"Connection: close", b"Authorization: Bearer " + self.bearer.encode())
        lines = [method.encode() + b" " + target + b" HTTP/1.1", *own, *headers]
        with socket.create_connection(self.address, timeout=PATIENCE_S) as line:
            line.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)
            came = b""
            while piece := line.recv(65536):
                came += piece
        return int(came.split(b" ", 2)[1]), came

    def somebody(self) -> str:
        """The path of a Patient of its own."""
        return f"/Patient/{self.send('POST', '/Patient', small('Patient')).json()['id']}"


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


BODIES = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "deep objects, never ended": b'{"a":' * 100_000,
    "another encoding": '{"resourceType":"Patient"}'.encode("utf-16"),
    "half a character": b'{"resourceType":"Patient","id":"\\ud800"}',
    "a great number": b'{"resourceType":"Patient","x":1e999999999}',
    "a long number": b'{"resourceType":"Patient","x":' + b"9" * 5_000 + b"}",
    "a long type": json.dumps({"resourceType": "a" * 1_000_000}).encode(),
    "a long name": json.dumps({"resourceType": "Patient", "a" * 1_000_000: 1}).encode(),
    "many members": json.dumps({"resourceType": "Patient", **{f"k{n}": 1 for n in range(50_000)}}).encode(),
    "many empty names": json.dumps({"resourceType": "Patient", "name": [{}] * 50_000}).encode(),
    "a long date": json.dumps({"resourceType": "Patient", "birthDate": "1" * 500_000}).encode(),
    "a long language": json.dumps({"resourceType": "Patient", "language": "a-" * 300_000}).encode(),
    "blanks for a picture": json.dumps(
        {"resourceType": "Patient", "photo": [{"data": " " * 500_000 + "!"}]}
    ).encode(),
    "entities": json.dumps(
        {
            "resourceType": "Patient",
            "text": {
                "status": "generated",
                "div": '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
                '<div xmlns="http://www.w3.org/1999/xhtml">&a;</div>',
            },
        }
    ).encode(),
    "more than is taken": b" " * 3_000_000,
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_are_no_resource(attacker, name):
    body = BODIES[name]
    for method, path in (
        ("POST", "/Patient"),
        ("PUT", "/Patient/x"),
        ("POST", ""),
        ("POST", "/CodeSystem/$lookup"),
    ):
        if (name, path) != (
            "nothing",
            "/CodeSystem/$lookup",
        ):  # an operation may be called without parameters
            assert attacker.send(method, path, body).status_code in {400, 413, 422}, (method, path)
    assert attacker.send("PATCH", "/Patient/x", body, JSON_PATCH).status_code in {400, 404, 413}
    assert attacker.send("POST", "/Patient/$validate", body).status_code in {200, 400, 413, 422}
    assert attacker.send("GET", "/Patient?_summary=count").json()["total"] == 0


def test_a_text_of_a_megabyte_is_kept_as_it_is(attacker):
    name = "å" * 500_000
    made = attacker.send("POST", "/Patient", {"resourceType": "Patient", "name": [{"family": name}]})
    assert made.status_code == 201
    assert attacker.send("GET", f"/Patient/{made.json()['id']}").json()["name"] == [{"family": name}]


def nested(levels: int) -> dict[str, object]:
    found: dict[str, object] = {}
    for _ in range(levels):
        found = {"a": found}
    return found


PATCHES: dict[str, list[dict[str, object]]] = {
    "ten thousand": [{"op": "test", "path": "/birthDate", "value": "1970-01-01"}] * 10_000,
    "copies that double": [{"op": "copy", "from": "/name", "path": "/name/-"}] * 500,
    "deeper and deeper": [
        {"op": "add", "path": "/x" + "/a" * 50 * n, "value": nested(50)} for n in range(100)
    ],
    "the root": [{"op": "replace", "path": "", "value": 1}],
    "the root into itself": [{"op": "copy", "from": "", "path": ""}],
    "nowhere": [{"op": "add", "path": "/a/b/c/d", "value": 1}],
    "no pointer": [{"op": "add", "path": "/~2", "value": 1}],
    "a list for a path": [{"op": "add", "path": ["a"], "value": 1}],  # type: ignore[list-item]
    "a great index": [{"op": "add", "path": "/name/99999999999999999999", "value": 1}],
    "other digits": [{"op": "add", "path": "/name/٣", "value": 1}],
    "a long way": [{"op": "test", "path": "/name/0" + "/x" * 50_000, "value": 1}],
}


@pytest.mark.parametrize("name", PATCHES)
def test_patches_that_fit_nothing_change_nothing(attacker, name):
    somebody = attacker.somebody()
    before = attacker.send("GET", somebody)
    refused = attacker.send("PATCH", somebody, PATCHES[name], JSON_PATCH)
    assert refused.status_code in {400, 422}
    assert attacker.send("GET", somebody).text == before.text


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
