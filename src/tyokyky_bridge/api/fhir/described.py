"""The FHIR face in the OpenAPI document: parameters, bodies, and every status that it answers, with examples."""

from collections.abc import Iterable
from typing import Any, Final

from fastapi import Response

from tyokyky_bridge.api.fhir.body_examples import BODIES, RESOURCE_EXAMPLE
from tyokyky_bridge.api.fhir.doors import SEGMENTS, Door
from tyokyky_bridge.api.fhir.negotiation import FHIR_JSON
from tyokyky_bridge.api.problems import Verdict
from tyokyky_bridge.fhir.conformance.operations import OPERATIONS
from tyokyky_bridge.fhir.conformance.registry import REGISTRY
from tyokyky_bridge.fhir.wire.issues import Document, outcome

ALWAYS: Final = ("fhir/not-acceptable", "fhir/bad-parameter", "fhir/identity-in-url", "server/error")
GUARDED: Final = ("auth/missing-token", "auth/bad-token", "auth/not-for-role", "server/unavailable")
TYPED: Final = ("fhir/unknown-type", "fhir/not-allowed")
FOUND: Final = ("fhir/not-found", "fhir/gone")
WITH_BODY: Final = (
    "fhir/unreadable",
    "fhir/unsupported-media-type",
    "request/too-large",
    "request/timeout",
)
PAGED: Final = ("fhir/query", "fhir/cursor")
WRITES: Final = (
    "fhir/bad-header",
    "fhir/conflict",
    "fhir/invalid",
    "fhir/multiple-matches",
    "fhir/precondition-required",
    "fhir/query",
    "fhir/stale",
    "client/identity-taken",
    "client/not-found",
    "hetu/invalid",
    "plan/category-withheld",
    "plan/closed",
    "plan/exists",
    "plan/invalid",
    "plan/not-found",
    "plan/not-your-field",
    "store/constraint",
    "store/row-missing",
)
CODES: Final[dict[str, tuple[str, ...]]] = {
    "fhir_metadata": (),
    "fhir_smart_configuration": (),
    "fhir_bundle": (*WITH_BODY, *WRITES, *FOUND, "fhir/entry-refused", "fhir/not-allowed"),
    "fhir_search": (*TYPED, *PAGED),
    "fhir_search_by_form": (*TYPED, *PAGED, *WITH_BODY),
    "fhir_create": (*TYPED, *WITH_BODY, *WRITES, "fhir/query-on-create", "fhir/gone"),
    "fhir_update_where": (*TYPED, *WITH_BODY, *WRITES, *FOUND),
    "fhir_delete_where": (*TYPED, *WRITES, *FOUND),
    "fhir_read": (*TYPED, *FOUND),
    "fhir_vread": (*TYPED, *FOUND),
    "fhir_update": (*TYPED, *WITH_BODY, *WRITES, *FOUND),
    "fhir_patch": (*TYPED, *WITH_BODY, *WRITES, *FOUND),
    "fhir_delete": (*TYPED, *WRITES, *FOUND),
    "fhir_history": (*TYPED, *FOUND, *PAGED),
    "fhir_history_of_type": (*TYPED, *PAGED),
    "fhir_operate_on_type_by_get": (*TYPED, *FOUND, *PAGED, "fhir/unknown-operation"),
    "fhir_operate_on_type": (*TYPED, *FOUND, *PAGED, *WITH_BODY, "fhir/unknown-operation"),
    "fhir_operate_by_get": (*TYPED, *FOUND, *PAGED, "plan/not-found", "fhir/unknown-operation"),
    "fhir_operate": (*TYPED, *FOUND, *PAGED, *WITH_BODY, "plan/not-found", "fhir/unknown-operation"),
}
"""Which errors each door can answer with, besides those that all can."""

