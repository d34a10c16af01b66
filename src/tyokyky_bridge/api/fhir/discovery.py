"""What anybody may know before having a token: what the server can do, and where tokens come from."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import orjson
from fastapi import Request, Response

from tyokyky_bridge.api.fhir.answers import json_answer
from tyokyky_bridge.api.fhir.ask import Ask, ask_of
from tyokyky_bridge.api.fhir.doors import opens
from tyokyky_bridge.api.fhir.refusals import BadParameter
from tyokyky_bridge.fhir.conformance.capability import statement
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.fhir.wire.text import render

MODES: Final = frozenset({"full", "normative"})
"""Everything that we claim is said either way; the capabilities of a terminology server are no mode here."""


def issuer_of(request: Request) -> Mapping[str, str]:
    """Where tokens come from: the issuer, and its token endpoint by the convention that SMART clients follow."""
    tokens = request.app.state.tokens
    issuer: str = tokens.issuer if tokens is not None else "https://issuer.example"
    return {"issuer": issuer, "token": request.app.state.token_endpoint or f"{issuer.rstrip('/')}/token"}


def capability(ask: Ask) -> Document:
    """The CapabilityStatement for the address at which the caller reaches this server."""
    return statement(ask.base, issuer=issuer_of(ask.request))


@lru_cache(maxsize=8)
def _rendered(base: str, token: str, *, pretty: bool) -> tuple[bytes, str]:
    body = render(statement(base, issuer={"token": token}), pretty=pretty)
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


@opens("fhir_metadata", "GET", "/metadata", public=True)
async def metadata(request: Request) -> Response:
    """What this server can do: generated from what it does. Public; a strong ETag changes with any of it."""
    ask = ask_of(request)
    if ask.only("mode").get("mode", "full") not in MODES:
        msg = "mode is full or normative"
        raise BadParameter(msg)
    body, tag = _rendered(ask.base, issuer_of(request)["token"], pretty=ask.pretty)
    known = [each.strip().removeprefix("W/") for each in (ask.header("if-none-match") or "").split(",")]
    if tag in known or "*" in known:
        return Response(b"", 304, headers={"ETag": tag})
    return json_answer(body, headers={"ETag": tag})


@opens("fhir_smart_configuration", "GET", "/.well-known/smart-configuration", public=True)
async def smart_configuration(request: Request) -> Response:
    """Where tokens come from, for SMART clients. Source: hl7.org/fhir/smart-app-launch/conformance."""
    issuer = issuer_of(request)
    body = {
        "issuer": issuer["issuer"],
        "token_endpoint": issuer["token"],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "code_challenge_methods_supported": ["S256"],
        "capabilities": ["client-confidential-asymmetric"],
    }
    return Response(orjson.dumps(body), media_type="application/json")
