"""Sets of bare codes: a plan set and a native list of codes, without order."""

from typing import Any, cast

from tyokyky_bridge.adapterkit.codec import CodecRefusal
from tyokyky_bridge.mapping.booking import READ_ONLY, UNREADABLE, ListSite, projected
from tyokyky_bridge.mapping.compiled import CodeSet
from tyokyky_bridge.mapping.native_path import Box, NativePath, NotAnObject
from tyokyky_bridge.mapping.reading import codes_of, member_of


def native_list(path: NativePath, box: Box) -> list[Any] | None:
    """The native list to write into, created when missing; ``None`` when something else stands there."""
    try:
        holder = path.make(box)
    except NotAnObject:
        return None
    if holder.get(path.leaf) is None:
        holder[path.leaf] = []
    found = holder[path.leaf]
    return cast("list[Any]", found) if isinstance(found, list) else None


def write_set(code_set: CodeSet, site: ListSite) -> None:
    """Put the codes of one set into a native list of codes."""
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
            into = native_list(code_set.path, site.box)
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
