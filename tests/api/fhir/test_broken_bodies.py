"""Bodies that are no FHIR: refused with the element and the rule, never with a fault, and none of it repeated."""

import json

import pytest

from tyokyky_bridge.api.intake import MAX_BODY_BYTES
from tyokyky_bridge.fhir.conformance.registry import REGISTRY
from tyokyky_bridge.fhir.wire.text import render
from worlds.fhir_broken import BROKEN, UNREADABLE
from worlds.fhir_web import FHIR_JSON, a_client, issues, small

pytestmark = pytest.mark.anyio

WRITTEN = {type_ for type_, served in REGISTRY.items() if served.kind.written}
JUDGED = {type_ for type_, served in REGISTRY.items() if served.operation("validate", on_instance=False)}


def type_of(document):
    found = document.get("resourceType") if isinstance(document, dict) else None
    return found if isinstance(found, str) else ""


@pytest.fixture
async def client(sqlite_url):
    from tyokyky_bridge.storage import open_store

    store = open_store(sqlite_url, index_key=b"a key for made-up people only....")
    yield a_client(store)
    await store.aclose()


async def send(client, method, path, raw, **more):
    kind = {"Content-Type": more.pop("kind", FHIR_JSON)}
    return await client.call(method, path, raw=raw, headers=kind, **more)


@pytest.mark.parametrize("name", UNREADABLE)
async def test_what_is_no_json_of_fhir_is_400_with_the_place_where_it_can_be_told(client, name):
    raw, place = UNREADABLE[name]
    for method, path in (
        ("POST", "/CarePlan"),
        ("PUT", "/Patient/x"),
        ("POST", ""),
        ("POST", "/Goal/$validate"),
    ):
        answer = await send(client, method, path, raw, etag="*")
        assert (answer.status_code, issues(answer)[0]["code"]) == (400, "structure"), (path, answer.text)
        assert issues(answer)[0].get("expression") == ([place] if place else None)


OF_WRITTEN = [
    name
    for name, (document, _, _) in BROKEN.items()
    if type_of(document) in WRITTEN and len(render(document)) < MAX_BODY_BYTES
]
OF_OTHERS = [name for name in BROKEN if name not in OF_WRITTEN]


def test_there_are_bodies_of_every_class_to_refuse():
    assert len(OF_WRITTEN) >= 40


@pytest.mark.parametrize("name", OF_WRITTEN)
async def test_a_broken_resource_is_refused_with_its_element_and_nothing_is_stored(client, name):
    document, place, code = BROKEN[name]
    type_ = type_of(document)
    raw = render(document)
    answer = await send(client, "POST", f"/{type_}", raw)
    assert answer.status_code == 422, answer.text
    assert (place, code) in {(i["expression"][0], i["code"]) for i in issues(answer) if "expression" in i}
    assert (await client.get(f"/{type_}")).json()["total"] == 0
    judged = await send(client, "POST", f"/{type_}/$validate", raw)
    assert judged.status_code == 200
    without = [{k: v for k, v in i.items() if k != "diagnostics"} for i in issues(answer)]
    assert {json.dumps(i) for i in without} <= {json.dumps(i) for i in issues(judged)}


@pytest.mark.parametrize("name", OF_OTHERS)
async def test_what_is_broken_and_not_even_of_a_type_that_is_written_is_refused_everywhere(client, name):
    raw = render(BROKEN[name][0])
    for method, path in (("POST", "/CarePlan"), ("PUT", "/Patient/x"), ("POST", "")):
        answer = await send(client, method, path, raw, etag="*")
        assert 400 <= answer.status_code < 500, (path, answer.text)
        assert issues(answer)


@pytest.mark.parametrize(
    "raw", [b"", b"null", b"[]", b"1", b'"x"', b"{}", b'{"resourceType":1}', b'{"resourceType":"X"}']
)
async def test_what_is_no_resource_at_all_is_refused_at_every_door_with_a_body(client, raw):
    made = await client.created(small("Patient"))
    place = f"/Patient/{made.json()['id']}"
    doors = [
        ("POST", "/Patient"),
        ("PUT", place),
        ("PUT", "/Patient?_id=x"),
        ("POST", ""),
        ("POST", "/Patient/_search"),
    ]
    for method, path in [*doors, ("PATCH", place), ("POST", "/CodeSystem/$lookup")]:
        kind = "application/json-patch+json" if method == "PATCH" else FHIR_JSON
        answer = await send(client, method, path, raw, etag="*", kind=kind)
        assert 400 <= answer.status_code < 500, (method, path, answer.text)
    assert (await client.get(place)).json() == made.json()


@pytest.mark.parametrize(
    "operations",
    [
        [],
        [1],
        [{}],
        [{"op": "add"}],
        [{"op": "fly", "path": "/x"}],
        [{"op": "replace", "path": "/nothing/there", "value": 1}],
        [{"op": "replace", "path": "no pointer", "value": 1}],
        [{"op": "remove", "path": "/name/7"}],
        [{"op": "add", "path": "/name/-", "value": []}],
        [{"op": "test", "path": "/birthDate", "value": "x"}],
        [{"op": "replace", "path": "/id", "value": "other"}],
        [{"op": "replace", "path": "/resourceType", "value": "Goal"}],
        [{"op": "add", "path": "/nonsense", "value": True}],
        [{"op": "replace", "path": "/birthDate", "value": "2020-02-30"}],
        [{"op": "remove", "path": ""}],
        [{"op": "replace", "path": "", "value": 1}],
    ],
    ids=str,
)
async def test_a_patch_that_does_not_fit_is_refused_and_changes_nothing(client, operations):
    made = await client.created(small("Patient"))
    place = f"/Patient/{made.json()['id']}"
    answer = await client.patch(place, operations, etag="*")
    assert 400 <= answer.status_code < 500, answer.text
    assert (await client.get(place)).content == made.content
