"""Media types, formats, and the validators and preferences of HTTP: every header that FHIR knows."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tyokyky_bridge.api.fhir.headers import http_date, preferences, unchanged
from tyokyky_bridge.api.fhir.negotiation import CONTENT_TYPE
from worlds.fhir_web import BASE, a_client, issues, resources, said, small

pytestmark = pytest.mark.anyio

GOOD = [
    "application/fhir+json",
    "application/json",
    "text/json",
    "application/fhir+json; charset=utf-8",
    "application/fhir+json; fhirVersion=4.0",
    "application/fhir+json; fhirVersion=4.0.1",
    'application/fhir+json; fhirVersion="4.0"',
    "*/*",
    "application/*",
    "text/html, application/xhtml+xml, */*;q=0.8",
    "application/fhir+xml, application/fhir+json;q=0.1",
    "",
]
BAD = [
    "application/fhir+xml",
    "text/html",
    "text/turtle",
    "text/*",
    "application/fhir+json; fhirVersion=3.0",
    "application/fhir+json; fhirVersion=5.0",
    "application/fhir+json;q=0",
    "*/*, application/fhir+json;q=0",
    "application/fhir+json;q=x",
]
FORMATS = ["json", "application/json", "application/fhir%2Bjson", "application/fhir+json", "text/json"]
OTHER_FORMATS = ["xml", "application/fhir%2Bxml", "html", "ttl", "", "json;fhirVersion=3.0"]


@pytest.fixture
def client(store):
    return a_client(store)


@pytest.fixture
async def patient(client):
    """A stranger's Patient: where it is, and the answer that made it."""
    made = await client.created(small("Patient"))
    return f"/Patient/{made.json()['id']}", made


@pytest.mark.parametrize("accept", GOOD)
async def test_who_takes_json_gets_fhir_json(client, accept):
    answer = await client.get("/Patient", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, CONTENT_TYPE)


@pytest.mark.parametrize("accept", BAD)
async def test_who_takes_no_json_of_this_version_gets_406_in_the_form_that_there_is(client, accept):
    answer = await client.get("/Patient", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (406, CONTENT_TYPE)


@pytest.mark.parametrize("format_", FORMATS)
async def test_format_in_the_url_overrides_the_header(client, format_):
    answer = await client.get(f"/Patient?_format={format_}", headers={"Accept": "application/fhir+xml"})
    assert answer.status_code == 200
    assert "_format" not in answer.json()["link"][0]["url"]


@pytest.mark.parametrize("format_", OTHER_FORMATS)
async def test_another_format_in_the_url_is_406(client, format_):
    assert (await client.get(f"/Patient?_format={format_}")).status_code == 406


async def test_pretty_indents_and_changes_nothing(client, patient):
    plain, pretty = await client.get(patient[0]), await client.get(f"{patient[0]}?_pretty=true")
    assert b"\n  " in pretty.content
    assert b"\n" not in plain.content
    assert plain.json() == pretty.json()
    assert (await client.get(f"{patient[0]}?_pretty=maybe")).status_code == 400


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/fhir+json", 201),
        ("application/json; charset=UTF-8", 201),
        ("text/json", 201),
        ("application/fhir+json; fhirVersion=4.0", 201),
        ("application/fhir+json; fhirVersion=5.0", 415),
        ("application/fhir+json; charset=iso-8859-1", 415),
        ("application/fhir+xml", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/json-patch+json", 415),
        ("text/plain", 415),
        ("", 415),
    ],
)
async def test_a_body_is_read_in_the_forms_of_fhir_json_only(client, kind, status):
    answer = await client.post("/Patient", small("Patient"), headers={"Content-Type": kind})
    assert answer.status_code == status
    if status == 415:
        assert answer.headers["accept-post"] == "application/fhir+json"


