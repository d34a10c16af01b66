"""Ura's own ways of writing values: integer moments and partial dates, scores, and the texts of `texts`."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from tyokyky_adapter_ura.texts import TEXTS, as_text
from tyokyky_bridge.adapterkit.codec import Codec, CodecRefusal

OPEN_ENDED: Final = 99991231
B4_MOST: Final = 10
HELSINKI: Final = ZoneInfo("Europe/Helsinki")


def _write_end(value: object) -> int:
    if isinstance(value, datetime) or not isinstance(value, date):
        msg = "not a date"
        raise CodecRefusal(msg)
    number = value.year * 10000 + value.month * 100 + value.day
    if number == OPEN_ENDED:
        msg = "this day means an open end there"
        raise CodecRefusal(msg)
    return number


def _read_end(raw: object) -> date | None:
    number = _number(raw)
    return None if number in (0, OPEN_ENDED) else _made(number)


def _write_partial(value: object) -> int:
    parts = as_text(value).split("-")
    if not all(part.isascii() and part.isdigit() for part in parts) or len(parts) > 3:
        msg = "not a year, month or day"
        raise CodecRefusal(msg)
    year, month, day = (int(part) for part in (*parts, "0", "0")[:3])
    return year * 10000 + month * 100 + day


def _read_partial(raw: object) -> str | None:
    number = _number(raw)
    if number in (0, OPEN_ENDED):
        return None
    year, month, day = number // 10000, number // 100 % 100, number % 100
    if month == 0 and day != 0:
        msg = "no such day"
        raise CodecRefusal(msg)
    _made(year * 10000 + (month or 1) * 100 + (day or 1))
    return "-".join(f"{part:0{width}}" for part, width in ((year, 4), (month, 2), (day, 2)) if part)


def _write_moment(value: object) -> int:
    if not isinstance(value, datetime) or value.tzinfo is None:
        msg = "not a moment with an offset"
        raise CodecRefusal(msg)
    local = value.astimezone(HELSINKI)
    return ((local.year * 100 + local.month) * 100 + local.day) * 10000 + local.hour * 100 + local.minute


def _read_moment(raw: object) -> datetime | None:
    number = _number(raw)
    if number == 0:
        return None
    day, hour, minute = _made(number // 10000), number // 100 % 100, number % 100
    if hour > 23 or minute > 59:
        msg = "no such time of day"
        raise CodecRefusal(msg)
    try:
        return datetime(day.year, day.month, day.day, hour, minute, tzinfo=HELSINKI).astimezone(UTC)
    except OverflowError:  # the first day there is, by which many a system says "none"
        msg = "no such moment"
        raise CodecRefusal(msg) from None


def _write_day(value: object) -> int:
    return _write_moment(value) // 10000


def _read_day(raw: object) -> datetime | None:
    number = _number(raw)
    return None if number == 0 else _read_moment(number * 10000)


def _write_score(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value):
        msg = "not a whole number"
        raise CodecRefusal(msg)
    if not 0 <= value <= B4_MOST:
        msg = f"not a score from 0 to {B4_MOST}"
        raise CodecRefusal(msg)
    return str(int(value))


def _read_score(raw: object) -> Decimal:
    text = as_text(raw)
    if not (text.isascii() and text.isdigit() and len(text) <= 2 and int(text) <= B4_MOST):
        msg = f"not a score from 0 to {B4_MOST}"
        raise CodecRefusal(msg)
    return Decimal(int(text))


def _number(raw: object) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        msg = "not a number"
        raise CodecRefusal(msg)
    return raw


def _made(number: int) -> date:
    try:
        return date(number // 10000, number // 100 % 100, number % 100)
    except (ValueError, OverflowError):
        msg = "no such day"
        raise CodecRefusal(msg) from None


CODECS: Final[dict[str, Codec]] = {
    codec.name: codec
    for codec in (
        *TEXTS,
        Codec("date-int-end", _write_end, _read_end, r"\d{8}"),
        Codec("partial-date-int", _write_partial, _read_partial, r"\d{8}"),
        Codec(
            "day-of-moment-int",
            _write_day,
            _read_day,
            r"\d{8}",
            "the time of day is not kept",
        ),
        Codec("b4-score", _write_score, _read_score, r"\d{1,3}"),
        Codec(
            "moment-int",
            _write_moment,
            _read_moment,
            r"\d{12}",
            "seconds are not kept, and the repeated hour of October reads as the first one",
        ),
    )
}
"""Codecs that the rows of ``mappings/ura`` name beside the generic ones."""
