"""The generic codecs: ways of writing text, numbers, yes/no, dates and moments that more than one partner
uses."""

import math
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from tyokyky_bridge.adapterkit.codec import Codec, CodecRefusal
from tyokyky_bridge.mapping.repertoire import repertoire_codecs

HELSINKI: Final = ZoneInfo("Europe/Helsinki")
OPEN_END: Final = 99991231
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_PARTIAL = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?", re.ASCII)
_INT = re.compile(r"-?(0|[1-9]\d{0,17})", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?", re.ASCII)
_FI_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)
_FI_MOMENT = re.compile(r"(\d{1,2}\.\d{1,2}\.\d{4}) (\d{1,2})[.:](\d{2})", re.ASCII)


def read_text(raw: object) -> str:
    """Read a partner's text into canonical form: NFC, line ends as ``\\n``. Raises `CodecRefusal` for control
    characters."""
    if not isinstance(raw, str):
        msg = "not a text"
        raise CodecRefusal(msg)
    if raw.isprintable() and (raw.isascii() or unicodedata.is_normalized("NFC", raw)):
        return raw
    if "\r" in raw:
        raw = raw.replace("\r\n", "\n").replace("\r", "\n")
    if _CONTROL.search(raw):
        msg = "control character"
        raise CodecRefusal(msg)
    return unicodedata.normalize("NFC", raw)


def _write_text(value: object) -> str:
    if not isinstance(value, str):
        msg = "not a text"
        raise CodecRefusal(msg)
    return value


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value):
        msg = "not a whole number"
        raise CodecRefusal(msg)
    return int(value)


def _read_int_text(raw: object) -> int:
    if not isinstance(raw, str) or not _INT.fullmatch(raw.strip()):
        msg = "not a whole number"
        raise CodecRefusal(msg)
    return int(raw)


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        msg = "not a number"
        raise CodecRefusal(msg)
    return Decimal(value)


def _write_decimal(value: object) -> str:
    return f"{_number(value):f}"


def _read_decimal(raw: object) -> Decimal:
    if not isinstance(raw, str) or not _DECIMAL.fullmatch(raw.strip()):
        msg = "not a number"
        raise CodecRefusal(msg)
    return Decimal(raw.strip())


def _read_comma(raw: object) -> Decimal:
    if not isinstance(raw, str) or "." in raw:
        msg = "not a number"
        raise CodecRefusal(msg)
    return _read_decimal(raw.replace(",", "."))


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        msg = "not yes or no"
        raise CodecRefusal(msg)
    return value


def yes_no(name: str, yes: str, no: str) -> Codec:
    """Make a codec that writes a truth value as one of two texts, e.g. ``K`` and ``E``."""

    def read(raw: object) -> bool:
        if raw == yes:
            return True
        if raw == no:
            return False
        msg = "neither yes nor no"
        raise CodecRefusal(msg)

    return Codec(name, lambda value: yes if _flag(value) else no, read, f"{re.escape(yes)}|{re.escape(no)}")


def _day(value: object) -> date:
    if isinstance(value, datetime) or not isinstance(value, date):
        msg = "not a date"
        raise CodecRefusal(msg)
    return value


