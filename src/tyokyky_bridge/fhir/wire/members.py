"""Checks of the members of an object, by kind: one value or many, plain or with parts of its own."""

from collections.abc import Callable
from typing import Any, cast

from tyokyky_bridge.fhir.wire import primitives
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.fhir.wire.structure import Element
from tyokyky_bridge.fhir.wire.walk import Place, Walk

Check = Callable[[Any, Place, Walk, Document], None]
"""Asked of a member: its value, the place of the owner, the walk, the owner."""
Part = Callable[[Any, Place, Walk], None]
"""Asked of one complex value at its own place."""

ONE_VALUE = ("structure", "the element has one value, not an array")


def one_value(name: str, rule: primitives.Rule) -> Check:
    """A primitive that does not repeat."""

    def check(value: Any, place: Place, walk: Walk, _owner: Document) -> None:
        fault = rule(value)
        if fault is not None:
            walk.fault((place, name, -1), *(ONE_VALUE if type(value) is list else fault))

    return check


def many_values(name: str, rule: primitives.Rule) -> Check:
    """A primitive that repeats; null stands where there is only an extension."""

    def check(value: Any, place: Place, walk: Walk, owner: Document) -> None:
        values = array_of(value, (place, name, -1), walk)
        found: Any = owner.get(f"_{name}")
        beside = cast("list[Any]", found) if type(found) is list else []
        for index, each in enumerate(values):
            fault = rule(each)
            if fault is not None and (each is not None or index >= len(beside) or beside[index] is None):
                walk.fault((place, name, index), *fault)

    return check


def extended(element: Element, member: str, of: Part) -> Check:
    """The ``_name`` beside a primitive: id and extensions, in an array as long as that of the values."""
    name = element.name

    def one(value: Any, place: Place, walk: Walk, owner: Document) -> None:
        of(value, (place, name, -1), walk)
        if member not in owner and type(value) is dict and "extension" not in value:
            walk.fault((place, name, -1), "invariant", "ele-1: an element has a value or an extension")

    def many(value: Any, place: Place, walk: Walk, owner: Document) -> None:
        extensions = array_of(value, (place, name, -1), walk)
        values: Any = owner.get(member)
        beside = cast("list[Any]", values) if type(values) is list else None
        if beside is not None and extensions and len(beside) != len(extensions):
            walk.fault(
                (place, name, -1), "structure", "values and their extensions stand in arrays of one length"
            )
        for index, each in enumerate(extensions):
            if each is not None:
                of(each, (place, name, index), walk)
            elif beside is None:
                walk.fault((place, name, index), *primitives.NULL)

    return many if element.repeats else one


def with_binding(check: Part, bound: Part) -> Part:
    """A part whose codes are looked at when its structure is sound."""

    def both(value: Any, place: Place, walk: Walk) -> None:
        before = walk.faults
        check(value, place, walk)
        if walk.faults == before:
            bound(value, place, walk)

    return both


def one_part(name: str, part: Part) -> Check:
    """An object that does not repeat."""

    def check(value: Any, place: Place, walk: Walk, _owner: Document) -> None:
        if type(value) is list:
            walk.fault((place, name, -1), *ONE_VALUE)
        else:
            part(value, (place, name, -1), walk)

    return check


def many_parts(name: str, part: Part) -> Check:
    """An array of objects."""

    def check(value: Any, place: Place, walk: Walk, _owner: Document) -> None:
        for index, each in enumerate(array_of(value, (place, name, -1), walk)):
            part(each, (place, name, index), walk)

    return check


def array_of(value: Any, place: Place, walk: Walk) -> list[Any]:
    """The values of an array; none, and a finding, when it is no array or an empty one."""
    if type(value) is not list:
        walk.fault(place, "structure", "the element is a JSON array")
        return []
    values = cast("list[Any]", value)
    if not values:
        walk.fault(place, "structure", "an array is not empty")
    return values
