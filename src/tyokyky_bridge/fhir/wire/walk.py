"""One pass over a document: where it is, what it has found, and what the rules may ask about the surroundings."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from tyokyky_bridge.fhir.wire.issues import Document, Issue, Severity

Place = tuple["Place | None", str, int]
"""The place above, the name of the element, and its index or -1. Cheap to make, turned to text only when needed."""

Known = Callable[[str, str], bool]
"""Whether the resource of a type and an id may be referred to, as the caller sees the world."""

MAX_DEPTH = 64
MAX_ISSUES = 100
"""Findings of one body; a body that is wrong everywhere gets no endless answer."""

SHOWN = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")


def expression(place: Place) -> str:
    """The FHIRPath of a place: ``CarePlan.activity[0].detail.status``."""
    parts: list[str] = []
    here: Place | None = place
    while here is not None:
        above, name, index = here
        parts.append(name if index < 0 else f"{name}[{index}]")
        here = above
    return ".".join(reversed(parts))


class Walk:
    """
    The state of one validation.

    *root* is the resource whose contained resources a ``#id`` means, *within* whether the walk is inside one of
    those; *entries* tells the types of the resources of the Bundle around, if there is one.
    """

    __slots__ = ("_contained", "_indexed", "depth", "entries", "faults", "issues", "known", "root", "within")

    def __init__(self, known: Known | None = None) -> None:
        self.issues: list[Issue] = []
        self.faults = 0
        self.depth = 0
        self.root: Document = {}
        self.within = False
        self.entries: Mapping[str, str] | None = None
        self.known = known
        self._indexed: Document | None = None
        self._contained: dict[str, Document] = {}

    def fault(self, place: Place, code: str, text: str, severity: Severity = "error") -> None:
        """Note a finding. Errors keep the invariants of everything around them from being asked."""
        if severity == "error":
            self.faults += 1
        if len(self.issues) < MAX_ISSUES:
            self.issues.append(Issue(severity, code, text, expression(place)))

    def contained(self, identifier: str) -> Document | None:
        """The resource that ``#identifier`` means, if it is there."""
        if self._indexed is not self.root:
            self._indexed, self._contained = self.root, _by_id(self.root.get("contained"))
        return self._contained.get(identifier)


def _by_id(contained: Any) -> dict[str, Document]:
    found: dict[str, Document] = {}
    for each in cast("list[Any]", contained) if isinstance(contained, list) else ():
        identifier: Any = cast("Document", each).get("id") if isinstance(each, dict) else None
        if isinstance(identifier, str):
            found.setdefault(identifier, cast("Document", each))
    return found


def entries_of(bundle: Document) -> Mapping[str, str]:
    """The type of each resource in a Bundle, by the full URL of its entry and by ``Type/id``."""
    entries: Any = bundle.get("entry")
    found: dict[str, str] = {}
    for each in cast("list[Any]", entries) if isinstance(entries, list) else ():
        resource: Any = cast("Document", each).get("resource") if isinstance(each, dict) else None
        kind = type_name(resource)
        if kind is not None:
            found |= {
                key: kind
                for key in (
                    cast("Document", each).get("fullUrl"),
                    f"{kind}/{cast('Document', resource).get('id')}",
                )
                if isinstance(key, str)
            }
    return found


def type_name(value: Any) -> str | None:
    """The resourceType of an object, if it has one."""
    kind: Any = cast("Document", value).get("resourceType") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else None


def has(node: Document, name: str) -> bool:
    """Whether an element is there, by its value or by an extension in the place of it."""
    return name in node or f"_{name}" in node


def has_choice(node: Document, stem: str) -> bool:
    """Whether a choice element (``value[x]``) is there in any of its types."""
    return any(name.startswith((stem, f"_{stem}")) for name in node)


def objects(value: Any) -> Iterator[Document]:
    """Every object in *value*, itself first; without recursion, so that depth does not matter."""
    pending: list[Any] = [value]
    while pending:
        here = pending.pop()
        if isinstance(here, dict):
            document = cast("Document", here)
            yield document
            pending.extend(document.values())
        elif isinstance(here, list):
            pending.extend(cast("list[Any]", here))
