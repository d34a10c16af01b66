"""As many made-up clients as a test wants, with valid identity numbers of the range that belongs to nobody."""

import inspect

from tyokyky_bridge.demo.people import Person

CHECK_CHARACTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_met: dict[tuple[int, str], str] = {}


def stranger(number: int, *, sign: str = "-") -> Person:
    """The made-up client of this number (0–99); with another century sign of the 1900s a different person.

    Journeys share an installation, so each has clients of its own. Raises: ValueError.
    """
    caller = inspect.stack()[1].filename
    if _met.setdefault((number, sign), caller) != caller:
        msg = f"stranger {number} is met in {_met[number, sign]} already: take another number"
        raise ValueError(msg)
    digits = f"010190{900 + number}"
    check = CHECK_CHARACTERS[int(digits) % 31]
    return Person(
        f"010190{sign}{900 + number}{check}", "Keksitty", f"Henkilö {chr(65 + number % 26)}", "1990-01-01"
    )
