"""Nothing personal that a caller sends is repeated: not in a problem, a log, a URL, or to another caller (I10)."""

import json
import logging
import re
from uuid import UUID

import pytest
import structlog

from tyokyky_bridge import observability
from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.domain.items import FIELDS
from tyokyky_bridge.domain.parties import Register
from tyokyky_bridge.services.changes import Change, Sight, apply_changes
from tyokyky_bridge.storage import open_store
from worlds.hub import HETU, plan_content, y100
from worlds.parties import EMPLOYMENT, HEALTH, KELA
from worlds.web import DOCUMENT, a_web

pytestmark = pytest.mark.anyio

NUMBER = "250791Y946S"
NAME = "Zkanariankoinen"
PHRASE = "zkultainen lause 7f3a"
CANARIES = (NUMBER, NUMBER[:6] + "Y946", NAME, PHRASE)


@pytest.fixture
async def web(sqlite_url):
    store = open_store(sqlite_url, index_key=b"a key for made-up people only....")
    yield a_web(store)
    await store.aclose()


@pytest.fixture
def said(caplog, capfd):
    """Everything that was logged or printed so far."""
    observability.configure()
    logging.getLogger().setLevel(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.WARNING)

    def read():
        out, err = capfd.readouterr()
        return out + err + caplog.text

    yield read
    structlog.reset_defaults()


def repeats(text):
    return [canary for canary in CANARIES if canary.lower() in text.lower()]


def everywhere(document, canary):
    """The document once for every place in it, with the canary as value there, and once as the name of a member."""
    plain = json.loads(json.dumps(document, default=str))

    def places(node, path):
        for key in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
            yield (*path, key)
            yield from places(node[key], (*path, key))

    for path in places(plain, ()):
        for as_name in (False, True):
            changed = json.loads(json.dumps(plain))
            holder = changed
            for key in path[:-1]:
                holder = holder[key]
            if as_name and isinstance(holder, dict):
                holder[canary] = holder[path[-1]]
            else:
                holder[path[-1]] = canary
            yield changed


async def test_no_field_of_any_operation_repeats_what_it_refuses(web, said):
    plan = await web.plan()
    form_id = await web.consent(plan.client_id, y100((HEALTH, EMPLOYMENT)))
    forbidding = y100((HEALTH, EMPLOYMENT), restrictions=[{"item": "goals"}])
    bodies = [
        ("POST", "/v1/clients", {"hetu": HETU}),
        ("POST", "/v1/clients/search", {"hetu": HETU}),
        ("POST", "/v1/plans", {"client_id": plan.client_id, "plan": plan_content()}),
        ("PATCH", plan.url, {"changes": [{"path": "goals[g-1].text_client", "value": "x"}]}),
        ("PUT", f"{plan.url}/sections/health", [plan_content()["health"]]),
        (
            "POST",
            f"{plan.url}/close",
            {"closed_on": "2026-03-02", "reason": "other", "agreed_with_client_on": None},
        ),
        ("POST", f"/v1/clients/{plan.client_id}/consents", forbidding),
        (
            "POST",
            f"/v1/consents/{form_id}/withdrawal",
            {"at": "x", "by": {"kind": "guardian", "guardian": "g-1"}},
        ),
    ]
    sent = refused = 0
    for method, path, body in bodies:
        for canary in (NUMBER, NAME, PHRASE):
            for changed in everywhere(body, canary):
                answer = await web.call(method, path, changed, etag='"old"')
                sent += 1
                if answer.status_code >= 400:
                    refused += 1
                    assert not repeats(answer.text), (method, path, answer.text)
                assert not repeats(str(answer.headers))
    assert (sent > 400, refused > sent / 2) == (True, True)
    assert not repeats(said())


NOTHING = Sight(permitted=frozenset(), withheld=frozenset(), register=Register.HEALTH)


