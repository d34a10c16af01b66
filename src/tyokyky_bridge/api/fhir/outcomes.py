"""Every error on ``/fhir``, of whatever layer, as an OperationOutcome with a correlation id and none of the input."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

import structlog
from fastapi.responses import Response

from tyokyky_bridge.api.fhir.negotiation import CONTENT_TYPE
from tyokyky_bridge.domain.errors import Problem
from tyokyky_bridge.fhir.wire.issues import Document, Issue, outcome
from tyokyky_bridge.fhir.wire.text import render

log = structlog.get_logger()

PREFIX = "/fhir"
CORRELATION = "tyokyky.correlation"

STATUS_HERE: Mapping[str, int] = {"plan/precondition-required": 400, "conflict/precondition-required": 400}
"""Codes whose status on this face is another: FHIR knows no 428."""

ISSUE_OF_STATUS: Mapping[int, str] = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    408: "timeout",
    409: "conflict",
    410: "deleted",
    412: "conflict",
    413: "too-long",
    415: "not-supported",
    422: "business-rule",
    428: "required",
    500: "exception",
    503: "transient",
}
"""The IssueType of an error that does not bring issues of its own. Source: hl7.org/fhir/R4/valueset-issue-type."""

ISSUE_OF_CODE: Mapping[str, str] = {
    "fhir/precondition-required": "required",
    "fhir/multiple-matches": "multiple-matches",
    "fhir/unknown-type": "not-supported",
    "fhir/unknown-operation": "not-supported",
    "fhir/unreadable": "structure",
    "fhir/identity-in-url": "security",
    "request/malformed": "structure",
}

AT_MOST = 100
"""Issues of one outcome: a body can be wrong in a hundred thousand places."""


def is_fhir(path: str) -> bool:
    """Whether a URL path belongs to this face."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def correlation_of(scope: Any) -> str:
    """The id by which a request can be found in the log; the first to ask makes it."""
    return scope.setdefault(CORRELATION, uuid4().hex)


def findings(
    code: str, status: int, text: str, *, problems: Iterable[Problem] = (), issues: Iterable[Issue] = ()
) -> tuple[Issue, ...]:
    """
    What an OperationOutcome says of an error.

    Args:
        code: The error code, which decides the IssueType.
        status: HTTP status of that code, which decides it where the code does not.
        text: What to say when there are neither *problems* nor *issues*: a rule, never a value.
        problems: Broken rules by plan field.
        issues: Findings with their own IssueType and element.
    """
    kind = ISSUE_OF_CODE.get(code) or ISSUE_OF_STATUS.get(status, "processing")
    found = [*issues, *(Issue("error", kind, f"{p.field}: {p.rule}") for p in problems)]
    more = len(found) - AT_MOST
    rest = (Issue("error", "too-long", f"and {more} more findings"),) if more > 0 else ()
    return (*found[:AT_MOST], *rest) or (Issue("error", kind, text),)


def placed(issues: Iterable[Issue], index: int) -> tuple[Issue, ...]:
    """*issues* of one entry of a Bundle, with their elements told from the Bundle on."""
    entry = f"Bundle.entry[{index}]"

    def place(expression: str | None) -> str:
        if expression is None or expression.startswith("Bundle"):
            return expression or entry
        _, dot, inside = expression.partition(".")
        return f"{entry}.resource{dot}{inside}"

    return tuple(replace(each, expression=place(each.expression)) for each in issues)


def refusal_document(scope: Any, issues: Iterable[Issue]) -> Document:
    """The OperationOutcome of a failed request or entry, by which the request can be found in the log."""
    return outcome(issues, diagnostics=f"correlation id {correlation_of(scope)}")


def refusal(
    scope: Any, code: str, status: int, issues: Iterable[Issue], headers: Mapping[str, str] | None = None
) -> Response:
    """The answer to a request that failed; it is logged without anything of the request."""
    correlation = correlation_of(scope)
    log.info("request.refused", method=scope["method"], status=status, error=code, correlation=correlation)
    body = render(refusal_document(scope, issues))
    told = {**(headers or {}), "X-Request-Id": correlation, "Content-Type": CONTENT_TYPE}
    return Response(b"" if scope["method"] == "HEAD" else body, status, headers=told)
