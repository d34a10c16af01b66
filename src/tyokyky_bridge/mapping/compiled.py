"""Mapping rows compiled once at start: paths split, codecs and code tables bound, rows grouped by native
object."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tyokyky_bridge.adapterkit.codec import Codec
from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.mapping.acceptance import accepting
from tyokyky_bridge.mapping.binding import Value, bind
from tyokyky_bridge.mapping.codecs import EMPTY_DEFAULTS
from tyokyky_bridge.mapping.codes import CodeMap
from tyokyky_bridge.mapping.native_path import NativePath
from tyokyky_bridge.mapping.spec import Block, FieldRow, ListRows, SetRow, Spec, ValueRule

_BRACKETS = re.compile(r"\[([^\]]*)\]")


class MappingBroken(BridgeError):
    """A mapping file that cannot be used: the start stops with *file*, *row* and *reason*."""

    code = "mapping/broken"

    def __init__(self, file: str, row: str, reason: str) -> None:
        self.file = file
        self.row = row
        self.reason = reason
        super().__init__(f"{file}, row {row}: {reason}")


@lru_cache(maxsize=65536)
def split_path(path: str) -> tuple[str, tuple[str, ...]]:
    """Split a path into its pattern and its element ids, outermost first."""
    return _BRACKETS.sub("[]", path), tuple(_BRACKETS.findall(path))


@dataclass(slots=True)
class Row:
    """A compiled field row; *member* is the native name inside its object."""

    id: str
    plan: str
    native: str
    member: str
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]
    trusted: bool
    loss: str | None
    empty: Any
    read: bool
    write: bool
    required: bool
    limits: FieldRow | None


Read = tuple[str, str, Callable[[Any], Any], Any, Row]
"""What reading needs of a row: native member, plan path, decoder, the empty value, and the row for notes."""


Write = tuple[str, str, bool, Callable[[Any], Any], bool, Row]
"""What writing needs of a row: plan path, native member, whether it is plain text, encoder, trusted, and the row."""


@dataclass(slots=True)
class Group:
    """Field rows whose leaves stand in the same native object; *reads* and *writes* are laid out for speed."""

    path: NativePath
    rows: list[Row]
    reads: list[Read] = field(default_factory=list["Read"])
    writes: list[Write] = field(default_factory=list["Write"])
    read_only: list[Row] = field(default_factory=list["Row"])


@dataclass(slots=True)
class CodeSet:
    """A compiled set row."""

    row: SetRow
    path: NativePath
    value: Value


@dataclass(slots=True)
class Section:
    """A compiled list section; *implied* leaves follow from ``only``, *constants* from ``native_only``."""

    rows: ListRows
    path: NativePath
    key: Value
    scope: "Scope"
    implied: dict[str, Any]
    constants: dict[str, Any]
    required: list[Row]
    native_only: list[tuple[str, list[Any]]]
    key_member: str
    family: list["Section"] = field(default_factory=list["Section"])
    shared: bool = False
    """Whether the native list may hold elements of other sections, or of nobody's."""

    def owns(self, element: Mapping[str, Any]) -> bool:
        """Say whether a native element belongs to this section."""
        for name, allowed in self.native_only:  # noqa: SIM110 - a loop is twice as fast as all()
            if element.get(name) not in allowed:
                return False
        return True

    def takes(self, leaves: Mapping[str, Any]) -> bool:
        """Say whether a plan element belongs to this section; one whose deciding leaf is withheld does not."""
        return all(leaves.get(name) in allowed for name, allowed in self.rows.only.items())

    def has_lost(self, leaves: Mapping[str, Any]) -> bool:
        """Say whether a plan element is of another kind now, and no section of the same native list takes it."""
        return contradicts(self.rows.only, leaves, "") and not any(one.takes(leaves) for one in self.family)


def contradicts(only: Mapping[str, list[Any]], leaves: Mapping[str, Any], at: str) -> bool:
    """Say whether a deciding leaf is there and says something else; one that is withheld says nothing."""
    return any(at + name in leaves and leaves[at + name] not in allowed for name, allowed in only.items())


@dataclass(slots=True)
class Scope:
    """The rows that apply to one object: the record, or one list element."""

    groups: list[Group]
    sets: list[CodeSet]
    sections: list[Section]
    blocks: list[Any]  # textblock.TextBlock; typed there, to keep this module below it
    nested: bool = False
    """Whether any row needs the leaves grouped by list."""


