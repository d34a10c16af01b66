"""Numbers as FHIR compares them: equality up to the digits that were given, order by the number itself.

``100`` finds what rounds to it, [99.5, 100.5), and ``100.00`` [99.995, 100.005). Written with an exponent the span is
[95, 105) for ``1e2``, as R4's own example has it. An integer element is compared exactly, because nothing about it is
uncertain.

Source: hl7.org/fhir/R4/search.html#number and #quantity.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from types import MappingProxyType
from typing import Any, Final, cast

MAX_DIGITS: Final = 50
MAX_EXPONENT: Final = 99

_FORM: Final = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d{1,3})?", re.ASCII)
_EXACT: Final = Context(prec=2 * (MAX_DIGITS + MAX_EXPONENT))
_LEAST: Final = Decimal("-Infinity")
_MOST: Final = Decimal("Infinity")


@dataclass(frozen=True)
class Number:
    """A number that is asked for, and the span in which another counts as equal to it."""

    value: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True)
class Range:
    """What an element says: from *low* to *high*; a plain number is both ends. *open* tells ends that are left out."""

    low: Decimal
    high: Decimal
    open: bool = False


def number_of(text: str) -> Number | None:
    """The number that *text* asks for; ``None`` when it is none, or too long to be meant."""
    if _FORM.fullmatch(text) is None or len(text) > MAX_DIGITS:
        return None
    value = Decimal(text)
    exponent = cast("int", value.as_tuple().exponent)
    if abs(exponent) > MAX_EXPONENT:
        return None
    half = Decimal(5).scaleb(exponent - 1 if exponent <= 0 else exponent - 2, _EXACT)
    return Number(value, _EXACT.subtract(value, half), _EXACT.add(value, half))


def decimal_in(value: Any) -> Decimal | None:
    """The number of an element; ``None`` when it is no finite number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, int):
        value = Decimal(value)
    return value if isinstance(value, Decimal) and value.is_finite() else None


def range_of(value: Decimal, comparator: Any) -> Range:
    """What a quantity says: ``<5`` is everything under five."""
    match comparator:
        case "<":
            return Range(_LEAST, value, open=True)
        case "<=":
            return Range(_LEAST, value)
        case ">":
            return Range(value, _MOST, open=True)
        case ">=":
            return Range(value, _MOST)
        case _:
            return Range(value, value)


def _equal(asked: Number, found: Range) -> bool:
    return asked.low <= found.low and found.high < asked.high


def _above(asked: Number, found: Range) -> bool:
    return found.high > asked.value


def _below(asked: Number, found: Range) -> bool:
    return found.low < asked.value


def _reaches(asked: Number, found: Range) -> bool:
    """Whether the number itself is one that the element may mean."""
    if found.open:
        return found.low < asked.value < found.high
    return found.low <= asked.value <= found.high


def _after(asked: Number, found: Range) -> bool:
    return found.low > asked.value or (found.open and found.low == asked.value)


def _before(asked: Number, found: Range) -> bool:
    return found.high < asked.value or (found.open and found.high == asked.value)


NUMBER_TESTS: Final[Mapping[str, Callable[[Number, Range], bool]]] = MappingProxyType(
    {
        "eq": _equal,
        "ne": lambda asked, found: not _equal(asked, found),
        "gt": _above,
        "lt": _below,
        "ge": lambda asked, found: _above(asked, found) or _reaches(asked, found),
        "le": lambda asked, found: _below(asked, found) or _reaches(asked, found),
        "sa": _after,
        "eb": _before,
    }
)
"""What each prefix asks: (asked, found) → bool. All but eq and ne disregard precision."""