async def test_a_patch_is_a_json_patch_and_a_search_is_a_form(client, patient):
    merge = await client.patch(patient[0], {}, headers={"Content-Type": "application/merge-patch+json"})
    assert (merge.status_code, merge.headers["accept-patch"]) == (415, "application/json-patch+json")
    assert (await client.post("/Patient/_search", {})).status_code == 415
    assert (await client.call("POST", "/Patient/_search")).status_code == 200


async def test_a_form_may_say_what_form_the_answer_has(client, patient):
    pretty = await client.form("/Patient/_search", "_pretty=true&_format=json")
    assert b"\n  " in pretty.content
    assert "_format" not in pretty.json()["link"][0]["url"]
    assert (await client.form("/Patient/_search", "_format=xml")).status_code == 406


async def test_a_compressed_body_is_not_taken_for_a_broken_one(client):
    answer = await client.post("/Patient", small("Patient"), headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 415
    plain = await client.post("/Patient", small("Patient"), headers={"Content-Encoding": "identity"})
    assert plain.status_code == 201


async def test_a_provenance_of_the_client_is_refused_and_not_passed_over(client, patient):
    told = {"X-Provenance": '{"resourceType": "Provenance"}'}
    for answer in (
        await client.post("/Patient", small("Patient"), headers=told),
        await client.put(patient[0], patient[1].json(), headers=told, etag="*"),
        await client.delete(patient[0], headers=told),
    ):
        assert answer.status_code == 400
        assert "X-Provenance" in said(answer)
    assert (await client.get(patient[0], headers=told)).status_code == 200


async def test_a_create_tells_version_place_and_time(client, patient):
    path, made = patient
    document = made.json()
    assert made.headers["etag"] == f'W/"{document["meta"]["versionId"]}"'
    assert made.headers["location"] == f"{BASE}{path}/_history/{document['meta']['versionId']}"
    at = datetime.fromisoformat(document["meta"]["lastUpdated"])
    assert made.headers["last-modified"] == http_date(at)
    assert (await client.get(made.headers["location"])).content == made.content
    for answer in (await client.get(path), await client.get(made.headers["location"])):
        assert answer.headers["etag"] == made.headers["etag"]
        assert answer.headers["last-modified"] == made.headers["last-modified"]


async def test_if_none_match_and_if_modified_since_answer_304_with_the_validators(client, patient):
    path, made = patient
    tag, at = made.headers["etag"], made.headers["last-modified"]
    old = http_date(datetime.now(UTC) - timedelta(days=1))
    for headers, status in [
        ({"If-None-Match": tag}, 304),
        ({"If-None-Match": tag.removeprefix("W/")}, 304),
        ({"If-None-Match": f'W/"0", {tag}'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": 'W/"0"'}, 200),
        ({"If-None-Match": "nonsense"}, 200),
        ({"If-Modified-Since": at}, 304),
        ({"If-Modified-Since": old}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-None-Match": 'W/"0"', "If-Modified-Since": at}, 200),
        ({"If-None-Match": tag, "If-Modified-Since": old}, 304),
    ]:
        answer = await client.get(path, headers=headers)
        assert answer.status_code == status, headers
        assert answer.headers["etag"] == tag
        assert bool(answer.content) == (status == 200)


async def test_head_tells_what_get_would_without_the_body(client, patient):
    for path in (patient[0], "/Patient", f"{patient[0]}/_history", "/metadata", "/Nothing"):
        head, get = await client.call("HEAD", path), await client.get(path)
        assert (head.status_code, head.content) == (get.status_code, b"")
        for name in ("etag", "last-modified", "content-type"):
            assert head.headers.get(name) == get.headers.get(name)


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 400),
        ("1", 400),
        ("W/1", 400),
        ('W/"1', 400),
        ('""', 400),
        ('W/"1", nonsense', 400),
        ('W/"2"', 412),
        ('W/"0", W/"9"', 412),
        ('W/"1"', 200),
        ('"1"', 200),
        ('W/"0", W/"1"', 200),
        ("*", 200),
    ],
)
async def test_an_update_names_the_version_that_it_was_made_from(client, patient, header, status):
    path, made = patient
    document = {**made.json(), "language": "fi"}
    answer = await client.put(path, document, etag=header)
    assert answer.status_code == status, answer.text
    now = await client.get(path)
    assert ("language" in now.json()) == (status == 200)
    again = await client.patch(path, [{"op": "add", "path": "/active", "value": True}], etag=header)
    assert again.status_code == (status if status != 200 or header == "*" else 412)


async def test_a_missing_if_match_is_answered_with_what_to_send(client, patient):
    answer = await client.put(patient[0], patient[1].json())
    assert "If-Match" in said(answer)
    assert issues(answer)[0]["code"] == "required"


async def test_the_issuer_can_let_one_client_update_without_if_match(client, patient):
    path, made = patient
    naive = client.as_(fhir_versioning="versioned")
    stored = await naive.put(path, {**made.json(), "language": "fi"})
    assert (stored.status_code, stored.json()["language"]) == (200, "fi")
    patched = await naive.patch(path, [{"op": "replace", "path": "/language", "value": "sv"}])
    assert (patched.status_code, patched.json()["language"]) == (200, "sv")
    stale = await naive.put(path, made.json(), etag=made.headers["etag"])
    assert stale.status_code == 412
    strict = client.as_(fhir_versioning="versioned-update")
    assert (await strict.put(path, made.json())).status_code == 400
    assert (await client.put(path, made.json())).status_code == 400


async def test_if_none_match_with_a_star_creates_and_touches_nothing(client):
    body = {**small("Patient"), "id": "only-once"}
    first = await client.put("/Patient/only-once", body, headers={"If-None-Match": "*"})
    second = await client.put(
        "/Patient/only-once", {**body, "language": "fi"}, headers={"If-None-Match": "*"}
    )
    assert (first.status_code, second.status_code) == (201, 412)
    assert "language" not in (await client.get("/Patient/only-once")).json()
    odd = await client.put("/Patient/only-once", body, headers={"If-None-Match": 'W/"1"'})
    assert odd.status_code == 400


async def test_what_is_preferred_is_returned_and_said(client, patient):
    path, made = patient
    for preferred, holds in [
        ("minimal", None),
        ("representation", "Patient"),
        ("OperationOutcome", "OperationOutcome"),
        ("operationoutcome", "OperationOutcome"),
    ]:
        answers = [
            await client.post("/Patient", small("Patient"), headers={"Prefer": f"return={preferred}"}),
            await client.put(path, made.json(), etag="*", headers={"Prefer": f"return={preferred}"}),
        ]
        for answer, status in zip(answers, (201, 200), strict=True):
            assert answer.status_code == status
            assert answer.headers["preference-applied"].lower() == f"return={preferred.lower()}"
            assert {"etag", "location", "last-modified"} <= answer.headers.keys()
            assert (answer.json()["resourceType"] if answer.content else None) == holds


async def test_of_preferences_that_contradict_each_other_the_first_counts_and_unknown_ones_are_ignored(
    client,
):
    prefer = 'respond-async, return="minimal", return=representation; foo=bar, handling=whatever'
    answer = await client.post("/Patient", small("Patient"), headers={"Prefer": prefer})
    assert (answer.status_code, answer.content) == (201, b"")
    assert answer.headers["preference-applied"] == "return=minimal"
    plain = await client.post("/Patient", small("Patient"))
    assert "preference-applied" not in plain.headers


def test_several_prefer_headers_are_one_list():
    found = preferences(["handling=lenient", "return=minimal"])
    assert (found.returns, found.handling, found.said) == ("minimal", "lenient", {"return", "handling"})


async def test_unknown_parameters_are_refused_unless_handling_is_lenient(client, patient):
    strict = await client.get("/Patient?famly=Vieras")
    assert (strict.status_code, issues(strict)[0]["code"]) == (400, "not-supported")
    lenient = await client.get("/Patient?famly=Vieras", headers={"Prefer": "handling=lenient"})
    assert lenient.headers["preference-applied"] == "handling=lenient"
    outcome = resources(lenient)[-1]
    assert outcome["issue"][0]["severity"] == "warning"
    assert "famly" not in lenient.json()["link"][0]["url"]
    assert (await client.get(f"{patient[0]}?what=ever")).status_code == 400
    relaxed = await client.get(f"{patient[0]}?what=ever", headers={"Prefer": "handling=lenient"})
    assert relaxed.status_code == 200


async def test_a_delete_is_204_or_says_so_and_may_be_conditional(client, patient):
    path, made = patient
    assert (await client.delete(path, etag='W/"7"')).status_code == 412
    first = await client.delete(path, etag=made.headers["etag"])
    assert (first.status_code, first.content, first.headers["etag"]) == (204, b"", 'W/"2"')
    again = await client.delete(path, headers={"Prefer": "return=OperationOutcome"})
    assert (again.status_code, again.json()["resourceType"]) == (200, "OperationOutcome")
    assert "nothing to delete" in said(again)
    assert (await client.delete("/Patient/never-was")).status_code == 404
    gone = await client.get(f"{path}/_history/2")
    assert gone.status_code == 410


async def test_a_part_of_a_resource_is_marked_and_cannot_be_sent_back_as_the_whole(client, patient):
    path, made = patient
    for query in ("_summary=true", "_elements=name", "_summary=text", "_summary=data"):
        part = await client.get(f"{path}?{query}")
        assert "SUBSETTED" in {tag["code"] for tag in part.json()["meta"]["tag"]}
        refused = await client.put(path, part.json(), etag=made.headers["etag"])
        assert refused.status_code == 422
    assert "birthDate" not in (await client.get(f"{path}?_elements=name")).json()
    assert "tag" not in (await client.get(f"{path}?_summary=false")).json()["meta"]
    for query in ("_summary=count", "_summary=x", "_elements=nonsense", "_summary=true&_elements=name"):
        assert (await client.get(f"{path}?{query}")).status_code == 400, query


async def test_the_statement_has_a_strong_tag_that_follows_its_content(client):
    first = await client.get("/metadata", bearer="")
    tag = first.headers["etag"]
    assert not tag.startswith("W/")
    for said_tag in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        known = await client.get("/metadata", bearer="", headers={"If-None-Match": said_tag})
        assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
    other = await client.get("/metadata?_pretty=true", bearer="")
    assert other.headers["etag"] != tag
    assert (await client.get("/metadata?mode=full", bearer="")).headers["etag"] == tag
    for bad in ("mode=terminology", "mode=x", "what=ever", "mode=full&mode=full"):
        assert (await client.get(f"/metadata?{bad}", bearer="")).status_code == 400, bad
    for other_form in ("_format=xml", "_format=application/fhir%2Bxml"):
        assert (await client.get(f"/metadata?{other_form}", bearer="")).status_code == 406


async def test_smart_clients_learn_where_tokens_come_from(client):
    answer = await client.get("/.well-known/smart-configuration", bearer="")
    found = json.loads(answer.content)
    assert found["issuer"] == "https://issuer.example"
    assert found["token_endpoint"] == "https://issuer.example/token"
    statement = (await client.get("/metadata", bearer="")).json()
    uris = statement["rest"][0]["security"]["extension"][0]["extension"]
    assert {each["url"]: each["valueUri"] for each in uris} == {"token": found["token_endpoint"]}


def test_seconds_decide_over_a_date_because_http_has_no_smaller_ones():
    at = datetime(2026, 3, 2, 10, 0, 0, 900_000, tzinfo=UTC)
    assert unchanged("1", at, none_match=None, modified_since=http_date(at))
    assert not unchanged("1", at, none_match=None, modified_since=http_date(at - timedelta(seconds=1)))
