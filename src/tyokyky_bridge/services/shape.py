"""Between leaves and the plan's own JSON shape, for plans of which a part may be withheld."""

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from tyokyky_bridge.domain.errors import InvalidPlan, Problem
from tyokyky_bridge.domain.items import Leaves, leaves_to_json, pattern_of
from tyokyky_bridge.domain.schema import SCHEMA, Shape

_STEP = re.compile(r"([A-Za-z_0-9]+)((?:\[[^\]]*\])?)(?:\.|$)")
_PATH_STEP = re.compile(r"([a-z][a-z0-9_]*)(?:\[([A-Za-z0-9_-]{1,64})\])?\Z")
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


@dataclass(frozen=True)
class Place:
    """What the schema has at a path; *shape* are the members of an object or of a list's elements."""

    form: Literal["leaf", "set", "member", "part", "list", "element"]
    shape: Shape


def place_of(path: str) -> Place:
    """What stands at *path*: a leaf, a set or its member, an object, a list or its element.

    Raises: InvalidPlan where the schema has nothing; the path is not repeated, for a caller made it up.
    """
    place = Place("part", SCHEMA.shape)
    for step in path.split("."):
        found = _PATH_STEP.match(step)
        field = next((f for f in place.shape if found and f.name == found[1]), None)
        if found is None or field is None or place.form not in {"part", "element"}:
            raise InvalidPlan([Problem("?", "there is no such item")])
        if found[2] is None:
            place = Place(field.form, field.shape)
        elif field.form == "list":
            place = Place("element", field.shape)
        elif field.form == "set":
            place = Place("member", ())
        else:
            raise InvalidPlan([Problem("?", "there is no such item")])
    return place


def is_under(path: str, prefix: str) -> bool:
    """Whether *path* is *prefix* itself or lies below it."""
    return path == prefix or (path.startswith(prefix) and path[len(prefix)] in ".[")


def element_of(path: str) -> str:
    """The outermost list element that an item belongs to, or the item itself."""
    end = path.find("]")
    return path[: end + 1] if end >= 0 else path


def flatten(path: str, value: Any) -> dict[str, Any]:
    """Leaves of a JSON value in plan shape, below *path*. Elements without an id get one; a bare code is its own id.

    The values are as given: `plan_from_leaves` checks them. Raises: InvalidPlan with every place whose shape is not
    the schema's; a name that the caller made up is not repeated.
    """
    walk = _Walk({}, [])
    walk.at(path, place_of(path), value)
    if walk.problems:
        raise InvalidPlan(walk.problems)
    return walk.leaves


@dataclass(frozen=True)
class _Walk:
    leaves: dict[str, Any]
    problems: list[Problem]

    def at(self, path: str, place: Place, value: Any) -> None:
        if value is None:
            return
        if place.form in {"leaf", "member"}:
            if isinstance(value, dict | list):
                self._refuse(path, "must be a single value")
            else:
                self.leaves[path] = value
        elif place.form in {"part", "element"}:
            self._object(path, place, value)
        elif not isinstance(value, list):
            self._refuse(path, "must be a list")
        elif place.form == "list":
            self._elements(path, place, cast("list[Any]", value))
        else:
            self._codes(path, cast("list[Any]", value))

    def _object(self, path: str, place: Place, value: Any) -> None:
        if not isinstance(value, dict):
            self._refuse(path, "must be an object")
            return
        members = dict(cast("dict[str, Any]", value))
        if place.form == "element" and members.pop("id", None) not in {None, path[path.rindex("[") + 1 : -1]}:
            self._refuse(path, "the id in the body is not the id in the path")
        fields = {field.name: field for field in place.shape}
        if unknown := members.keys() - fields.keys():
            self._refuse(f"{path}.?", f"there are no such fields ({len(unknown)})")
        for name in members.keys() & fields.keys():
            self.at(f"{path}.{name}", Place(fields[name].form, fields[name].shape), members[name])

    def _elements(self, path: str, place: Place, members: list[Any]) -> None:
        seen: set[str] = set()
        for member in members:
            given = cast("dict[str, Any]", member).get("id") if isinstance(member, dict) else None
            key = new_element_id() if given is None else given
            if not isinstance(key, str) or not _KEY.match(key):
                self._refuse(f"{path}[].id", "an id has 1-64 of a-z 0-9 -")
            elif key in seen:
                self._refuse(path, "two elements have the same id")
            else:
                seen.add(key)
                before = len(self.leaves), len(self.problems)
                self.at(f"{path}[{key}]", Place("element", place.shape), {} if member is None else member)
                if before == (len(self.leaves), len(self.problems)):
                    self._refuse(path, "an element has nothing but its id")

    def _codes(self, path: str, members: list[Any]) -> None:
        for member in members:
            if not isinstance(member, str) or not _KEY.match(member):
                self._refuse(f"{path}[]", "is not a code")
            elif f"{path}[{member}]" in self.leaves:
                self._refuse(path, "a value stands twice")
            else:
                self.leaves[f"{path}[{member}]"] = member

    def _refuse(self, path: str, rule: str) -> None:
        self.problems.append(Problem(pattern_of(path), rule))


def new_element_id() -> str:
    """A fresh element id."""
    return f"e-{uuid.uuid4().hex[:12]}"


def shaped(leaves: Leaves) -> dict[str, Any]:
    """Leaves as nested JSON: lists hold objects with their ``id``, sets hold their codes. Inverse of `flatten`."""
    return nested(leaves_to_json(leaves))


def nested(leaves: Mapping[str, Any]) -> dict[str, Any]:
    """As `shaped`, for leaves whose values are JSON already."""
    root: dict[str, Any] = {}
    elements: dict[str, dict[str, Any]] = {}
    for path, value in leaves.items():
        _place(root, elements, path, value)
    return root


def _place(root: dict[str, Any], elements: dict[str, dict[str, Any]], path: str, value: Any) -> None:
    holder = root
    for step in _STEP.finditer(path):
        name, bracket = step.group(1), step.group(2)
        last = step.end() == len(path)
        if not bracket:
            if last:
                holder[name] = value
            else:
                holder = holder.setdefault(name, {})
            continue
        members: list[Any] = holder.setdefault(name, [])
        if last:
            members.append(value)
            continue
        prefix = path[: step.end()]
        if prefix not in elements:
            elements[prefix] = {"id": bracket[1:-1]}
            members.append(elements[prefix])
        holder = elements[prefix]


def members_of(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The members of a plan's sections, section objects opened one level so that each may be set by itself."""
    for name, member in value.items():
        if isinstance(member, dict):
            yield from ((f"{name}.{inner}", v) for inner, v in cast("dict[str, Any]", member).items())
        else:
            yield name, member
