"""The one catalogue of errors, and their form on the REST face: RFC 9457 problem+json. Input is never echoed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.types import Scope

from tyokyky_bridge.api.fhir import outcomes
from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.domain.errors import Problem as BrokenRule
from tyokyky_bridge.fhir.wire.issues import Issue
from tyokyky_bridge.services.fhir.refusals import EntryRefused
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
    "fhir/bad-header": (400, "A header cannot be read"),
    "fhir/bad-parameter": (400, "A parameter cannot be read"),
    "fhir/conflict": (409, "The resource is in the way of the change, or the change of it"),
    "fhir/gone": (410, "The resource was deleted"),
    "fhir/identity-in-url": (400, "An identity number does not belong in a URL"),
    "fhir/cursor": (410, "The link of a page is not valid any more"),
    "fhir/entry-refused": (400, "An entry of the Bundle was refused, and with it the whole"),
    "fhir/invalid": (422, "The resource breaks a rule"),
    "fhir/multiple-matches": (412, "More than one resource matches the criteria"),
    "fhir/not-acceptable": (406, "The answer is FHIR 4.0 as JSON"),
    "fhir/not-allowed": (405, "The type does not have this interaction"),
    "fhir/not-found": (404, "No such resource for this caller"),
    "fhir/precondition-required": (400, "If-Match is required"),
    "fhir/query": (400, "The search cannot be understood"),
    "fhir/query-on-create": (400, "A create takes no query string: use If-None-Exist"),
    "fhir/stale": (412, "The resource changed after it was read"),
    "fhir/unknown-operation": (404, "No such operation"),
    "fhir/unknown-type": (404, "No such resource type"),
    "fhir/unreadable": (400, "The body is not readable as FHIR JSON"),
    "fhir/unsupported-media-type": (415, "The body is in a form that is not read here"),
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


@dataclass(frozen=True)
class Verdict:
    """An error as it is answered: nothing is in it that its class did not make for the caller."""

    code: str
    detail: str = ""
    broken: tuple[BrokenRule, ...] = ()
    issues: tuple[Issue, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def status(self) -> int:
        """The HTTP status on ``/v1``."""
        return STATUS[self.code]

    @property
    def status_in_fhir(self) -> int:
        """The HTTP status on ``/fhir``."""
        return outcomes.STATUS_HERE.get(self.code, self.status)

    @property
    def findings(self) -> tuple[Issue, ...]:
        """What an OperationOutcome says of it."""
        text = self.detail if self.detail and self.code not in _SAYS_NO_MORE else TITLES[self.code]
        return outcomes.findings(
            self.code, self.status_in_fhir, text, problems=self.broken, issues=self.issues
        )


def verdict_of(error: BridgeError) -> Verdict:
    """How an error that was raised on purpose is answered; one that is a fault of ours says no more than that."""
    if isinstance(error, EntryRefused):
        inner = verdict_of(error.cause)
        issues = outcomes.placed(inner.findings, error.index)
        return replace(inner, broken=(), issues=issues)
    if isinstance(error, StoreUnavailable):
        return Verdict("server/unavailable", headers={"Retry-After": "1"})
    if STATUS.get(error.code, 500) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Verdict("server/error")
    headers: dict[str, str] = dict(getattr(error, "headers", {}))
    if STATUS[error.code] == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Signature" if error.code == "notice/not-authentic" else "Bearer"
    broken = tuple(getattr(error, "problems", ()))
    said = isinstance(error, StoreError) or broken
    return Verdict(
        error.code, "" if said else str(error), broken, tuple(getattr(error, "issues", ())), headers
    )


def refuse(scope: Scope, verdict: Verdict) -> Response:
    """The answer to a request that failed, in the form of the face that it came to."""
    if outcomes.is_fhir(scope["path"]):
        return outcomes.refusal(
            scope, verdict.code, verdict.status_in_fhir, verdict.findings, verdict.headers
        )
    errors = [{"field": p.field, "rule": p.rule} for p in verdict.broken]
    return problem(verdict.code, verdict.detail, errors, verdict.headers)


def install(app: FastAPI) -> None:
    """Answer every error of every layer: as problem+json, or as an OperationOutcome on ``/fhir``."""

    @app.exception_handler(BridgeError)
    async def _bridge(request: Request, error: BridgeError) -> Response:  # pyright: ignore[reportUnusedFunction]
        verdict = verdict_of(error)
        if verdict.code == "server/error":
            _log_fault(request.scope, error)
        return refuse(request.scope, verdict)

    @app.exception_handler(RequestValidationError)
    async def _request(request: Request, error: RequestValidationError) -> Response:  # pyright: ignore[reportUnusedFunction]
        malformed = any(e["type"] == "json_invalid" for e in error.errors())
        broken = tuple(BrokenRule(each["field"], each["rule"]) for each in field_errors(error))
        code = "request/malformed" if malformed else "request/invalid"
        return refuse(request.scope, Verdict(code, broken=broken))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:  # pyright: ignore[reportUnusedFunction]
        code = _BY_STATUS.get(error.status_code, "request/malformed")
        return refuse(request.scope, Verdict(code, headers=error.headers or {}))


def _log_fault(scope: Scope, error: Exception) -> None:
    """Only the type of a fault is logged: its message may hold values."""
    log.error("request.fault", error=type(error).__name__, correlation=outcomes.correlation_of(scope))


def answer_fault(scope: Scope, error: Exception) -> Response:
    """The answer to a fault of ours, which is logged and not told."""
    _log_fault(scope, error)
    return refuse(scope, Verdict("server/error"))


_BY_STATUS = {
    404: "request/not-found",
    405: "request/method-not-allowed",
    413: "request/too-large",
    415: "request/unsupported-media-type",
}