DONE: Final[dict[str, dict[int, str]]] = {
    "fhir_create": {201: "created", 200: "one resource matched If-None-Exist already, and nothing changed"},
    "fhir_update": {200: "stored", 201: "created"},
    "fhir_update_where": {200: "stored", 201: "created"},
    "fhir_delete": {204: "deleted, or nothing was there", 200: "the same, as an OperationOutcome"},
    "fhir_delete_where": {204: "deleted, or nothing was there", 200: "the same, as an OperationOutcome"},
    "fhir_read": {200: "the resource", 304: "the caller has this version"},
    "fhir_vread": {200: "the version", 304: "the caller has this version"},
    "fhir_metadata": {200: "a CapabilityStatement", 304: "the caller has it"},
}
"""Statuses of success; 200 for the others."""

FORM: Final = "application/x-www-form-urlencoded"
PATCH: Final = "application/json-patch+json"
TEXT: Final = {"type": "string"}
PARAMETERS: Final[dict[str, Document]] = {
    "resource_type": {"type": "string", "enum": [*REGISTRY]},
    "resource_id": {"type": "string", "pattern": f"^{SEGMENTS['resource_id']}$"},
    "version_id": {"type": "string", "pattern": f"^{SEGMENTS['version_id']}$"},
    "operation": {"type": "string", "enum": sorted({each.code for each in OPERATIONS})},
}
HEADERS: Final[dict[str, tuple[str, ...]]] = {
    "Prefer": ("search", "search_by_form", "create", "update", "update_where", "patch", "delete", "bundle"),
    "If-Match": ("update", "update_where", "patch", "delete", "delete_where"),
    "If-None-Match": ("read", "vread", "update", "update_where", "metadata"),
    "If-Modified-Since": ("read", "vread"),
    "If-None-Exist": ("create",),
}
CHOICES: Final[dict[str, Document]] = {
    "_count": {"type": "integer", "minimum": 0, "maximum": 999_999_999},
    "_format": {"type": "string", "enum": ["json", FHIR_JSON, "application/json", "text/json"]},
    "_pretty": {"type": "string", "enum": ["true", "false"]},
    "_since": {"type": "string", "format": "date-time"},
    "_summary": {"type": "string", "enum": ["true", "false", "text", "data", "count"]},
    "_total": {"type": "string", "enum": ["none", "estimate", "accurate"]},
    "mode": {"type": "string", "enum": ["full", "normative"]},
}
"""What query parameters can be, where it is not just any text."""

TELLS: Final[dict[int, tuple[str, ...]]] = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    503: ("Retry-After",),
}
"""Headers that come with an error, besides the id of the request."""

VALIDATORS: Final = ("ETag", "Last-Modified")
SAYS: Final[dict[str, tuple[str, ...]]] = {
    "metadata": ("ETag",),
    "read": VALIDATORS,
    "vread": VALIDATORS,
    "create": (*VALIDATORS, "Location"),
    "update": (*VALIDATORS, "Location"),
    "update_where": (*VALIDATORS, "Location"),
    "patch": (*VALIDATORS, "Location"),
}
"""Headers that come with a success."""

QUERIES: Final[dict[str, tuple[str, ...]]] = {
    "search": ("_id", "_count", "_sort", "_include", "_revinclude", "_summary", "_elements", "_total"),
    "history": ("_since", "_at", "_count"),
    "history_of_type": ("_since", "_at", "_count"),
    "read": ("_summary", "_elements"),
    "metadata": ("mode",),
}


def described(door: Door) -> dict[str, Any]:
    """What FastAPI is told about the route of *door*."""
    short = door.name.removeprefix("fhir_")
    extra: dict[str, Any] = {"parameters": [*_parameters(door, short)]}
    if not door.public:
        extra["security"] = [{"HTTPBearer": []}]
    body = _body(door, short)
    if body is not None:
        extra["requestBody"] = body
    return {
        "tags": ["fhir"],
        "summary": short.replace("_", " ").capitalize(),
        "response_class": Response,
        "responses": {**_done(door), **_errors(door)},
        "openapi_extra": extra,
        "status_code": min(DONE.get(door.name, {200: ""})) if door.method != "DELETE" else 204,
        "response_model": None,
    }


