"""Ura's texts: upper-case names in ISO-8859-1, and texts as arrays of lines that can be put together again."""

import re
import unicodedata
from typing import Final, cast

from tyokyky_bridge.adapterkit.codec import Codec, CodecRefusal

LINE_WIDTH: Final = 70
MAX_LINES: Final = 20

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
    {
        "Ł": "L",
        "Đ": "D",
        "Ħ": "H",
        "Ŋ": "N",
        "Ŧ": "T",
        "Œ": "OE",
        "Ə": "E",
        "Ơ": "O",
        "Ư": "U",
        "ẞ": "SS",
        "İ": "I",
    }
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def as_text(value: object) -> str:
    if not isinstance(value, str):
        msg = "not a text"
        raise CodecRefusal(msg)
    return value


def _plain(value: object) -> str:
    text = as_text(value).translate(_TYPOGRAPHY)
    for character in text:
        if ord(character) > 0xFF:
            msg = f"character U+{ord(character):04X} is outside {_ENCODING}"
            raise CodecRefusal(msg)
    return text


def _write_name(value: object) -> str:
    """Upper case, without marks that the repertoire lacks. Å, Ä, Ö and the rest of ISO-8859-1 stay."""
    name = _plain("".join(_name_letter(letter) for letter in as_text(value).translate(_TYPOGRAPHY).upper()))
    if not name.strip():
        msg = "nothing is left of the name"
        raise CodecRefusal(msg)
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
        msg = "not a text"
        raise CodecRefusal(msg)
    if _CONTROL.search(raw):
        msg = "control character"
        raise CodecRefusal(msg)
    return unicodedata.normalize("NFC", raw)


def _write_lines(value: object) -> list[str]:
    """Break a text into lines of at most 70 characters so that `_read_lines` can put it together again.

    A break at a space leaves the space at the end of the line, a break inside a word leaves ``¬`` there; a line that
    ends with neither ends a line of the text.
    """
    lines = [piece for line in _plain(value).split("\n") for piece in _wrapped(line)]
    if len(lines) > MAX_LINES:
        msg = f"longer than {MAX_LINES} lines of {LINE_WIDTH} characters"
        raise CodecRefusal(msg)
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
        msg = "not an array of lines"
        raise CodecRefusal(msg)
    text = ""
    for line in cast("list[object]", raw):
        piece = _one_line(line)
        if piece.endswith(_GLUE):
            text += piece[:-1]
        else:
            text += piece if piece.endswith(" ") else piece + "\n"
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n") or None


TEXTS: Final = (
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
)
"""The codecs of this module."""
