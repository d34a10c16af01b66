"""Types of the plan's leaves and the two bases of its nested values."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Strict,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from tyokyky_bridge.domain.codes import code_list
from tyokyky_bridge.domain.plan.text import Kind, Token, refuse, shaped

MAX_ELEMENTS: Final = 1000
"""Most elements of one list."""


class Part(BaseModel):
    """A nested value of the plan. It always exists; one whose leaves are all ``None`` is the same as none."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_nothing(cls, given: Any) -> Any:
        return {} if given is None else given


_HETU_LIKE = re.compile(r"(?<![0-9a-z])[0-3]\d[01]\d{3}[-+a-fu-y]\d{3}[0-9a-y](?![0-9a-z])", re.IGNORECASE)


def _not_hetu_like(value: str) -> str:
    if _HETU_LIKE.search(value):
        refuse("id_hetu", "must not look like a HETU")
    return value


ElementId = Annotated[
    Token, shaped(r"[a-z0-9][a-z0-9-]{0,63}", "an id has 1-64 of a-z 0-9 -"), AfterValidator(_not_hetu_like)
]
"""Stable id of a list element, unique within its list; also a reference to one. References may dangle."""


class Element(Part):
    """A list element, addressed by its *id*, which is part of the path of its leaves and no leaf itself."""

    id: ElementId


def _is_blank(part: Part) -> bool:
    for name, value in part.__dict__.items():
        if name == "id" or value is None or value == ():
            continue
        if isinstance(value, Part) and _is_blank(value):
            continue
        return False
    return True


AnyElement = TypeVar("AnyElement", bound=Element)
AnyKey = TypeVar("AnyKey", bound=str)


def _limit(count: int) -> None:
    if count > MAX_ELEMENTS:
        refuse("list_length", "has more than {longest} elements", longest=MAX_ELEMENTS)


def _in_order_of_id(elements: tuple[AnyElement, ...]) -> tuple[AnyElement, ...]:
    if not elements:
        return elements
    _limit(len(elements))
    if len({e.id for e in elements}) != len(elements):
        refuse("list_ids", "two elements have the same id")
    if any(_is_blank(e) for e in elements):
        refuse("list_blank", "an element has nothing but its id")
    return tuple(sorted(elements, key=lambda e: e.id))


def _in_order(values: tuple[AnyKey, ...]) -> tuple[AnyKey, ...]:
    _limit(len(values))
    if len(set(values)) != len(values):
        refuse("set_twice", "a value stands twice")
    return tuple(sorted(values))


Many = Annotated[tuple[AnyElement, ...], AfterValidator(_in_order_of_id)]
"""List of elements. Its order says nothing: it is kept by id, so that plans compare by content."""

SetOf = Annotated[tuple[AnyKey, ...], AfterValidator(_in_order)]
"""Set of codes or references, each keyed by itself; kept sorted."""


class Codes:
    """Narrows a string to the codes of one closed list. The list is read when the first value is checked."""

    def __init__(self, list_id: str) -> None:
        self.list_id = list_id

    def _check(self, value: str) -> str:
        if value not in code_list(self.list_id).codes:
            refuse("code_unknown", "is not a code of {list}", list=self.list_id)
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, core_schema.str_schema(strict=True))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "enum": sorted(code_list(self.list_id).codes), "x-codes": self.list_id}


_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)


def _to_day(value: Any) -> date:
    if type(value) is str and _DAY.match(value):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            value = None
    if type(value) is not date:
        refuse("day", "must be a date YYYY-MM-DD")
    return value


def _to_moment(value: Any) -> datetime:
    if type(value) is str:
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, datetime) or value.utcoffset() is None:
        refuse("moment", "must be a date and time with an offset")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        refuse("moment", "is outside the calendar")


def _to_number(value: Any) -> Decimal:
    number: Decimal | None = None
    if type(value) in (int, Decimal):
        number = Decimal(value)
    elif type(value) in (str, float):
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            number = None
    if number is None or not number.is_finite():
        refuse("number", "must be a number")
    if abs(number) >= 10**9 or number != round(number, 6):
        refuse("number", "must have at most 9 digits before and 6 after the point")
    if number == number.to_integral_value():
        return Decimal(int(number))
    return number.normalize()


def _to_partial_date(value: str) -> str:
    wrong = re.match(r"\d{4}(-\d\d){0,2}\Z", value, re.ASCII) is None
    try:
        date.fromisoformat((value + "-01-01")[:10])
    except ValueError:
        wrong = True
    if wrong:
        refuse("partial_date", "must be YYYY, YYYY-MM or YYYY-MM-DD")
    return value


Day = Annotated[date, BeforeValidator(_to_day, json_schema_input_type=date)]
Moment = Annotated[datetime, BeforeValidator(_to_moment, json_schema_input_type=datetime)]
"""Aware date and time, kept in UTC."""
Number = Annotated[Decimal, BeforeValidator(_to_number, json_schema_input_type=Decimal)]
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict()]
PartialDate = Annotated[Token, AfterValidator(_to_partial_date), Kind("partial_date", 10)]
Uuid = Annotated[
    Token,
    shaped(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "must be a UUID in lower case"),
    Kind("uuid", 36),
]
Ref = Annotated[ElementId, Kind("ref", 64)]
"""Id of another element of the same plan (a service, statement, document, meeting). It may dangle: the
element may be withheld, or arrive later."""
PartyRef = Annotated[Token, shaped(r"[a-z0-9][a-z0-9-]{0,63}", "must be a party id"), Kind("party", 64)]
ServiceRef = Annotated[
    Token, shaped(r"[A-Za-z0-9_-]{1,64}", "must be a service id or type"), AfterValidator(_not_hetu_like)
]
"""A service by its id or by its type."""
Language = Annotated[
    Token, shaped(r"[a-z]{2,3}", "must be an ISO 639 code in lower case"), Kind("language", 3)
]
Municipality = Annotated[
    Token, shaped(r"\d{3}", "must be a municipality code of three digits"), Kind("municipality", 3)
]
Icd10 = Annotated[
    Token, shaped(r"[A-Z]\d{2}[0-9A-Z.+*#&-]{0,12}", "must be an ICD-10 code"), Kind("icd10", 15)
]
Occupation = Annotated[Token, shaped(r"[0-9A-Z]{1,8}", "must be an occupation code"), Kind("occupation", 8)]
Oid = Annotated[Token, shaped(r"[0-2](\.(0|[1-9]\d{0,15})){1,30}", "must be an OID"), Kind("oid", 500)]
Sha256 = Annotated[
    Token, shaped(r"[0-9a-f]{64}", "must be 64 hexadecimal digits in lower case"), Kind("sha256", 64)
]
MimeType = Annotated[
    Token, shaped(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,80}", "must be a media type"), Kind("mime", 141)
]
ItemPath = Annotated[
    Token,
    shaped(
        r"[a-z][a-z0-9_]*(\[[A-Za-z0-9_-]{1,64}\])?(\.[a-z][a-z0-9_]*(\[[A-Za-z0-9_-]{1,64}\])?){0,5}",
        "must be an item path",
    ),
    AfterValidator(_not_hetu_like),
    Kind("path", 500),
]