def _parameters(door: Door, short: str) -> Iterable[Document]:
    for name, schema in PARAMETERS.items():
        if f"{{{name}:" in door.path:
            yield {"name": name, "in": "path", "required": True, "schema": schema}
    names = (*QUERIES.get(short, ()), "_format", "_pretty")
    yield from ({"name": name, "in": "query", "schema": CHOICES.get(name, TEXT)} for name in names)
    for name, doors in HEADERS.items():
        if short in doors:
            yield {"name": name, "in": "header", "schema": {**TEXT, "maxLength": 512}}


def _body(door: Door, short: str) -> Document | None:
    if short == "search_by_form":
        return {"content": {FORM: {"schema": {"type": "object"}, "example": {"_count": "10"}}}}
    if door.method not in {"POST", "PUT", "PATCH"}:
        return None
    kind = PATCH if door.method == "PATCH" else FHIR_JSON
    schema = {"type": "array", "items": {"type": "object"}} if kind == PATCH else _ref("Resource")
    return {"required": True, "content": {kind: {"schema": schema, "example": BODIES[short]}}}


def _done(door: Door) -> dict[int | str, dict[str, Any]]:
    found: dict[int | str, dict[str, Any]] = {}
    for status, says in DONE.get(door.name, {200: "as asked"}).items():
        answer: dict[str, Any] = {"description": says}
        told = SAYS.get(door.name.removeprefix("fhir_"), ())
        if told:
            answer["headers"] = _headers(told)
        if status not in {204, 304}:
            kind = "application/json" if door.name == "fhir_smart_configuration" else FHIR_JSON
            schema = {"type": "object"} if kind == "application/json" else _ref("Resource")
            answer["content"] = {kind: {"schema": schema, "example": RESOURCE_EXAMPLE.get(door.name, {})}}
        found[status] = answer
    return found


def _errors(door: Door) -> dict[int | str, dict[str, Any]]:
    by_status: dict[int, dict[str, Any]] = {}
    codes = {*ALWAYS, *CODES[door.name], *(() if door.public else GUARDED)}
    for code in sorted(codes):
        verdict = Verdict(code)
        example = outcome(verdict.findings, diagnostics="correlation id 9f0c")
        by_status.setdefault(verdict.status_in_fhir, {})[code] = {"value": example}
    return {
        status: {
            "description": ", ".join(examples),
            "headers": _headers(("X-Request-Id", *TELLS.get(status, ()))),
            "content": {FHIR_JSON: {"schema": _ref("OperationOutcome"), "examples": examples}},
        }
        for status, examples in sorted(by_status.items())
    }


def _headers(names: Iterable[str]) -> Document:
    return {name: {"required": True, "schema": TEXT} for name in names}


def _ref(name: str) -> Document:
    return {"$ref": f"#/components/schemas/{name}"}


SCHEMAS: Final[dict[str, Document]] = {
    "Resource": {
        "title": "Resource",
        "description": "A FHIR R4 resource as JSON; GET /fhir/metadata says which, and which profile it follows.",
        "type": "object",
        "required": ["resourceType"],
        "properties": {"resourceType": {"type": "string"}},
    },
    "OperationOutcome": {
        "title": "OperationOutcome",
        "type": "object",
        "required": ["resourceType", "issue"],
        "properties": {
            "resourceType": {"const": "OperationOutcome"},
            "issue": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["severity", "code"],
                    "properties": {
                        "severity": {"enum": ["fatal", "error", "warning", "information"]},
                        "code": {"type": "string"},
                        "details": {"type": "object", "properties": {"text": {"type": "string"}}},
                        "diagnostics": {"type": "string"},
                        "expression": {"type": "array", "items": {"type": "string"}},
                    },
                },
            },
        },
    },
}
"""Named schemas of the face."""
