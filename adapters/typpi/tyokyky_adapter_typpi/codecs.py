"""TYPPI's own way of writing a value."""

from tyokyky_bridge.adapterkit.codec import Codec, CodecRefusal

_NOT_WHOLE = "not a whole number"
_OFF_THE_SCALE = "outside 0-10"


def _points(value: object) -> int:
    """A work-ability score: a whole number from 0 to 10, and 0 is an answer. Source: domain report 7.3."""
    if isinstance(value, bool | float | str):
        raise CodecRefusal(_NOT_WHOLE)
    try:
        points = int(value)  # pyright: ignore[reportArgumentType]  Decimal and int; others end below
    except (TypeError, ValueError, ArithmeticError):
        raise CodecRefusal(_NOT_WHOLE) from None
    if points != value:
        raise CodecRefusal(_NOT_WHOLE)
    if not 0 <= points <= 10:
        raise CodecRefusal(_OFF_THE_SCALE)
    return points


CODECS = {"b4": Codec("b4", _points, _points, r"\d{1,2}")}
