"""Dates as FHIR compares them: every date is a span of time, as long as its precision is coarse.

A span is half open, in nanoseconds. ``2026`` is a year long, ``2026-02-03T10:00`` a minute; a Period without an end
goes on for ever; of a Timing the outer limits count. A date or time without a zone is one of Finland.

Source: hl7.org/fhir/R4/search.html#date and #prefix.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

NEVER: Final = 10**30
"""Later than any date that can be written; its negative is earlier."""

_SECOND: Final = 10**9
_DAY: Final = 86_400 * _SECOND
_LAST_DAY: Final = date.max.toordinal()
_HELSINKI: Final = ZoneInfo("Europe/Helsinki")
_FORM: Final = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,18}))?)?"
    r"(?P<zone>Z|[-+]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)


@dataclass(frozen=True, order=True)
class Span:
    """From *low* until just before *high*."""

    low: int
    high: int


@lru_cache(maxsize=8192)
def span_of(text: str) -> Span | None:
    """The span that a date, dateTime or instant stands for; ``None`` when *text* is none."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    part = found.groupdict()
    year, month, day = int(part["year"]), part["month"], part["day"]
    try:
        first = date(year, int(month or 1), int(day or 1))
    except ValueError:
        return None
    if part["hour"] is None:
        return Span(_moment(first.toordinal(), 0), _moment(_day_after(first, month, day), 0))
    return _span_of_time(first.toordinal(), part)


def _day_after(first: date, month: str | None, day: str | None) -> int:
    if day is not None:
        return first.toordinal() + 1
    if month is not None and first.month < 12:
        return date(first.year, first.month + 1, 1).toordinal()
    return _LAST_DAY + 1 if first.year == date.max.year else date(first.year + 1, 1, 1).toordinal()


def _span_of_time(ordinal: int, part: Mapping[str, str | None]) -> Span | None:
    hour, minute, second = (int(part[name] or 0) for name in ("hour", "minute", "second"))
    if hour > 23 or minute > 59 or second > 60:  # 60 is a leap second
        return None
    since_midnight = ((hour * 60 + minute) * 60 + second) * _SECOND
    length = 60 * _SECOND if part["second"] is None else _SECOND
    if part["fraction"] is not None:
        digits = part["fraction"][:9]
        length = 10 ** (9 - len(digits))
        since_midnight += int(digits) * length
    zone = part["zone"]
    if zone is None:
        low = _moment(ordinal, since_midnight)
    else:
        offset = 0 if zone == "Z" else int(zone[1:3]) * 60 + int(zone[4:6])
        if offset > 14 * 60 or zone[4:6] > "59":
            return None
        low = ordinal * _DAY + since_midnight - (-offset if zone[0] == "-" else offset) * 60 * _SECOND
    return Span(low, low + length)


def _moment(ordinal: int, since_midnight: int) -> int:
    """The moment of a local time in Finland."""
    day = datetime.fromordinal(min(ordinal, _LAST_DAY))
    local = (day + timedelta(seconds=min(since_midnight // _SECOND, 86_399))).replace(tzinfo=_HELSINKI)
    offset = local.utcoffset() or timedelta()
    return ordinal * _DAY + since_midnight - int(offset.total_seconds()) * _SECOND


def span_in(value: Any) -> Span | None:
    """The span of an element: a date in any form, a Period or a Timing; ``None`` when it says no date."""
    if isinstance(value, str):
        return span_of(value)
    if not isinstance(value, dict):
        return None
    element = cast("dict[str, Any]", value)
    if "event" in element or "repeat" in element:
        return _span_of_timing(element)
    start, end = (_spoken(element.get(name)) for name in ("start", "end"))
    if start is None and end is None:
        return None
    return Span(start.low if start else -NEVER, end.high if end else NEVER)


def _spoken(value: Any) -> Span | None:
    return span_of(value) if isinstance(value, str) else None


def _span_of_timing(timing: Mapping[str, Any]) -> Span | None:
    events = timing.get("event")
    repeat = timing.get("repeat")
    spans = [_spoken(each) for each in cast("list[Any]", events)] if isinstance(events, list) else []
    if isinstance(repeat, dict):
        spans.append(span_in(cast("dict[str, Any]", repeat).get("boundsPeriod")))
    return _outer(each for each in spans if each is not None)


def _outer(spans: Iterable[Span]) -> Span | None:
    held = tuple(spans)
    return Span(min(each.low for each in held), max(each.high for each in held)) if held else None


def _contains(asked: Span, found: Span) -> bool:
    return asked.low <= found.low and found.high <= asked.high


DATE_TESTS: Final[Mapping[str, Callable[[Span, Span], bool]]] = MappingProxyType(
    {
        "eq": _contains,
        "ne": lambda asked, found: not _contains(asked, found),
        "gt": lambda asked, found: found.high > asked.high,
        "lt": lambda asked, found: found.low < asked.low,
        "ge": lambda asked, found: found.high > asked.high or _contains(asked, found),
        "le": lambda asked, found: found.low < asked.low or _contains(asked, found),
        "sa": lambda asked, found: found.low >= asked.high,
        "eb": lambda asked, found: found.high <= asked.low,
    }
)
"""What each prefix asks: (asked, found) → bool."""
