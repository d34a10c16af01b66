"""The Finnish personal identity code (henkilötunnus): parse, normalise, mask.

The century sign distinguishes people: two codes that differ only in it belong to two persons, so no
comparison ever drops it. A HETU goes into no URL, log line or error text. Source: domain report 5.1–5.5;
dvv.fi.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final

from tyokyky_bridge.domain.errors import BridgeError

CENTURIES: Final = {
    "+": 1800,
    **dict.fromkeys("-YXWVU", 1900),
    **dict.fromkeys("ABCDEF", 2000),
}
"""First year of the century that each sign stands for."""

CHECK_CHARACTERS: Final = "0123456789ABCDEFHJKLMNPRSTUVWXY"

_FORM: Final = re.compile(r"(\d\d)(\d\d)(\d\d)([-+A-FU-Y])(\d{3})([0-9A-FHJ-NPR-Y])\Z", re.ASCII)
_DASHES: Final = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))

PUBLISHED_FIXTURES: Final = frozenset(
    {"010190-999X", "010190-999Y", "010190-999K", "010190Y999K", "250810A999Y"}
)
"""Published examples that break the check rule. Accepted only where a caller passes them as *allow*."""


class InvalidHetu(BridgeError):
    """The text is not an acceptable HETU; *rule* says which rule it breaks. The text is not kept."""

    code = "hetu/invalid"

    def __init__(self, *, rule: str) -> None:
        self.rule = rule
        super().__init__(f"not a valid HETU: {rule}")


@dataclass(frozen=True, repr=False)
class Hetu:
    """A valid HETU in its normal form. It shows itself masked; the number is in *value*."""

    value: str
    birth_date: date

    @property
    def century_sign(self) -> str:
        """The sign between the birth date and the individual number."""
        return self.value[6]

    @property
    def individual_number(self) -> int:
        """002–899 in the population register, 900–999 for test and temporary ones. No sign of gender."""
        return int(self.value[7:10])

    @property
    def synthetic(self) -> bool:
        """True for 900–999, which the population register never gives."""
        return self.individual_number >= 900

    @property
    def masked(self) -> str:
        """A form fit for a screen: birth date, sign and check character (``120385-***T``)."""
        return f"{self.value[:7]}***{self.value[10]}"

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"Hetu({self.masked})"


def normalise_hetu(text: str) -> str:
    """Trim, raise letters, map typographic dashes to ``-``. Nothing else. Source: domain report 5.2(1)."""
    return text.strip().translate(_DASHES).upper()


def check_character(digits: str) -> str:
    """The check character of the nine digits ``PPKKVVNNN``. The century sign has no part in it."""
    return CHECK_CHARACTERS[int(digits) % 31]


def parse_hetu(
    text: str,
    *,
    synthetic_only: bool = False,
    allow: Collection[str] = (),
    today: date | None = None,
) -> Hetu:
    """
    Read a HETU strictly.

    Args:
        text: As typed or as a partner sent it.
        synthetic_only: Refuse numbers of real people (002–899), for test and demo environments.
        allow: Published examples to accept in spite of their check character, e.g. `PUBLISHED_FIXTURES`.
        today: When given, a birth date after it is refused.

    Raises:
        InvalidHetu: naming the broken rule, never the text.

    Source: domain report 5.2.
    """
    value = normalise_hetu(text)
    found = _FORM.match(value)
    if found is None:
        raise InvalidHetu(rule="form")
    day, month, year, sign, number, check = found.groups()
    try:
        born = date(CENTURIES[sign] + int(year), int(month), int(day))
    except ValueError:
        raise InvalidHetu(rule="birth date") from None
    if today is not None and born > today:
        raise InvalidHetu(rule="birth date in the future")
    if int(number) < 2:
        raise InvalidHetu(rule="individual number")
    if check != check_character(day + month + year + number) and value not in allow:
        raise InvalidHetu(rule="check character")
    if synthetic_only and int(number) < 900:
        raise InvalidHetu(rule="only synthetic numbers 900-999 are accepted here")
    return Hetu(value, born)


def mask_hetu(text: str) -> str:
    """Mask a valid HETU; anything else becomes ``***``, so that a mistyped number does not slip through."""
    try:
        return parse_hetu(text, allow=PUBLISHED_FIXTURES).masked
    except InvalidHetu:
        return "***"
