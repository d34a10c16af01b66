"""What a mapping as a whole must be: total over the plan, without dangling codes, twice-used fields or
unclear rows."""

from collections import Counter
from collections.abc import Iterator

from tyokyky_bridge.domain.codes import UnknownCodeList, code_list
from tyokyky_bridge.domain.items import FIELDS
from tyokyky_bridge.mapping.lens import Lens
from tyokyky_bridge.mapping.patterns import carriers
from tyokyky_bridge.mapping.spec import Block, ListRows, Spec

Problem = tuple[str, str]
"""Row id and reason."""


def problems(lens: Lens) -> Iterator[Problem]:
    """Yield everything that is wrong with a mapping that compiles, worst first."""
    yield from _row_ids(lens.spec)
    yield from _dangling(lens)
    yield from _native_targets(lens.spec, "")
    yield from _totality(lens.spec)
    yield from _codes(lens)


def half_carried(lens: Lens) -> Iterator[Problem]:
    """Yield what goes one way only: rows that only read or only write, and codes that do not come back."""
    for carrier in carriers(lens.spec):
        if carrier.way != "both":
            yield carrier.row, f"{carrier.pattern} is {carrier.way} only"
        table = lens.maps.get(carrier.rule.codes or "")
        if table is not None:
            if table.unmatched:
                yield carrier.row, f"{carrier.pattern}: not written: {', '.join(sorted(table.unmatched))}"
            if table.changed_by_round_trip:
                changed = ", ".join(sorted(table.changed_by_round_trip))
                yield carrier.row, f"{carrier.pattern}: written, read back otherwise: {changed}"


def _all_ids(rows: Spec | ListRows) -> Iterator[str]:
    for row in (*rows.fields, *rows.sets, *rows.lists):
        yield row.id
        if isinstance(row, ListRows):
            yield from _all_ids(row)
    for block in rows.blocks:
        yield block.id
        for line in block.rows:
            yield line.id


def _row_ids(spec: Spec) -> Iterator[Problem]:
    for row, times in Counter(_all_ids(spec)).items():
        if times > 1:
            yield row, "this row id stands more than once"


def _dangling(lens: Lens) -> Iterator[Problem]:
    for carrier in carriers(lens.spec):
        if carrier.pattern not in FIELDS:
            yield carrier.row, f"{carrier.pattern} is no field of the plan"
    for entry in lens.spec.never:
        stem = entry.plan.removesuffix("*")
        if not any(one == entry.plan or (stem != entry.plan and one.startswith(stem)) for one in FIELDS):
            yield "never", f"{entry.plan} is no field of the plan"


def _totality(spec: Spec) -> Iterator[Problem]:
    mapped = {carrier.pattern for carrier in carriers(spec)}
    exact = {entry.plan for entry in spec.never if not entry.plan.endswith("*")}
    stems = tuple(entry.plan[:-1] for entry in spec.never if entry.plan.endswith("*"))
    for pattern in FIELDS:
        if pattern in mapped and pattern in exact:
            yield "never", f"{pattern} is mapped as well"
        if pattern not in mapped and pattern not in exact and not pattern.startswith(stems):
            yield "never", f"{pattern} is neither mapped nor listed"


def _native_targets(rows: Spec | ListRows, at: str) -> Iterator[Problem]:
    taken: dict[str, str] = {}
    if isinstance(rows, ListRows):
        taken[rows.key.native] = rows.id
    for row in (*rows.fields, *rows.sets, *rows.blocks):
        other = taken.setdefault(row.native, row.id)
        if other != row.id or (isinstance(rows, ListRows) and row.native == rows.key.native):
            yield row.id, f"native {at}{row.native} is written by {other} too"
    by_list: dict[str, list[ListRows]] = {}
    for section in rows.lists:
        if section.native in taken:
            yield section.id, f"native {at}{section.native} is written by {taken[section.native]} too"
        by_list.setdefault(section.native, []).append(section)
        yield from _native_targets(section, f"{at}{section.native}[].")
    for together in by_list.values():
        yield from _overlaps(together)
    for block in rows.blocks:
        yield from _marks(block)


def _overlaps(together: list[ListRows]) -> Iterator[Problem]:
    for at, one in enumerate(together):
        for other in together[at + 1 :]:
            apart = any(
                not set(one.native_only[name]) & set(other.native_only[name])
                for name in one.native_only.keys() & other.native_only.keys()
            )
            if not apart:
                yield other.id, f"its native elements may be {one.id}'s too: part them by native_only"


def _marks(block: Block) -> Iterator[Problem]:
    marks = {row.id: row.template.partition("{")[0].strip() for row in block.rows if row.template}
    for one, mark in marks.items():
        for other, longer in marks.items():
            if one != other and longer.startswith(mark):
                yield other, f"its mark begins like that of {one}"


def _codes(lens: Lens) -> Iterator[Problem]:
    for carrier in carriers(lens.spec):
        meaning = FIELDS.get(carrier.pattern)
        table = lens.maps.get(carrier.rule.codes or "")
        if meaning is None or table is None or meaning.codes is None:
            continue
        try:
            known = code_list(meaning.codes).codes
        except UnknownCodeList:
            yield carrier.row, f"{carrier.pattern}: code list {meaning.codes} is not shipped"
            continue
        said = table.forward.keys() | table.unmatched
        if known - said:
            yield carrier.row, f"table {table.name} is silent about {', '.join(sorted(known - said))}"
        if said - known:
            yield (
                carrier.row,
                f"table {table.name} has {', '.join(sorted(said - known))}: not in {meaning.codes}",
            )
