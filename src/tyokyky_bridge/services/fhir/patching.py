"""JSON Patch (RFC 6902) on the document that a caller sees.

What identifies a resource is not patched. A patch that does not fit is refused as a whole: the document that was
given in is never changed.
"""

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from tyokyky_bridge.fhir.wire.issues import Document, Invalid, Issue
from tyokyky_bridge.fhir.wire.text import MAX_DEPTH
from tyokyky_bridge.services.fhir.refusals import BadRequest

Pointer = tuple[str, ...]

MAX_OPERATIONS: Final = 500
MAX_COPIED: Final = 65_536
"""Characters that the copies of one patch may make: each can double the document, and twenty would fill the memory."""
FORBIDDEN: Final[tuple[Pointer, ...]] = (
    ("id",),
    ("resourceType",),
    ("meta", "versionId"),
    ("meta", "lastUpdated"),
)
"""What the server sets."""

_MEMBERS: Final = {
    "add": {"value"},
    "remove": set[str](),
    "replace": {"value"},
    "move": {"from"},
    "copy": {"from"},
    "test": {"value"},
}
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,6}")


class _Misfit(Exception):
    """An operation does not fit the document; says why."""


@dataclass(frozen=True)
class Operation:
    """One operation of a patch, its pointers read."""

    op: str
    path: Pointer
    source: Pointer = ()
    value: Any = None


def read_patch(operations: Any) -> tuple[Operation, ...]:
    """
    Read a JSON Patch document.

    Raises:
        BadRequest: it is no JSON Patch, or it touches what identifies the resource.

    Source: RFC 6902, 3 and 4; RFC 6901.
    """
    if not isinstance(operations, list):
        msg = "a JSON Patch is an array of operations"
        raise BadRequest(msg, kind="structure")
    listed = cast("list[Any]", operations)
    if not listed or len(listed) > MAX_OPERATIONS:
        msg = f"a JSON Patch has 1 to {MAX_OPERATIONS} operations"
        raise BadRequest(msg, kind="structure")
    return tuple(_operation(each, n) for n, each in enumerate(listed))


def patched(document: Document, operations: Sequence[Operation]) -> Document:
    """
    The document after *operations*, in their order.

    Raises:
        Invalid: an operation does not fit the document, or a test failed; names the operation.
    """
    made: Any = copy.deepcopy(document)
    copied = 0
    for n, operation in enumerate(operations):
        try:
            copied += _refuse_growth(made, operation, copied)
            made = _apply(made, operation)
        except _Misfit as misfit:
            text = f"operation {n} ({operation.op}): {misfit}"
            raise Invalid([Issue("error", "processing", text, document.get("resourceType"))]) from None
    # FHIR knows no empty array and no empty object: what a removal has emptied goes too.
    return cast("Document", _swept(made) if {"remove", "move"} & {o.op for o in operations} else made)


def _operation(given: Any, n: int) -> Operation:
    members = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
    op = members.get("op")
    if not isinstance(op, str) or op not in _MEMBERS:
        msg = f"operation {n} has no op that RFC 6902 knows"
        raise BadRequest(msg, kind="structure")
    missing = sorted(({"path"} | _MEMBERS[op]) - members.keys())
    if missing:
        msg = f"operation {n} ({op}) has no {missing[0]}"
        raise BadRequest(msg, kind="required")
    path = _pointer(members["path"], n)
    source = _pointer(members["from"], n) if "from" in _MEMBERS[op] else ()
    touched = [path] if op != "test" else []
    touched += [source] if op == "move" else []
    if any(_overlaps(place, fixed) for place in touched for fixed in FORBIDDEN):
        msg = f"operation {n} ({op}) touches what the server sets"
        raise BadRequest(msg, kind="business-rule")
    if op == "move" and path[: len(source)] == source and path != source:
        msg = f"operation {n} moves a value into itself"
        raise BadRequest(msg, kind="value")
    return Operation(op, path, source, members.get("value"))


def _pointer(text: Any, n: int) -> Pointer:
    if not isinstance(text, str) or (text and not text.startswith("/")) or re.search(r"~(?![01])", text):
        msg = f"operation {n} has a path that is no JSON Pointer"
        raise BadRequest(msg, kind="value")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])


def _overlaps(place: Pointer, fixed: Pointer) -> bool:
    shorter = min(len(place), len(fixed))
    return place[:shorter] == fixed[:shorter]


