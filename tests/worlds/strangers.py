"""As many made-up clients as a test wants, with valid identity numbers of the range that belongs to nobody."""

from tyokyky_bridge.demo.people import Person

CHECK_CHARACTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"


def stranger(number: int, *, sign: str = "-") -> Person:
    """The made-up client of this number (0–99); with another century sign of the 1900s a different person."""
    digits = f"010190{900 + number}"
    check = CHECK_CHARACTERS[int(digits) % 31]
    return Person(
        f"010190{sign}{900 + number}{check}", "Keksitty", f"Henkilö {chr(65 + number % 26)}", "1990-01-01"
    )
