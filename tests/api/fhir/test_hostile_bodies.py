"""Bodies and patches of a hostile integrator: refused soon, and nothing of them kept."""

import json
from collections.abc import Iterator

import pytest

from fhir_face.live import served
from worlds.attacker import Attacker

JSON_PATCH = "application/json-patch+json"


@pytest.fixture
def attacker(sqlite_url) -> Iterator[Attacker]:
    with served(sqlite_url) as base:
        made = Attacker(base)
        yield made
        made.http.close()


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
    name = "a" * 1_000_000
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


@pytest.mark.parametrize("type_", [{}, [], None, 1, True, "", "Nothing"])
def test_a_type_that_is_no_text_is_a_finding(attacker, type_):
    body = {"resourceType": type_, "id": "another"}
    judged = attacker.send("POST", "/Observation/one/$validate", body)
    assert judged.status_code == 200
    assert {issue["severity"] for issue in judged.json()["issue"]} == {"error"}
    assert attacker.send("PUT", "/Observation/one", body).status_code in {400, 422}
    assert attacker.send("POST", "/Observation", body).status_code in {400, 422}
