"""The values of search parameters, read by kind.

Every reader takes the text as it was sent and gives a value or raises `Malformed`, which names the rule and never the
text. ``\\,`` ``\\|`` ``\\$`` and ``\\\\`` stand for the character itself.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from tyokyky_bridge.fhir.search.dates import Span, span_of
from tyokyky_bridge.fhir.search.kinds import PREFIXES, Kind, Parameter
from tyokyky_bridge.fhir.search.numbers import Number, number_of
from tyokyky_bridge.fhir.search.references import Target, asked_target
from tyokyky_bridge.fhir.search.text import exactly, fold

ESCAPED: Final = frozenset(",|$\\")
_PREFIX: Final = re.compile(r"[a-z]{2}(?=[-\d])", re.ASCII)
_LONE_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


class Malformed(Exception):
    """A value breaks a rule of its kind; *rule* says which. The value is not kept."""

    def __init__(self, *, rule: str) -> None:
        self.rule = rule
        super().__init__(rule)


@dataclass(frozen=True)
class Token:
    """A code: *system* ``None`` is any, empty is none; *code* ``None`` is any."""

    system: str | None
    code: str | None


@dataclass(frozen=True)
class Text:
    """A text: as written in composed form, and folded."""

    exact: str
    folded: str


@dataclass(frozen=True)
class Date:
    """A span of time and how it is to be compared."""

    prefix: str
    span: Span


@dataclass(frozen=True)
class Amount:
    """A number and how it is to be compared; of a quantity also the unit: *system* and *unit* ``None`` are any."""

    prefix: str
    number: Number
    system: str | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Uri:
    """A URI, to be equal character by character."""

    text: str


@dataclass(frozen=True)
class Together:
    """The values of the parts of a composite."""

    values: tuple["Token | Text | Date | Amount | Uri | Target", ...]


Value = Token | Text | Date | Amount | Uri | Target | Together


def split(text: str, at: str) -> list[str]:
    """*text* cut at every *at* that is not escaped; escapes stay as they are."""
    parts, start, position = list[str](), 0, 0
    while position < len(text):
        if text[position] == "\\":
            position += 1
        elif text[position] == at:
            parts.append(text[start:position])
            start = position + 1
        position += 1
    return [*parts, text[start:]]


def unescaped(text: str) -> str:
    """
    *text* with its escapes resolved.

    Raises:
        Malformed: a backslash stands before something else.
    """
    said: list[str] = []
    characters = iter(text)
    for each in characters:
        if each != "\\":
            said.append(each)
            continue
        after = next(characters, "")
        if after not in ESCAPED or not after:
            raise Malformed(
                rule="a backslash stands only before a comma, a bar, a dollar sign or a backslash"
            )
        said.append(after)
    return "".join(said)


def read_value(parameter: Parameter, modifier: str | None, text: str, *, base: str) -> Value:
    """
    One value of *parameter*, not yet unescaped.

    Raises:
        Malformed: naming the rule.
    """
    if _LONE_SURROGATE.search(text):
        raise Malformed(rule="is no text")
    if parameter.kind is Kind.COMPOSITE:
        return _together(parameter, text, base=base)
    if modifier == "identifier":
        return _token(text)
    if modifier == "text":
        return _text(text)
    value = _READERS[parameter.kind](text) if parameter.kind in _READERS else _target(text, base=base)
    if parameter.boolean and isinstance(value, Token) and value.code not in ("true", "false"):
        raise Malformed(rule="is either true or false")
    if isinstance(value, Target) and value.type is not None and not parameter.may_point_at(value.type):
        raise Malformed(rule="points at a type that this parameter never points at")
    return value


def _together(parameter: Parameter, text: str, *, base: str) -> Together:
    parts = split(text, "$")
    if len(parts) != len(parameter.parts):
        raise Malformed(rule=f"is {len(parameter.parts)} values with a dollar sign between them")
    held: list[Token | Text | Date | Amount | Uri | Target] = []
    for part, said in zip(parameter.parts, parts, strict=True):
        value = _READERS[part.kind](said) if part.kind in _READERS else _target(said, base=base)
        held.append(value)
    return Together(tuple(held))


def _given(text: str) -> str:
    said = unescaped(text)
    if not said.strip():
        raise Malformed(rule="is empty")
    return said


def _token(text: str) -> Token:
    parts = [unescaped(each) for each in split(text, "|")]
    if len(parts) > 2:
        raise Malformed(rule="has more than one bar")
    if not any(each.strip() for each in parts):
        raise Malformed(rule="is empty")
    if len(parts) == 1:
        return Token(None, parts[0])
    return Token(parts[0], parts[1] or None)


def _text(text: str) -> Text:
    said = _given(text)
    return Text(exactly(said), fold(said))


def _prefixed(text: str) -> tuple[str, str]:
    """The prefix, ``eq`` when there is none, and the rest."""
    found = _PREFIX.match(text)
    if found is None:
        return "eq", text
    if found[0] not in PREFIXES:
        raise Malformed(rule=f"has a prefix that is not one of {', '.join(PREFIXES)}")
    return found[0], text[2:]


def _date(text: str) -> Date:
    prefix, said = _prefixed(_given(text))
    span = span_of(said)
    if span is None:
        raise Malformed(
            rule="is no date: yyyy, yyyy-mm, yyyy-mm-dd or yyyy-mm-ddThh:mm[:ss[.fff]] with a zone"
        )
    return Date(prefix, span)


def _amount(text: str) -> Amount:
    prefix, said = _prefixed(_given(text))
    number = number_of(said)
    if number is None:
        raise Malformed(rule="is no number")
    return Amount(prefix, number)


def _quantity(text: str) -> Amount:
    parts = split(text, "|")
    amount = _amount(parts[0])
    if len(parts) == 1:
        return amount
    if len(parts) != 3:
        raise Malformed(rule="is a number, or number|system|code, or number||unit")
    system, unit = unescaped(parts[1]), unescaped(parts[2])
    if not unit:
        raise Malformed(rule="has bars and no unit")
    return Amount(amount.prefix, amount.number, system or None, unit)


def _uri(text: str) -> Uri:
    return Uri(_given(text))


def _target(text: str, *, base: str) -> Target:
    target = asked_target(_given(text), base=base)
    if target is None:
        raise Malformed(rule="is no reference: an id, Type/id or an absolute URL")
    return target


_READERS: Final[Mapping[Kind, Callable[[str], Token | Text | Date | Amount | Uri]]] = MappingProxyType(
    {
        Kind.TOKEN: _token,
        Kind.STRING: _text,
        Kind.DATE: _date,
        Kind.NUMBER: _amount,
        Kind.QUANTITY: _quantity,
        Kind.URI: _uri,
    }
)