def _made(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        msg = "no such day"
        raise CodecRefusal(msg) from None


def _read_iso(raw: object) -> date:
    # The shape is checked first: fromisoformat takes week dates and dates without hyphens too.
    if isinstance(raw, str) and len(raw) == 10 and raw[4] == "-" == raw[7]:
        try:
            return date.fromisoformat(raw)
        except ValueError:
            pass
    msg = "not a date"
    raise CodecRefusal(msg)


def _write_fi(value: object) -> str:
    day = _day(value)
    return f"{day.day:02}.{day.month:02}.{day.year:04}"


def _read_fi(raw: object) -> date:
    found = _FI_DATE.fullmatch(raw) if isinstance(raw, str) else None
    if found is None:
        msg = "not a date"
        raise CodecRefusal(msg)
    return _made(int(found[3]), int(found[2]), int(found[1]))


def _write_int_day(value: object) -> int:
    day = _day(value)
    return day.year * 10000 + day.month * 100 + day.day


def _int_day_reader(*nothing: int) -> Callable[[object], date | None]:
    def read(raw: object) -> date | None:
        if isinstance(raw, bool) or not isinstance(raw, int):
            msg = "not a date"
            raise CodecRefusal(msg)
        if raw in nothing:
            return None
        return _made(raw // 10000, raw // 100 % 100, raw % 100)

    return read


def _write_int_day_before_open_end(value: object) -> int:
    written = _write_int_day(value)
    if written == OPEN_END:
        msg = "this day means an open end there"
        raise CodecRefusal(msg)
    return written


def _moment(value: object) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        msg = "not a moment with an offset"
        raise CodecRefusal(msg)
    return value


def _write_utc(value: object) -> str:
    return _moment(value).astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read_moment(raw: object) -> datetime:
    if not isinstance(raw, str) or len(raw) < 17:
        msg = "not a moment with an offset"
        raise CodecRefusal(msg)
    try:
        moment = datetime.fromisoformat(raw)
        if moment.tzinfo is None:
            msg = "not a moment with an offset"
            raise CodecRefusal(msg)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as wrong:
        if isinstance(wrong, CodecRefusal):
            raise
        msg = "not a moment with an offset"
        raise CodecRefusal(msg) from None


def _write_fi_moment(value: object) -> str:
    local = _moment(value).astimezone(HELSINKI)
    return f"{local.day:02}.{local.month:02}.{local.year:04} {local.hour:02}.{local.minute:02}"


def _read_fi_moment(raw: object) -> datetime:
    found = _FI_MOMENT.fullmatch(raw) if isinstance(raw, str) else None
    if found is None:
        msg = "not a moment"
        raise CodecRefusal(msg)
    day, hour, minute = _read_fi(found[1]), int(found[2]), int(found[3])
    if hour > 23 or minute > 59:
        msg = "no such time of day"
        raise CodecRefusal(msg)
    try:
        return datetime(day.year, day.month, day.day, hour, minute, tzinfo=HELSINKI).astimezone(UTC)
    except OverflowError:  # the first day of all began before it in UTC
        msg = "no such moment"
        raise CodecRefusal(msg) from None


def _partial(value: object) -> str:
    if not isinstance(value, str) or not _PARTIAL.fullmatch(value):
        msg = "not a year, month or day"
        raise CodecRefusal(msg)
    year, month, day = (*value.split("-"), "01", "01")[:3]
    _made(int(year), int(month), int(day))
    return value


def _read_whole(raw: object) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        msg = "not a whole number"
        raise CodecRefusal(msg)
    return raw


def _read_number(raw: object) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
        msg = "not a number"
        raise CodecRefusal(msg)
    return Decimal(str(raw))


def _write_number(value: object) -> int | float:
    number = _number(value)
    if number == number.to_integral_value():
        return int(number)
    if Decimal(str(float(number))) != number:
        msg = "more digits than a JSON number keeps"
        raise CodecRefusal(msg)
    return float(number)


_NUMBER: Final = r"-?\d{1,15}"
_ALL: tuple[Codec, ...] = (
    Codec("text", _write_text, read_text, r".+?"),
    Codec("text-crlf", lambda value: _write_text(value).replace("\n", "\r\n"), read_text, r".+?"),
    Codec("int", _whole, _read_whole, _NUMBER),
    Codec("int-text", lambda value: str(_whole(value)), _read_int_text, _NUMBER),
    Codec("decimal", _write_number, _read_number, rf"{_NUMBER}(?:\.\d{{1,15}})?"),
    Codec("decimal-text", _write_decimal, _read_decimal, rf"{_NUMBER}(?:\.\d{{1,15}})?"),
    Codec(
        "decimal-comma",
        lambda value: _write_decimal(value).replace(".", ","),
        _read_comma,
        rf"{_NUMBER}(?:,\d{{1,15}})?",
    ),
    Codec("bool", _flag, _flag, r"true|false"),
    yes_no("bool-text", "K", "E"),
    yes_no("bool-kylla-ei", "kyllä", "ei"),
    Codec("date-iso", lambda value: _day(value).isoformat(), _read_iso, r"\d{4}-\d{2}-\d{2}"),
    Codec("date-fi", _write_fi, _read_fi, r"\d{1,2}\.\d{1,2}\.\d{4}"),
    Codec("date-int", _write_int_day, _int_day_reader(0), r"\d{8}"),
    Codec("date-int-open", _write_int_day_before_open_end, _int_day_reader(0, OPEN_END), r"\d{8}"),
    Codec("datetime-iso", _write_utc, _read_moment, r"\S+"),
    Codec("datetime-iso-local", lambda v: _moment(v).astimezone(HELSINKI).isoformat(), _read_moment, r"\S+"),
    Codec(
        "datetime-fi",
        _write_fi_moment,
        _read_fi_moment,
        r"\d{1,2}\.\d{1,2}\.\d{4} \d{1,2}[.:]\d{2}",
        "seconds are not kept, and the repeated hour of October reads as the first one",
    ),
    Codec("partial-date", _partial, _partial, r"\d{4}(?:-\d{2}(?:-\d{2})?)?"),
    *repertoire_codecs(read_text),
)
GENERIC: Final[dict[str, Codec]] = {codec.name: codec for codec in _ALL}
"""Every codec that any mapping may name, by name."""

EMPTY_DEFAULTS: Final[dict[str, Any]] = {"date-int": 0, "date-int-open": OPEN_END}
"""What a partner's field holds when it means "nothing", for codecs that have their own word for it."""

IN_TEXT: Final = {
    "int": "int-text",
    "decimal": "decimal-text",
    "bool": "bool-kylla-ei",
    "text-crlf": "text",
}
"""Inside a line of text a number is written by the text codec, whatever the row calls it."""
