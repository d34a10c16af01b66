"""The lens from canonical to native: compare first, write only what differs, and never touch what no row
names."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

from tyokyky_bridge.adapterkit.codec import CodecRefusal
from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.mapping.codes import Unmatched
from tyokyky_bridge.mapping.compiled import CodeSet, Group, Row, Scope, Section, Value, over
from tyokyky_bridge.mapping.native_path import Box, NativePath, NotAnObject
from tyokyky_bridge.mapping.reading import (
    Readings,
    absent,
    codes_of,
    element_id,
    elements_of,
    member_of,
    read_scope,
    same,
)

UNREADABLE = "the standing value cannot be read: left as it is"
TAKEN_KEY = "another native element has this key"
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


class LensRefusal(BridgeError):
    """The view cannot be written as it is: over-long text, a letter or code that the partner has no place
    for.

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


@dataclass(slots=True)
class Site:
    """Where the lens is writing: an object that is ours to change, and what is asked for it, relative to
    *prefix*."""

    box: Box
    prefix: str
    wanted: Mapping[str, Any]
    clear: Mapping[str, Any]
    run: Writing


@dataclass(slots=True)
class ListSite:
    """The same for the lists of an object: leaves grouped by list and element."""

    box: Box
    prefix: str
    wanted: "Lists"
    clear: "Lists"
    run: Writing


def grouped(leaves: Mapping[str, Any]) -> Lists:
    """Group the leaves that stand in lists by list and element id; nested lists stay inside as paths."""
    out: Lists = {}
    for path, value in leaves.items():
        if "[" not in path:
            continue
        head, known, rest = _first_step(path)
        elements = out.get(head)
        if elements is None:
            elements = out[head] = {}
        element = elements.get(known)
        if element is None:
            element = elements[known] = {}
        element[rest] = value
    return out


@lru_cache(maxsize=65536)
def _first_step(path: str) -> tuple[str, str, str]:
    """The list, the element id and the rest of a path."""
    head, _, tail = path.partition("[")
    known, _, rest = tail.partition("]")
    return head, known, rest.removeprefix(".")


def write_scope(scope: Scope, site: Site) -> None:
    """Put the leaves of one object."""
    for group in scope.groups:
        _write_group(group, site)
    if not scope.nested and not scope.blocks:
        return
    if scope.nested:
        lists = ListSite(
            site.box, site.prefix, grouped(site.wanted), grouped(site.clear) if site.clear else {}, site.run
        )
        for code_set in scope.sets:
            _write_set(code_set, lists)
        for section in scope.sections:
            _write_section(section, lists)
    for block in scope.blocks:
        block.write(site)


def _write_group(group: Group, site: Site) -> None:
    wanted, clear, prefix, run = site.wanted, site.clear, site.prefix, site.run
    holder = group.path.find(site.box)
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
        except (Unmatched, CodecRefusal) as refusal:
            _refused(refusal, row.id, path, run)
            continue
        raw = None if holder is None else holder.get(row.member)
        if raw.__class__ is not target.__class__ or raw != target:
            differs = _differs(row, raw, back)
            if differs is None and path not in run.overwrite:
                run.not_carried[path] = UNREADABLE
                continue
            if differs is not False:
                broken = None if row.limits is None else over(target, row.limits)
                if broken is not None:
                    run.fault(row.id, path, broken)
                    continue
                if holder is None:
                    holder = _made(group, site, path)
                    if holder is None:
                        continue
                holder[row.member] = target
        if row.trusted:
            run.carried.add(path)
            run.expected[path] = value
        else:
            run.settle(row.id, path, value, back, row.loss)


def _differs(row: Row, raw: Any, back: Any) -> bool | None:
    """Say whether the standing value reads otherwise than *back*; ``None`` when it cannot be read."""
    if absent(raw, row.empty):
        return True
    try:
        return not same(row.decode(raw), back)
    except CodecRefusal:
        return None


def _made(group: Group, site: Site, path: str) -> Box | None:
    try:
        return group.path.make(site.box)
    except NotAnObject:
        site.run.not_carried[path] = UNREADABLE
        return None


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
    except (Unmatched, CodecRefusal) as refusal:
        _refused(refusal, row, path, run)
    return None


def _refused(refusal: Unmatched | CodecRefusal, row: str, path: str, run: Writing) -> None:
    """A code that the table calls unmatched is not carried; anything else makes the write impossible."""
    if isinstance(refusal, Unmatched):
        run.not_carried[path] = NO_CODE.format(table=refusal)
    else:
        run.fault(row, path, refusal.rule)


def _native_list(path: NativePath, box: Box) -> list[Any] | None:
    """The native list to write into, created when missing; ``None`` when something else stands there."""
    try:
        holder = path.make(box)
    except NotAnObject:
        return None
    if holder.get(path.leaf) is None:
        holder[path.leaf] = []
    found = holder[path.leaf]
    return cast("list[Any]", found) if isinstance(found, list) else None


