"""FHIR JSON text: strict reading that keeps every digit, and writing that gives the digits back.

JSON itself lets through what FHIR does not (a member twice, NaN) and Python's floats lose what FHIR promises to
keep (``2.50``). Both are settled here, before anything looks at a document.
"""

import json
import re
from decimal import Decimal
from typing import Any, Self, cast

import orjson

from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.fhir.wire.issues import Issue

MAX_DEPTH = 64
"""Objects and arrays inside each other."""

MAX_DIGITS = 200
"""Characters of one number. FHIR asks for 18 digits; nothing in our subject needs a hundred."""

MAX_EXPONENT = 999
"""Greatest power of ten of a number, either way; a short text must not stand for gigabytes of digits."""

BOM = b"\xef\xbb\xbf"
NOT_BRACKETS = bytes(sorted(set(range(256)) - set(b"{}[]")))
OPENING = frozenset(b"{[")
SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
ELEMENT_NAME = re.compile(r"_?[A-Za-z]{1,64}")


class Unreadable(BridgeError):
    """A body is not the JSON text that FHIR asks for. Names the rule, and the element when one is known."""

    code = "fhir/unreadable"

    def __init__(self, rule: str, expression: str | None = None) -> None:
        self.rule = rule
        self.expression = expression
        super().__init__(rule if expression is None else f"{expression}: {rule}")

    @property
    def issues(self) -> tuple[Issue, ...]:
        """The same, ready for an OperationOutcome."""
        return (Issue("error", "structure", self.rule, self.expression),)


class Lexeme(Decimal):
    """A number that remembers how it was written: ``2.50`` stays ``2.50``, ``1.0e2`` stays ``1.0e2``."""

    text: str

    def __new__(cls, text: str) -> Self:
        """
        Read *text*, which is a JSON number.

        Raises:
            decimal.InvalidOperation: *text* is no number.
        """
        self = super().__new__(cls, text)
        self.text = text
        return self

    def __str__(self) -> str:
        return self.text

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object, /) -> Self:
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        return (type(self), (self.text,))


class _Doubled(dict[str, Any]):
    """An object in which a member stood twice; kept until the place of it can be told."""

    member = ""


def parse(body: bytes) -> Any:
    """
    Read *body* as strict JSON: UTF-8, no member twice, no NaN, at most 64 levels deep.

    Numbers with a fraction or an exponent, and integers too large for 64 bits, come back as `Lexeme`.

    Raises:
        Unreadable: naming the rule; never anything else, whatever the bytes.

    Source: hl7.org/fhir/R4/json.html; RFC 8259; performance report 1.3 and 6 (limits before parsing).
    """
    body = body.removeprefix(BOM)
    _refuse_depth(body)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        msg = "the body is not UTF-8"
        raise Unreadable(msg) from None
    doubled: list[_Doubled] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            found = _Doubled(found)
            found.member = _first_repeated(pairs)
            doubled.append(found)
        return found

    try:
        document = json.loads(
            text, object_pairs_hook=members, parse_float=_number, parse_int=_integer, parse_constant=_constant
        )
    except json.JSONDecodeError as refusal:
        rule = f"not JSON at line {refusal.lineno}, column {refusal.colno}"
        raise Unreadable(rule) from None
    if doubled:
        msg = "a member stands twice in one object"
        raise Unreadable(msg, _place_of_double(document))
    if SURROGATE.search(body) and _has_lone_surrogate(document):
        msg = "half of a surrogate pair is not a character"
        raise Unreadable(msg)
    return document


def render(document: Any, *, pretty: bool = False) -> bytes:
    """
    Write *document* as JSON, each `Lexeme` exactly as it was read.

    Raises:
        orjson.JSONEncodeError: *document* holds something that JSON has no form for.
    """
    option = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
    return orjson.dumps(document, default=_written, option=option | (orjson.OPT_INDENT_2 if pretty else 0))


def _written(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(str(value))
    raise TypeError(type(value).__name__)


def _refuse_depth(body: bytes) -> None:
    """
    Count brackets outside strings, by replacement and so at the speed of bytes, and without recursion.

    A backslash outside strings would mislead this, but no reader gets past one.
    """
    outside = body.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2]
    depth = 0
    for each in b"".join(outside).translate(None, NOT_BRACKETS):
        depth += 1 if each in OPENING else -1
        if depth > MAX_DEPTH:
            msg = f"more than {MAX_DEPTH} objects and arrays inside each other"
            raise Unreadable(msg)


def _number(text: str) -> Lexeme:
    if len(text) > MAX_DIGITS:
        msg = f"a number of more than {MAX_DIGITS} characters"
        raise Unreadable(msg)
    _, _, exponent = text.lower().partition("e")
    if exponent and (len(exponent) > 5 or abs(int(exponent)) > MAX_EXPONENT):
        msg = f"a number with an exponent beyond {MAX_EXPONENT}"
        raise Unreadable(msg)
    return Lexeme(text)


def _integer(text: str) -> int | Lexeme:
    """An int, unless the text says more than an int can: ``-0``, or more than 64 bits."""
    return int(text) if len(text) < 18 and text != "-0" else _number(text)


def _constant(_: str) -> None:
    msg = "NaN and Infinity are no JSON numbers"
    raise Unreadable(msg)


def _first_repeated(pairs: list[tuple[str, Any]]) -> str:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            return name
        seen.add(name)
    return ""


def _place_of_double(value: Any, place: str | None = None) -> str | None:
    """The FHIRPath of the first member that stands twice; the name is left out when it is not like an element."""
    if isinstance(value, _Doubled):
        here = place or _type_of(value)
        return f"{here}.{value.member}" if here and ELEMENT_NAME.fullmatch(value.member) else here
    if isinstance(value, dict):
        document = cast("dict[str, Any]", value)
        here = place or _type_of(document)
        inner = [
            (f"{here}.{name}" if here and ELEMENT_NAME.fullmatch(name) else here, member)
            for name, member in document.items()
        ]
    elif isinstance(value, list):
        inner = [
            (f"{place}[{n}]" if place else None, each) for n, each in enumerate(cast("list[Any]", value))
        ]
    else:
        return None
    return next((found for where, each in inner if (found := _place_of_double(each, where))), None)


def _type_of(document: dict[str, Any]) -> str | None:
    name = document.get("resourceType")
    return name if isinstance(name, str) and ELEMENT_NAME.fullmatch(name) else None


def _has_lone_surrogate(document: Any) -> bool:
    """Asked only when an escaped surrogate is there: the JSON reader joins pairs, UTF-8 refuses what is left."""
    try:
        render(document)
    except orjson.JSONEncodeError:
        return True
    return False
