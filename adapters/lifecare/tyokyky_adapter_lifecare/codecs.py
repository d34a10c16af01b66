"""Points of instruments: Lifecare keeps them as text that people may type anything into."""

import re
from decimal import Decimal

from tyokyky_bridge.adapterkit.codec import Codec, CodecRefusal

_WHOLE = re.compile(r"\d{1,3}", re.ASCII)


def points(name: str, *, highest: int) -> Codec:
    """Whole points from 0 to *highest* as text.

    ``"4-5"``, ``"n. 4"`` or points beyond the scale are refused in both directions, never rounded or guessed.

    Source: domain report 7.1, 7.3 rule 3.
    """

    def checked(value: int) -> int:
        if not 0 <= value <= highest:
            rule = f"points outside 0-{highest}"
            raise CodecRefusal(rule)
        return value

    def encode(value: object) -> str:
        if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value):
            rule = "not whole points"
            raise CodecRefusal(rule)
        return str(checked(int(value)))

    def decode(raw: object) -> int:
        if not isinstance(raw, str) or not _WHOLE.fullmatch(raw.strip()):
            rule = "not whole points"
            raise CodecRefusal(rule)
        return checked(int(raw))

    return Codec(name, encode, decode, r"\d{1,3}")


CODECS: dict[str, Codec] = {
    codec.name: codec
    for codec in (
        points("points-10", highest=10),
        points("points-40", highest=40),
        points("points-63", highest=63),
    )
}
