"""The structure of each type as compiled checks: a type is compiled from the table when it is first met.

A check costs a few look-ups per member. Places are written out only when something is wrong, and the invariants of
a node are asked only when nothing inside it was, so that they may take its structure for granted.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from tyokyky_bridge.fhir.wire import primitives
from tyokyky_bridge.fhir.wire.bindings import bound_check, code_rule
from tyokyky_bridge.fhir.wire.invariants import Finding, findings_of
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.fhir.wire.members import (
    Check,
    Part,
    array_of,
    extended,
    many_parts,
    many_values,
    one_part,
    one_value,
    with_binding,
)
from tyokyky_bridge.fhir.wire.references import check_target
from tyokyky_bridge.fhir.wire.structure import Element, elements, is_primitive, resource_types
from tyokyky_bridge.fhir.wire.walk import MAX_DEPTH, SHOWN, Place, Walk, entries_of


class Shape:
    """The members that objects of one type or part may and must have."""

    __slots__ = (
        "choices",
        "findings",
        "is_bundle",
        "lonely",
        "members",
        "needed",
        "node",
        "plain",
        "required",
    )

    def __init__(self, node: str) -> None:
        self.node = node
        self.members: Mapping[str, Check] = {}
        self.required: tuple[tuple[str, str], ...] = ()
        self.plain: Mapping[str, primitives.Rule] = {}
        self.choices: Mapping[str, str] = {}
        self.needed: tuple[str, ...] = ()
        self.findings: tuple[Finding, ...] = ()
        self.is_bundle = node == "Bundle"
        self.lonely = node != "Element" and node not in resource_types()

    def check(self, value: Any, place: Place, walk: Walk) -> None:
        """Note everything that is wrong with *value*."""
        if type(value) is not dict or not value or walk.depth >= MAX_DEPTH:
            walk.fault(place, *_refused(value))
            return
        node = cast("Document", value)
        members = self.members or self._compile()
        plain = self.plain
        before, entries = walk.faults, walk.entries
        if self.is_bundle:
            walk.entries = entries_of(node)
        walk.depth += 1
        for name, inner in node.items():
            rule = plain.get(name)  # most members, most of which are right: without a call more than needed
            if rule is not None and rule(inner) is None:
                continue
            check = members.get(name)
            if check is None:
                self._stray(name, place, walk)
            else:
                check(inner, place, walk, node)
        if len(node) == 1 and "id" in node and self.lonely:
            walk.fault(place, "invariant", "ele-1: an element has more than an id")
        for name, extension in self.required:
            if name not in node and extension not in node:
                walk.fault((place, name, -1), "required", "the element is required")
        if self.choices:
            self._check_choices(node, place, walk)
        if walk.faults == before:
            for finding in self.findings:
                finding(node, place, walk)
        walk.depth -= 1
        walk.entries = entries

    def _stray(self, name: Any, place: Place, walk: Walk) -> None:
        shown = type(name) is str and SHOWN.fullmatch(name.removeprefix("_"))
        text = "R4 has no such element here"
        walk.fault((place, name.removeprefix("_"), -1) if shown else place, "structure", text)

    def _check_choices(self, node: Document, place: Place, walk: Walk) -> None:
        members = node.keys() & self.choices.keys()
        chosen: dict[str, str] = {}
        for name in sorted(members):
            element, member = self.choices[name], name.removeprefix("_")
            if chosen.setdefault(element, member) != member:
                walk.fault((place, element, -1), "structure", "the element has one value, of one type")
        for element in self.needed:
            if element not in chosen:
                walk.fault((place, element, -1), "required", "the element is required")

    def _compile(self) -> Mapping[str, Check]:
        members: dict[str, Check] = {}
        plain: dict[str, primitives.Rule] = {}
        choices: dict[str, str] = {}
        for element in elements(self.node):
            for name, kind in element.members:
                members[name] = _member(element, kind)
                if is_primitive(kind) and not element.repeats:
                    plain[name] = _rule(element, kind)
                if is_primitive(kind) and kind not in {"attribute", "xhtml"} and not _is_resource_id(element):
                    members[f"_{name}"] = extended(element, name, shape_of("Element").check)
                if element.choice:
                    choices[name] = choices[f"_{name}"] = element.name
        if self.node in resource_types():
            members["resourceType"] = _accept
        self.required = tuple(
            (each.name, f"_{each.name}") for each in elements(self.node) if each.min and not each.choice
        )
        self.plain, self.choices = plain, choices
        self.needed = tuple(each.name for each in elements(self.node) if each.choice and each.min)
        self.findings = findings_of(self.node)
        self.members = members
        return members


@cache
def shape_of(node: str) -> Shape:
    """The one shape of a type or part."""
    return Shape(node)


def check_resource(value: Any, place: Place | None, walk: Walk, *, name: str = "", index: int = -1) -> None:
    """Check a resource inside another one, or the outermost when *place* is nothing."""
    here: Place = (place, name, index)
    if type(value) is not dict:
        walk.fault(here, "structure", "a resource is a JSON object")
        return
    resource_type = cast("Document", value).get("resourceType")
    if type(resource_type) is not str:
        walk.fault(here, "required", "a resource states its resourceType")
    elif resource_type not in resource_types():
        walk.fault(here, "value", "R4 has no such resource type")
    else:
        shape_of(resource_type).check(value, (None, resource_type, -1) if place is None else here, walk)


def _refused(value: Any) -> primitives.Fault:
    """Why nothing inside *value* is looked at."""
    if value is None:
        return primitives.NULL
    if type(value) is not dict:
        return ("structure", "the value is a JSON object")
    if not value:
        return ("structure", "an object is not empty")
    return ("too-costly", f"more than {MAX_DEPTH} elements inside each other")


def _is_resource_id(element: Element) -> bool:
    return (
        element.types == ("id",)
        and element.path.partition(".")[0] in resource_types()
        and element.name == "id"
    )


def _accept(_value: Any, _place: Place, _walk: Walk, _owner: Document) -> None:
    """The resourceType: whoever chose the shape has looked at it."""


@cache
def _rule(element: Element, kind: str) -> primitives.Rule:
    return code_rule(element) or primitives.RULES[kind]


def _member(element: Element, kind: str) -> Check:
    if kind == "Resource":
        return _inline(element)
    if is_primitive(kind):
        rule = _rule(element, kind)
        return many_values(element.name, rule) if element.repeats else one_value(element.name, rule)
    part = _part(element, kind)
    return many_parts(element.name, part) if element.repeats else one_part(element.name, part)


def _part(element: Element, kind: str) -> Part:
    check = shape_of(kind).check
    if kind == "Reference" and element.targets:
        targets = element.targets

        def referring(value: Any, place: Place, walk: Walk) -> None:
            check(value, place, walk)
            check_target(value, place, walk, targets)

        return referring
    bound = bound_check(element, kind)
    return check if bound is None else with_binding(check, bound)


def _inline(element: Element) -> Check:
    """A resource inside another: contained ones share the root, the others are roots of their own."""
    name = element.name
    inside = name == "contained"

    def one(value: Any, place: Place, walk: Walk, index: int) -> None:
        root, within = walk.root, walk.within
        if inside:
            walk.within = True
        elif type(value) is dict:
            walk.root, walk.within = cast("Document", value), False
        check_resource(value, place, walk, name=name, index=index)
        walk.root, walk.within = root, within

    def check(value: Any, place: Place, walk: Walk, _owner: Document) -> None:
        if element.repeats:
            for index, each in enumerate(array_of(value, (place, name, -1), walk)):
                one(each, place, walk, index)
        else:
            one(value, place, walk, -1)

    return check
