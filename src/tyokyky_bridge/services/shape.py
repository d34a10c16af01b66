"""Between leaves and the plan's own JSON shape, for plans of which a part may be withheld."""

import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, cast

from tyokyky_bridge.domain.errors import InvalidPlan, Problem
from tyokyky_bridge.domain.items import Leaves, leaves_to_json, pattern_of

_ELEMENT = re.compile(r"\[[^\]]*\]$")
_STEP = re.compile(r"([A-Za-z_0-9]+)((?:\[[^\]]*\])?)(?:\.|$)")


def is_under(path: str, prefix: str) -> bool:
    """Whether *path* is *prefix* itself or lies below it."""
    return path == prefix or (path.startswith(prefix) and path[len(prefix)] in ".[")


def element_of(path: str) -> str:
    """The outermost list element that an item belongs to, or the item itself."""
    end = path.find("]")
    return path[: end + 1] if end >= 0 else path


def flatten(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Leaves of a JSON value in plan shape, below *path*. Elements without an id get one; a bare code is its own id.

    Raises: InvalidPlan for a shape that is no plan shape.
    """
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        if _ELEMENT.search(path) and "id" in members and not path.endswith(f"[{members['id']}]"):
            raise InvalidPlan([Problem(pattern_of(path), "the id in the body is not the id in the path")])
        for name, member in members.items():
            if name != "id" or not _ELEMENT.search(path):
                yield from flatten(f"{path}.{name}" if path else name, member)
    elif isinstance(value, list):
        for member in cast("list[Any]", value):
            if isinstance(member, dict):
                element = cast("dict[str, Any]", member)
                yield from flatten(f"{path}[{element.get('id') or new_element_id()}]", element)
            else:
                yield f"{path}[{member}]", member
    elif value is not None:
        yield path, value


def new_element_id() -> str:
    """A fresh element id."""
    return f"e-{uuid.uuid4().hex[:12]}"


def shaped(leaves: Leaves) -> dict[str, Any]:
    """Leaves as nested JSON: lists hold objects with their ``id``, sets hold their codes. Inverse of `flatten`."""
    root: dict[str, Any] = {}
    elements: dict[str, dict[str, Any]] = {}
    for path, value in leaves_to_json(leaves).items():
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
