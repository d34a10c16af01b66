"""Which plan patterns the rows of a mapping name, how each is carried, and why the others are not."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

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
    for row in block.rows:
        native = f"{at}{block.native}"
        if row.template is None:
            yield Carrier(prefix + row.plan, row.id, f"{native} «{row.label}:»", "text", row, row.way)
        for name, rule in row.fields.items():
            yield Carrier(
                f"{prefix}{row.plan}.{name}", row.id, f"{native} «{row.template}»", "tag", rule, row.way
            )
        for name, allowed in row.only.items():
            if name not in row.fields and len(allowed) == 1:
                pattern = f"{prefix}{_element(row)}{name}"
                how: How = "tag" if row.template else "text"
                yield Carrier(pattern, row.id, native, how, ValueRule(), row.way, implied=True)


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
