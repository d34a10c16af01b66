"""What a curious caller sends and gets, what it guesses, and the bodies of a stranger."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhir_face.non_interference_values import Document
from tyokyky_bridge.fhir.search.kinds import Kind


@dataclass(frozen=True)
class Request:
    """One request; ``None`` for a method is the sign that something hidden happens now."""

    method: str | None
    path: str = ""
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """One answer as the caller gets it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    json: Any


Ask = Callable[[Request], Awaitable[Answer]]


@dataclass(frozen=True)
class Guesses:
    """What the caller cannot know and tries: ids of hidden resources, and whole resources to take values from."""

    ids: Sequence[tuple[str, str]]
    documents: Mapping[str, Sequence[Document]]
    clients: Sequence[str]
    plans: Sequence[str]
    explained: Sequence[str]
    hetus: Sequence[str]
    parties: Sequence[str]


NOWHERE = {
    Kind.TOKEN: "x", Kind.STRING: "x", Kind.DATE: "2026", Kind.NUMBER: "1", Kind.QUANTITY: "1",
    Kind.REFERENCE: "x", Kind.URI: "urn:x", Kind.COMPOSITE: "x$1",
}  # fmt: skip
"""A value of each kind that stands nowhere."""

PLAIN: Mapping[str, Mapping[str, Any]] = {
    "Patient": {"name": [{"family": "Vieras"}]},
    "CarePlan": {"status": "active", "intent": "plan", "subject": {"reference": "Patient/nobody"}},
}


def goal(subject: Mapping[str, Any], text: str) -> dict[str, Any]:
    """A goal as a stranger sends it."""
    return {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": text},
        "subject": subject,
    }
