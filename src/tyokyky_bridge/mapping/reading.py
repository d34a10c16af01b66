"""The lens from native to canonical: what a partner's record says, in plan leaves, and what could not be
read."""

from dataclasses import dataclass, field
from typing import Any, cast

from tyokyky_bridge.adapterkit.codec import CodecRefusal
from tyokyky_bridge.domain.items import pattern_of
from tyokyky_bridge.mapping.acceptance import is_element_id
from tyokyky_bridge.mapping.compiled import CodeSet, Scope, Section
from tyokyky_bridge.mapping.native_path import Box


@dataclass(frozen=True)
class Note:
    """Something in a partner's record that a row should read and cannot: kept as it stands, shown, never
    guessed.

    *raw* is the partner's own value and may be personal data: it is left out of the repr and has no place in
    a log.
    """

    row: str
    native_path: str
    rule: str
    raw: Any = field(default=None, repr=False)
    path: str | None = None
    """The plan path it would be, where that much is known."""
    patterns: frozenset[str] = frozenset()
    """Else the patterns of what may stand in it: an item of theirs that is missing is not known to be gone."""

    def may_hold(self, path: str) -> bool:
        """Whether what could not be read may be this item."""
        return path == self.path or pattern_of(path) in self.patterns


class Readings:
    """Leaves and notes while they are collected."""

    __slots__ = ("leaves", "notes")

    def __init__(self) -> None:
        self.leaves: dict[str, Any] = {}
        self.notes: list[Note] = []

    def put(self, path: str, value: Any, row: str, native: str) -> None:
        """Take one leaf; the first reading of a path stands and a different second one is noted."""
        standing = self.leaves.setdefault(path, value)
        if standing != value:
            self.notes.append(Note(row, native, "read twice with different values", value, path))


def same(one: Any, other: Any) -> bool:
    """Compare two canonical values; ``True`` is not ``1``."""
    return one == other and (one.__class__ is bool) == (other.__class__ is bool)


def absent(raw: Any, empty: Any) -> bool:
    """Say whether a native value means nothing."""
    return raw is None or raw == "" or (raw == empty and raw.__class__ is empty.__class__)


def read_scope(scope: Scope, box: Box, prefix: str, out: Readings) -> None:
    """Read every row of *scope* from *box*; plan paths begin with *prefix*."""
    leaves = out.leaves
    for group in scope.groups:
        holder = group.path.find(box) if group.path.steps else box
        if holder is None:
            continue
        for member, plan, decode, empty, row in group.reads:
            raw = holder.get(member)
            if raw is None or raw == "" or (empty is not None and absent(raw, empty)):
                continue
            path = prefix + plan
            try:
                value = decode(raw)
            except CodecRefusal as refusal:
                out.notes.append(Note(row.id, row.native, refusal.rule, raw, path))
                continue
            if value is None:
                continue
            if path in leaves:
                out.put(path, value, row.id, row.native)
            else:
                leaves[path] = value
    for code_set in scope.sets:
        read_set(code_set, box, prefix, out)
    for section in scope.sections:
        read_section(section, box, prefix, out)
    for block in scope.blocks:
        block.read(box, prefix, out)


def elements_of(section: Section, box: Box) -> list[Any]:
    """The native list of a section; empty when there is none (or something else)."""
    holder = section.path.find(box)
    found = None if holder is None else holder.get(section.path.leaf)
    return cast("list[Any]", found) if isinstance(found, list) else []


def codes_of(code_set: CodeSet, box: Box) -> list[Any]:
    """The native list of a set; empty when there is none (or something else)."""
    holder = code_set.path.find(box)
    found = None if holder is None else holder.get(code_set.path.leaf)
    return cast("list[Any]", found) if isinstance(found, list) else []


def element_id(section: Section, element: Any) -> str:
    """The plan id of a native element.

    Raises: CodecRefusal when its key is missing or is no id.
    """
    raw = cast("Box", element).get(section.key_member) if isinstance(element, dict) else None
    if raw is None or raw == "":
        msg = "element without a key"
        raise CodecRefusal(msg)
    known = section.key.decode(raw)
    if not is_element_id(known):
        msg = "key is not an element id"
        raise CodecRefusal(msg)
    return cast("str", known)


def read_section(section: Section, box: Box, prefix: str, out: Readings) -> None:
    """Read the elements that belong to one section, matched by key."""
    seen: set[str] = set()
    rows = section.rows
    for element in elements_of(section, box):
        if isinstance(element, dict) and not section.owns(cast("Box", element)):
            continue
        try:
            known = element_id(section, element)
        except CodecRefusal as refusal:
            out.notes.append(Note(rows.id, rows.native, refusal.rule, element))
            continue
        if known in seen:
            out.notes.append(Note(rows.id, rows.native, "two elements with one key", element))
            continue
        seen.add(known)
        inner = f"{prefix}{rows.plan}[{known}]."
        before = len(out.leaves)
        read_scope(section.scope, cast("Box", element), inner, out)
        if len(out.leaves) > before:
            for name, value in section.implied.items():
                out.put(inner + name, value, rows.id, rows.native)


def read_set(code_set: CodeSet, box: Box, prefix: str, out: Readings) -> None:
    """Read a native list of codes."""
    row = code_set.row
    if row.way == "write":
        return
    for element in codes_of(code_set, box):
        raw = member_of(code_set, element)
        if raw is None or raw == "":
            continue
        try:
            value = code_set.value.decode(raw)
        except CodecRefusal as refusal:
            out.notes.append(Note(row.id, row.native, refusal.rule, raw))
            continue
        out.put(f"{prefix}{row.plan}[{value}]", value, row.id, row.native)


def member_of(code_set: CodeSet, element: Any) -> Any:
    """The code in one element of a native code list."""
    if code_set.row.member is None:
        return element
    return cast("Box", element).get(code_set.row.member) if isinstance(element, dict) else None
