"""Text of a plan: normalised to NFC, free of control characters and lone surrogates, of bounded length."""

import re
import unicodedata
from typing import Annotated, Any, Final, LiteralString, NoReturn

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

STR_MAX: Final = 500
"""Longest one-line value, in characters."""
TEXT_MAX: Final = 10_000
"""Longest multi-line value, in characters."""


def refuse(kind: LiteralString, rule: LiteralString, /, **context: Any) -> NoReturn:
    """Refuse a value by naming the *rule* it breaks; the value itself is never echoed."""
    raise PydanticCustomError(kind, rule, context)


class Kind:
    """Names what sort of leaf a type is, where Python does not tell, and its greatest length."""

    def __init__(self, name: str, max_chars: int) -> None:
        self.name = name
        self.max_chars = max_chars


_REFUSED: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f"  # control characters, tabs too, all but the line feed
    "\u2028\u2029"  # line and paragraph separators
    "\u202a-\u202e\u2066-\u2069"  # direction embeddings and overrides
    "\ud800-\udfff\ufeff\ufffe\uffff]"  # lone surrogates, byte order mark, non-characters
)


def normalise_text(value: str) -> str:
    """
    Bring *value* to the one form in which texts are kept and compared.

    CRLF becomes LF, composition is NFC, spaces at line ends and empty lines at both ends go.

    Raises:
        PydanticCustomError: a character is refused, or nothing is left. The text itself is not echoed.
    """
    if "\r" in value:
        value = value.replace("\r\n", "\n")
    if _REFUSED.search(value):
        refuse("text_characters", "has a control character, separator or lone surrogate")
    value = unicodedata.normalize("NFC", value)
    value = "\n".join(line.rstrip() for line in value.split("\n")).strip("\n")
    if not value:
        refuse("text_empty", "is empty; leave the field out instead")
    return value


def _one_line(value: str) -> str:
    value = normalise_text(value).strip()
    if "\n" in value:
        refuse("text_lines", "must be one line")
    return value


def _bounded(longest: int) -> AfterValidator:
    def check(value: str) -> str:
        if len(value) > longest:
            refuse("text_length", "is longer than {longest} characters", longest=longest)
        return value

    return AfterValidator(check)


def _only_str(value: Any) -> Any:
    if type(value) is not str:
        refuse("text_type", "must be a text")
    if len(value) > 4 * TEXT_MAX:
        refuse("text_length", "is longer than {longest} characters", longest=TEXT_MAX)
    return value


Text = Annotated[
    str,
    BeforeValidator(_only_str, json_schema_input_type=str),
    AfterValidator(normalise_text),
    _bounded(TEXT_MAX),
    Kind("text", TEXT_MAX),
]
"""Multi-line text."""

Str = Annotated[
    str,
    BeforeValidator(_only_str, json_schema_input_type=str),
    AfterValidator(_one_line),
    _bounded(STR_MAX),
    Kind("str", STR_MAX),
]
"""One line of text."""


def shaped(pattern: str, what: str) -> Any:
    """A validator of identifiers: the text must match *pattern* whole; *what* is the rule to show."""
    whole = re.compile(rf"(?:{pattern})\Z")

    def check(value: str) -> str:
        if not whole.match(value):
            refuse("text_shape", "{what}", what=what)
        return value

    return AfterValidator(check)


Token = Annotated[str, BeforeValidator(_only_str, json_schema_input_type=str)]
"""A bare string, to be narrowed by `shaped`."""
