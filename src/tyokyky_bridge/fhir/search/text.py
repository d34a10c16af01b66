"""Comparing and ordering texts.

Two rules, and they differ on purpose:

- **Search folds.** ``Hamalainen`` finds *Hämäläinen* and ``hämäläinen`` finds *Hamalainen*: FHIR asks that string
  search be blind to case and accents, and the people whose names are searched for are written in both ways. å and ä
  fold to a, ö and ø to o, æ to ae, ł to l, ß to ss. Who means just the one spelling says ``:exact``.
- **Order is Finnish.** å, ä and ö are letters of their own after z (SFS 4966), as in every Finnish list; ø stands with
  ö, æ with ä, ü with y; other accents are passed over.

Source: hl7.org/fhir/R4/search.html#string.
"""

import re
import unicodedata
from typing import Final

_LETTERS: Final = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ħ": "h", "ŧ": "t", "ŋ": "n"}
    | {"ı": "i", "ĸ": "k"}
)
_AFTER_Z: Final = str.maketrans({"å": "{", "ä": "|", "æ": "|", "ö": "}", "ø": "}", "œ": "}", "ü": "y"})
_SPACE: Final = re.compile(r"\s+")


def fold(text: str) -> str:
    """*text* without case, accents and surplus space; what two texts have in common when a search finds one by the
    other.
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(each for each in decomposed if not unicodedata.combining(each)).casefold()
    return _SPACE.sub(" ", bare.translate(_LETTERS)).strip()


def exactly(text: str) -> str:
    """*text* in the one composed form: ä is ä however it was typed."""
    return unicodedata.normalize("NFC", text)


def collation(text: str) -> str:
    """A key that sorts texts as a Finnish list does."""
    return fold(unicodedata.normalize("NFC", text.casefold()).translate(_AFTER_Z))
