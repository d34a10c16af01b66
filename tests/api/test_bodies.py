"""Bodies that are too large, too slow, not JSON, or JSON that could be read in two ways; and wrong URLs."""

import asyncio

import pytest

from tyokyky_bridge.api import intake
from worlds.hub import HETU, y100
from worlds.parties import EMPLOYMENT, HEALTH
from worlds.web import a_web, token

NOBODY = "5f0c0000-0000-4000-8000-000000000001"  # fixed: test names are the same in every process

pytestmark = pytest.mark.anyio


@pytest.fixture
def web(store):
    return a_web(store)


def kind(answer):
    return answer.json()["type"].rsplit(":", 1)[1]


async def in_pieces(*pieces):
    for piece in pieces:
        yield piece


async def test_a_body_over_the_limit_is_refused_by_its_declared_length_unread(web):
    headers = {"Content-Length": str(intake.MAX_BODY_BYTES + 1)}
    answer = await web.call("POST", "/v1/clients", raw=b"{}", headers=headers)
    assert (answer.status_code, kind(answer)) == (413, "request/too-large")


async def test_a_body_over_the_limit_is_refused_also_where_it_declares_no_length(web):
    piece = b'{"hetu": "' + b" " * 1024 * 1024
    headers = {"Authorization": f"Bearer {token()}", "Content-Type": "application/json"}
    answer = await web.http.post("/v1/clients", content=in_pieces(piece, piece, piece), headers=headers)
    assert (answer.status_code, kind(answer)) == (413, "request/too-large")


async def test_a_body_in_pieces_under_the_limit_is_read(web):
    headers = {"Authorization": f"Bearer {token()}", "Content-Type": "application/json"}
    pieces = in_pieces(b'{"hetu"', b': "120385', b'-921T"}')
    answer = await web.http.post("/v1/clients", content=pieces, headers=headers)
    assert answer.status_code == 201


async def test_a_body_that_does_not_come_is_not_waited_for(web, monkeypatch):
    monkeypatch.setattr(intake, "BODY_WITHIN_S", 0.05)

    async def stalled():
        yield b'{"hetu"'
        await asyncio.sleep(5)

    headers = {"Authorization": f"Bearer {token()}", "Content-Type": "application/json"}
    answer = await web.http.post("/v1/clients", content=stalled(), headers=headers)
    assert (answer.status_code, kind(answer)) == (408, "request/timeout")


DEEP = b'{"changes": [{"path": "goals", "value": ' + b"[" * 40 + b"]" * 40 + b"}]}"
MALFORMED = {
    "cut": b'{"hetu": "120385',
    "nothing but a brace": b"{",
    "two documents": b"{}{}",
    "single quotes": b"{'hetu': 1}",
    "a comment": b'{"hetu": "x"} // y',
    "the same member twice": b'{"hetu": "120385-921T", "hetu": "030278-958K"}',
    "twice inside": b'{"changes": [{"path": "goals", "path": "health", "value": null}]}',
    "NaN": b'{"changes": [{"path": "scores", "value": NaN}]}',
    "Infinity": b'{"hetu": -Infinity}',
    "a lone surrogate": b'{"hetu": "\\ud800"}',
    "a lone surrogate as a name": b'{"\\udc00": 1}',
    "Latin-1": '{"hetu": "ä"}'.encode("latin-1"),
    "UTF-16": '{"hetu": "x"}'.encode("utf-16"),
    "an overlong number": b'{"hetu": ' + b"9" * 5000 + b"}",
    "nested too deep": DEEP,
    "nested as deep as it gets": b"[" * 200_000,
    "nested objects": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "a byte order mark": b"\xef\xbb\xbf{}",
}


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED.keys())
async def test_what_is_not_well_formed_is_refused_everywhere(web, raw):
    for method, path in (
        ("POST", "/v1/clients"),
        ("POST", "/v1/plans"),
        ("PATCH", f"/v1/plans/{NOBODY}"),
        ("PUT", f"/v1/plans/{NOBODY}/sections/goals"),
        ("POST", f"/v1/clients/{NOBODY}/consents"),
        ("POST", f"/v1/consents/{NOBODY}/withdrawal"),
    ):
        answer = await web.call(method, path, raw=raw, etag="*")
        assert (answer.status_code, kind(answer)) == (400, "request/malformed"), path
        assert "120385" not in answer.text


@pytest.mark.parametrize(
    "said", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "json"]
)
async def test_a_body_of_another_kind_is_refused(web, said):
    answer = await web.call(
        "POST", "/v1/clients", raw=b'{"hetu": "120385-921T"}', headers={"Content-Type": said}
    )
    assert (answer.status_code, kind(answer)) == (415, "request/unsupported-media-type")


