"""The lens from canonical to native: compare first, write only what differs, and never touch what no row names."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from tyokyky_bridge.adapterkit.codec import CodecRefusal
from tyokyky_bridge.mapping.codes import Unmatched
from tyokyky_bridge.mapping.compiled import CodeSet, Group, Row, Scope, Section, Value
from tyokyky_bridge.mapping.native_path import Box, NotAnObject
from tyokyky_bridge.mapping.reading import (
    Readings,
    absent,
    element_id,
    elements_of,
    member_of,
    read_scope,
    same,
)

UNREADABLE = "the standing value cannot be read: left as it is"
READ_ONLY = "this system is only read here"
NO_CODE = "no code for it in table {table}"
UNDECLARED = "would come back changed and no loss is declared"

Lists = dict[str, dict[str, dict[str, Any]]]
"""Leaves grouped by list and element: ``{"goals": {"g-7": {"text_client": …}}}``."""


@dataclass(frozen=True)
class Fault:
    """One thing that makes a write impossible: row, plan path and rule, never the value."""

    row: str
    path: str
    rule: str


class LensRefusal(Exception):
    """The view cannot be written as it is: over-long text, a letter or code that the partner has no place for.

    Nothing was written. *faults* holds every reason; *row*, *path* and *rule* are the first one's.
    """

    code = "mapping/refused"

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        self.row, self.path, self.rule = faults[0].row, faults[0].path, faults[0].rule
        super().__init__("; ".join(f"{fault.row} {fault.path}: {fault.rule}" for fault in faults))


@dataclass(slots=True)
class Writing:
    """One run of the lens: what was asked and what came of it."""

    overwrite: Collection[str] = ()
    carried: set[str] = field(default_factory=set[str])
    expected: dict[str, Any] = field(default_factory=dict[str, Any])
    losses: dict[str, str] = field(default_factory=dict[str, str])
    not_carried: dict[str, str] = field(default_factory=dict[str, str])
    faults: list[Fault] = field(default_factory=list[Fault])

    def settle(self, row: str, path: str, value: Any, back: Any, loss: str | None) -> bool:
        """Book one leaf as carried, with its loss; an undeclared loss is a fault."""
        if not same(back, value):
            if loss is None:
                self.faults.append(Fault(row, path, UNDECLARED))
                return False
            self.losses[path] = loss
        self.carried.add(path)
        if back is not None:
            self.expected[path] = back
        return True

    def fault(self, row: str, path: str, rule: str) -> None:
        """Book a reason for which nothing can be written."""
        self.faults.append(Fault(row, path, rule))


def grouped(leaves: Mapping[str, Any]) -> Lists:
    """Group the leaves that stand in lists by list and element id; nested lists stay inside as paths."""
    out: Lists = {}
    for path, value in leaves.items():
        head, bracket, tail = path.partition("[")
        if bracket:
            known, _, rest = tail.partition("]")
            out.setdefault(head, {}).setdefault(known, {})[rest[1:] if rest[:1] == "." else rest] = value
    return out


def write_scope(
    scope: Scope, box: Box, prefix: str, wanted: Mapping[str, Any], clear: Mapping[str, Any], run: Writing
) -> None:
    """Put the leaves of one object into *box*, which is ours to change."""
    for group in scope.groups:
        _write_group(group, box, prefix, wanted, clear, run)
    if not scope.nested and not scope.blocks:
        return
    lists, clear_lists = grouped(wanted), grouped(clear) if clear else {}
    for code_set in scope.sets:
        _write_set(code_set, box, prefix, lists, clear_lists, run)
    for section in scope.sections:
        _write_section(section, box, prefix, lists, clear_lists, run)
    for block in scope.blocks:
        block.write(box, prefix, wanted, clear, run)


def _write_group(
    group: Group, box: Box, prefix: str, wanted: Mapping[str, Any], clear: Mapping[str, Any], run: Writing
) -> None:
    holder = group.path.find(box)
    expected, carried = run.expected, run.carried
    for row in group.rows:
        if row.plan not in wanted:
            if clear and row.plan in clear and holder is not None:
                _clear_row(row, holder, prefix + row.plan, run)
            continue
        path, value = prefix + row.plan, wanted[row.plan]
        if not row.write:
            run.not_carried[path] = READ_ONLY
            continue
        try:
            target = row.encode(value)
            back = value if row.trusted else row.decode(target)
        except Unmatched as none:
            run.not_carried[path] = NO_CODE.format(table=none)
            continue
        except CodecRefusal as refusal:
            run.fault(row.id, path, refusal.rule)
            continue
        raw = None if holder is None else holder.get(row.member)
        if raw.__class__ is not target.__class__ or raw != target:
            try:
                differs = absent(raw, row.empty) or not same(row.decode(raw), back)
            except CodecRefusal:
                if path not in run.overwrite:
                    run.not_carried[path] = UNREADABLE
                    continue
                differs = True
            if differs:
                if holder is None:
                    try:
                        holder = group.path.make(box)
                    except NotAnObject:
                        run.not_carried[path] = UNREADABLE
                        continue
                holder[row.member] = target
        if row.trusted:
            carried.add(path)
            expected[path] = value
        else:
            run.settle(row.id, path, value, back, row.loss)


def _clear_row(row: Row, holder: Box, path: str, run: Writing) -> None:
    """Empty one native field, unless a person has written something there that we cannot read."""
    raw = holder.get(row.member)
    if not row.write or absent(raw, row.empty):
        return
    try:
        row.decode(raw)
    except CodecRefusal:
        if path not in run.overwrite:
            run.not_carried[path] = UNREADABLE
            return
    if row.empty is None:
        del holder[row.member]
    else:
        holder[row.member] = row.empty


def projected(value: Any, rule: Value, row: str, path: str, run: Writing) -> tuple[Any, Any] | None:
    """Encode a value and read it back; ``None`` when it cannot be carried (the reason is booked)."""
    try:
        target = rule.encode(value)
        return target, value if rule.trusted else rule.decode(target)
    except Unmatched as none:
        run.not_carried[path] = NO_CODE.format(table=none)
    except CodecRefusal as refusal:
        run.fault(row, path, refusal.rule)
    return None


def _native_list(code_path: Any, box: Box) -> list[Any] | None:
    """The native list to write into, created when missing; ``None`` when something else stands there."""
    try:
        holder = code_path.make(box)
    except NotAnObject:
        return None
    if holder.get(code_path.leaf) is None:
        holder[code_path.leaf] = []
    found = holder[code_path.leaf]
    return cast("list[Any]", found) if isinstance(found, list) else None


def _write_set(
    code_set: CodeSet, box: Box, prefix: str, lists: Lists, clear_lists: Lists, run: Writing
) -> None:
    row = code_set.row
    wanted, clear = lists.get(row.plan, {}), clear_lists.get(row.plan, {})
    if not wanted and not clear:
        return
    holder = code_set.path.find(box)
    found = None if holder is None else holder.get(code_set.path.leaf)
    standing: dict[Any, Any] = {}
    for element in cast("list[Any]", found) if isinstance(found, list) else []:
        try:
            standing.setdefault(code_set.value.decode(member_of(code_set, element)), element)
        except CodecRefusal:
            continue
    needed: set[Any] = set()
    for known, inner in wanted.items():
        path, value = f"{prefix}{row.plan}[{known}]", inner.get("", known)
        if row.way == "read":
            run.not_carried[path] = READ_ONLY
            continue
        pair = projected(value, code_set.value, row.id, path, run)
        if pair is None:
            continue
        target, back = pair
        needed.add(back)
        if back is None or back not in standing:
            into = _native_list(code_set.path, box)
            if into is None:
                run.not_carried[path] = UNREADABLE
                continue
            if back is not None or not any(member_of(code_set, element) == target for element in into):
                into.append(target if row.member is None else {row.member: target, **row.create})
            standing[back] = target
        if run.settle(row.id, path, value, back, code_set.value.loss):
            run.expected.pop(path, None)
            if back is not None:
                run.expected[f"{prefix}{row.plan}[{back}]"] = back
    if clear and isinstance(found, list) and row.way != "read":
        gone = {known for known in clear if known not in wanted and known not in needed}
        elements = cast("list[Any]", found)
        elements[:] = [element for element in elements if not _reads_as(code_set, element, gone)]


def _reads_as(code_set: CodeSet, element: Any, codes: set[str]) -> bool:
    try:
        return code_set.value.decode(member_of(code_set, element)) in codes
    except CodecRefusal:
        return False


def _index(section: Section, box: Box) -> dict[str, Box | None]:
    """Native elements by plan id; ``None`` for a key that two elements share or that is not this family's."""
    index: dict[str, Box | None] = {}
    for element in elements_of(section, box):
        try:
            known = element_id(section, element)
        except CodecRefusal:
            continue
        ours = any(other.owns(cast("Box", element)) for other in section.family)
        index[cast("str", known)] = cast("Box", element) if ours and known not in index else None
    return index


