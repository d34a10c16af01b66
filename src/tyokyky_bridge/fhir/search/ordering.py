"""The order of matches: by the keys that were asked for, and at last by id, so that it never wavers.

Resources without a value come last, in either direction. Of several values the least counts in ascending order and the
greatest in descending. Dates count from where they start.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from tyokyky_bridge.fhir.search.dates import span_in
from tyokyky_bridge.fhir.search.kinds import Kind, Parameter
from tyokyky_bridge.fhir.search.numbers import decimal_in
from tyokyky_bridge.fhir.search.query import Query
from tyokyky_bridge.fhir.search.references import is_to
from tyokyky_bridge.fhir.search.text import collation
from tyokyky_bridge.fhir.wire.issues import Document

SortValue = int | str | Decimal | None


@dataclass(frozen=True)
class Position:
    """Where a document stands in an order: its value for each key, and its id."""

    values: tuple[SortValue, ...]
    id: str


def position_of(query: Query, document: Document) -> Position:
    """Where *document* stands in the order of *query*."""
    values = tuple(_value(each.parameter, document, query.base, last=each.descending) for each in query.sort)
    return Position(values, str(document.get("id")))


def order(query: Query, documents: Iterable[Document]) -> list[Document]:
    """*documents* in the order of *query*."""
    return following(query, documents, None)


def following(query: Query, documents: Iterable[Document], after: Position | None) -> list[Document]:
    """Those of *documents* that come after *after*, in the order of *query*; all of them when it is ``None``."""
    keyed = [(_key(query, position_of(query, each)), each) for each in documents]
    if after is not None:
        start = _key(query, after)
        keyed = [each for each in keyed if start < each[0]]
    return [each for _, each in sorted(keyed, key=lambda pair: pair[0])]


class _Descending:
    """A value that comes before the smaller ones."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Descending) and self.value == other.value

    def __lt__(self, other: "_Descending") -> bool:
        return bool(other.value < self.value)

    __hash__ = None  # type: ignore[assignment]


def _key(query: Query, position: Position) -> tuple[tuple[Any, ...], ...]:
    keys: list[tuple[Any, ...]] = []
    for sort, value in zip(query.sort, position.values, strict=True):
        if value is None:
            keys.append((True,))
        else:
            keys.append((False, _Descending(value) if sort.descending else value))
    return (*keys, (position.id,))


def _value(parameter: Parameter, document: Document, base: str, *, last: bool) -> SortValue:
    found = [
        said
        for path in parameter.paths
        for each in path.values(document)
        if parameter.only is None or is_to(each, parameter.only, base=base)
        for said in _sortable(parameter.kind, each)
    ]
    if not found:
        return None
    return cast("SortValue", (max if last else min)(cast("Sequence[Any]", found)))


def _sortable(kind: Kind, value: Any) -> Iterator[int | str | Decimal]:
    match kind:
        case Kind.DATE:
            span = span_in(value)
            if span is not None:
                yield span.low
        case Kind.NUMBER | Kind.QUANTITY:
            held = cast("dict[str, Any]", value).get("value") if isinstance(value, dict) else value
            number = decimal_in(held)
            if number is not None:
                yield Decimal(number)
        case Kind.STRING:
            text = _line(value)
            if text:
                yield collation(text)
        case _:
            text = _code(value)
            if text:
                yield text


def _line(value: Any) -> str:
    """A name or an address as it would stand in a list."""
    if not isinstance(value, dict):
        return value if isinstance(value, str) else ""
    element = cast("dict[str, Any]", value)
    names = ("family", "given") if "family" in element else ("text", "given", "city", "line")
    return " ".join(each for name in names for each in _strings(element.get(name)))


def _strings(value: Any) -> Iterator[str]:
    for each in cast("list[Any]", value) if isinstance(value, list) else (value,):
        if isinstance(each, str):
            yield each


def _code(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, dict):
        return value if isinstance(value, str) else ""
    element = cast("dict[str, Any]", value)
    codings = element.get("coding")
    first = cast("list[Any]", codings)[:1] if isinstance(codings, list) else [element]
    one = cast("dict[str, Any]", first[0]) if first and isinstance(first[0], dict) else {}
    said = (one.get(name) for name in ("code", "value", "reference"))
    return next((each for each in said if isinstance(each, str)), "")