@pytest.mark.parametrize(
    "said", ["application/json; charset=utf-8", "Application/JSON", "application/vnd.x+json"]
)
async def test_json_by_any_of_its_names_is_read(web, said):
    answer = await web.call(
        "POST", "/v1/clients", raw=b'{"hetu": "120385-921T"}', headers={"Content-Type": said}
    )
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/clients", {}),
        ("POST", "/v1/clients", []),
        ("POST", "/v1/clients", None),
        ("POST", "/v1/clients", "120385-921T"),
        ("POST", "/v1/clients", {"hetu": None}),
        ("POST", "/v1/clients", {"hetu": 5}),
        ("POST", "/v1/clients", {"hetu": HETU, "name": "Tuulikki"}),
        ("POST", "/v1/plans", {"client_id": "x", "plan": {}}),
        ("POST", "/v1/plans", {"client_id": NOBODY, "plan": []}),
        ("POST", "/v1/plans", {"client_id": NOBODY, "plan": {}, "Esimerkki": 1}),
        ("PATCH", f"/v1/plans/{NOBODY}", {"changes": []}),
        ("PATCH", f"/v1/plans/{NOBODY}", {"changes": [{"path": "goals"} for _ in range(501)]}),
        ("PATCH", f"/v1/plans/{NOBODY}", {"changes": [{"path": "120385-921T", "value": 1}]}),
        ("PATCH", f"/v1/plans/{NOBODY}", {"changes": [{"path": "goals", "value": 1, "Tuulikki": 2}]}),
        ("PUT", f"/v1/plans/{NOBODY}/sections/goals", "text"),
        ("PUT", f"/v1/plans/{NOBODY}/sections/goals", 5),
        ("POST", f"/v1/plans/{NOBODY}/close", {"closed_on": "yesterday", "reason": "x"}),
        ("POST", f"/v1/clients/{NOBODY}/consents", []),
        ("POST", f"/v1/consents/{NOBODY}/withdrawal", {}),
        ("POST", f"/v1/consents/{NOBODY}/withdrawal", {"at": "now"}),
        ("POST", f"/v1/consents/{NOBODY}/withdrawal", {"at": "2026-03-02T10:00:00Z", "by": []}),
    ],
)
async def test_a_body_that_is_not_the_operations_is_refused_by_field_without_its_words(
    web, method, path, body
):
    raw = None if body is not None else b""
    answer = await web.call(method, path, body, raw=raw, etag="*")
    assert (answer.status_code, kind(answer)) == (422, "request/invalid")
    assert answer.json()["errors"][0].keys() == {"field", "rule"}
    assert not [word for word in ("120385", "Tuulikki", "Esimerkki", "yesterday") if word in answer.text]


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (b'{"hetu": "1", "hetu": "1"}', "a member stands twice"),
        (b'{"hetu": NaN}', "NaN and Infinity are not JSON"),
        (b'{"hetu": ' + b"[" * 40 + b"]" * 40 + b"}", "more than 32 levels"),
        (b'{"hetu": 120385-921T}', "not well-formed"),
    ],
)
async def test_what_is_wrong_with_json_is_said(web, raw, rule):
    answer = await web.call("POST", "/v1/clients", raw=raw)
    assert (answer.status_code, kind(answer)) == (400, "request/malformed")
    assert answer.json()["errors"] == [{"field": "body", "rule": f"json invalid: {rule}"}]


@pytest.mark.parametrize(
    ("path", "field", "rule"),
    [
        (f"/v1/plans/{NOBODY}/propagation?wait=31", "query.wait", "less than equal: 30"),
        (f"/v1/plans/{NOBODY}/propagation?wait=-1", "query.wait", "greater than equal: 0"),
        ("/v1/conflicts?state=closed", "query.state", "literal error: 'open', 'resolved' or 'superseded'"),
        ("/v1/conflicts?plan=120385-921T", "query.plan", "uuid parsing"),
    ],
)
async def test_a_broken_rule_comes_with_its_figure_or_its_words(web, path, field, rule):
    answer = await web.call("GET", path)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": field, "rule": rule}]


async def test_a_body_that_is_wrong_in_a_thousand_places_is_answered_in_few_words(web):
    body = {"hetu": HETU, **{f"x{n}": 1 for n in range(1000)}}
    answer = await web.call("POST", "/v1/clients", body)
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 101
    assert answer.json()["errors"][-1] == {"field": "?", "rule": "and 900 more"}


