"""The terminology operations on our own code systems, value sets and concept maps: one entry for all of them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from tyokyky_bridge.fhir.conformance import read
from tyokyky_bridge.fhir.conformance.asking import Asked, asked_in_body, asked_in_query, not_found
from tyokyky_bridge.fhir.conformance.expansion import expand
from tyokyky_bridge.fhir.conformance.lookup import code_is_in_system, code_is_in_value_set, lookup
from tyokyky_bridge.fhir.conformance.operation import Operation
from tyokyky_bridge.fhir.conformance.terminology_operations import TERMINOLOGY_OPERATIONS
from tyokyky_bridge.fhir.conformance.translation import translate
from tyokyky_bridge.fhir.wire.issues import Document

TERMINOLOGY_TYPES: Final = ("CodeSystem", "ConceptMap", "ValueSet")
"""The types that these operations are on."""


def _operation(type_: str, code: str, id_: str | None) -> Operation:
    found = next(
        (each for each in TERMINOLOGY_OPERATIONS if each.code == code and each.types == (type_,)), None
    )
    reachable = found is not None and (found.on_type if id_ is None else found.on_instance)
    if found is None or not reachable:
        rule = f"there is no such operation on {type_}"
        raise not_found(rule)
    if id_ is not None and read(type_, id_) is None:
        rule = f"this server has no such {type_}"
        raise not_found(rule)
    return found


def answer_query(
    type_: str, code: str, pairs: Iterable[tuple[str, str]], *, at: datetime, id_: str | None = None
) -> Document:
    """
    Run an operation asked for with GET.

    Args:
        type_: CodeSystem, ValueSet or ConceptMap.
        code: The operation without its ``$``.
        pairs: The query, without the parameters that every request can have (``_format``, ``_pretty``).
        at: When.
        id_: The instance, or ``None`` at type level.

    Raises:
        NoSuchDefinition: the operation, the resource or the code asked about is unknown.
        Unusable: a parameter is missing, unknown, or has a bad value.
    """
    return _run(type_, code, asked_in_query(_operation(type_, code, id_), pairs), at=at, id_=id_)


def answer_body(type_: str, code: str, body: Any, *, at: datetime, id_: str | None = None) -> Document:
    """
    Run an operation asked for with POST and a Parameters body; else as `answer_query`.

    Raises:
        NoSuchDefinition: the operation, the resource or the code asked about is unknown.
        Unusable: the body is no Parameters, or a parameter is missing, unknown, or has a bad value.
    """
    return _run(type_, code, asked_in_body(_operation(type_, code, id_), body), at=at, id_=id_)


def _run(type_: str, code: str, asked: Asked, *, at: datetime, id_: str | None) -> Document:
    match (type_, code):
        case ("CodeSystem", "lookup"):
            return lookup(asked)
        case ("CodeSystem", "validate-code"):
            return code_is_in_system(asked, slug=id_)
        case ("ValueSet", "validate-code"):
            return code_is_in_value_set(asked, slug=id_)
        case ("ValueSet", "expand"):
            return expand(asked, slug=id_, at=at)
        case _:
            return translate(asked, map_id=id_)