class Compiler:
    """Compiles a spec; every mistake becomes a `MappingBroken` with file, row and reason."""

    def __init__(
        self,
        file: str,
        codecs: Mapping[str, Codec],
        maps: Mapping[str, CodeMap],
        block: "Callable[[Compiler, Block, str], Any]",
    ) -> None:
        self.file = file
        self.codecs = codecs
        self.maps = maps
        self.block = block

    def broken(self, row: str, reason: str) -> MappingBroken:
        """Name the row at fault."""
        return MappingBroken(self.file, row, reason)

    def value(self, row: str, rule: ValueRule, pattern: str, *, in_text: bool = False) -> Value:
        """Bind one rule to its codec, its code table and what the plan takes for *pattern*."""
        try:
            value = bind(rule, self.codecs, self.maps, in_text=in_text)
        except ValueError as wrong:
            raise self.broken(row, str(wrong)) from wrong
        value.decode = accepting(value.decode, pattern, tabled=rule.codes is not None)
        return value

    def path(self, row: str, text: str) -> NativePath:
        """Compile one native path."""
        try:
            return NativePath.of(text)
        except ValueError as wrong:
            raise self.broken(row, str(wrong)) from wrong

    def scope(self, rows: Spec | ListRows, prefix: str = "") -> Scope:
        """Compile the rows of the record or of a list element, whose patterns begin with *prefix*."""
        sections = [self._section(one, prefix) for one in rows.lists]
        for section in sections:
            section.family = [
                other
                for other in sections
                if (other.rows.plan, other.rows.native) == (section.rows.plan, section.rows.native)
            ]
            section.shared = all(one.native_only for one in section.family)
        sets = [
            CodeSet(one, self.path(one.id, one.native), self.value(one.id, one, f"{prefix}{one.plan}[]"))
            for one in rows.sets
        ]
        blocks = [self.block(self, one, prefix) for one in rows.blocks]
        nested = bool(sets or sections)
        return Scope(self._groups(rows.fields, prefix), sets, sections, blocks, nested)

    def _groups(self, rows: Iterable[FieldRow], prefix: str) -> list[Group]:
        groups: dict[tuple[Any, ...], Group] = {}
        for row in rows:
            path = self.path(row.id, row.native)
            group = groups.setdefault(path.steps, Group(path, []))
            compiled = self._row(row, path, prefix)
            group.rows.append(compiled)
            plain = compiled.encode is self.codecs["text"].encode
            if compiled.write:
                encode, trusted = compiled.encode, compiled.trusted
                group.writes.append((row.plan, path.leaf, plain, encode, trusted, compiled))
            else:
                group.read_only.append(compiled)
            if compiled.read:
                group.reads.append((path.leaf, row.plan, compiled.decode, compiled.empty, compiled))
        return list(groups.values())

    def _row(self, row: FieldRow, path: NativePath, prefix: str) -> Row:
        value = self.value(row.id, row, prefix + row.plan)
        return Row(
            id=row.id,
            plan=row.plan,
            native=row.native,
            member=path.leaf,
            encode=value.encode,
            decode=value.decode,
            trusted=value.trusted,
            loss=value.loss,
            empty=EMPTY_DEFAULTS.get(row.codec) if row.empty is None else row.empty,
            read=row.way != "write",
            write=row.way != "read",
            required=row.required,
            limits=row if row.max is not None or row.max_bytes is not None else None,
        )

    def _section(self, rows: ListRows, prefix: str) -> Section:
        scope = self.scope(rows, f"{prefix}{rows.plan}[].")
        by_leaf = {row.plan: row for group in scope.groups for row in group.rows}
        by_member = {row.member for group in scope.groups for row in group.rows if not group.path.steps}
        open_choice = [
            name for name, allowed in rows.only.items() if name not in by_leaf and len(allowed) != 1
        ]
        if open_choice:
            raise self.broken(
                rows.id,
                f"only {open_choice[0]} allows several values and no field carries it: which one is read?",
            )
        unclear = [
            name
            for name, allowed in rows.native_only.items()
            if name not in by_member and name not in rows.create and len(allowed) != 1
        ]
        if unclear:
            raise self.broken(
                rows.id, f"native_only {unclear[0]} allows several values: say in create which to write"
            )
        return Section(
            rows=rows,
            path=self.path(rows.id, rows.native),
            key=self.value(rows.id, ValueRule(codec=rows.key.codec), ""),
            scope=scope,
            implied={name: allowed[0] for name, allowed in rows.only.items() if name not in by_leaf},
            constants={
                **{name: allowed[0] for name, allowed in rows.native_only.items() if name not in by_member},
                **rows.create,
            },
            native_only=list(rows.native_only.items()),
            key_member=rows.key.native,
            required=[row for name, row in by_leaf.items() if row.required or name in rows.only],
        )