def _write_section(
    section: Section, box: Box, prefix: str, lists: Lists, clear_lists: Lists, run: Writing
) -> None:
    rows = section.rows
    wanted = {known: leaves for known, leaves in lists.get(rows.plan, {}).items() if section.takes(leaves)}
    clear = clear_lists.get(rows.plan, {})
    if not wanted and not clear:
        return
    index = _index(section, box)
    for known, leaves in wanted.items():
        inner = f"{prefix}{rows.plan}[{known}]."
        element = index.get(known)
        reason = (
            None if element is not None else "another native element has this key" if known in index else ""
        )
        reason = reason or _lacking(section, leaves, creating=element is None)
        if reason:
            run.not_carried.update((inner + rest, reason) for rest in leaves)
            continue
        if element is not None:
            if not section.owns(element):
                element.update(section.constants)
            write_scope(section.scope, element, inner, leaves, clear.get(known, {}), run)
        else:
            _create(section, box, known, inner, leaves, run)
        for name, value in section.implied.items():
            run.carried.add(inner + name)
            run.expected[inner + name] = value
    for known in clear.keys() - wanted.keys():
        element = index.get(known)
        if element is not None and section.owns(element):
            _clear_element(section, box, element, f"{prefix}{rows.plan}[{known}].", clear[known], run)


