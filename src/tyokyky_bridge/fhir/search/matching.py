"""Whether a resource is what a search asks for.

Documents come as the caller may see them; what was withheld is not there and so cannot be searched. Nothing here
raises, whatever a document holds.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, cast

from tyokyky_bridge.domain.hetu import normalise_hetu
from tyokyky_bridge.fhir.search.criteria import Criterion
from tyokyky_bridge.fhir.search.dates import DATE_TESTS, span_in
from tyokyky_bridge.fhir.search.identity import HETU_SYSTEM
from tyokyky_bridge.fhir.search.including import Find, included
from tyokyky_bridge.fhir.search.kinds import Kind, Path
from tyokyky_bridge.fhir.search.numbers import NUMBER_TESTS, Range, decimal_in, range_of
from tyokyky_bridge.fhir.search.ordering import order
from tyokyky_bridge.fhir.search.query import Query
from tyokyky_bridge.fhir.search.references import Target, is_to, target_in
from tyokyky_bridge.fhir.search.text import exactly, fold
from tyokyky_bridge.fhir.search.values import Amount, Date, Text, Together, Token, Uri, Value
from tyokyky_bridge.fhir.wire.issues import Document

__all__ = ["included", "matches", "order"]

TEXTS: Final = (
    *("family", "given", "text", "prefix", "suffix"),
    *("line", "city", "district", "state", "postalCode", "country"),
)
"""The parts of a HumanName and of an Address that a string parameter looks at."""

_TEXT_PATHS: Final = tuple(map(Path.of, TEXTS))
_WORDING_PATHS: Final = (Path.of("coding.display"), Path.of("type.text"))


def matches(query: Query, document: Document, *, find: Find | None = None) -> bool:
    """
    Whether *document* meets every criterion of *query*.

    Args:
        find: Gives a resource by type and id, as the caller may see it; without it no chain matches.
    """
    return document.get("resourceType") == query.type and all(
        _holds(each, document, query.base, find) for each in query.criteria
    )


def _holds(criterion: Criterion, document: Document, base: str, find: Find | None) -> bool:
    parameter = criterion.parameter
    if parameter.kind is Kind.COMPOSITE:
        return _holds_together(criterion, document, base)
    found = _values(parameter.paths, document)
    if parameter.only is not None:
        only = parameter.only
        found = (each for each in found if is_to(each, only, base=base))
    if criterion.missing is not None:
        return criterion.missing is not any(map(_says_something, found))
    if criterion.chained is not None:
        return _holds_behind(criterion, found, base, find)
    test = _test(criterion, base, contacts=parameter.paths[0].ends_in == "telecom")
    if criterion.modifier == "not":
        return not any(test(value, each) for each in found for value in criterion.values)
    return any(test(value, each) for each in found for value in criterion.values)


def _values(paths: Sequence[Path], start: Any) -> Iterator[Any]:
    for path in paths:
        yield from path.values(start)


def _says_something(value: Any) -> bool:
    """An element with nothing but extensions has no value."""
    return not isinstance(value, dict) or bool(cast("dict[str, Any]", value).keys() - {"extension", "id"})


def _holds_behind(criterion: Criterion, found: Iterator[Any], base: str, find: Find | None) -> bool:
    if find is None or criterion.chained is None:
        return False
    for each in found:
        target = target_in(each, base=base)
        behind = find(target.key) if target and target.key and target.type == criterion.to else None
        if behind is not None and _holds(criterion.chained, behind, base, find):
            return True
    return False


def _holds_together(criterion: Criterion, document: Document, base: str) -> bool:
    """Whether inside one and the same element every part of one of the values matches."""
    parts = criterion.parameter.parts
    for element in _values(criterion.parameter.paths, document):
        for value in criterion.values:
            if isinstance(value, Together) and all(
                any(_equals(said, each, base) for each in _values(part.paths, element))
                for part, said in zip(parts, value.values, strict=True)
            ):
                return True
    return False


def _test(criterion: Criterion, base: str, *, contacts: bool) -> Callable[[Value, Any], bool]:
    if criterion.to is not None:
        to = criterion.to
        return lambda value, found: is_to(found, to, base=base) and _equals(value, found, base)
    match criterion.modifier:
        case "identifier":
            return _is_identified
        case "text":
            return _is_called
        case "exact":
            return lambda value, found: (
                isinstance(value, Text) and any(value.exact == exactly(each) for each in texts_in(found))
            )
        case "contains":
            return lambda value, found: (
                isinstance(value, Text) and any(value.folded in fold(each) for each in texts_in(found))
            )
        case _:
            if contacts:
                return _is_reached_at
            system = criterion.parameter.system
            if system is not None:
                return lambda value, found: isinstance(value, Token) and _is_code(value, found, system)
            return lambda value, found: _equals(value, found, base)


def _equals(value: Value, found: Any, base: str) -> bool:
    """Whether *found* is what *value* asks for, by the kind of value."""
    match value:
        case Token():
            return any(_is_coded(value, *each) for each in codes_in(found))
        case Text():
            return any(fold(each).startswith(value.folded) for each in texts_in(found))
        case Date():
            span = span_in(found)
            return span is not None and DATE_TESTS[value.prefix](value.span, span)
        case Amount():
            return _amounts_to(value, found)
        case Target():
            target = target_in(found, base=base)
            return target is not None and value.covers(target)
        case Uri():
            return value.text == found
        case Together():
            return False


def codes_in(value: Any) -> Iterator[tuple[str | None, str | None]]:
    """Every (system, code) of an element: of a code, boolean, Coding, CodeableConcept or Identifier."""
    if isinstance(value, bool):
        yield None, "true" if value else "false"
    elif isinstance(value, str):
        yield None, value
    elif isinstance(value, dict):
        element = cast("dict[str, Any]", value)
        codings = element.get("coding")
        for each in cast("list[Any]", codings) if isinstance(codings, list) else (element,):
            if isinstance(each, dict):
                one = cast("dict[str, Any]", each)
                yield _text_or_none(one.get("system")), _text_or_none(one.get("code", one.get("value")))


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _is_coded(value: Token, system: str | None, code: str | None) -> bool:
    if value.system is not None and (value.system or None) != system:
        return False
    if value.code is None:
        return code is not None
    if system == HETU_SYSTEM and code is not None:
        return normalise_hetu(value.code) == normalise_hetu(code)
    return value.code == code


def _is_code(value: Token, found: Any, system: str) -> bool:
    """As `_is_coded`, for an element of type code: it is of *system* and does not say so."""
    return isinstance(found, str) and value.system in (None, "", system) and value.code in (None, found)


def _is_reached_at(value: Value, found: Any) -> bool:
    """A contact point is searched by its value, and its ``use`` stands in the place of a system."""
    if not isinstance(value, Token) or not isinstance(found, dict):
        return False
    point = cast("dict[str, Any]", found)
    return _is_coded(value, _text_or_none(point.get("use")), _text_or_none(point.get("value")))


def _is_identified(value: Value, found: Any) -> bool:
    """By the identifier of a reference, which need not say where the resource is."""
    identifier = cast("dict[str, Any]", found).get("identifier") if isinstance(found, dict) else None
    return isinstance(value, Token) and any(_is_coded(value, *each) for each in codes_in(identifier))


def _is_called(value: Value, found: Any) -> bool:
    """By the text of a concept, the display of a coding, or the name of the kind of an identifier."""
    return isinstance(value, Text) and any(
        fold(each).startswith(value.folded) for each in _wordings(found) if isinstance(each, str)
    )


def _wordings(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        element = cast("dict[str, Any]", value)
        yield from (element.get("text"), element.get("display"))
        for path in _WORDING_PATHS:
            yield from path.values(element)


def texts_in(value: Any) -> Iterator[str]:
    """Every text of an element: itself, or the parts of a name or an address."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for path in _TEXT_PATHS:
            yield from (each for each in path.values(value) if isinstance(each, str))


def _amounts_to(value: Amount, found: Any) -> bool:
    if not isinstance(found, dict):
        number = decimal_in(found)
        if number is None:
            return False
        if value.prefix in ("eq", "ne") and isinstance(found, int):
            return (number == value.number.value) is (value.prefix == "eq")
        return NUMBER_TESTS[value.prefix](value.number, Range(number, number))
    quantity = cast("dict[str, Any]", found)
    number = decimal_in(quantity.get("value"))
    if number is None or not _is_measured_in(value, quantity):
        return False
    return NUMBER_TESTS[value.prefix](value.number, range_of(number, quantity.get("comparator")))


def _is_measured_in(value: Amount, quantity: dict[str, Any]) -> bool:
    if value.unit is None:
        return True
    if value.system is not None:
        return quantity.get("system") == value.system and quantity.get("code") == value.unit
    return value.unit in (quantity.get("code"), quantity.get("unit"))
