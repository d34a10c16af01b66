"""Who may not: for every operation, no token and bad tokens first, then strangers, then roles."""

import base64
import json
import time
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from worlds.hub import y100
from worlds.parties import EMPLOYMENT, HEALTH, KELA, NGO, SOCIAL
from worlds.web import DOCUMENT, KEY, OTHER_KEY, a_web, claims, token

pytestmark = pytest.mark.anyio

PROBES = {"/livez", "/readyz", "/health"}
UNGUARDED = {*PROBES, "/v1/systems/{system}/notices"}  # a pushed message proves itself
OPERATIONS = [
    (method.upper(), path)
    for path, operations in DOCUMENT["paths"].items()
    for method in operations
    if path not in UNGUARDED and not path.startswith("/fhir")  # tests/api/fhir/test_who_may_not.py
]
OF_A_PLAN = [(m, p) for m, p in OPERATIONS if "{plan_id}" in p]
BODIES = {
    "/v1/clients": {"hetu": "120385-921T"},
    "/v1/clients/search": {"hetu": "120385-921T"},
    "/v1/plans/{plan_id}": {"changes": [{"path": "goals", "value": None}]},
    "/v1/plans/{plan_id}/sections/{section}": [],
    "/v1/plans/{plan_id}/close": {"closed_on": "2026-03-02", "reason": "employed"},
    "/v1/sync/parked/redrive": {"system": "ura"},
    "/v1/conflicts/{conflict_id}/resolution": {"choice": "ours"},
    "/v1/consents/{consent_id}/withdrawal": {"at": "2026-03-02T10:00:00+02:00"},
}


@pytest.fixture
def web(store):
    return a_web(store)


def body_of(method, path, client_id=None):
    if method == "GET" or path.endswith(("{system}/redrive", "/receipt")):
        return None
    if path == "/v1/plans":
        return {"client_id": client_id or str(uuid4()), "plan": {}}
    return BODIES.get(path, y100((HEALTH, EMPLOYMENT)))


def filled(path, plan_id=None, client_id=None, consent_id=None):
    return path.format(
        plan_id=plan_id or uuid4(),
        client_id=client_id or uuid4(),
        consent_id=consent_id or uuid4(),
        conflict_id=uuid4(),
        notice_id=uuid4(),
        quarantined_id=uuid4(),
        section="goals",
        system="ura",
        number=1,
    )


def unsigned():
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part(claims())}."


def hmac_with_the_public_key():
    secret = OctKey.import_key(json.dumps(KEY.as_dict(private=False)))
    return jwt.encode({"alg": "HS256", "kid": "k-1"}, claims(), secret)


def rs256():
    return jwt.encode({"alg": "RS256", "kid": "k-1"}, claims(), RSAKey.generate_key(2048))


def critical():
    """Signed rightly, with a header that says it must be understood."""

    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    header = json.dumps({"alg": "ES256", "kid": "k-1", "crit": ["exp2"], "exp2": 1}).encode()
    signed = b".".join((part(header), part(json.dumps(claims()).encode())))
    der = KEY.private_key.sign(signed, ec.ECDSA(hashes.SHA256()))
    r, s = utils.decode_dss_signature(der)
    return b".".join((signed, part(r.to_bytes(32, "big") + s.to_bytes(32, "big")))).decode()


def with_a_swapped_payload():
    head, _, signature = token().split(".")
    return f"{head}.{token(party=KELA).split('.')[1]}.{signature}"


def now():
    return int(time.time())


