"""Invariants of StructureDefinition."""

from typing import Any

from tyokyky_bridge.fhir.wire.invariants.definitions import distinct
from tyokyky_bridge.fhir.wire.invariants.rule import Invariant
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.fhir.wire.walk import has, has_choice

ROOT_HAS_NOT = ("label", "code", "requirements")


def _elements(x: Document, *views: str) -> list[Document]:
    return [
        each for view in views or ("snapshot", "differential") for each in x.get(view, {}).get("element", ())
    ]


def _roots(x: Document, *views: str) -> list[Document]:
    return [each for each in _elements(x, *views) if "." not in each.get("path", ".")]


def _first(x: Document, view: str) -> Document:
    found = _elements(x, view)
    return found[0] if found else {}


def _ids_distinct(x: Document, view: str) -> bool:
    ids: list[Any] = [each.get("id") for each in _elements(x, view)]
    return None not in ids and distinct(ids)


def _under_first(x: Document, view: str) -> bool:
    """The elements of a view are those of the type: its own first, or (in a differential) below it."""
    found = _elements(x, view)
    if not found:
        return True
    first: str = found[0].get("path", "")
    root = first if view == "snapshot" else first.partition(".")[0]
    named = x.get("kind") == "logical" or (
        first == x.get("type") if view == "snapshot" else first.startswith(x.get("type", ""))
    )
    return named and all(each.get("path", "").startswith(f"{root}.") for each in found[1:])


def _first_untyped(x: Document, view: str) -> bool:
    first = _first(x, view)
    return x.get("kind") == "logical" or "." in first.get("path", ".") or "type" not in first


SCHEMAS = (
    Invariant(
        "sdf-1",
        "StructureDefinition",
        "paths of a specialisation are distinct",
        lambda x: (
            x.get("derivation") == "constraint"
            or distinct(each.get("path") for each in _elements(x, "snapshot"))
        ),
        "snapshot",
    ),
    Invariant(
        "sdf-2",
        "StructureDefinition.mapping",
        "a mapping has a name or a uri",
        lambda x: has(x, "name") or has(x, "uri"),
    ),
    Invariant(
        "sdf-3",
        "StructureDefinition.snapshot",
        "each element has definition, min and max",
        lambda x: all(has(each, name) for each in x["element"] for name in ("definition", "min", "max")),
    ),
    Invariant(
        "sdf-4",
        "StructureDefinition",
        "what is concrete has a base",
        lambda x: x.get("abstract") is True or has(x, "baseDefinition"),
    ),
    Invariant(
        "sdf-5",
        "StructureDefinition",
        "an extension has a context",
        lambda x: x.get("type") != "Extension" or x.get("derivation") == "specialization" or "context" in x,
    ),
    Invariant(
        "sdf-6",
        "StructureDefinition",
        "a snapshot or a differential",
        lambda x: "snapshot" in x or "differential" in x,
    ),
    Invariant(
        "sdf-8",
        "StructureDefinition",
        "the snapshot is of the type",
        lambda x: _under_first(x, "snapshot"),
        "snapshot",
    ),
    Invariant(
        "sdf-8a",
        "StructureDefinition",
        "the differential is of the type",
        lambda x: _under_first(x, "differential"),
        "differential",
    ),
    Invariant(
        "sdf-8b",
        "StructureDefinition.snapshot",
        "each element has a base",
        lambda x: all("base" in each for each in x["element"]),
    ),
    Invariant(
        "sdf-9",
        "StructureDefinition",
        "the root element has no label, code or requirements",
        lambda x: not any(has(each, name) for each in _roots(x) for name in ROOT_HAS_NOT),
    ),
    Invariant(
        "sdf-10",
        "StructureDefinition",
        "a binding has a value set or a description",
        lambda x: all(
            has(each["binding"], "valueSet") or has(each["binding"], "description")
            for each in _elements(x, "snapshot")
            if "binding" in each
        ),
    ),
    Invariant(
        "sdf-11",
        "StructureDefinition",
        "the first element of the snapshot is the type",
        lambda x: (
            x.get("kind") == "logical"
            or "snapshot" not in x
            or _first(x, "snapshot").get("path") == x.get("type")
        ),
    ),
    Invariant(
        "sdf-14",
        "StructureDefinition",
        "each element has an id",
        lambda x: all("id" in each for each in _elements(x)),
    ),
    Invariant(
        "sdf-15",
        "StructureDefinition",
        "the first element of the snapshot has no type",
        lambda x: _first_untyped(x, "snapshot"),
        "snapshot",
    ),
    Invariant(
        "sdf-15a",
        "StructureDefinition",
        "the first element of the differential has no type",
        lambda x: _first_untyped(x, "differential"),
        "differential",
    ),
    Invariant(
        "sdf-16",
        "StructureDefinition",
        "ids in the snapshot are distinct",
        lambda x: _ids_distinct(x, "snapshot"),
        "snapshot",
    ),
    Invariant(
        "sdf-17",
        "StructureDefinition",
        "ids in the differential are distinct",
        lambda x: _ids_distinct(x, "differential"),
        "differential",
    ),
    Invariant(
        "sdf-18",
        "StructureDefinition",
        "only an extension has a contextInvariant",
        lambda x: not has(x, "contextInvariant") or x.get("type") == "Extension",
    ),
    Invariant(
        "sdf-20",
        "StructureDefinition",
        "the root of a differential is not sliced",
        lambda x: not any("slicing" in each for each in _roots(x, "differential")),
        "differential",
    ),
    Invariant(
        "sdf-21",
        "StructureDefinition",
        "only a specialisation has defaults",
        lambda x: (
            x.get("derivation") == "specialization"
            or not any(has_choice(each, "defaultValue") for each in _elements(x, "differential"))
        ),
        "differential",
    ),
    Invariant(
        "sdf-23",
        "StructureDefinition",
        "the root has no slice name",
        lambda x: not any(has(each, "sliceName") for each in _roots(x)),
    ),
)
