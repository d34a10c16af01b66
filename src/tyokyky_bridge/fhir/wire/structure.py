"""What R4 says of its types: which elements they have, how many, of which type, bound to which codes.

A type is read from the table when it is first asked for. The table is made by `tyokyky_bridge.fhir.wire.generate`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

SERVED = frozenset(
    {"Patient", "RelatedPerson", "Practitioner", "PractitionerRole", "Organization", "Location"}
    | {"CarePlan", "CareTeam", "Goal", "EpisodeOfCare", "Encounter", "Appointment", "ServiceRequest", "Task"}
    | {
        "Observation",
        "Condition",
        "DocumentReference",
        "Communication",
        "Consent",
        "Provenance",
        "AuditEvent",
    }
    | {"Questionnaire", "QuestionnaireResponse", "CapabilityStatement", "StructureDefinition"}
    | {"SearchParameter", "OperationDefinition", "CodeSystem", "ValueSet", "ConceptMap", "NamingSystem"}
)
"""The resource types that can be addressed at this server."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type, as R4 defines it."""

    name: str
    """Name without ``[x]``; `Element.members` are the names that stand in JSON."""
    path: str
    """Where it is defined: ``CarePlan.activity.detail.status``."""
    types: tuple[str, ...]
    """Names of types; empty when the element has parts of its own (`node`)."""
    node: str | None
    """Path under which the parts of the element are found, when it is no type of its own."""
    choice: bool
    min: int
    max: int | None
    """Nothing stands for ``*``."""
    summary: bool
    modifier: bool
    targets: frozenset[str]
    """Types that a reference may point at; empty when it may point at any."""
    bound: str | None
    """The value set of a required or extensible binding."""
    strength: str | None

    @property
    def repeats(self) -> bool:
        """Whether the JSON member is an array."""
        return self.max != 1

    @property
    def members(self) -> tuple[tuple[str, str], ...]:
        """The names in JSON, each with its type: ``valueQuantity``, ``Quantity``."""
        if not self.choice:
            return ((self.name, self.node or self.types[0]),)
        return tuple((self.name + _suffix(kind), kind) for kind in self.types)


def _suffix(kind: str) -> str:
    """What names the member of a choice: its type, where a constrained quantity is called Quantity."""
    return "Quantity" if kind in {"SimpleQuantity", "MoneyQuantity"} else kind[0].upper() + kind[1:]


@cache
def _lines() -> Mapping[str, bytes]:
    """The table, each type still as its line."""
    text = (files("tyokyky_bridge.fhir.wire") / "r4" / "elements.jsonl").read_bytes()
    return {line[9 : line.index(b'"', 9)].decode(): line for line in text.splitlines()}


@cache
def _read(name: str) -> Mapping[str, Any]:
    return orjson.loads(_lines()[name])


@cache
def _code_lines() -> Mapping[str, bytes]:
    text = (files("tyokyky_bridge.fhir.wire") / "r4" / "codes.jsonl").read_bytes()
    return {line[8 : line.index(b'"', 8)].decode(): line for line in text.splitlines()}


@cache
def resource_types() -> frozenset[str]:
    """Every concrete resource type of R4, served here or not."""
    concrete = b'"kind":"resource","abstract":false'
    return frozenset(name for name, line in _lines().items() if concrete in line)


@cache
def data_types() -> frozenset[str]:
    """Every type that is no resource, primitive ones included."""
    return frozenset(_lines()) - resource_types()


@cache
def is_primitive(name: str) -> bool:
    """Whether values of the type are plain JSON values. The attributes of XML (``Element.id``) count as such."""
    return name == "attribute" or (name in _lines() and _read(name)["kind"] == "primitive-type")


@cache
def elements(node: str) -> tuple[Element, ...]:
    """
    The elements of a type (``HumanName``) or of a part of one (``CarePlan.activity``), in the order of R4.

    Raises:
        KeyError: R4 has no such type or part.
    """
    table = _read(node.partition(".")[0])
    parts: Mapping[str, list[dict[str, Any]]] = table["nodes"]
    if table["kind"] == "profile":  # a constrained quantity has the elements of Quantity, under its path
        return elements("Quantity")
    return tuple(_element(node, each) for each in parts[node])


def _element(node: str, row: Mapping[str, Any]) -> Element:
    most: str = row.get("max", "1")
    return Element(
        name=row["name"],
        path=f"{node}.{row['name']}",
        types=tuple(row.get("types", ())),
        node=row.get("node"),
        choice=row.get("choice", False),
        min=row.get("min", 0),
        max=None if most == "*" else int(most),
        summary=row.get("summary", False),
        modifier=row.get("modifier", False),
        targets=frozenset(row.get("targets", ())),
        bound=row.get("bound"),
        strength=row.get("strength"),
    )


@cache
def members(node: str) -> Mapping[str, tuple[Element, str]]:
    """The JSON members of a node, each with its element and the type (or node) of its value."""
    return {name: (each, kind) for each in elements(node) for name, kind in each.members}


@cache
def element_of(path: str) -> Element | None:
    """
    The element at a path without indices: ``Patient.name.family``, ``Observation.valueQuantity.unit``.

    A choice is found by its name (``Observation.value``) and by the names of its members.
    """
    root, *names = path.split(".")
    if root not in _lines() or not names:
        return None
    node, found = root, None
    for name in names:
        if not node or is_primitive(node):
            return None
        member = members(node).get(name)
        if member is not None:
            found, node = member
            continue
        found = next((each for each in elements(node) if each.name == name), None)
        if found is None:
            return None
        node = ""
    return found


@cache
def codes_of(value_set: str) -> Mapping[str, frozenset[str]] | None:
    """The codes of a bound value set by system; nothing when the set is open-ended."""
    line = _code_lines().get(value_set)
    if line is None:
        return None
    found: Mapping[str, list[str]] = orjson.loads(line)["codes"]
    return {system: frozenset(codes) for system, codes in found.items()}
