"""Bearer tokens: signed by the configured issuer, naming the calling party, its role and the purpose of use."""

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.domain.parties import Purpose
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller, NotForRole, Role
from tyokyky_bridge.services.remembered import Remembered

_E = TypeVar("_E", Role, Purpose)

ALGORITHMS = ["ES256", "PS256"]
LEEWAY_S = 10
MAX_LIFE_S = 3600
MAX_SUBJECT = 128
TOKENS = 1024
"""Tokens whose signature is known to be good."""


class MissingToken(BridgeError):
    """No Authorization header with a bearer token."""

    code = "auth/missing-token"


class BadToken(BridgeError):
    """The token is not one that the configured issuer signed for this hub, or it is out of date."""

    code = "auth/bad-token"


class TokenReader:
    """Checks tokens against the issuer's public keys and turns their claims into a `Caller`.

    Claims: ``iss, aud, exp, iat, sub`` and ``party`` (id in the directory), ``role``, ``purpose``; and with the role
    ``client``, where the party is the one whose portal the client uses, ``client`` (id in the hub). There may be
    ``fhir_versioning``: ``versioned`` lets this client of ours update over FHIR without If-Match, ``versioned-update``
    (as when it is not there) does not.
    """

    def __init__(
        self, keys: Mapping[str, Any], *, issuer: str, audience: str, parties: frozenset[str]
    ) -> None:
        self.issuer = issuer
        self._keys = KeySet.import_key_set({"keys": list(keys["keys"])})
        self._parties = parties
        self._audience = audience
        self._claims = JWTClaimsRegistry(
            leeway=LEEWAY_S,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
        )
        self._signed = Remembered(self._verified, most=TOKENS)
        """The claims of a token that the issuer signed: it comes with many requests, and its times count each time."""

    def read(self, token: str) -> Caller:
        """The caller that *token* names. Raises `BadToken`, saying which check failed and nothing of the token."""
        try:
            claims = self._signed(hash(token), token)
            self._claims.validate(claims)
            lifetime_s = float(claims["exp"]) - float(claims["iat"])
            ahead_s = float(claims["iat"]) - time.time()
        except (JoseError, ValueError, KeyError, TypeError, OverflowError) as error:
            msg = "signature, issuer, audience or lifetime does not hold"
            raise BadToken(msg) from error
        if claims["aud"] not in (self._audience, [self._audience]):
            msg = "a token for several audiences could be passed on by any of them"
            raise BadToken(msg)
        if not 0 < lifetime_s <= MAX_LIFE_S or ahead_s > LEEWAY_S:
            msg = f"a token may live {MAX_LIFE_S} s at most, from now on"
            raise BadToken(msg)
        role = _member(Role, claims, "role")
        return Caller(
            party=self._party(claims),
            role=role,
            subject=_subject(claims),
            purpose=_member(Purpose, claims, "purpose"),
            client_id=_client(claims) if role is Role.CLIENT else None,
            overwrites=_overwrites(claims),
        )

    def _verified(self, token: str) -> dict[str, Any]:
        return jwt.decode(token, self._keys, algorithms=ALGORITHMS).claims

    def _party(self, claims: Mapping[str, Any]) -> str:
        party = claims.get("party")
        if not isinstance(party, str) or party not in self._parties:
            msg = "the claim party names no party of this hub"
            raise BadToken(msg)
        return party


def _subject(claims: Mapping[str, Any]) -> str:
    subject = str(claims["sub"])
    if len(subject) > MAX_SUBJECT or not subject.isprintable():
        msg = f"the claim sub is longer than {MAX_SUBJECT} characters or not printable"
        raise BadToken(msg)
    return subject


def _overwrites(claims: Mapping[str, Any]) -> bool:
    versioning = claims.get("fhir_versioning", "versioned-update")
    if versioning not in ("versioned", "versioned-update"):
        msg = "the claim fhir_versioning is not one of the known values"
        raise BadToken(msg)
    return versioning == "versioned"


def _client(claims: Mapping[str, Any]) -> UUID:
    try:
        return UUID(claims["client"])
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        msg = "the claim client does not name a client"
        raise BadToken(msg) from error


def _member(kind: type[_E], claims: Mapping[str, Any], name: str) -> _E:
    try:
        return kind(claims[name])
    except (KeyError, ValueError, TypeError) as error:
        msg = f"the claim {name} is missing or not one of the known values"
        raise BadToken(msg) from error


_scheme = HTTPBearer(
    auto_error=False, bearerFormat="JWT", description="Names the calling party, role and purpose."
)


def authenticate(request: Request, *, at: datetime) -> Caller:
    """The caller that the request's token names, if its party is in force. Raises `MissingToken` or `BadToken`."""
    said = request.headers.getlist("authorization")
    # Of two headers nobody knows which one counts: a proxy in front may have looked at the other.
    scheme, _, token = (said[0] if len(said) == 1 else "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        msg = "send Authorization: Bearer <token>"
        raise MissingToken(msg)
    reader: TokenReader = request.app.state.tokens
    bridge: Bridge = request.app.state.bridge
    caller = reader.read(token.strip())
    if not bridge.in_force(caller.party, at):
        msg = "the party of the token is not in force"
        raise BadToken(msg)
    return caller


def calling(request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(_scheme)]) -> Caller:
    """The caller of this request, authenticated by its route before anything of it was read."""
    return request.state.caller


AnyCallerDep = Annotated[Caller, Depends(calling)]
"""Whoever calls, clients themselves too."""


def calling_for_party(caller: AnyCallerDep) -> Caller:
    """The caller, who acts for a party. Raises `NotForRole` for clients: they act for themselves."""
    if caller.role is Role.CLIENT:
        raise NotForRole(" or ".join(sorted(role for role in Role if role is not Role.CLIENT)))
    return caller


CallerDep = Annotated[Caller, Depends(calling_for_party)]
