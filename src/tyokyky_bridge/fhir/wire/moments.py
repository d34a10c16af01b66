"""Dates and times of different precision, compared as far as both of them go."""

from datetime import date


def is_after(first: str, second: str) -> bool:
    """
    Whether *first* is certainly later than *second*.

    Both are well-formed dates, dateTimes or instants. ``2026`` is not after ``2026-05``: nobody can tell. Fractions of
    a second count to the last digit.
    """
    if "T" in first and "T" in second:
        return _point(first) > _point(second)
    one, other = first.partition("T")[0], second.partition("T")[0]
    shared = min(len(one), len(other))
    return one[:shared] > other[:shared]


def _point(text: str) -> tuple[int, str]:
    """Seconds since the year 1 in UTC, and the fraction as digits (which compare as text)."""
    day, _, clock = text.partition("T")
    shift = 0
    if clock.endswith("Z"):
        clock = clock[:-1]
    else:
        hours, minutes = clock[-5:].split(":")
        shift = (int(hours) * 60 + int(minutes)) * 60 * (-1 if clock[-6] == "-" else 1)
        clock = clock[:-6]
    whole, _, fraction = clock.partition(".")
    hour, minute, second = map(int, whole.split(":"))
    seconds = date.fromisoformat(day).toordinal() * 86400 + hour * 3600 + minute * 60 + second - shift
    return seconds, fraction.rstrip("0")
