"""Letters that a Latin-1 or Latin-9 partner cannot store: declared substitutes for names and text, refusal
for the rest.

Names are transliterated because a partner without the letter still has to file the person; the hub keeps the
original spelling. Text only loses typography: a letter that would change is refused, so that nothing turns
into "?".
"""

import unicodedata
from collections.abc import Callable
from functools import lru_cache

from tyokyky_bridge.adapterkit.codec import Codec, CodecRefusal

_LETTERS = str.maketrans(
    {
        "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ø": "o", "Ø": "O", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th",
        "ħ": "h", "Ħ": "H", "ı": "i", "ŋ": "n", "Ŋ": "N", "ŧ": "t", "Ŧ": "T", "œ": "oe", "Œ": "OE", "æ": "ae",
        "Æ": "AE", "ß": "ss", "ẞ": "SS", "ə": "e", "Ə": "E", "ĸ": "k", "ơ": "o", "Ơ": "O", "ư": "u", "Ư": "U",
        "ɓ": "b", "ɗ": "d", "ƙ": "k", "ƴ": "y", "ŀ": "l", "Ŀ": "L", "ʼ": "'", "ʻ": "'",
    }
)  # fmt: skip
_TYPOGRAPHY: dict[str, str] = {
    "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2015": "-", "\u2212": "-",
    "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u2032": "'", "\u201c": '"', "\u201d": '"',
    "\u201e": '"', "\u201f": '"', "\u2033": '"', "\u2026": "...", "\u00a0": " ", "\u202f": " ", "\u2009": " ",
    "\u2007": " ", "\u2022": "-", "\u20ac": "EUR",
}  # fmt: skip


@lru_cache(maxsize=512)
def holds(character: str, encoding: str) -> bool:
    """Say whether *encoding* has this one character."""
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _refuse(character: str, encoding: str) -> CodecRefusal:
    return CodecRefusal(f"character U+{ord(character):04X} is outside {encoding}")


def _name_letter(character: str, encoding: str) -> str:
    if holds(character, encoding):
        return character
    if character in _TYPOGRAPHY:
        return _TYPOGRAPHY[character]
    kept = "".join(
        part for part in unicodedata.normalize("NFD", character) if not unicodedata.combining(part)
    ).translate(_LETTERS)
    if kept and _fits(kept, encoding):
        return kept
    if unicodedata.combining(character):
        return ""
    raise _refuse(character, encoding)


def _text_letter(character: str, encoding: str) -> str:
    if holds(character, encoding):
        return character
    substitute = _TYPOGRAPHY.get(character)
    if substitute is None:
        raise _refuse(character, encoding)
    return substitute


def _writer(letter: Callable[[str, str], str], encoding: str) -> Callable[[object], str]:
    def write(value: object) -> str:
        if not isinstance(value, str):
            msg = "not a text"
            raise CodecRefusal(msg)
        if value.isascii() or _fits(value, encoding):
            return value
        return "".join(letter(character, encoding) for character in value)

    return write


def repertoire_codecs(read: Callable[[object], str]) -> tuple[Codec, ...]:
    """Make the name and text codecs of the two 8-bit repertoires; *read* is the reader of ordinary text."""
    return tuple(
        Codec(f"{kind}-{short}", _writer(letter, f"iso-{short}"), read, r".+?", lossy)
        for short in ("8859-1", "8859-15")
        for kind, letter, lossy in (
            ("transliterated", _name_letter, f"letters outside ISO-{short} are written without their marks"),
            ("text", _text_letter, f"dashes, quotes and spaces outside ISO-{short} are written plain"),
        )
    )
