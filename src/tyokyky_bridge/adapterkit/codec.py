"""A codec turns one canonical value into a partner's way of writing it, and back (design 5).

Generic codecs are in the hub's `mapping.codecs`. An adapter that needs a stranger one exports ``CODECS`` from
its package, a dictionary from the name used in the mapping rows to a `Codec`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class CodecRefusal(ValueError):
    """A value that a codec will not write or read. *rule* is a stable phrase and never contains the value."""

    def __init__(self, rule: str) -> None:
        self.rule = rule
        super().__init__(rule)


@dataclass(frozen=True)
class Codec:
    """Two functions that undo each other, with a name for the mapping rows.

    *encode* takes a canonical value (`str`, `int`, `Decimal`, `bool`, `date`, aware `datetime`) and gives the
    native one; *decode* goes back and gives ``None`` where the native value means "nothing". Both raise
    `CodecRefusal` for what they cannot carry: a value is refused, never guessed or cut.

    *text_pattern* is the regular expression of an encoded value inside a line template. *lossy* says what is
    lost where ``decode(encode(x))`` may differ from ``x``; it stays ``None`` for a lossless codec.
    """

    name: str
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]
    text_pattern: str = r"\S+"
    lossy: str | None = None
