"""What is wrong with a body, said as FHIR says it: issues, the refusal that carries them, OperationOutcome."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from tyokyky_bridge.domain.errors import BridgeError

Document = dict[str, Any]
"""A FHIR resource as plain JSON values."""

Severity = Literal["fatal", "error", "warning", "information"]

ISSUE_TYPES = frozenset(
    {"invalid", "structure", "required", "value", "invariant"}
    | {"security", "login", "unknown", "expired", "forbidden", "suppressed"}
    | {"processing", "not-supported", "duplicate", "multiple-matches", "not-found", "deleted", "too-long"}
    | {"code-invalid", "extension", "too-costly", "business-rule", "conflict"}
    | {"transient", "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled"}
    | {"informational"}
)
"""The codes of an issue. Source: hl7.org/fhir/R4/valueset-issue-type (a required binding)."""


@dataclass(frozen=True)
class Issue:
    """
    One finding about a body or a request.

    *text* names the rule and never a value of the body; *expression* is the FHIRPath of the element, such as
    ``CarePlan.activity[0].detail.status``, or nothing when the finding is about the request as a whole.

    Raises:
        ValueError: *code* is no IssueType.
    """

    severity: Severity
    code: str
    text: str
    expression: str | None = None

    def __post_init__(self) -> None:
        if self.code not in ISSUE_TYPES:
            msg = f"no IssueType: {self.code}"
            raise ValueError(msg)

    @property
    def refuses(self) -> bool:
        """Whether the body cannot be accepted as it is."""
        return self.severity in {"fatal", "error"}


class Invalid(BridgeError):
    """A body is JSON, but no acceptable FHIR. Lists every finding; the refused values are not kept."""

    code = "fhir/invalid"

    def __init__(self, issues: Iterable[Issue]) -> None:
        self.issues = tuple(issues)
        shown = "; ".join(f"{each.expression or 'body'}: {each.text}" for each in self.issues[:20])
        more = f"; and {len(self.issues) - 20} more" if len(self.issues) > 20 else ""
        super().__init__(f"{shown}{more}")


ALL_WELL = Issue("information", "informational", "No issues were found")
"""What an OperationOutcome says when there is nothing to say; it must hold at least one issue."""


def outcome(issues: Iterable[Issue], *, diagnostics: str | None = None) -> Document:
    """
    An OperationOutcome of *issues*, worst first.

    Args:
        issues: The findings; when there are none the outcome says so.
        diagnostics: What helps an operator find the request again (a correlation id), put on the first issue.
    """
    rank = ("fatal", "error", "warning", "information")
    entries: list[Document] = []
    for each in sorted(issues, key=lambda issue: rank.index(issue.severity)) or [ALL_WELL]:
        entry: Document = {"severity": each.severity, "code": each.code, "details": {"text": each.text}}
        if diagnostics is not None and not entries:
            entry["diagnostics"] = diagnostics
        if each.expression is not None:
            entry["expression"] = [each.expression]
        entries.append(entry)
    return {"resourceType": "OperationOutcome", "issue": entries}
