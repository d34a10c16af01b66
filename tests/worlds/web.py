"""The REST face over a hub in memory: real application, real tokens, and an eye on what every answer must keep to."""

import json
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import httpx
import yaml
from joserfc import jwt
from joserfc.jwk import ECKey

from tyokyky_bridge.api.app import create_app
from tyokyky_bridge.api.auth import TokenReader
from tyokyky_bridge.api.fhir.doors import DOORS
from tyokyky_bridge.api.fhir.outcomes import is_fhir
from tyokyky_bridge.fhir.wire.issues import ISSUE_TYPES
from tyokyky_bridge.reference import openapi_text
from tyokyky_bridge.services.bridge import Bridge
from worlds.hub import HETU, a_hub, plan_content
from worlds.parties import DIRECTORY, HEALTH

ISSUER = "https://issuer.example"
AUDIENCE = "tyokyky-bridge"
KEY = ECKey.generate_key("P-256", {"kid": "k-1"}, private=True)
OTHER_KEY = ECKey.generate_key("P-256", {"kid": "k-1"}, private=True)
DOCUMENT: dict[str, Any] = yaml.safe_load(openapi_text())
OPERATIONS: dict[str, dict[str, Any]] = {
    operation["operationId"]: operation
    for operations in DOCUMENT["paths"].values()
    for operation in operations.values()
}
_TEMPLATES = [
    (re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path) + r"\Z"), operations)
    for path, operations in DOCUMENT["paths"].items()
    if not is_fhir(path)
]


def claims(**members: Any) -> dict[str, Any]:
    """What the issuer says of a caller; a member given as ``None`` is left out."""
    now = int(time.time())
    said = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + 600,
        "sub": "helmi",
        "party": HEALTH,
        "role": "professional",
        "purpose": "work_ability_support",
        **members,
    }
    return {name: value for name, value in said.items() if value is not None}


def token(*, key: ECKey = KEY, header: Mapping[str, Any] | None = None, **members: Any) -> str:
    """A bearer token, by default a good one of Helmi's."""
    return jwt.encode({"alg": "ES256", "kid": "k-1", **(header or {})}, claims(**members), key)


class Web:
    """A client of the REST face. Every answer is held against the OpenAPI document and the rules for problems."""

    def __init__(self, bridge: Bridge, *, observe: bool = True) -> None:
        reader = TokenReader(
            {"keys": [KEY.as_dict(private=False)]},
            issuer=ISSUER,
            audience=AUDIENCE,
            parties=frozenset(DIRECTORY.parties),
        )
        self.bridge = bridge
        self.app = create_app(bridge, reader, close_bridge=False)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://hub.test")
        self._observe = observe

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        etag: str | None = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        bearer: str | None = None,
        **who: Any,
    ) -> httpx.Response:
        """One request. *who* are claims; *bearer* replaces the token, empty for none."""
        sent: dict[str, str] = {}
        if bearer != "":
            sent["Authorization"] = f"Bearer {bearer or token(**who)}"
        if etag is not None:
            sent["If-Match"] = etag
        if key is not None:
            sent["Idempotency-Key"] = key
        content = raw if raw is not None else None if body is None else json.dumps(body, default=str).encode()
        if content is not None:
            sent["Content-Type"] = "application/json"
        answer = await self.http.request(method, path, content=content, headers={**sent, **(headers or {})})
        if self._observe:
            keeps_the_rules(method, path, answer)
        return answer

    async def register(self, hetu: str = HETU, **who: Any) -> str:
        """A registered client's id."""
        answer = await self.call("POST", "/v1/clients", {"hetu": hetu}, **who)
        assert answer.status_code == 201, answer.text
        return answer.json()["client_id"]

    async def plan(self, client_id: str | None = None, **sections: Any) -> "Recorded":
        """A recorded plan of Tuulikki's."""
        client_id = client_id or await self.register()
        body = {"client_id": client_id, "plan": plan_content(**sections)}
        answer = await self.call("POST", "/v1/plans", body)
        assert answer.status_code == 201, answer.text
        return Recorded(client_id, answer.json()["plan_id"], answer.headers["ETag"])

    async def consent(self, client_id: str, form: Mapping[str, Any], **who: Any) -> str:
        """A recorded form's id."""
        answer = await self.call("POST", f"/v1/clients/{client_id}/consents", form, **who)
        assert answer.status_code == 201, answer.text
        return answer.json()["consent"]["consent_id"]


class Recorded:
    """Where a plan is."""

    def __init__(self, client_id: str, plan_id: str, etag: str) -> None:
        self.client_id = client_id
        self.plan_id = plan_id
        self.url = f"/v1/plans/{plan_id}"
        self.etag = etag


def keeps_the_rules(method: str, path: str, answer: httpx.Response) -> None:
    """No fault of ours, nothing cached, problems as problems, and nothing that the document does not announce."""
    assert answer.status_code < 500, answer.text
    assert answer.headers["cache-control"] == "no-store"
    if is_fhir(path.partition("?")[0]):
        keeps_the_rules_of_fhir(method, path, answer)
        return
    code = ""
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem.keys() <= {"type", "title", "status", "detail", "errors"}
        assert problem["status"] == answer.status_code
        code = problem["type"].removeprefix("urn:tyokyky-bridge:problem:")
    if code in {"request/not-found", "request/method-not-allowed"}:
        return
    bare = path.partition("?")[0]
    operation = next(
        (o[method.lower()] for at, o in _TEMPLATES if at.match(bare) and method.lower() in o), None
    )
    assert operation is not None, (method, path)
    announced = operation["responses"].get(str(answer.status_code))
    assert announced is not None, (method, path, answer.status_code)
    if code:
        assert code in announced["content"]["application/problem+json"]["examples"], (method, path, code)


def keeps_the_rules_of_fhir(method: str, path: str, answer: httpx.Response) -> None:
    """FHIR JSON or nothing, errors as OperationOutcome with a correlation id, and only announced statuses."""
    status, kind = answer.status_code, answer.headers.get("content-type")
    smart = path.endswith("/smart-configuration") and status < 300
    assert kind in {None, "application/json" if smart else "application/fhir+json; charset=utf-8"}
    assert (kind is None) == (
        not answer.content or status in {204, 304} or method == "HEAD"
    ) or method == "HEAD"
    if status >= 400:
        assert status != 428, "FHIR knows no such status"
        assert answer.headers["x-request-id"]
        if method != "HEAD":
            outcome = answer.json()
            assert outcome["resourceType"] == "OperationOutcome"
            assert outcome["issue"][0]["severity"] in {"error", "fatal"}
            assert {issue["code"] for issue in outcome["issue"]} <= ISSUE_TYPES
            assert answer.headers["x-request-id"] in outcome["issue"][0]["diagnostics"]
        assert status != 405 or "allow" in answer.headers
        assert status != 401 or answer.headers["www-authenticate"] == "Bearer"
    bare = unquote(path.partition("?")[0])
    verb = "GET" if method == "HEAD" else method
    door = next((d for d in DOORS.values() if d.method == verb and d.found_in(bare) is not None), None)
    if door is not None:
        announced = OPERATIONS[door.name]["responses"]
        assert str(status) in announced, (method, path, status)


def a_web(store: Any, **options: Any) -> Web:
    """A client of a hub over *store*, with a fake Lifecare and Ura."""
    return Web(a_hub(store), **options)
