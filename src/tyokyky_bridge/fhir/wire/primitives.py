"""The formats of FHIR's primitive types: for a value, the rule that it breaks or nothing.

Every check is one pass over the text; none can be made slow by a long value. Dates are checked against the
calendar, and no value is ever quoted.

Source: hl7.org/fhir/R4/datatypes.html#primitive.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from decimal import Decimal
from math import isfinite
from typing import Any

from tyokyky_bridge.fhir.wire.narrative import fault_of_narrative

Fault = tuple[str, str]
"""Code of the issue and the rule that was broken."""
Rule = Callable[[Any], Fault | None]

MAX_TEXT = 1024 * 1024
"""Characters of a string. Source: hl7.org/fhir/R4/datatypes.html#string."""

NULL: Fault = ("structure", "null stands only in the place of a value that has an extension, in an array")
NOT_TEXT: Fault = ("structure", "the value is a JSON string")
EMPTY: Fault = ("value", "a text is not empty and has more than white space in it")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")

YEAR = r"(?!0000)[0-9]{4}"
MONTH = r"(?:0[1-9]|1[0-2])"
DAY = r"(?:0[1-9]|[12][0-9]|3[01])"
CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
WORD = r"[^\s\x00-\x1f]+"

DATE = re.compile(rf"{YEAR}(?:-{MONTH}(?:-{DAY})?)?")
DATE_TIME = re.compile(rf"{YEAR}(?:-{MONTH}(?:-{DAY}(?:T{CLOCK}{ZONE})?)?)?")
INSTANT = re.compile(rf"{YEAR}-{MONTH}-{DAY}T{CLOCK}{ZONE}")
INT_MAX = 2**31 - 1


def _text(value: Any) -> Fault | None:
    if type(value) is not str:
        return NULL if value is None else NOT_TEXT
    if not value or value.isspace():
        return EMPTY
    if CONTROL.search(value):
        return ("value", "a text has no control characters but tab, line feed and carriage return")
    if len(value) > MAX_TEXT:
        return ("too-long", f"a text has at most {MAX_TEXT} characters")
    return None


def _shaped(pattern: str, rule: str) -> Rule:
    shape = re.compile(pattern).fullmatch

    def check(value: Any) -> Fault | None:
        if type(value) is not str:
            return NULL if value is None else NOT_TEXT
        return None if shape(value) else ("value", rule) if value else EMPTY

    return check


def _dated(shape: re.Pattern[str], rule: str) -> Rule:
    def check(value: Any) -> Fault | None:
        if type(value) is not str:
            return NULL if value is None else NOT_TEXT
        if not shape.fullmatch(value):
            return ("value", rule) if value else EMPTY
        if value[8:10] > "28" and int(value[8:10]) > monthrange(int(value[:4]), int(value[5:7]))[1]:
            return ("value", "the calendar has no such day")
        return None

    return check


def _boolean(value: Any) -> Fault | None:
    if type(value) is bool:
        return None
    return NULL if value is None else ("structure", "the value is true or false, not a text")


def _whole(low: int, high: int, rule: str) -> Rule:
    def check(value: Any) -> Fault | None:
        if type(value) is int:
            return None if low <= value <= high else ("value", rule)
        return NULL if value is None else ("structure", "the value is a whole JSON number, not a text")

    return check


def _decimal(value: Any) -> Fault | None:
    if type(value) is int or (isinstance(value, Decimal) and value.is_finite()):
        return None
    if type(value) is float and isfinite(value):
        return None
    return NULL if value is None else ("structure", "the value is a JSON number, not a text")


def _base64(value: Any) -> Fault | None:
    if type(value) is not str:
        return NULL if value is None else NOT_TEXT
    rule = ("value", "the value is base64")
    if not value.isascii():
        return rule
    packed = value.encode("ascii").translate(None, b" \t\r\n")
    content = packed.rstrip(b"=")
    if not packed or len(packed) % 4 or len(packed) - len(content) > 2:
        return rule if value else EMPTY
    return rule if content.translate(None, BASE64) else None


BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
URI = _shaped(WORD, "a URI has no white space")
CODE = _shaped(rf"{WORD}(?: {WORD})*", "a code has no white space around it and single spaces inside")
LANGUAGE = _shaped(
    r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*|[xXiI](?:-[A-Za-z0-9]{1,8})+", "the code is a language tag (BCP 47)"
)
MEDIA_TYPE = _shaped(
    r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9*][A-Za-z0-9!#$&^_.+-]{0,126}(?: ?; ?[^\s;\x00-\x1f]{1,200})*",
    "the code is a media type (BCP 13)",
)
CURRENCY = _shaped(r"[A-Z]{3}", "the code is a currency (ISO 4217)")

RULES: Mapping[str, Rule] = {
    "string": _text,
    "markdown": _text,
    "attribute": _shaped(WORD, "an id or a url has no white space"),
    "boolean": _boolean,
    "integer": _whole(-INT_MAX - 1, INT_MAX, "an integer has at most 32 bits"),
    "positiveInt": _whole(1, INT_MAX, "the number is at least 1 and has at most 32 bits"),
    "unsignedInt": _whole(0, INT_MAX, "the number is at least 0 and has at most 32 bits"),
    "decimal": _decimal,
    "base64Binary": _base64,
    "id": _shaped(r"[A-Za-z0-9\-.]{1,64}", "an id has 1 to 64 of the characters A-Z a-z 0-9 - ."),
    "code": CODE,
    "uri": URI,
    "url": URI,
    "canonical": URI,
    "oid": _shaped(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+", "an OID has the form urn:oid:1.2.3"),
    "uuid": _shaped(
        r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "a UUID has the form urn:uuid:…",
    ),
    "date": _dated(DATE, "a date is YYYY, YYYY-MM or YYYY-MM-DD, without a time"),
    "dateTime": _dated(
        DATE_TIME, "a date and time is YYYY, YYYY-MM, YYYY-MM-DD or down to the second with a zone"
    ),
    "instant": _dated(INSTANT, "an instant has a date, a time to the second and a zone"),
    "time": _shaped(CLOCK, "a time is hh:mm:ss without a zone"),
    "xhtml": fault_of_narrative,
}
"""Rules by type."""

OPEN_SETS: Mapping[str, Rule] = {
    "http://hl7.org/fhir/ValueSet/all-languages": LANGUAGE,
    "http://hl7.org/fhir/ValueSet/mimetypes": MEDIA_TYPE,
    "http://hl7.org/fhir/ValueSet/currencies": CURRENCY,
}
"""Required sets without a list of codes, whose codes have a form of their own."""
