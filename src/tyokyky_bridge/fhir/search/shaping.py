"""What shapes the answer to a search, and not which resources match: order, size, includes, parts of resources."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from tyokyky_bridge.fhir.search.kinds import Kind, Parameter
from tyokyky_bridge.fhir.search.parameters import PARAMETERS, RESULT_PARAMETERS, follows, reference_parameter
from tyokyky_bridge.fhir.search.refusals import Refusal
from tyokyky_bridge.fhir.search.subset import is_element

DEFAULT_COUNT: Final = 50
MAX_COUNT: Final = 200
SUMMARIES: Final = ("true", "text", "data", "count", "false")
TOTALS: Final = ("none", "estimate", "accurate")
MAX_INCLUDES: Final = 20
MAX_SORT: Final = 10

Pair = tuple[str, str]


@dataclass(frozen=True)
class SortKey:
    """One key of the order."""

    parameter: Parameter
    descending: bool = False


@dataclass(frozen=True)
class Include:
    """
    References to follow: forwards from *source* to what it points at, or backwards (*reverse*) from what points at it.

    *to* keeps just one type of target; *iterate* follows from what was included too.
    """

    source: str
    parameter: Parameter
    to: str | None = None
    reverse: bool = False
    iterate: bool = False


@dataclass(frozen=True)
class Shape:
    """The result parameters of a search; *count* is the lowered one, ``None`` when none was asked for."""

    sort: tuple[SortKey, ...] = ()
    count: int | None = None
    includes: tuple[Include, ...] = ()
    total: str | None = None
    summary: str | None = None
    elements: tuple[str, ...] = ()


WHOLE: Final = Shape()
"""Nothing asked for: one page of whole resources, in the order of their ids."""


def read_shape(
    type_: str, pairs: Sequence[Pair]
) -> tuple[Shape, tuple[Pair, ...], list[tuple[str, Refusal]]]:
    """The shape that *pairs* ask for, the pairs that were applied in canonical order, and what was refused."""
    shape, applied, refused = Shape(), list[Pair](), list[tuple[str, Refusal]]()
    for name, text in pairs:
        try:
            shape, said = _read(type_, shape, name, text, again=any(each == name for each, _ in applied))
            applied.append((name, said))
        except Refusal as refusal:
            refused.append((name, refusal))
    order = list(RESULT_PARAMETERS)
    unique = dict.fromkeys(sorted(applied, key=lambda pair: (order.index(pair[0].partition(":")[0]), pair)))
    return shape, tuple(unique), refused


_REPEATED: Final = frozenset({"_include", "_revinclude"})


def _read(type_: str, shape: Shape, name: str, text: str, *, again: bool) -> tuple[Shape, str]:
    plain, _, modifier = name.partition(":")
    if again and plain not in _REPEATED:
        raise Refusal(code="invalid", rule="is given more than once")
    if ":" in name and (plain not in _REPEATED or modifier != "iterate"):
        raise Refusal(code="not-supported", rule="does not know this modifier")
    if plain in _REPEATED:
        include = _include(type_, text, reverse=plain == "_revinclude", iterate=bool(modifier))
        if shape.summary == "text":
            raise Refusal(code="invalid", rule="does not go together with _summary=text")
        if len(shape.includes) >= MAX_INCLUDES:
            raise Refusal(code="too-costly", rule=f"a search has at most {MAX_INCLUDES} includes")
        return replace(shape, includes=(*shape.includes, include)), text
    return _SINGLE[plain](type_, shape, text)


def _sort(type_: str, shape: Shape, text: str) -> tuple[Shape, str]:
    keys: list[SortKey] = []
    for each in text.split(","):
        parameter = PARAMETERS[type_].get(each.removeprefix("-"))
        if parameter is None or parameter.kind is Kind.COMPOSITE:
            raise Refusal(code="not-supported", rule="names what this type cannot be ordered by")
        keys.append(SortKey(parameter, each.startswith("-")))
    if len(keys) > MAX_SORT:
        raise Refusal(code="too-costly", rule=f"names more than {MAX_SORT} keys")
    return replace(shape, sort=tuple(keys)), text


def _count(_: str, shape: Shape, text: str) -> tuple[Shape, str]:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refusal(code="value", rule="is no whole number from 0 on")
    count = min(int(text), MAX_COUNT)
    return replace(shape, count=count), str(count)


def _total(_: str, shape: Shape, text: str) -> tuple[Shape, str]:
    if text not in TOTALS:
        raise Refusal(code="value", rule=f"is one of {', '.join(TOTALS)}")
    return replace(shape, total=text), text


def _summary(_: str, shape: Shape, text: str) -> tuple[Shape, str]:
    if text not in SUMMARIES:
        raise Refusal(code="value", rule=f"is one of {', '.join(SUMMARIES)}")
    if shape.elements:
        raise Refusal(code="invalid", rule="does not go together with _elements")
    if text == "text" and shape.includes:
        raise Refusal(
            code="invalid", rule="does not go together with _include and _revinclude when it is text"
        )
    return replace(shape, summary=text), text


def _elements(type_: str, shape: Shape, text: str) -> tuple[Shape, str]:
    names = tuple(each.strip().removeprefix(f"{type_}.") for each in text.split(","))
    if shape.summary is not None:
        raise Refusal(code="invalid", rule="does not go together with _summary")
    if not all(is_element(type_, each) for each in names):
        raise Refusal(code="value", rule="names what is no element of this type")
    said = tuple(sorted(set(names)))
    return replace(shape, elements=said), ",".join(said)


def _passed(_: str, shape: Shape, text: str) -> tuple[Shape, str]:
    """Of the representation, which is chosen where answers are written."""
    if not text:
        raise Refusal(code="value", rule="is empty")
    return shape, text


def _include(type_: str, text: str, *, reverse: bool, iterate: bool) -> Include:
    parts = text.split(":")
    if not 2 <= len(parts) <= 3 or "*" in text:
        raise Refusal(code="not-supported", rule="is Type:parameter or Type:parameter:TargetType")
    source, name, to = (*parts, None)[:3]
    parameter = reference_parameter(parts[0], parts[1])
    if source is None or name is None or parameter is None:
        raise Refusal(code="not-supported", rule="names what is no reference parameter of a type served here")
    if not reverse and not iterate and source != type_:
        raise Refusal(
            code="not-supported", rule="starts from another type than the one searched; that needs :iterate"
        )
    if to is not None and (to not in follows(parameter)):
        raise Refusal(code="not-supported", rule="names a target type that the parameter does not point at")
    if reverse and not iterate and type_ not in follows(parameter):
        raise Refusal(code="not-supported", rule="names a parameter that does not point at the type searched")
    if reverse and not iterate and to not in (None, type_):
        raise Refusal(code="not-supported", rule="names another target type than the one searched")
    return Include(source, parameter, to, reverse=reverse, iterate=iterate)


_SINGLE: Final[Mapping[str, Callable[[str, Shape, str], tuple[Shape, str]]]] = MappingProxyType(
    {
        "_sort": _sort,
        "_count": _count,
        "_total": _total,
        "_summary": _summary,
        "_elements": _elements,
        "_format": _passed,
        "_pretty": _passed,
    }
)
