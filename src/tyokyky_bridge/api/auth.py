"""Bearer tokens: signed by the configured issuer, naming the calling party, its role and the purpose of use."""

import time
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.domain.parties import Purpose
from tyokyky_bridge.services.callers import Caller, Role

_E = TypeVar("_E", Role, Purpose)

ALGORITHMS = ["ES256", "PS256"]
LEEWAY_S = 10
MAX_LIFE_S = 3600


class MissingToken(BridgeError):
    """No Authorization header with a bearer token."""

    code = "auth/missing-token"


class BadToken(BridgeError):
    """The token is not one that the configured issuer signed for this hub, or it is out of date."""

    code = "auth/bad-token"


class TokenReader:
    """Checks tokens against the issuer's public keys and turns their claims into a `Caller`.

    Claims: ``iss, aud, exp, iat, sub`` and ``party`` (id in the directory), ``role``, ``purpose``.
    """

    def __init__(
        self, keys: Mapping[str, Any], *, issuer: str, audience: str, parties: frozenset[str]
    ) -> None:
        self._keys = KeySet.import_key_set({"keys": list(keys["keys"])})
        self._parties = parties
        self._claims = JWTClaimsRegistry(
            leeway=LEEWAY_S,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
        )

    def read(self, token: str) -> Caller:
        """The caller that *token* names. Raises `BadToken`, saying which check failed and nothing of the token."""
        try:
            decoded = jwt.decode(token, self._keys, algorithms=ALGORITHMS)
            self._claims.validate(decoded.claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            msg = "signature, issuer, audience or lifetime does not hold"
            raise BadToken(msg) from error
        claims = decoded.claims
        return Caller(
            party=self._party(claims),
            role=_member(Role, claims, "role"),
            subject=str(claims["sub"])[:128],
            purpose=_member(Purpose, claims, "purpose"),
        )

    def _party(self, claims: Mapping[str, Any]) -> str:
        lifetime_s = int(claims["exp"]) - int(claims["iat"])
        if lifetime_s > MAX_LIFE_S or int(claims["iat"]) > time.time() + LEEWAY_S:
            msg = f"a token may live {MAX_LIFE_S} s at most"
            raise BadToken(msg)
        if claims.get("party") not in self._parties:
            msg = "the claim party names no party of this hub"
            raise BadToken(msg)
        return str(claims["party"])


def _member(kind: type[_E], claims: Mapping[str, Any], name: str) -> _E:
    try:
        return kind(claims[name])
    except (KeyError, ValueError) as error:
        msg = f"the claim {name} is missing or not one of the known values"
        raise BadToken(msg) from error


_scheme = HTTPBearer(
    auto_error=False, bearerFormat="JWT", description="Names the calling party, role and purpose."
)


def calling(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_scheme)]
) -> Caller:
    """The caller of this request. Raises `MissingToken` or `BadToken`."""
    if credentials is None or not credentials.credentials:
        msg = "send Authorization: Bearer <token>"
        raise MissingToken(msg)
    reader: TokenReader = request.app.state.tokens
    return reader.read(credentials.credentials)


CallerDep = Annotated[Caller, Depends(calling)]