def _apply(document: Any, operation: Operation) -> Any:
    match operation.op:
        case "add":
            return _added(document, operation.path, copy.deepcopy(operation.value))
        case "remove":
            _removed(document, operation.path)
        case "replace":
            _get(document, operation.path)
            holder = _get(document, operation.path[:-1])
            if isinstance(holder, list):
                holder[_index(operation.path[-1], len(cast("list[Any]", holder)))] = copy.deepcopy(
                    operation.value
                )
            else:
                holder[operation.path[-1]] = copy.deepcopy(operation.value)
        case "move":
            if operation.source != operation.path:
                return _added(document, operation.path, _removed(document, operation.source))
            _get(document, operation.source)
        case "copy":
            return _added(document, operation.path, copy.deepcopy(_get(document, operation.source)))
        case _:
            if not same(_get(document, operation.path), operation.value):
                msg = "the value is another one"
                raise _Misfit(msg)
    return document


def _refuse_growth(document: Any, operation: Operation, copied: int) -> int:
    """How much a copy adds. Raises: _Misfit, where the document would become too large or too deep by the operation."""
    if operation.op in {"remove", "test"}:
        return 0
    value = operation.value if operation.op in {"add", "replace"} else _get(document, operation.source)
    size, depth = _extent(value)
    if len(operation.path) + depth > MAX_DEPTH:
        msg = f"more than {MAX_DEPTH} objects and arrays inside each other"
        raise _Misfit(msg)
    if operation.op != "copy":
        return 0
    if copied + size > MAX_COPIED:
        msg = f"the copies of one patch make at most {MAX_COPIED} characters"
        raise _Misfit(msg)
    return size


def _extent(value: Any) -> tuple[int, int]:
    """About how many characters a value has, and how many objects and arrays are inside each other in it."""
    if not isinstance(value, dict | list):
        return len(value) + 2 if isinstance(value, str) else 8, 0
    members = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    inner = [_extent(each) for each in members.values() or cast("list[Any]", value)]
    own = sum(len(name) + 2 for name in members) + len(inner) + 2
    return own + sum(size for size, _ in inner), 1 + max((depth for _, depth in inner), default=0)


def _get(document: Any, path: Pointer) -> Any:
    here = document
    for step in path:
        if isinstance(here, dict) and step in here:
            here = cast("dict[str, Any]", here)[step]
        elif isinstance(here, list):
            entries = cast("list[Any]", here)
            here = entries[_index(step, len(entries))]
        else:
            msg = "there is nothing at that path"
            raise _Misfit(msg)
    return here


def _added(document: Any, path: Pointer, value: Any) -> Any:
    holder = _get(document, path[:-1])
    if isinstance(holder, dict):
        cast("dict[str, Any]", holder)[path[-1]] = value
    elif isinstance(holder, list):
        entries = cast("list[Any]", holder)
        entries.insert(len(entries) if path[-1] == "-" else _index(path[-1], len(entries) + 1), value)
    else:
        msg = "there is nothing that could hold it"
        raise _Misfit(msg)
    return document


def _removed(document: Any, path: Pointer) -> Any:
    value = _get(document, path)
    holder = _get(document, path[:-1])
    if isinstance(holder, list):
        entries = cast("list[Any]", holder)
        del entries[_index(path[-1], len(entries))]
    else:
        del holder[path[-1]]
    return value


def _swept(value: Any) -> Any:
    if isinstance(value, dict):
        members = {name: _swept(each) for name, each in cast("dict[str, Any]", value).items()}
        return {name: each for name, each in members.items() if each not in ({}, [])}
    if isinstance(value, list):
        return [each for each in map(_swept, cast("list[Any]", value)) if each not in ({}, [])]
    return value


def _index(step: str, length: int) -> int:
    if not _INDEX.fullmatch(step) or int(step) >= length:
        msg = "there is no such entry in the array"
        raise _Misfit(msg)
    return int(step)


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: numbers by value; true is not 1. Source: RFC 6902, 4.6."""
    if isinstance(one, dict) and isinstance(other, dict):
        left, right = cast("dict[str, Any]", one), cast("dict[str, Any]", other)
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    if isinstance(one, list) and isinstance(other, list):
        mine, theirs = cast("list[Any]", one), cast("list[Any]", other)
        return len(mine) == len(theirs) and all(map(same, mine, theirs))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return type(one) is type(other) and one == other if isinstance(one, str | None) else bool(one == other)
