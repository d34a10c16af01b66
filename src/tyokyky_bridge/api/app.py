"""The HTTP face: one FastAPI application over a wired bridge."""

import json
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from tyokyky_bridge.api import health, notices, operations, problems, quarantine, sync_routes, v1
from tyokyky_bridge.api.auth import TokenReader
from tyokyky_bridge.api.examples import add_examples
from tyokyky_bridge.api.fhir import described, routes
from tyokyky_bridge.api.intake import BodyLimit, Faults
from tyokyky_bridge.api.schemas import Problem
from tyokyky_bridge.domain.consent import Consent
from tyokyky_bridge.domain.plan import SupportPlan
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.forms import MutualGrant

TITLE = "tyokyky-bridge"
DESCRIPTION = (
    "One work-ability support plan for each client, kept in step across Lifecare, Sosiaali Effica, Ura and TYPPI. "
    "What a caller reads is always a view: items without a legal basis for the calling party are left out."
)


def create_app(
    bridge: Bridge | None,
    tokens: TokenReader | None,
    *,
    close_bridge: bool = True,
    cursor_key: bytes | None = None,
    public_url: str | None = None,
    token_endpoint: str | None = None,
) -> FastAPI:
    """
    The application; without a bridge it serves only to describe itself (`openapi`).

    Args:
        bridge: The wired hub.
        tokens: Reads bearer tokens.
        close_bridge: Whether the store is closed with the application.
        cursor_key: Secret for the links between pages, the same in every process; else they end with this one.
        public_url: Where callers reach this server; else what each request says.
        token_endpoint: Where the issuer gives tokens; else ``/token`` of the issuer.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None, None]:
        yield
        if bridge is not None and close_bridge:
            await bridge.store.aclose()

    app = FastAPI(
        title=TITLE,
        description=DESCRIPTION,
        version="1",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.bridge = bridge
    app.state.tokens = tokens
    app.state.cursor_key = cursor_key or secrets.token_bytes(32)
    app.state.public_url = public_url
    app.state.token_endpoint = token_endpoint
    problems.install(app)
    app.include_router(v1.router)
    app.include_router(sync_routes.router)
    app.include_router(operations.router)
    app.include_router(quarantine.router)
    app.include_router(notices.router)
    app.include_router(health.router)
    app.include_router(routes.router())
    app.router.routes.extend(routes.ELSEWHERE)
    app.add_middleware(BodyLimit)
    app.add_middleware(Faults)
    app.openapi = lambda: describe(app)
    return app


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document: generated from the routes, with plan and consent form as named schemas."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    doc = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        openapi_version="3.1.0",
    )
    schemas = doc["components"]["schemas"]
    for name, model in (("SupportPlan", SupportPlan), ("ConsentForm", Consent)):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(schema.pop("$defs", {}))
        schemas[name] = schema
    schemas["Problem"] = Problem.model_json_schema()
    schemas.update(described.SCHEMAS)
    _as_form(schemas)
    document: dict[str, Any] = _with_references(doc)
    add_examples(document)
    plain: dict[str, Any] = json.loads(json.dumps(document))  # nothing shared, so that YAML needs no anchors
    app.openapi_schema = plain
    return plain


def _as_form(schemas: dict[str, Any]) -> None:
    """A form is a consent without what the hub gives it, and with boxes that stand for both directions."""
    form = schemas["ConsentForm"]
    schemas["MutualGrant"] = MutualGrant.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas["MutualGrant"].pop("$defs", None)
    given_by_hub = ("consent_id", "client_id", "withdrawn")
    form["title"] = "ConsentForm"
    form["properties"] = {n: s for n, s in form["properties"].items() if n not in given_by_hub}
    form["properties"]["mutual"] = {"type": "array", "items": {"$ref": "#/components/schemas/MutualGrant"}}
    form["required"] = [name for name in form["required"] if name not in given_by_hub]


def _with_references(node: Any) -> Any:
    """Put the named schemas where a body only says which one it is."""
    if isinstance(node, dict):
        members = cast("dict[str, Any]", node)
        if "x-schema" in members:
            return {"$ref": f"#/components/schemas/{members['x-schema']}"}
        return {name: _with_references(member) for name, member in members.items()}
    if isinstance(node, list):
        return [_with_references(member) for member in cast("list[Any]", node)]
    return node
