"""The Finnish business id (Y-tunnus). Source: domain report 5.7; finlex 598/1991 §4."""

import re
from typing import Final

from tyokyky_bridge.domain.errors import BridgeError

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2)
_FORM: Final = re.compile(r"(\d{7})-(\d)\Z", re.ASCII)


class InvalidYTunnus(BridgeError):
    """The text is not a business id; *rule* says which rule it breaks."""

    code = "y-tunnus/invalid"

    def __init__(self, *, rule: str) -> None:
        self.rule = rule
        super().__init__(f"not a valid Y-tunnus: {rule}")


def check_digit(seven_digits: str) -> int | None:
    """The check digit of seven digits, or ``None`` when no business id can begin with them."""
    remainder = sum(w * int(d) for w, d in zip(_WEIGHTS, seven_digits, strict=True)) % 11
    if remainder == 1:
        return None
    return 0 if remainder == 0 else 11 - remainder


def parse_y_tunnus(text: str) -> str:
    """
    Read a business id strictly and return it in its normal form ``1234567-8``.

    Raises:
        InvalidYTunnus: naming the broken rule.
    """
    value = text.strip()
    found = _FORM.match(value)
    if found is None:
        raise InvalidYTunnus(rule="form")
    expected = check_digit(found[1])
    if expected is None:
        raise InvalidYTunnus(rule="number not in use")
    if int(found[2]) != expected:
        raise InvalidYTunnus(rule="check digit")
    return value


def oid_root(y_tunnus: str) -> str:
    """The OID root of an organisation: ``1.2.246.10.`` and the eight digits. Source: domain report 4.4."""
    return "1.2.246.10." + parse_y_tunnus(y_tunnus).replace("-", "").lstrip("0")