BAD = {
    "no JWT": lambda: "abc",
    "empty parts": lambda: "..",
    "five parts": lambda: "a.b.c.d.e",
    "not ASCII": lambda: "é.é.é",
    "alg none": unsigned,
    "HMAC with the public key": hmac_with_the_public_key,
    "an algorithm that is not ours": rs256,
    "another key": lambda: token(key=OTHER_KEY),
    "another payload": with_a_swapped_payload,
    "another issuer": lambda: token(iss="https://somebody.example"),
    "no issuer": lambda: token(iss=None),
    "another audience": lambda: token(aud="somebody-else"),
    "several audiences": lambda: token(aud=["tyokyky-bridge", "somebody-else"]),
    "no audience": lambda: token(aud=None),
    "expired": lambda: token(iat=now() - 700, exp=now() - 60),
    "no end": lambda: token(exp=None),
    "no beginning": lambda: token(iat=None),
    "too long": lambda: token(exp=now() + 4000),
    "issued ahead": lambda: token(iat=now() + 120, exp=now() + 600),
    "not yet valid": lambda: token(nbf=now() + 300),
    "ends before it begins": lambda: token(iat=now() + 9, exp=now() + 5),
    "an end that is no number": lambda: token(exp="soon"),
    "an endless end": lambda: token(exp=float("inf")),
    "a beginning that is no number": lambda: token(iat=[1]),
    "unknown party": lambda: token(party="nobody"),
    "no party": lambda: token(party=None),
    "a party that is no text": lambda: token(party=[HEALTH]),
    "unknown role": lambda: token(role="root"),
    "a role that is no text": lambda: token(role={"a": 1}),
    "unknown purpose": lambda: token(purpose="curiosity"),
    "no purpose": lambda: token(purpose=None),
    "a client who is nobody": lambda: token(role="client"),
    "a client who is no id": lambda: token(role="client", client="120385-921T"),
    "a client who is no text": lambda: token(role="client", client=7),
    "no subject": lambda: token(sub=None),
    "an endless subject": lambda: token(sub="x" * 200),
    "a subject with a NUL": lambda: token(sub="a\x00b"),
    "a critical header that we do not know": critical,
}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_nothing_is_done_without_a_token(web, method, path):
    for headers in (
        {},
        {"Authorization": "Basic aGVsbWk6eA=="},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
    ):
        answer = await web.call(method, filled(path), body_of(method, path), bearer="", headers=headers)
        assert answer.status_code == 401
        assert answer.json()["type"].endswith("auth/missing-token")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_a_forged_token_opens_nothing(web, method, path):
    answer = await web.call(method, filled(path), body_of(method, path), bearer=BAD["another key"]())
    assert answer.status_code == 401


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
async def test_a_token_that_is_not_right_in_everything_is_refused_and_not_repeated(web, bad):
    bad = bad()
    headers = {"Authorization": b"Bearer " + bad.encode()}
    answer = await web.call("POST", "/v1/clients", {"hetu": "120385-921T"}, headers=headers, bearer="")
    assert (answer.status_code, answer.json()["type"].rsplit(":", 1)[1]) == (401, "auth/bad-token")
    assert bad not in answer.text
    assert await web.bridge.store.read(lambda tx: tx.clients.find("120385-921T")) is None


async def test_a_token_in_the_url_is_none(web):
    answer = await web.call("GET", f"/v1/plans/{uuid4()}?access_token={token()}", bearer="")
    assert answer.status_code == 401


async def test_the_token_is_asked_for_before_the_body_is_looked_at(web):
    for raw, headers in ((b"{", {}), (b"{}", {"Content-Type": "text/plain"}), (b'{"x":1}', {})):
        answer = await web.call("POST", "/v1/clients", raw=raw, headers=headers, bearer="")
        assert answer.status_code == 401


async def test_a_token_of_a_party_that_is_no_longer_in_force_is_refused(store):
    from dataclasses import replace
    from datetime import date

    from tyokyky_bridge.domain.parties import Directory
    from worlds.hub import a_hub
    from worlds.web import Web

    hub = a_hub(store)
    rows = [row for group in hub.directory.parties.values() for row in group]
    ended = [replace(r, valid_to=date(2026, 1, 1)) if r.id == KELA else r for r in rows]
    web = Web(replace(hub, directory=Directory(ended)))
    assert (await web.call("POST", "/v1/clients", {"hetu": "120385-921T"}, party=KELA)).status_code == 401
    assert (await web.call("POST", "/v1/clients", {"hetu": "120385-921T"})).status_code == 201


@pytest.mark.parametrize(("method", "path"), OF_A_PLAN)
async def test_a_party_outside_the_network_gets_the_answer_of_a_plan_that_does_not_exist(web, method, path):
    plan = await web.plan()
    await web.consent(plan.client_id, y100((HEALTH, EMPLOYMENT)))
    for party in (SOCIAL, NGO, "jarvialue-health"):
        told = []
        for plan_id in (plan.plan_id, uuid4()):
            answer = await web.call(
                method, filled(path, plan_id=plan_id), body_of(method, path), party=party, etag=plan.etag
            )
            told.append((answer.status_code, answer.json()))
        assert told[0][0] == 404
        assert told[0] == told[1]


async def test_a_party_that_does_not_know_a_client_gets_the_answer_of_one_that_does_not_exist(web):
    plan = await web.plan()
    form_id = await web.consent(plan.client_id, y100((HEALTH, EMPLOYMENT)))
    for method, path in OPERATIONS:
        if "{plan_id}" in path or path in {"/v1/clients", "/v1/clients/search"}:
            continue
        if path.startswith("/v1/sync/") or path in {"/v1/conflicts", "/v1/notices"}:  # of no one client
            continue
        told = []
        for client_id, consent_id in ((plan.client_id, form_id), (str(uuid4()), str(uuid4()))):
            answer = await web.call(
                method,
                filled(path, client_id=client_id, consent_id=consent_id),
                body_of(method, path, client_id),
                party=SOCIAL,
                etag='"an old one"',
            )
            told.append((answer.status_code, answer.json()))
        assert told[0][0] == 404, path
        assert told[0] == told[1]
    known, unknown = [
        await web.call("POST", "/v1/clients/search", {"hetu": hetu}, party=SOCIAL)
        for hetu in ("120385-921T", "030278-958K")
    ]
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json()) == (404, known.json())