def _lacking(section: Section, leaves: Mapping[str, Any], *, creating: bool) -> str | None:
    """Why an element cannot be carried as a whole: a leaf it cannot be without is missing or has no code."""
    for row in section.required:
        if row.plan not in leaves:
            if creating and row.required:
                return f"needs {row.plan}"
            continue
        try:
            row.encode(leaves[row.plan])
        except Unmatched as none:
            return f"{row.plan}: {NO_CODE.format(table=none)}"
        except CodecRefusal:
            continue
    return None


def _create(
    section: Section, box: Box, known: str, inner: str, leaves: Mapping[str, Any], run: Writing
) -> None:
    into = _native_list(section.path, box)
    if into is None:
        run.not_carried.update((inner + rest, UNREADABLE) for rest in leaves)
        return
    element: Box = {section.rows.key.native: section.key.encode(known), **section.constants}
    before = len(run.carried)
    write_scope(section.scope, element, inner, leaves, {}, run)
    if len(run.carried) > before:
        into.append(element)


def _clear_element(
    section: Section, box: Box, element: Box, inner: str, clear: Mapping[str, Any], run: Writing
) -> None:
    """Remove an element whose every carried leaf is cleared; else empty only the leaves that are listed."""
    out = Readings()
    read_scope(section.scope, element, "", out)
    if not out.notes and all(rest in clear for rest in out.leaves):
        elements = elements_of(section, box)
        elements[:] = [other for other in elements if other is not element]
    else:
        write_scope(section.scope, element, inner, {}, clear, run)
