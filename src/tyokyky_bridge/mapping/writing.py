"""The lens from canonical to native: compare first, write only what differs, and never touch what no row
names."""

from collections.abc import Mapping
from typing import Any

from tyokyky_bridge.adapterkit.codec import CodecRefusal
from tyokyky_bridge.mapping.binding import over
from tyokyky_bridge.mapping.booking import (
    NO_CODE,
    READ_ONLY,
    TAKEN_KEY,
    UNREADABLE,
    ListSite,
    Site,
    Writing,
    grouped,
    refused,
)
from tyokyky_bridge.mapping.codes import Unmatched
from tyokyky_bridge.mapping.codeset import native_list, write_set
from tyokyky_bridge.mapping.compiled import Group, Row, Scope, Section
from tyokyky_bridge.mapping.native_path import Box, NotAnObject
from tyokyky_bridge.mapping.reading import Readings, absent, element_id, elements_of, read_scope, same


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
            write_set(code_set, lists)
        for section in scope.sections:
            _write_section(section, lists)
    for block in scope.blocks:
        block.write(site)


def _write_group(group: Group, site: Site) -> None:
    wanted, clear, prefix, run = site.wanted, site.clear, site.prefix, site.run
    carried, expected = run.carried, run.expected
    holder = group.path.find(site.box) if group.path.steps else site.box
    for plan, member, plain, encode, trusted, row in group.writes:
        value = wanted.get(plan)
        if value is None:
            if clear and plan in clear and holder is not None:
                _clear_row(row, holder, prefix + plan, run)
            continue
        path = prefix + plan
        try:
            target = value if plain and value.__class__ is str else encode(value)
            back = value if trusted else row.decode(target)
        except (Unmatched, CodecRefusal) as refusal:
            refused(refusal, row.id, path, run)
            continue
        raw = None if holder is None else holder.get(member)
        if raw.__class__ is not target.__class__ or raw != target:
            written = _written(group, row, site, holder, target, back)
            if written is None:
                continue
            holder = written
        if trusted:
            carried.add(path)
            expected[path] = value
        else:
            run.settle(row.id, path, value, back, row.loss)
    for row in group.read_only:
        if row.plan in wanted:
            run.not_carried[prefix + row.plan] = READ_ONLY


def _written(group: Group, row: Row, site: Site, holder: Box | None, target: Any, back: Any) -> Box | None:
    """Write a native field unless it reads as *back* already; ``None`` when it has to be left as it is."""
    run, path = site.run, site.prefix + row.plan
    raw = None if holder is None else holder.get(row.member)
    try:
        if not absent(raw, row.empty) and same(row.decode(raw), back):
            return holder
    except CodecRefusal:
        if path not in run.overwrite:
            run.not_carried[path] = UNREADABLE
            return None
    broken = None if row.limits is None else over(target, row.limits)
    if broken is not None:
        run.fault(row.id, path, broken)
        return None
    try:
        holder = group.path.make(site.box) if holder is None else holder
    except NotAnObject:
        run.not_carried[path] = UNREADABLE
        return None
    holder[row.member] = target
    return holder


def _clear_row(row: Row, holder: Box, path: str, run: Writing) -> None:
    """Empty one native field, unless a person has written something there that we cannot read."""
    raw = holder.get(row.member)
    if absent(raw, row.empty):
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


def _index(section: Section, box: Box) -> dict[str, Box | None]:
    """Native elements by plan id; ``None`` for a key that two elements share or that is not this family's."""
    index: dict[str, Box | None] = {}
    for element in elements_of(section, box):
        try:
            known = element_id(section, element)
        except CodecRefusal:
            continue
        ours = not section.shared or any(other.owns(element) for other in section.family)
        index[known] = element if ours and known not in index else None
    return index


def _write_section(section: Section, site: ListSite) -> None:
    rows, run = section.rows, site.run
    asked = site.wanted.get(rows.plan, {})
    wanted = (
        {known: leaves for known, leaves in asked.items() if section.takes(leaves)} if rows.only else asked
    )
    clear = site.clear.get(rows.plan, {})
    if not asked and not clear:
        return
    index = _index(section, site.box)
    for known, leaves in asked.items() if rows.only else ():
        element = index.get(known)
        if element is not None and section.owns(element) and section.has_lost(leaves):
            _take_out(section, element, site.box)
    for known, leaves in wanted.items():
        inner = Site(site.box, f"{site.prefix}{rows.plan}[{known}].", leaves, clear.get(known, {}), run)
        _write_element(section, known, inner, index)
    for known in clear.keys() - wanted.keys():
        element = index.get(known)
        if element is not None and section.owns(element):
            inner = f"{site.prefix}{rows.plan}[{known}]."
            _clear_element(section, element, Site(site.box, inner, {}, clear[known], run))


def _write_element(section: Section, known: str, site: Site, index: Mapping[str, Box | None]) -> None:
    """Put one plan element into the native element with its key, or into a new one."""
    leaves, run = site.wanted, site.run
    element = index.get(known)
    reason = TAKEN_KEY if element is None and known in index else None
    if element is not None and _goes(section, site.clear, leaves):
        _take_out(section, element, site.box)
        element, reason = None, "a leaf that it cannot be without is cleared"
    reason = reason or _lacking(section, leaves, creating=element is None)
    if reason:
        run.not_carried.update((site.prefix + rest, reason) for rest in leaves)
        return
    before = len(run.carried)
    if element is None:
        _create(section, site, known)
    else:
        if not section.owns(element):
            element.update(section.constants)
        site.box = element
        write_scope(section.scope, site)
    if len(run.carried) > before:
        for name, value in section.implied.items():
            run.carried.add(site.prefix + name)
            run.expected[site.prefix + name] = value


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
    """Make a native element, unless none of its leaves can be carried: then the record stays as it is."""
    if not section.path.takes_list(site.box):
        site.run.not_carried.update((site.prefix + rest, UNREADABLE) for rest in site.wanted)
        return
    element: Box = {section.rows.key.native: section.key.encode(known), **section.constants}
    before = len(site.run.carried)
    write_scope(section.scope, Site(element, site.prefix, site.wanted, {}, site.run))
    if len(site.run.carried) > before:
        into = native_list(section.path, site.box)
        if into is not None:
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