@pytest.mark.parametrize(
    "bad", ["x", "00000000-0000-0000-0000-00000000000", "120385-921T", "%00", "..%2f..", "é", "null"]
)
async def test_an_id_that_is_none_is_refused_and_not_repeated(web, bad):
    for method, path, body in (
        ("GET", f"/v1/plans/{bad}", None),
        ("GET", f"/v1/consents/{bad}", None),
        ("GET", f"/v1/clients/{bad}/consents", None),
        ("PATCH", f"/v1/plans/{bad}", {"changes": [{"path": "goals", "value": None}]}),
    ):
        answer = await web.call(method, path, body, etag="*")
        assert answer.status_code in {404, 422}
        assert "120385" not in answer.text


@pytest.mark.parametrize("bad", ["%00", "URA", "u" * 70, "120385-921T", "ura%0a"])
async def test_a_system_that_could_be_none_is_refused(web, bad):
    plan = await web.plan()
    for method, path in (
        ("GET", f"{plan.url}/disclosures/{bad}"),
        ("POST", f"{plan.url}/links/{bad}/redrive"),
    ):
        answer = await web.call(method, path)
        assert (answer.status_code, kind(answer)) == (422, "request/invalid")
        assert bad not in answer.text


async def test_what_is_not_there_and_what_cannot_be_done_are_problems_too(web):
    for method, path, status in (
        ("GET", "/", 404),
        ("GET", "/v1", 404),
        ("GET", "/v2/plans", 404),
        ("GET", "/docs", 404),
        ("DELETE", f"/v1/plans/{NOBODY}", 405),
        ("GET", "/v1/clients", 405),
        ("GET", "/v1/clients/search?hetu=120385-921T", 405),
        ("OPTIONS", "/v1/plans", 405),
        ("HEAD", f"/v1/plans/{NOBODY}", 405),
        ("TRACE", "/v1/plans", 405),
    ):
        answer = await web.http.request(method, path)
        assert answer.status_code == status, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert "120385" not in answer.text
        assert answer.headers["cache-control"] == "no-store"


async def test_a_fault_of_ours_is_a_problem_that_tells_nothing_and_is_logged_by_its_type(
    web, monkeypatch, caplog, capfd
):
    from tyokyky_bridge.services import clients

    async def broken(*_):
        msg = f"Tuulikki {HETU}"
        raise KeyError(msg)

    monkeypatch.setattr(clients, "register_client", broken)
    web._observe = False
    answer = await web.call("POST", "/v1/clients", {"hetu": HETU})
    assert (answer.status_code, kind(answer)) == (500, "server/error")
    assert answer.json().keys() == {"type", "title", "status"}
    out = "".join(capfd.readouterr()) + caplog.text
    assert "KeyError" in out
    assert "Tuulikki" not in out + answer.text
    assert "120385" not in out + answer.text


async def test_wild_text_is_kept_or_refused_and_comes_back_as_it_was(web):
    plan = await web.plan()
    etag = plan.etag
    for text in (
        "Łucja Đặng 🙂 Жизнь مرحبا 日本 𝒳",
        "a\u0308",
        "'; DROP TABLE plan; --",
        "<script>",
        "{{7*7}}",
        "x" * 9_000,
    ):
        answer = await web.call(
            "PATCH", plan.url, {"changes": [{"path": "goals[g-1].text_client", "value": text}]}, etag=etag
        )
        assert answer.status_code == 200, text
        etag = answer.headers["ETag"]
        kept = answer.json()["plan"]["goals"][0]["text_client"]
        assert kept == text.replace("a\u0308", "ä")
    for text in ("a\x00b", "a\u202eb", "\ufeff", "", "   ", "x" * 10_001):
        answer = await web.call(
            "PATCH", plan.url, {"changes": [{"path": "goals[g-1].text_client", "value": text}]}, etag=etag
        )
        assert (answer.status_code, kind(answer)) == (422, "plan/invalid")


@pytest.mark.parametrize(
    "member",
    [
        {
            "grants": [
                {
                    "discloser": HEALTH,
                    "recipient": EMPLOYMENT,
                    "categories": ["self.b4"],
                    "services": ["a\x00b"],
                }
            ]
        },
        {"purpose_text": "a\x00b"},
        {"form_id": "\x00"},
        {"restrictions": [{"item": "goals[\x00]"}]},
        {"taken_by": {"name": "a\x00"}},
    ],
)
async def test_a_nul_is_stored_nowhere(web, member):
    client_id = await web.register()
    answer = await web.call("POST", f"/v1/clients/{client_id}/consents", y100((HEALTH, EMPLOYMENT)) | member)
    assert (answer.status_code, kind(answer)) == (422, "consent/invalid")
