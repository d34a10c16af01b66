"""Contained resources: known by an id, used by something, and without a life of their own (dom-2 to dom-5)."""

from typing import Any, cast

from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.fhir.wire.walk import Place, Walk, objects

OF_ITS_OWN = ("versionId", "lastUpdated")


def check_containing(node: Document, place: Place, walk: Walk) -> None:
    """
    Note every contained resource that contains, has versions or security labels, has no id of its own, or that
    nothing refers to.
    """
    inside: list[Document] = node.get("contained", [])
    if not inside or walk.within:
        return
    named = _named(node)
    seen: set[str] = set()
    for index, each in enumerate(inside):
        here: Place = (place, "contained", index)
        if "contained" in each:
            walk.fault((here, "contained", -1), "invariant", "dom-2: a contained resource contains nothing")
        meta: Document = each.get("meta", {})
        for name in OF_ITS_OWN:
            if name in meta:
                walk.fault(
                    ((here, "meta", -1), name, -1), "invariant", "dom-4: a contained resource has no versions"
                )
        if "security" in meta:
            text = "dom-5: the labels of a contained resource are those of the resource around it"
            walk.fault(((here, "meta", -1), "security", -1), "invariant", text)
        identifier: str | None = each.get("id")
        if identifier is None:
            walk.fault((here, "id", -1), "required", "a contained resource has an id to be referred to")
        elif identifier in seen:
            walk.fault((here, "id", -1), "duplicate", "the ids of contained resources are distinct")
        elif f"#{identifier}" not in named and not _refers_to_container(each):
            walk.fault(
                here, "invariant", "dom-3: a contained resource is referred to from the resource around it"
            )
        seen.add(identifier or "")


def _named(node: Document) -> set[str]:
    """Every local reference in *node*: of a Reference, or of a canonical or other URI."""
    return {
        text for each in objects(node) for value in each.values() for text in _texts(value) if text[:1] == "#"
    }


def _texts(value: Any) -> list[str]:
    values = cast("list[Any]", value) if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, str)]


def _refers_to_container(contained: Document) -> bool:
    return "#" in _named(contained)
