"""The one error catalogue of the REST face: RFC 9457 problem+json, with nothing of the caller's input echoed."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.domain.errors import Problem as BrokenRule
from tyokyky_bridge.services.ports import StoreError, StoreUnavailable

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"

STATUS: Mapping[str, int] = {
    "auth/missing-token": 401,
    "auth/bad-token": 401,
    "auth/not-for-role": 403,
    "client/not-found": 404,
    "client/identity-taken": 409,
    "hetu/invalid": 422,
    "plan/not-found": 404,
    "plan/exists": 409,
    "plan/stale": 412,
    "plan/precondition-required": 428,
    "plan/closed": 409,
    "plan/invalid": 422,
    "plan/not-your-field": 403,
    "plan/category-withheld": 403,
    "consent/not-found": 404,
    "consent/invalid": 422,
    "consent/not-active": 409,
    "consent/cannot-confirm": 409,
    "consent/category-must-be-named": 422,
    "consent/unknown-category": 422,
    "directory/unknown-party": 422,
    "directory/not-in-force": 422,
    "link/not-found": 404,
    "link/not-parked": 409,
    "idempotency/key-reused": 422,
    "request/invalid": 422,
    "request/not-found": 404,
    "request/method-not-allowed": 405,
    "request/malformed": 400,
    "request/too-large": 413,
    "request/conflict": 409,
    "server/unavailable": 503,
    "server/error": 500,
}
"""HTTP status of every error code; the domain knows none."""

TITLES: Mapping[str, str] = {
    "auth/missing-token": "A bearer token is required",
    "auth/bad-token": "The bearer token is not accepted",
    "auth/not-for-role": "The caller's role does not allow this",
    "client/not-found": "No such client for this caller",
    "client/identity-taken": "The identity number already belongs to a client",
    "hetu/invalid": "The identity number breaks a rule",
    "plan/not-found": "No such plan for this caller",
    "plan/exists": "The client already has an open plan",
    "plan/stale": "The plan changed after it was read",
    "plan/precondition-required": "If-Match is required",
    "plan/closed": "The plan is closed",
    "plan/invalid": "The plan breaks a rule",
    "plan/not-your-field": "The caller's register has no authority over this field",
    "plan/category-withheld": "The caller may not see, and so not overwrite, this category",
    "consent/not-found": "No such consent for this caller",
    "consent/invalid": "The consent breaks a rule",
    "consent/not-active": "The consent is not active",
    "consent/cannot-confirm": "The consent cannot be confirmed",
    "consent/category-must-be-named": "A special category has to be named",
    "consent/unknown-category": "There is no such information category",
    "directory/unknown-party": "The directory has no such party",
    "directory/not-in-force": "The party is not in force on this day",
    "link/not-found": "No such link for this caller",
    "link/not-parked": "The link is not parked",
    "idempotency/key-reused": "The Idempotency-Key was used with another body",
    "request/invalid": "The request breaks a rule",
    "request/not-found": "No such resource",
    "request/method-not-allowed": "The method is not allowed here",
    "request/malformed": "The body is not well-formed",
    "request/too-large": "The body is too large",
    "request/conflict": "Another change came first: try again",
    "server/unavailable": "The hub cannot answer now",
    "server/error": "The hub has a fault",
}


def problem(
    code: str,
    detail: str = "",
    errors: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """One problem+json answer for an error code of the catalogue."""
    body: dict[str, Any] = {
        "type": f"urn:tyokyky-bridge:problem:{code}",
        "title": TITLES[code],
        "status": STATUS[code],
    }
    if detail:
        body["detail"] = detail
    if errors:
        body["errors"] = list(errors)
    return JSONResponse(body, status_code=STATUS[code], media_type=MEDIA_TYPE, headers=dict(headers or {}))


def field_errors(error: RequestValidationError | ValidationError) -> list[dict[str, str]]:
    """Which field broke which rule. Inputs and messages with inputs stay out."""
    return [
        {
            "field": ".".join(str(part) for part in e["loc"] if not _looks_personal(str(part))),
            "rule": _rule(e),
        }
        for e in error.errors()
    ]


def _rule(error: Any) -> str:
    """A validator's own sentence is safe (ours never echo); pydantic's built-in ones are named by type."""
    kind = str(error["type"])
    return (
        str(error["msg"]).removeprefix("Value error, ") if kind == "value_error" else kind.replace("_", " ")
    )


def _looks_personal(part: str) -> bool:
    """A member name that the caller made up could hold anything: only names made of our alphabet are repeated."""
    return not part.replace("_", "").replace("-", "").isascii() or (
        any(c.isdigit() for c in part) and len(part) > 6
    )


def install(app: FastAPI) -> None:
    """Answer every error of every layer as problem+json."""

    @app.exception_handler(BridgeError)
    async def _bridge(_: Request, error: BridgeError) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        code = error.code if error.code in STATUS else "request/invalid"
        headers = {"WWW-Authenticate": "Bearer"} if STATUS[code] == HTTPStatus.UNAUTHORIZED else None
        broken: tuple[BrokenRule, ...] = getattr(error, "problems", ())
        errors = [{"field": p.field, "rule": p.rule} for p in broken]
        return problem(code, "" if broken else str(error), errors, headers)

    @app.exception_handler(StoreError)
    async def _store(_: Request, error: StoreError) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        if isinstance(error, StoreUnavailable):
            return problem("server/unavailable", headers={"Retry-After": "1"})
        return problem(error.code if error.code in STATUS else "request/conflict")

    @app.exception_handler(Exception)
    async def _fault(_: Request, error: Exception) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        log.error("request.fault", error=type(error).__name__)
        return problem("server/error")

    @app.exception_handler(RequestValidationError)
    async def _request(_: Request, error: RequestValidationError) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        malformed = any(e["type"] == "json_invalid" for e in error.errors())
        return problem("request/malformed" if malformed else "request/invalid", errors=field_errors(error))

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        code = {404: "request/not-found", 405: "request/method-not-allowed", 413: "request/too-large"}.get(
            error.status_code, "request/malformed"
        )
        return problem(code, headers=error.headers)
