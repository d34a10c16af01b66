"""The Finnish calendar day of a moment: forms, laws and parties are valid by whole Finnish days."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

_HELSINKI = ZoneInfo("Europe/Helsinki")


def finnish_day(at: datetime) -> date:
    """Say which calendar day *at* is in Finland, summer time included.

    Raises:
        ValueError: *at* is naive, so that nobody can say which day it is.
    """
    if at.tzinfo is None:
        msg = "a timezone-aware moment is needed"
        raise ValueError(msg)
    return at.astimezone(_HELSINKI).date()


def finnish_midnight(day: date) -> datetime:
    """Give the moment at which *day* begins in Finland, in UTC."""
    return datetime.combine(day, time(), tzinfo=_HELSINKI).astimezone(UTC)


def within(day: date, start: date | None, end: date | None) -> bool:
    """Say whether *day* lies between *start* and *end*, both days included; ``None`` is an open end."""
    return (start is None or start <= day) and (end is None or day <= end)


def a_year_after(day: date) -> date:
    """Give the same day of the next year; the 28th of February after a leap day."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)
