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
from tyokyky_bridge.services.forms import rule_of
from tyokyky_bridge.services.ports import StoreError, StoreUnavailable

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"

CATALOGUE: Mapping[str, tuple[int, str]] = {
    "auth/missing-token": (401, "A bearer token is required"),
    "auth/bad-token": (401, "The bearer token is not accepted"),
    "auth/not-for-role": (403, "The caller's role does not allow this"),
    "client/not-found": (404, "No such client for this caller"),
    "client/identity-taken": (409, "The identity number already belongs to a client"),
    "hetu/invalid": (422, "The identity number breaks a rule"),
    "plan/not-found": (404, "No such plan for this caller"),
    "plan/exists": (409, "The client already has an open plan"),
    "plan/stale": (412, "The plan changed after it was read"),
    "plan/precondition-required": (428, "If-Match is required"),
    "plan/closed": (409, "The plan is closed"),
    "plan/invalid": (422, "The plan breaks a rule"),
    "plan/not-your-field": (403, "The caller's register has no authority over this field"),
    "plan/category-withheld": (403, "The caller may not see, and so not overwrite, this category"),
    "consent/not-found": (404, "No such consent for this caller"),
    "consent/invalid": (422, "The consent breaks a rule"),
    "consent/not-active": (409, "The consent is not active"),
    "consent/cannot-confirm": (409, "The consent cannot be confirmed"),
    "consent/category-must-be-named": (422, "A special category has to be named"),
    "consent/unknown-category": (422, "There is no such information category"),
    "directory/unknown-party": (422, "The directory has no such party"),
    "directory/not-in-force": (422, "The party is not in force on this day"),
    "conflict/not-found": (404, "No such conflict for this caller"),
    "conflict/not-yours": (403, "Professionals of the owner and of the coordinator's party decide"),
    "conflict/ended": (409, "The conflict is not open any more"),
    "conflict/stale": (412, "A side of the conflict changed after it was read"),
    "conflict/precondition-required": (428, "If-Match with the ETag of the conflict is required"),
    "conflict/busy": (409, "The partner's record is being worked on: try again"),
    "conflict/no-basis": (409, "The hub may not keep the partner's value any more"),
    "link/not-found": (404, "No such link for this caller"),
    "link/not-parked": (409, "The link is not parked"),
    "quarantine/not-found": (404, "No such record is in quarantine"),
    "link/none-named": (422, "A link, a system or a reason has to be named"),
    "notice/not-found": (404, "No such notice for this caller's party"),
    "notice/no-such-system": (404, "No such system sends messages here"),
    "notice/not-authentic": (401, "The message does not prove its origin and time"),
    "notice/unreadable": (400, "The message says nothing the hub knows"),
    "idempotency/key-reused": (422, "The Idempotency-Key was used with another request"),
    "request/invalid": (422, "The request breaks a rule"),
    "request/not-found": (404, "No such resource"),
    "request/method-not-allowed": (405, "The method is not allowed here"),
    "request/malformed": (400, "The body is not well-formed"),
    "request/too-large": (413, "The body is too large"),
    "request/unsupported-media-type": (415, "The body has to be JSON: send Content-Type: application/json"),
    "request/timeout": (408, "The body did not arrive in time"),
    "y-tunnus/invalid": (422, "The business id breaks a rule"),
    "store/constraint": (409, "Another change came first: try again"),
    "store/row-missing": (409, "Another change came first: try again"),
    "server/unavailable": (503, "The hub cannot answer now"),
    "server/error": (500, "The hub has a fault"),
    # Faults of an installation or of ours: none of them tells a caller more than that there is one.
    "bridge/error": (500, "The hub has a fault"),
    "codes/unknown-list": (500, "The hub has a fault"),
    "directory/refused": (500, "The hub has a fault"),
    "legal-basis/refused": (500, "The hub has a fault"),
    "mapping/broken": (500, "The hub has a fault"),
    "mapping/refused": (500, "The hub has a fault"),
    "plan/origins-do-not-match": (500, "The hub has a fault"),
    "store/error": (500, "The hub has a fault"),
    "terminology/broken": (500, "The hub has a fault"),
}
"""Status and title of every error code; the domain knows no status."""

STATUS: Mapping[str, int] = {code: status for code, (status, _) in CATALOGUE.items()}
TITLES: Mapping[str, str] = {code: title for code, (_, title) in CATALOGUE.items()}


_SAYS_NO_MORE = frozenset(
    {
        "consent/category-must-be-named",
        "directory/unknown-party",
        "directory/not-in-force",
        "store/constraint",
        "store/row-missing",
    }
)
"""Codes whose messages name ids that a caller may have made up."""


def problem(
    code: str,
    detail: str = "",
    errors: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """One problem+json answer for an error code of the catalogue."""
    body = problem_body(code, detail, errors)
    return JSONResponse(body, status_code=STATUS[code], media_type=MEDIA_TYPE, headers=dict(headers or {}))


def problem_body(code: str, detail: str = "", errors: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Problem details (RFC 9457) of an error code."""
    body: dict[str, Any] = {
        "type": f"urn:tyokyky-bridge:problem:{code}",
        "title": TITLES[code],
        "status": STATUS[code],
    }
    if detail and code not in _SAYS_NO_MORE:
        body["detail"] = detail
    if errors:
        body["errors"] = list(errors)
    return body


def field_errors(error: RequestValidationError | ValidationError) -> list[dict[str, str]]:
    """Which field broke which rule. Inputs, messages with inputs and names that the caller made up stay out."""
    found: list[dict[str, str]] = []
    for e in error.errors():
        where = [str(part) for part in e["loc"]]
        if e["type"] == "extra_forbidden":
            where[-1] = "?"
        found.append({"field": ".".join(where), "rule": rule_of(e["type"], e["msg"])})
    return found


def install(app: FastAPI) -> None:
    """Answer every error of every layer as problem+json."""

    @app.exception_handler(BridgeError)
    async def _bridge(_: Request, error: BridgeError) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        code = (
            error.code if STATUS.get(error.code, 500) < HTTPStatus.INTERNAL_SERVER_ERROR else "server/error"
        )
        if code == "server/error":
            log.error("request.fault", error=type(error).__name__)
            return problem(code)
        scheme = "Signature" if code == "notice/not-authentic" else "Bearer"
        headers = {"WWW-Authenticate": scheme} if STATUS[code] == HTTPStatus.UNAUTHORIZED else None
        broken: tuple[BrokenRule, ...] = getattr(error, "problems", ())
        errors = [{"field": p.field, "rule": p.rule} for p in broken]
        return problem(code, "" if broken else str(error), errors, headers)

    @app.exception_handler(StoreError)
    async def _store(_: Request, error: StoreError) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        if isinstance(error, StoreUnavailable):
            return problem("server/unavailable", headers={"Retry-After": "1"})
        known = STATUS.get(error.code, 500) < HTTPStatus.INTERNAL_SERVER_ERROR
        if not known:
            log.error("request.fault", error=type(error).__name__)
        return problem(error.code if known else "server/error")

    @app.exception_handler(RequestValidationError)
    async def _request(_: Request, error: RequestValidationError) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        malformed = any(e["type"] == "json_invalid" for e in error.errors())
        return problem("request/malformed" if malformed else "request/invalid", errors=field_errors(error))

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        return problem(_BY_STATUS.get(error.status_code, "request/malformed"), headers=error.headers)


_BY_STATUS = {
    404: "request/not-found",
    405: "request/method-not-allowed",
    413: "request/too-large",
    415: "request/unsupported-media-type",
}
