"""Ura's own ways of writing values: upper-case names, texts as line arrays, integer moments and partial dates."""

import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from tyokyky_bridge.adapterkit.codec import Codec, CodecRefusal

LINE_WIDTH: Final = 70
MAX_LINES: Final = 20
OPEN_ENDED: Final = 99991231
B4_MOST: Final = 10
HELSINKI: Final = ZoneInfo("Europe/Helsinki")

_ENCODING = "iso-8859-1"
_GLUE = "¬"
"""Stands at the end of a line that was broken inside a word (and so has no space to show the break)."""

_TYPOGRAPHY = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
        **dict.fromkeys("\u202f\u2009\u2007", " "),
        "\u2026": "...",
        "\u2022": "-",
        "\u20ac": "EUR",
    }
)
_LETTERS = str.maketrans(
    {"Ł": "L", "Đ": "D", "Ħ": "H", "Ŋ": "N", "Ŧ": "T", "Œ": "OE", "Ə": "E", "Ơ": "O", "Ư": "U", "ẞ": "SS", "İ": "I"}
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise CodecRefusal("not a text")
    return value


def _plain(value: object) -> str:
    text = _text(value).translate(_TYPOGRAPHY)
    for character in text:
        if ord(character) > 0xFF:
            raise CodecRefusal(f"character U+{ord(character):04X} is outside {_ENCODING}")
    return text


def _write_name(value: object) -> str:
    """Upper case, without marks that the repertoire lacks. Å, Ä, Ö and the rest of ISO-8859-1 stay."""
    name = _plain("".join(_name_letter(letter) for letter in _text(value).translate(_TYPOGRAPHY).upper()))
    if not name.strip():
        raise CodecRefusal("nothing is left of the name")
    return name


def _name_letter(letter: str) -> str:
    if ord(letter) <= 0xFF:
        return letter
    bare = "".join(part for part in unicodedata.normalize("NFD", letter) if not unicodedata.combining(part))
    return bare.translate(_LETTERS)


def _read_name(raw: object) -> str | None:
    return _one_line(raw).strip() or None


def _one_line(raw: object) -> str:
    if not isinstance(raw, str):
        raise CodecRefusal("not a text")
    if _CONTROL.search(raw):
        raise CodecRefusal("control character")
    return unicodedata.normalize("NFC", raw)


def _write_lines(value: object) -> list[str]:
    """Break a text into lines of at most 70 characters so that `_read_lines` can put it together again.

    A break at a space leaves the space at the end of the line, a break inside a word leaves ``¬`` there; a line that
    ends with neither ends a line of the text.
    """
    lines = [piece for line in _plain(value).split("\n") for piece in _wrapped(line)]
    if len(lines) > MAX_LINES:
        raise CodecRefusal(f"longer than {MAX_LINES} lines of {LINE_WIDTH} characters")
    return lines


def _wrapped(line: str) -> list[str]:
    pieces: list[str] = []
    while len(line) > LINE_WIDTH:
        space = line.rfind(" ", 0, LINE_WIDTH)
        if space > 0:
            pieces.append(line[: space + 1])
            line = line[space + 1 :]
        else:
            pieces.append(line[: LINE_WIDTH - 1] + _GLUE)
            line = line[LINE_WIDTH - 1 :]
    if line.endswith((_GLUE, " ")):
        if len(line) == LINE_WIDTH:
            return [*pieces, line[:-1] + _GLUE, line[-1] + _GLUE, ""]
        return [*pieces, line + _GLUE, ""]
    return [*pieces, line]


def _read_lines(raw: object) -> str | None:
    if not isinstance(raw, list):
        raise CodecRefusal("not an array of lines")
    text = ""
    for line in raw:  # pyright: ignore[reportUnknownVariableType]
        piece = _one_line(line)
        if piece.endswith(_GLUE):
            text += piece[:-1]
        else:
            text += piece if piece.endswith(" ") else piece + "\n"
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n") or None


def _write_end(value: object) -> int:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise CodecRefusal("not a date")
    number = value.year * 10000 + value.month * 100 + value.day
    if number == OPEN_ENDED:
        raise CodecRefusal("this day means an open end there")
    return number


def _read_end(raw: object) -> date | None:
    number = _number(raw)
    return None if number in (0, OPEN_ENDED) else _made(number)


def _write_partial(value: object) -> int:
    parts = _text(value).split("-")
    if not all(part.isascii() and part.isdigit() for part in parts) or len(parts) > 3:
        raise CodecRefusal("not a year, month or day")
    year, month, day = (int(part) for part in (*parts, "0", "0")[:3])
    return year * 10000 + month * 100 + day


def _read_partial(raw: object) -> str | None:
    number = _number(raw)
    if number in (0, OPEN_ENDED):
        return None
    year, month, day = number // 10000, number // 100 % 100, number % 100
    if month == 0 and day != 0:
        raise CodecRefusal("no such day")
    _made(year * 10000 + (month or 1) * 100 + (day or 1))
    return "-".join(f"{part:0{width}}" for part, width in ((year, 4), (month, 2), (day, 2)) if part)


def _write_moment(value: object) -> int:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise CodecRefusal("not a moment with an offset")
    local = value.astimezone(HELSINKI)
    return ((local.year * 100 + local.month) * 100 + local.day) * 10000 + local.hour * 100 + local.minute


def _read_moment(raw: object) -> datetime | None:
    number = _number(raw)
    if number == 0:
        return None
    day, hour, minute = _made(number // 10000), number // 100 % 100, number % 100
    if hour > 23 or minute > 59:
        raise CodecRefusal("no such time of day")
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=HELSINKI).astimezone(UTC)


def _write_day(value: object) -> int:
    return _write_moment(value) // 10000


def _read_day(raw: object) -> datetime | None:
    number = _number(raw)
    return None if number == 0 else _read_moment(number * 10000)


def _write_score(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value):
        raise CodecRefusal("not a whole number")
    if not 0 <= value <= B4_MOST:
        raise CodecRefusal(f"not a score from 0 to {B4_MOST}")
    return str(int(value))


def _read_score(raw: object) -> Decimal:
    text = _text(raw)
    if not (text.isascii() and text.isdigit() and len(text) <= 2 and int(text) <= B4_MOST):
        raise CodecRefusal(f"not a score from 0 to {B4_MOST}")
    return Decimal(int(text))


def _number(raw: object) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise CodecRefusal("not a number")
    return raw


def _made(number: int) -> date:
    try:
        return date(number // 10000, number // 100 % 100, number % 100)
    except ValueError:
        raise CodecRefusal("no such day") from None


CODECS: Final[dict[str, Codec]] = {
    codec.name: codec
    for codec in (
        Codec(
            "name-upper-8859-1",
            _write_name,
            _read_name,
            lossy="upper case, and letters outside ISO-8859-1 without their marks",
        ),
        Codec(
            "lines-8859-1",
            _write_lines,
            _read_lines,
            lossy="dashes, quotes and spaces outside ISO-8859-1 are written plain",
        ),
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