def _write_set(code_set: CodeSet, site: ListSite) -> None:
    row, run = code_set.row, site.run
    wanted, clear = site.wanted.get(row.plan, {}), site.clear.get(row.plan, {})
    if not wanted and not clear:
        return
    if row.way == "read":
        run.not_carried.update((f"{site.prefix}{row.plan}[{known}]", READ_ONLY) for known in wanted)
        return
    standing = {_read_member(code_set, element) for element in codes_of(code_set, site.box)}
    needed: set[Any] = set()
    for known, inner in wanted.items():
        path, value = f"{site.prefix}{row.plan}[{known}]", inner.get("", known)
        pair = projected(value, code_set.value, row.id, path, run)
        if pair is None:
            continue
        target, back = pair
        needed.add(back)
        if back is None or back not in standing:
            into = _native_list(code_set.path, site.box)
            if into is None:
                run.not_carried[path] = UNREADABLE
                continue
            if back is not None or not any(member_of(code_set, element) == target for element in into):
                into.append(target if row.member is None else {row.member: target, **row.create})
            standing.add(back)
        if run.settle(row.id, path, value, back, code_set.value.loss) and back is not None:
            run.expected.pop(path, None)
            run.expected[f"{site.prefix}{row.plan}[{back}]"] = back
    gone = clear.keys() - wanted.keys() - needed
    if gone:
        elements = codes_of(code_set, site.box)
        elements[:] = [element for element in elements if _read_member(code_set, element) not in gone]


def _read_member(code_set: CodeSet, element: Any) -> Any:
    try:
        return code_set.value.decode(member_of(code_set, element))
    except CodecRefusal:
        return None


def _index(section: Section, box: Box) -> dict[str, Box | None]:
    """Native elements by plan id; ``None`` for a key that two elements share or that is not this family's."""
    index: dict[str, Box | None] = {}
    for element in elements_of(section, box):
        try:
            known = element_id(section, element)
        except CodecRefusal:
            continue
        ours = any(other.owns(element) for other in section.family)
        index[known] = element if ours and known not in index else None
    return index


def _write_section(section: Section, site: ListSite) -> None:
    rows, run = section.rows, site.run
    asked = site.wanted.get(rows.plan, {})
    wanted = {known: leaves for known, leaves in asked.items() if section.takes(leaves)} if rows.only else asked
    clear = site.clear.get(rows.plan, {})
    if not asked and not clear:
        return
    index = _index(section, site.box)
    for known, leaves in asked.items() if rows.only else ():
        element = index.get(known)
        if element is not None and section.owns(element) and section.has_lost(leaves):
            _take_out(section, element, site.box)
    for known, leaves in wanted.items():
        inner = f"{site.prefix}{rows.plan}[{known}]."
        element = index.get(known)
        reason = TAKEN_KEY if element is None and known in index else None
        if element is not None and _goes(section, clear.get(known, {}), leaves):
            _take_out(section, element, site.box)
            element, reason = None, "a leaf that it cannot be without is cleared"
        reason = reason or _lacking(section, leaves, creating=element is None)
        if reason:
            run.not_carried.update((inner + rest, reason) for rest in leaves)
            continue
        before = len(run.carried)
        if element is None:
            _create(section, Site(site.box, inner, leaves, {}, run), known)
        else:
            if not section.owns(element):
                element.update(section.constants)
            write_scope(section.scope, Site(element, inner, leaves, clear.get(known, {}), run))
        if len(run.carried) > before:
            for name, value in section.implied.items():
                run.carried.add(inner + name)
                run.expected[inner + name] = value
    for known in clear.keys() - wanted.keys():
        element = index.get(known)
        if element is not None and section.owns(element):
            _clear_element(
                section, element, Site(site.box, f"{site.prefix}{rows.plan}[{known}].", {}, clear[known], run)
            )


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


def _create(section: Section, site: Site, known: str) -> None:
    """Make a native element, unless none of its leaves can be carried."""
    into = _native_list(section.path, site.box)
    if into is None:
        site.run.not_carried.update((site.prefix + rest, UNREADABLE) for rest in site.wanted)
        return
    element: Box = {section.rows.key.native: section.key.encode(known), **section.constants}
    before = len(site.run.carried)
    write_scope(section.scope, Site(element, site.prefix, site.wanted, {}, site.run))
    if len(site.run.carried) > before:
        into.append(element)


def _clear_element(section: Section, element: Box, site: Site) -> None:
    """Remove an element whose every carried leaf is cleared, or one that it cannot be without; else empty only
    the leaves that are listed."""
    out = Readings()
    read_scope(section.scope, element, "", out)
    everything = not out.notes and all(rest in site.clear for rest in out.leaves)
    if everything or _goes(section, site.clear, {}):
        _take_out(section, element, site.box)
    else:
        write_scope(section.scope, Site(element, site.prefix, {}, site.clear, site.run))


def _goes(section: Section, clear: Mapping[str, Any], leaves: Mapping[str, Any]) -> bool:
    """Say whether a leaf without which the element could not have been written is to go."""
    return any(row.plan in clear and row.plan not in leaves for row in section.required)


def _take_out(section: Section, element: Box, box: Box) -> None:
    elements = elements_of(section, box)
    elements[:] = [other for other in elements if other is not element]
