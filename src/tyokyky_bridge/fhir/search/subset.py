"""Parts of resources: ``_summary`` and ``_elements``.

A part is always marked SUBSETTED, so that nobody sends it back as the whole. Elements that a resource must have stay,
as do those that change what it means whatever else is read of it.

Source: hl7.org/fhir/R4/search.html#summary and #elements.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from typing import Any, Final, cast

from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.fhir.wire.structure import Element, elements

SUBSETTED: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "subsetted",
}
ALWAYS: Final = frozenset({"resourceType", "id", "meta", "implicitRules", "modifierExtension"})

_Members = Mapping[str, Element]


@cache
def _members(node: str) -> _Members:
    """The elements of a type or of a part of one, by their names in JSON."""
    return {name: each for each in elements(node) for name, _ in each.members}


@cache
def _names(type_: str) -> frozenset[str]:
    return frozenset(_members(type_)) | {each.name for each in elements(type_)}


def is_element(type_: str, name: str) -> bool:
    """Whether resources of *type_* have a top-level element *name*; of a choice either name will do."""
    return name in _names(type_)


def reduced(document: Document, *, summary: str | None = None, names: Collection[str] = ()) -> Document:
    """
    The part of *document* that was asked for; the document itself when all of it was.

    Args:
        summary: ``true``, ``text``, ``data`` or ``false``.
        names: The top-level elements to keep, besides those that every resource of the type has.
    """
    wanted = _WANTED.get(summary or "")
    if names:
        wanted = _named(frozenset(names))
    if wanted is None:
        return document
    members = _members(str(document.get("resourceType")))
    kept = {
        name: _inside(value, members.get(name.removeprefix("_")), deep=summary == "true")
        for name, value in document.items()
        if name in ALWAYS or _keeps(wanted, members.get(name.removeprefix("_")))
    }
    if "contained" not in kept and (inside := _answering(document, kept)):
        kept["contained"] = inside
    return {**kept, "meta": _marked(kept.get("meta"))}


def _answering(document: Document, kept: Document) -> list[Document]:
    """The contained resources that what is kept refers to: a part has to hold together as the whole does (ref-1)."""
    contained: Any = document.get("contained")
    held = cast("list[Any]", contained) if isinstance(contained, list) else []
    named = set(_inner_references(kept)) if held else set[str]()
    resources = [cast("Document", each) for each in held if isinstance(each, dict)]
    return [each for each in resources if f"#{each.get('id')}" in named]


def _inner_references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        reference = members.get("reference")
        if isinstance(reference, str) and reference.startswith("#"):
            yield reference
        value = list(members.values())
    if isinstance(value, list):
        for each in cast("list[Any]", value):
            yield from _inner_references(each)


def _keeps(wanted: Callable[[Element], bool], element: Element | None) -> bool:
    return element is not None and wanted(element)


def _named(names: frozenset[str]) -> Callable[[Element], bool]:
    return lambda element: (
        element.min > 0 or element.name in names or any(member in names for member, _ in element.members)
    )


_WANTED: Final[Mapping[str, Callable[[Element], bool]]] = {
    "true": lambda element: element.summary or element.min > 0,
    "text": lambda element: element.name == "text" or element.min > 0,
    "data": lambda element: element.name != "text",
}


def _inside(value: Any, element: Element | None, *, deep: bool) -> Any:
    """*value* without those of its own parts that are no summary; data types stay whole."""
    if not deep or element is None or element.node is None:
        return value
    if isinstance(value, list):
        return [_inside(each, element, deep=deep) for each in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    members = _members(element.node)
    part = cast("dict[str, Any]", value)
    return {
        name: _inside(each, members.get(name.removeprefix("_")), deep=deep)
        for name, each in part.items()
        if name in {"id", "modifierExtension"} or _keeps(_WANTED["true"], members.get(name.removeprefix("_")))
    }


def _marked(meta: Any) -> Document:
    """A part is marked as one, and does not claim a profile, whose elements may have been left out."""
    said_of_all = cast("Document", meta) if isinstance(meta, dict) else {}
    held = {name: value for name, value in said_of_all.items() if name != "profile"}
    tags = held.get("tag")
    said = cast("list[Any]", tags) if isinstance(tags, list) else []
    return {**held, "tag": [*said, dict(SUBSETTED)]}