@pytest.mark.parametrize(
    "value", [[PHRASE], {NAME: PHRASE}, PHRASE + "\x00", [{"id": NUMBER, NAME: 1}], [NUMBER], {"id": NAME}]
)
def test_no_pattern_of_the_plan_repeats_a_value_that_it_refuses(value):
    refused = 0
    for pattern in FIELDS:
        for path in (pattern.removesuffix("[]").replace("[]", "[e-1]"), pattern.partition("[")[0]):
            try:
                apply_changes({}, [Change(path, value)], NOTHING)
            except BridgeError as refusal:
                refused += 1
                shown = f"{refusal} {refusal.problems}"
                assert not repeats(shown), (path, shown)
    assert refused == 2 * len(FIELDS)


async def test_what_one_caller_wrote_is_in_no_answer_to_a_caller_who_may_not_have_it(web, said):
    client = plan_content()["client"] | {"family_name": NAME, "telecom": [{"id": "t-1", "value": PHRASE}]}
    health = {
        "work_ability_conclusion": "Kokoaikatyö.",
        "substance_use": PHRASE,
        "work_limitation_text": PHRASE,
    }
    plan = await web.plan(client=client, health=health)
    form = y100(
        (HEALTH, EMPLOYMENT), purpose_text=PHRASE, taken_by={"name": NAME, "party": HEALTH, "user": "X"}
    )
    form_id = await web.consent(plan.client_id, form)
    seen = []
    for party in (EMPLOYMENT, KELA):
        for role in ("professional", "operations"):
            for path in (
                plan.url,
                f"{plan.url}/revisions",
                f"{plan.url}/revisions/1",
                f"{plan.url}/links",
                f"{plan.url}/disclosures/ura",
                f"{plan.url}/disclosures/lifecare",
            ):
                answer = await web.call("GET", path, party=party, role=role)
                seen.append(answer.status_code)
                assert not repeats(answer.text), (party, path)
            for path in (f"/v1/consents/{form_id}", f"/v1/clients/{plan.client_id}/consents"):
                answer = await web.call("GET", path, party=KELA, role=role)
                assert not repeats(answer.text), path
    assert 200 in seen
    mine = await web.call("GET", plan.url)
    assert {NAME.lower(), PHRASE} <= set(re.findall(f"{NAME}|{PHRASE}".lower(), mine.text.lower()))
    oversight = await web.call("GET", f"{plan.url}/disclosures/ura", role="oversight")
    assert not repeats(oversight.text)
    assert not repeats(said())


async def test_the_audit_names_paths_and_no_content(web):
    plan = await web.plan(
        client=plan_content()["client"] | {"family_name": NAME}, health={"substance_use": PHRASE}
    )
    change = {"changes": [{"path": "health.substance_use", "value": PHRASE + " 2"}]}
    await web.call("PATCH", plan.url, change, etag=plan.etag)
    rows = await web.bridge.store.read(lambda tx: tx.audit.of_plan(UUID(plan.plan_id)))
    assert "health.substance_use" in str(rows)
    assert not repeats(str(rows))


def test_no_url_of_the_face_takes_anything_personal():
    """Paths and queries take ids of the hub's own making, names of sections, systems, states, and numbers.

    A search of FHIR has its parameters in the URL; there identity numbers are refused (tests/api/fhir).
    """
    for path, operations in DOCUMENT["paths"].items():
        if path.startswith("/fhir"):
            continue
        assert set(re.findall(r"\{(\w+)\}", path)) <= {
            "plan_id",
            "client_id",
            "consent_id",
            "conflict_id",
            "notice_id",
            "quarantined_id",
            "section",
            "system",
            "number",
        }
        for operation in operations.values():
            for asked in operation.get("parameters", ()):
                assert asked["in"] != "cookie", path
                if asked["in"] == "query":
                    for schema in asked["schema"].get("anyOf", [asked["schema"]]):
                        assert takes_no_text(schema), (path, asked["name"])


def takes_no_text(schema):
    """An id, a number, or one of some words that are names in the hub."""
    if schema["type"] in {"null", "integer"} or schema.get("format") == "uuid" or "enum" in schema:
        return True
    return re.match(schema.get("pattern", "$"), "120385-921T") is None and "pattern" in schema
