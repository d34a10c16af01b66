"""Which plan patterns the rows of a mapping name, how each is carried, and why the others are not."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from tyokyky_bridge.mapping.spec import Block, FieldRow, LineRow, ListRows, SetRow, Spec, ValueRule

How = Literal["native", "text", "tag"]


@dataclass(frozen=True)
class Carrier:
    """One row that carries a pattern. *implied*: it follows from which section the element is in."""

    pattern: str
    row: str
    native: str
    how: How
    rule: ValueRule
    way: Literal["both", "read", "write"] = "both"
    implied: bool = False
    conditions: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    """The leaves (as patterns) that decide whether this row takes an element, and what they may say."""


def carriers(spec: Spec) -> Iterator[Carrier]:
    """Yield every pair of pattern and row, in the order of the file."""
    yield from _fields(spec.fields, "", "")
    yield from _sets(spec.sets, "", "")
    for section in spec.lists:
        yield from _section(section, "", "")
    for block in spec.blocks:
        yield from _block(block, "", "")


def _fields(rows: list[FieldRow], prefix: str, at: str) -> Iterator[Carrier]:
    for row in rows:
        yield Carrier(prefix + row.plan, row.id, at + row.native, "native", row, row.way)


def _sets(rows: list[SetRow], prefix: str, at: str) -> Iterator[Carrier]:
    for row in rows:
        member = f"[].{row.member}" if row.member else "[]"
        yield Carrier(f"{prefix}{row.plan}[]", row.id, at + row.native + member, "native", row, row.way)


def _section(section: ListRows, prefix: str, at: str) -> Iterator[Carrier]:
    conditions = tuple((f"{prefix}{section.plan}[].{name}", tuple(one)) for name, one in section.only.items())
    for carrier in _rows_of(section, prefix, at):
        yield replace(carrier, conditions=conditions + carrier.conditions) if conditions else carrier


def _rows_of(section: ListRows, prefix: str, at: str) -> Iterator[Carrier]:
    inner, native = f"{prefix}{section.plan}[].", f"{at}{section.native}[]."
    yield from _fields(section.fields, inner, native)
    named = {row.plan for row in section.fields}
    for name in section.only:
        if name not in named:
            yield Carrier(inner + name, section.id, native[:-1], "native", ValueRule(), "both", implied=True)
    yield from _sets(section.sets, inner, native)
    for nested in section.lists:
        yield from _section(nested, inner, native)
    for block in section.blocks:
        yield from _block(block, inner, native)


def _block(block: Block, prefix: str, at: str) -> Iterator[Carrier]:
    native = f"{at}{block.native}"
    for row in block.rows:
        how: How = "tag" if row.template else "text"
        element = f"{prefix}{_element(row)}"
        conditions = tuple((element + name, tuple(one)) for name, one in row.only.items())
        shown = f"{native} «{row.template or f'{row.label}:'}»"
        carried: dict[str, ValueRule] = {
            f"{prefix}{row.plan}.{name}": rule for name, rule in row.fields.items()
        }
        for pattern, rule in (carried or {prefix + row.plan: row}).items():
            yield Carrier(pattern, row.id, shown, how, rule, row.way, conditions=conditions)
        for name, one in row.only.items():
            if name not in row.fields and len(one) == 1:
                yield Carrier(
                    element + name,
                    row.id,
                    native,
                    how,
                    ValueRule(),
                    row.way,
                    implied=True,
                    conditions=conditions,
                )


def _element(row: LineRow) -> str:
    if row.template is not None:
        return f"{row.plan}."
    stem = row.plan.removesuffix("[]")
    cut = stem.rfind("[]")
    return "" if cut < 0 else f"{stem[: cut + 2]}."


def patterns_of(spec: Spec) -> Iterator[str]:
    """Yield the patterns that some row carries."""
    return (carrier.pattern for carrier in carriers(spec))


def never_reason(spec: Spec, pattern: str) -> str:
    """Why a mapping does not carry a pattern, in the file's own words."""
    for entry in spec.never:
        if entry.plan == pattern or (entry.plan.endswith("*") and pattern.startswith(entry.plan[:-1])):
            return entry.why
    return "no row names it"
