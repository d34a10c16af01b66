"""How errors are answered: RFC 9457 problem+json, or OperationOutcome on ``/fhir``. Input is never echoed."""

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

from tyokyky_bridge.api.catalogue import SAYS_NO_MORE, STATUS, TITLES
from tyokyky_bridge.api.fhir import outcomes
from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.domain.errors import Problem as BrokenRule
from tyokyky_bridge.fhir.wire.issues import Issue
from tyokyky_bridge.services.fhir.refusals import EntryRefused
from tyokyky_bridge.services.forms import rule_of
from tyokyky_bridge.services.ports import StoreError, StoreUnavailable

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"


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
    if detail and code not in SAYS_NO_MORE:
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
        if e["type"] == "json_invalid":
            del where[1:]  # a position, and the fault may be in the whole
        found.append({"field": ".".join(where), "rule": _rule(e)})
    return found


def _rule(error: Mapping[str, Any]) -> str:
    """The rule with its figure or its words, where the schema has them: nothing of these is the caller's."""
    rule = rule_of(error["type"], error["msg"])
    if error["type"] == "json_invalid":
        return f"{rule}: {error['ctx']['error']}"
    named = [str(error["ctx"][name]) for name in _OURS if name in error.get("ctx", {})]
    return ": ".join([rule, *named])


def unfit(*, where: str, name: str, rule: str) -> RequestValidationError:
    """A parameter or member that the schema lets pass and that cannot be answered all the same."""
    return RequestValidationError([{"type": "value_error", "loc": (where, name), "msg": rule}])


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
        text = self.detail if self.detail and self.code not in SAYS_NO_MORE else TITLES[self.code]
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
    errors = [{"field": p.field, "rule": p.rule} for p in verdict.broken[: outcomes.AT_MOST]]
    more = len(verdict.broken) - len(errors)
    if more:
        errors.append({"field": "?", "rule": f"and {more} more"})
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


_OURS = ("ge", "le", "min_length", "max_length", "pattern", "expected")
"""What pydantic tells of a broken rule that stands in the schema; the rest may be of what was sent."""

_BY_STATUS = {
    404: "request/not-found",
    405: "request/method-not-allowed",
    413: "request/too-large",
    415: "request/unsupported-media-type",
}
