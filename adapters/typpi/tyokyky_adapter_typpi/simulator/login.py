"""Who may come in: signed assertions for tokens (RFC 7523), and bearer tokens that carry party and role."""

import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes
from typing import Any, cast

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey

from tyokyky_adapter_typpi.simulator.rules import ProblemAnswer
from tyokyky_bridge.adapterkit.simulation import SimState

ALGORITHMS = ["ES256", "PS256"]
LONGEST_ASSERTION_S = 300
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PARTIES = ("tyovoimaviranomainen", "hyvinvointialue", "kela")


class LoginRefused(Exception):
    """The token endpoint says no, in OAuth's own error shape. *rule* is for whoever debugs a client."""

    def __init__(self, *, rule: str, error: str = "invalid_client") -> None:
        self.error = error
        self.rule = rule
        super().__init__(f"{error}: {rule}")


@dataclass(frozen=True)
class Caller:
    """A client system that is logged in, and the party it acts for."""

    client_id: str
    osapuoli: str
    rooli: str


@dataclass(frozen=True)
class Registered:
    """A client system as registered with TYPPI: its party, its role and its public keys."""

    caller: Caller
    keys: KeySet

    @classmethod
    def read(cls, file: Path) -> "dict[str, Registered]":
        """Read ``{"clients": [{"client_id", "osapuoli", "rooli", "jwks"}]}``."""
        return {
            entry["client_id"]: cls(
                Caller(entry["client_id"], entry["osapuoli"], entry["rooli"]),
                KeySet.import_key_set(entry["jwks"]),
            )
            for entry in json.loads(file.read_text("utf-8"))["clients"]
        }


class TokenDesk:
    """Checks assertions, gives out tokens, and knows whose a token is.

    Tokens are checked by real time, so that moving the simulated clock does not log everybody out. The
    signing key lives as long as the process: after a restart every client has to log in again.
    """

    def __init__(self, clients: Mapping[str, Registered], state: SimState, *, audience: str) -> None:
        self._clients = clients
        self._state = state
        self._audience = audience
        self._key = OctKey.import_key(token_bytes(32))

    def issue(self, form: Mapping[str, str], *, life_s: float) -> dict[str, Any]:
        """Exchange an assertion for a token. Raises `LoginRefused`."""
        if form.get("grant_type") != "client_credentials":
            raise LoginRefused(rule="grant_type", error="unsupported_grant_type")
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise LoginRefused(rule="client_assertion_type")
        caller = self._asserted(form.get("client_assertion", ""))
        claims = {
            "sub": caller.client_id,
            "osapuoli": caller.osapuoli,
            "rooli": caller.rooli,
            "exp": time.time() + life_s,
        }
        return {
            "access_token": jwt.encode({"alg": "HS256"}, claims, self._key),
            "token_type": "Bearer",
            "expires_in": max(1, int(life_s)),
        }

    def caller(self, authorization: str | None) -> Caller:
        """Whose bearer token this is. Raises `ProblemAnswer` 401."""
        scheme, _, token = (authorization or "").partition(" ")
        try:
            claims = jwt.decode(token, self._key, algorithms=["HS256"]).claims
        except (JoseError, ValueError):
            claims = {}
        if scheme.lower() != "bearer" or claims.get("exp", 0) <= time.time():
            raise ProblemAnswer(
                401,
                "tunnistautuminen-vaaditaan",
                "Tunnistautuminen puuttuu tai on vanhentunut",
                headers={"www-authenticate": 'Bearer error="invalid_token"'},
            )
        return Caller(claims["sub"], claims["osapuoli"], claims["rooli"])

    def _asserted(self, assertion: str) -> Caller:
        registered = self._signer(assertion)
        client_id = registered.caller.client_id
        try:
            claims = jwt.decode(assertion, registered.keys, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError) as wrong:
            raise LoginRefused(rule="signature") from wrong
        now = time.time()
        if claims.get("iss") != client_id or claims.get("sub") != client_id:
            raise LoginRefused(rule="iss-sub")
        if claims.get("aud") not in (self._audience, [self._audience]):
            raise LoginRefused(rule="aud")
        expires = claims.get("exp")
        if not isinstance(expires, int | float) or not now < expires <= now + LONGEST_ASSERTION_S:
            raise LoginRefused(rule="exp")
        self._use_once(client_id, claims.get("jti"), expires)
        return registered.caller

    def _signer(self, assertion: str) -> Registered:
        """Find whose keys to check with; nothing in the assertion is believed yet but the name."""
        try:
            head, body, _ = assertion.split(".")
            header: Any = json.loads(_padded(head))
            unverified: Any = json.loads(_padded(body))
        except ValueError as wrong:
            raise LoginRefused(rule="assertion") from wrong
        if cast("dict[str, Any]", header).get("alg") not in ALGORITHMS:
            raise LoginRefused(rule="alg")
        registered = self._clients.get(str(cast("dict[str, Any]", unverified).get("iss")))
        if registered is None:
            raise LoginRefused(rule="iss-sub")
        return registered

    def _use_once(self, client_id: str, jti: object, expires: float) -> None:
        if not isinstance(jti, str) or not jti:
            raise LoginRefused(rule="jti")
        key = f"{client_id} {jti}"
        with self._state.transaction():
            if self._state.get("jti", key) is not None:
                raise LoginRefused(rule="jti-replay")
            self._state.put("jti", key, {"exp": expires})


def _padded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
