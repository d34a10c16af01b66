"""Invariants of the resources about people and their care."""

from collections.abc import Iterable

from tyokyky_bridge.fhir.wire.invariants.rule import Invariant
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.fhir.wire.moments import is_after
from tyokyky_bridge.fhir.wire.walk import has, has_choice

CLINICAL_STATUS = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
OVER = frozenset({"resolved", "remission", "inactive"})
UNTIMED = frozenset({"proposed", "cancelled", "waitlist"})


def _is(concept: Document, system: str, codes: Iterable[str]) -> bool:
    return any(
        each.get("system") == system and each.get("code") in codes for each in concept.get("coding", ())
    )


def _is_error(condition: Document) -> bool:
    return _is(condition.get("verificationStatus", {}), VERIFICATION, {"entered-in-error"})


def _is_listed_problem(condition: Document) -> bool:
    coded = (each for category in condition.get("category", ()) for each in category.get("coding", ()))
    return any(each.get("code") == "problem-list-item" for each in coded)


def _repeats_the_whole(observation: Document) -> bool:
    """Whether a component is coded as the observation itself."""
    own = {(each.get("system"), each.get("code")) for each in observation["code"].get("coding", ())}
    parts = (each for part in observation.get("component", ()) for each in part["code"].get("coding", ()))
    return any((each.get("system"), each.get("code")) in own for each in parts)


def _none_at_home(node: Document, name: str) -> bool:
    return all(each.get("use") != "home" for each in node.get(name, ()))


CLINICAL = (
    Invariant(
        "pat-1",
        "Patient.contact",
        "a contact has a name, telecom, address or organization",
        lambda x: x.keys() & {"name", "telecom", "address", "organization"},
    ),
    Invariant(
        "cpl-3",
        "CarePlan.activity",
        "detail and reference exclude each other",
        lambda x: not ("detail" in x and "reference" in x),
    ),
    Invariant(
        "gol-1",
        "Goal.target",
        "a detail has a measure",
        lambda x: not has_choice(x, "detail") or "measure" in x,
    ),
    Invariant(
        "obs-3",
        "Observation.referenceRange",
        "a reference range has low, high or text",
        lambda x: "low" in x or "high" in x or has(x, "text"),
    ),
    Invariant(
        "obs-6",
        "Observation",
        "dataAbsentReason and value exclude each other",
        lambda x: "dataAbsentReason" not in x or not has_choice(x, "value"),
    ),
    Invariant(
        "obs-7",
        "Observation",
        "the value of a component that is coded as the whole is the value of no one else",
        lambda x: not has_choice(x, "value") or "component" not in x or not _repeats_the_whole(x),
    ),
    Invariant(
        "con-1", "Condition.stage", "summary or assessment", lambda x: "summary" in x or "assessment" in x
    ),
    Invariant("con-2", "Condition.evidence", "code or detail", lambda x: "code" in x or "detail" in x),
    Invariant(
        "con-3",
        "Condition",
        "a problem of the list has a clinical status",
        lambda x: "clinicalStatus" in x or _is_error(x) or not _is_listed_problem(x),
        severity="warning",
    ),
    Invariant(
        "con-4",
        "Condition",
        "what has abated is inactive, resolved or in remission",
        lambda x: not has_choice(x, "abatement") or _is(x.get("clinicalStatus", {}), CLINICAL_STATUS, OVER),
    ),
    Invariant(
        "con-5",
        "Condition",
        "what was entered in error has no clinical status",
        lambda x: not _is_error(x) or "clinicalStatus" not in x,
    ),
    Invariant(
        "ppc-1",
        "Consent",
        "a consent has a policy or a policyRule",
        lambda x: "policy" in x or "policyRule" in x,
    ),
    Invariant("app-1", "Appointment.participant", "type or actor", lambda x: "type" in x or "actor" in x),
    Invariant(
        "app-2", "Appointment", "start and end go together", lambda x: has(x, "start") == has(x, "end")
    ),
    Invariant(
        "app-3",
        "Appointment",
        "only what is proposed, cancelled or waiting is without a time",
        lambda x: (has(x, "start") and has(x, "end")) or x.get("status") in UNTIMED,
    ),
    Invariant(
        "app-4",
        "Appointment",
        "only what is cancelled or a no-show has a cancelationReason",
        lambda x: "cancelationReason" not in x or x.get("status") in {"noshow", "cancelled"},
    ),
    Invariant(
        "sev-1", "AuditEvent.entity", "name or query", lambda x: not (has(x, "name") and has(x, "query"))
    ),
    Invariant(
        "cmp-1",
        "Composition.section",
        "text, entries or sections",
        lambda x: x.keys() & {"text", "entry", "section"},
    ),
    Invariant(
        "cmp-2",
        "Composition.section",
        "only what is empty has a reason for it",
        lambda x: not ({"emptyReason", "entry"} <= x.keys()),
    ),
    Invariant(
        "grp-1",
        "Group",
        "only an actual group has members",
        lambda x: "member" not in x or x.get("actual") is True,
    ),
    Invariant(
        "lst-1",
        "List",
        "only what is empty has a reason for it",
        lambda x: not ({"emptyReason", "entry"} <= x.keys()),
    ),
    Invariant(
        "lst-2",
        "List",
        "only a list of changes has deleted entries",
        lambda x: x.get("mode") == "changes" or not any(has(each, "deleted") for each in x.get("entry", ())),
    ),
    Invariant(
        "lst-3",
        "List",
        "only a working list has dates of entries",
        lambda x: x.get("mode") == "working" or not any(has(each, "date") for each in x.get("entry", ())),
    ),
    Invariant(
        "org-1", "Organization", "an identifier or a name", lambda x: "identifier" in x or has(x, "name")
    ),
    Invariant(
        "org-2",
        "Organization",
        "no organisation has a home address",
        lambda x: _none_at_home(x, "address"),
        "address",
    ),
    Invariant(
        "org-3",
        "Organization",
        "no organisation has a home telecom",
        lambda x: _none_at_home(x, "telecom"),
        "telecom",
    ),
    Invariant(
        "prr-1", "ServiceRequest", "a detail needs a code", lambda x: "orderDetail" not in x or "code" in x
    ),
    Invariant(
        "inv-1",
        "Task",
        "lastModified is not before authoredOn",
        lambda x: (
            "authoredOn" not in x
            or "lastModified" not in x
            or not is_after(x["authoredOn"], x["lastModified"])
        ),
        "lastModified",
    ),
)