MAY = {
    "/v1/clients": {"professional", "system"},
    "/v1/clients/search": {"professional", "system", "oversight"},
    "/v1/plans": {"professional", "system"},
    "GET /v1/plans/{plan_id}": {"professional", "system", "oversight"},
    "PATCH /v1/plans/{plan_id}": {"professional", "system"},
    "/v1/plans/{plan_id}/sections/{section}": {"professional", "system"},
    "/v1/plans/{plan_id}/revisions": {"professional", "system", "oversight"},
    "/v1/plans/{plan_id}/revisions/{number}": {"professional", "system", "oversight"},
    "/v1/plans/{plan_id}/close": {"professional", "system"},
    "POST /v1/clients/{client_id}/consents": {"professional", "system"},
    "GET /v1/clients/{client_id}/consents": {"professional", "system", "oversight"},
    "/v1/consents/{consent_id}": {"professional", "system", "oversight"},
    "/v1/consents/{consent_id}/withdrawal": {"professional", "system"},
    "/v1/consents/{consent_id}/propagation": {"professional", "system", "oversight", "client"},
    "/v1/conflicts": {"professional", "system", "oversight"},
    "/v1/conflicts/{conflict_id}": {"professional", "system", "oversight"},
    "/v1/conflicts/{conflict_id}/resolution": {"professional", "system"},
    "/v1/plans/{plan_id}/conflicts": {"professional", "system", "oversight"},
    "/v1/plans/{plan_id}/propagation": {"professional", "system", "oversight"},
    "/v1/notices": {"professional", "system"},
    "/v1/notices/{notice_id}/receipt": {"professional", "system"},
    "/v1/plans/{plan_id}/links": {"professional", "system", "oversight", "operations"},
    "/v1/plans/{plan_id}/links/{system}/redrive": {"professional", "oversight", "operations"},
    "/v1/sync/reconciliation": {"oversight", "operations"},
    "/v1/sync/parked": {"operations"},
    "/v1/sync/quarantine": {"oversight", "operations"},
    "/v1/sync/quarantine/{quarantined_id}/clearance": {"operations"},
    "/v1/sync/parked/redrive": {"operations"},
    "/v1/plans/{plan_id}/disclosures/{system}": {"professional", "system", "oversight", "operations"},
}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_each_operation_is_for_its_roles(web, method, path):
    plan = await web.plan()
    form_id = await web.consent(plan.client_id, y100((HEALTH, EMPLOYMENT)))
    allowed = MAY.get(path) or MAY[f"{method} {path}"]
    for role in ("professional", "system", "oversight", "operations", "client"):
        answer = await web.call(
            method,
            filled(path, plan.plan_id, plan.client_id, form_id),
            body_of(method, path, plan.client_id),
            role=role,
            client=plan.client_id if role == "client" else None,
            etag='"an old one"',
        )
        refused = answer.status_code == 403 and answer.json()["type"].endswith("auth/not-for-role")
        assert refused == (role not in allowed), (role, answer.text)


async def test_oversight_sees_paths_and_no_value_that_its_party_may_not_see(web):
    plan = await web.plan()
    await web.consent(plan.client_id, y100((HEALTH, EMPLOYMENT)))
    read = await web.call("GET", plan.url, party=SOCIAL, role="oversight")
    assert read.json()["plan"] == {}
    trace = await web.call("GET", f"{plan.url}/disclosures/ura", party=SOCIAL, role="oversight")
    assert "health.substance_use" in {item["path"] for item in trace.json()["items"]}
    assert "Osa-aikatyö" not in trace.text


async def test_the_probes_need_no_token_and_tell_nothing_of_anybody(web):
    plan = await web.plan()
    for path in PROBES:
        answer = await web.call("GET", path, bearer="")
        assert answer.status_code == 200
        assert plan.plan_id not in answer.text
        assert "120385" not in answer.text


async def test_a_token_that_was_good_is_refused_after_its_end(web, monkeypatch):
    passed = token()
    assert (await web.call("GET", f"/v1/plans/{uuid4()}", bearer=passed)).status_code == 404
    later = time.time() + 700
    monkeypatch.setattr(time, "time", lambda: later)
    assert (await web.call("GET", f"/v1/plans/{uuid4()}", bearer=passed)).status_code == 401
