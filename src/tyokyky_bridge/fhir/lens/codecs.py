"""Codecs: how one value of the plan is written in FHIR, and how it is read back without loss."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, cast

from tyokyky_bridge.domain.codes import code_list
from tyokyky_bridge.fhir.wire.issues import Document

JsonScalar = str | int | float | bool
"""A leaf as `tyokyky_bridge.domain.items.leaves_to_json` writes it."""

MUNICIPALITY: Final = "urn:oid:1.2.246.537.6.21"
LANGUAGE: Final = "urn:ietf:bcp:47"


class Unfit(ValueError):
    """A value of a body is not of the form that its element has here. Names the rule, never the value."""

    def __init__(self, rule: str, code: str = "value") -> None:
        self.rule = rule
        self.code = code
        super().__init__(rule)


@dataclass(frozen=True)
class Codec:
    """
    A pair of inverse functions.

    *type* is the FHIR type of what *show* makes of a leaf. *read* gives the leaf as JSON back.

    Raises:
        Unfit: by *read*, for a value of another form.
    """

    type: str
    show: Callable[[Any], Any]
    read: Callable[[Any], JsonScalar]


def _as_is(value: Any) -> Any:
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        rule = "must be a text"
        raise Unfit(rule)
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        rule = "must be true or false"
        raise Unfit(rule)
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value):
        rule = "must be a whole number"
        raise Unfit(rule)
    return int(value)


def _number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        rule = "must be a number"
        raise Unfit(rule)
    number = Decimal(str(value))
    if not number.is_finite() or abs(number) >= 10**9 or number != round(number, 6):
        rule = "must have at most 9 digits before and 6 after the point"
        raise Unfit(rule)
    return str(Decimal(int(number)) if number == number.to_integral_value() else number.normalize())


_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z", re.ASCII)


def _day(value: Any) -> str:
    if not isinstance(value, str) or not _DAY.match(value):
        rule = "must be a whole date YYYY-MM-DD"
        raise Unfit(rule)
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        rule = "is no day of the calendar"
        raise Unfit(rule) from None


def _shown_moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _moment(value: Any) -> str:
    if not isinstance(value, str) or not _MOMENT.match(value):
        rule = "must be a date and time with seconds and an offset"
        raise Unfit(rule)
    if len(value.partition(".")[2].rstrip("Z").partition("+")[0].partition("-")[0]) > 6:
        rule = "must not be finer than microseconds"
        raise Unfit(rule)
    try:
        return datetime.fromisoformat(value).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        rule = "is no moment of the calendar"
        raise Unfit(rule) from None


def prefixed(type_: str, prefix: str, rule: str) -> Codec:
    """A text that FHIR writes after a fixed *prefix*, such as ``urn:oid:``."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or not value.startswith(prefix) or len(value) == len(prefix):
            raise Unfit(rule)
        return value.removeprefix(prefix)

    return Codec(type_, lambda value: f"{prefix}{value}", read)


def coded(system: str) -> Codec:
    """A Coding of one *system*."""

    def read(value: Any) -> str:
        held: Mapping[str, Any] = cast("Document", value) if isinstance(value, dict) else {}
        code = held.get("code")
        if held.get("system") != system or not isinstance(code, str):
            rule = f"must be a Coding of {system}"
            raise Unfit(rule, "code-invalid")
        return code

    return Codec("Coding", lambda code: {"system": system, "code": code}, read)


def of_list(list_id: str) -> Codec:
    """A Coding of one of the shipped code lists."""
    return coded(code_list(list_id).url)


def renamed(pairs: Mapping[str, str], type_: str = "code") -> Codec:
    """Codes that FHIR calls otherwise, one for one. Raises ValueError when two would become the same."""
    back = {theirs: ours for ours, theirs in pairs.items()}
    if len(back) != len(pairs):
        msg = "two codes become the same"
        raise ValueError(msg)

    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in back:
            rule = "is a code that has no counterpart here"
            raise Unfit(rule, "code-invalid")
        return back[value]

    return Codec(type_, lambda code: pairs[code], read)


def wrapped(outer: str, codec: Codec) -> Codec:
    """The value alone in an object: ``{outer: value}``."""

    def read(value: Any) -> JsonScalar:
        held: Mapping[str, Any] = cast("Document", value) if isinstance(value, dict) else {}
        return codec.read(held.get(outer))

    return Codec("Reference", lambda value: {outer: codec.show(value)}, read)


def _names(value: str) -> list[str]:
    parts = value.split(" ")
    return parts if all(parts) else [value]


def _joined(value: Any) -> str:
    entries = cast("list[Any]", value) if isinstance(value, list) else []
    if not entries or not all(isinstance(each, str) and each for each in entries):
        rule = "must be a list of texts"
        raise Unfit(rule)
    return " ".join(cast("list[str]", entries))


def _only(value: Any) -> str:
    entries = cast("list[Any]", value) if isinstance(value, list) else []
    if len(entries) != 1:
        rule = "must have exactly one entry"
        raise Unfit(rule)
    return _text(entries[0])


TEXT: Final = Codec("string", _as_is, _text)
CODE: Final = Codec("code", _as_is, _text)
ID: Final = Codec("id", _as_is, _text)
BOOLEAN: Final = Codec("boolean", _as_is, _truth)
INTEGER: Final = Codec("integer", _as_is, _whole)
DECIMAL: Final = Codec("decimal", _as_is, _number)
DATE: Final = Codec("date", date.isoformat, _day)
PARTIAL_DATE: Final = Codec("date", _as_is, _text)
DATE_TIME: Final = Codec("dateTime", _shown_moment, _moment)
OID: Final = prefixed("oid", "urn:oid:", "must be an OID written urn:oid:…")
ORGANIZATION: Final = prefixed(
    "string", "Organization/", "must be a reference to an Organization of this server"
)
PARTY: Final = wrapped("reference", ORGANIZATION)
WORDS: Final = Codec("string", _names, _joined)
"""One text as the words of it, each an entry: given names."""
ONLY: Final = Codec("string", lambda value: [value], _only)
"""One text as the only entry of an array."""

BY_KIND: Final[Mapping[str, Codec]] = {
    "str": TEXT,
    "text": TEXT,
    "path": TEXT,
    "sha256": TEXT,
    "code": CODE,
    "language": CODE,
    "icd10": CODE,
    "mime": CODE,
    "occupation": CODE,
    "municipality": CODE,
    "uuid": ID,
    "ref": ID,
    "oid": OID,
    "party": ORGANIZATION,
    "bool": BOOLEAN,
    "int": INTEGER,
    "decimal": DECIMAL,
    "date": DATE,
    "partial_date": PARTIAL_DATE,
    "datetime": DATE_TIME,
}
"""How a value of each kind stands in an element of FHIR's own."""


def in_extension(kind: str, list_id: str | None) -> Codec:
    """How a value of *kind* stands in an extension: with its system where it is a code."""
    if list_id is not None:
        return of_list(list_id)
    return {"party": PARTY, "municipality": coded(MUNICIPALITY)}.get(kind, BY_KIND[kind])


def value_member(codec: Codec) -> str:
    """The name of the ``value[x]`` that holds what *codec* shows."""
    return f"value{codec.type[0].upper()}{codec.type[1:]}"
