"""Operations: found in the registry, given their parameters, and answered with what they return."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from fastapi import Request, Response

from tyokyky_bridge.api.fhir.answers import document_answer
from tyokyky_bridge.api.fhir.ask import Ask, ask_of
from tyokyky_bridge.api.fhir.bundling import everything_bundle
from tyokyky_bridge.api.fhir.doors import ID, OPERATION, TYPE, opens
from tyokyky_bridge.api.fhir.explaining import explain
from tyokyky_bridge.api.fhir.reading import instant
from tyokyky_bridge.api.fhir.refusals import UnknownOperation
from tyokyky_bridge.api.fhir.validating import judged
from tyokyky_bridge.fhir.conformance.asking import Asked, asked_in_body, asked_in_query
from tyokyky_bridge.fhir.conformance.expansion import expand
from tyokyky_bridge.fhir.conformance.lookup import code_is_in_system, code_is_in_value_set, lookup
from tyokyky_bridge.fhir.conformance.operation import Operation
from tyokyky_bridge.fhir.conformance.registry import REGISTRY
from tyokyky_bridge.fhir.conformance.translation import translate
from tyokyky_bridge.fhir.search.bundle import CURSOR
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.services.fhir import reading as use


@opens("fhir_operate_on_type_by_get", "GET", f"/{TYPE}/${OPERATION}")
async def operate_on_type_by_get(request: Request) -> Response:
    """Call an operation of a type, with its parameters in the query."""
    return await _operate(ask_of(request), None)


@opens("fhir_operate_on_type", "POST", f"/{TYPE}/${OPERATION}")
async def operate_on_type(request: Request) -> Response:
    """Call an operation of a type, with its parameters in a Parameters resource."""
    return await _operate(ask_of(request), None)


@opens("fhir_operate_by_get", "GET", f"/{TYPE}/{ID}/${OPERATION}")
async def operate_by_get(request: Request) -> Response:
    """Call an operation on one resource, with its parameters in the query."""
    ask = ask_of(request)
    return await _operate(ask, ask.id)


@opens("fhir_operate", "POST", f"/{TYPE}/{ID}/${OPERATION}")
async def operate(request: Request) -> Response:
    """Call an operation on one resource, with its parameters in a Parameters resource."""
    ask = ask_of(request)
    return await _operate(ask, ask.id)


async def _operate(ask: Ask, id_: str | None) -> Response:
    code: str = ask.request.path_params["operation"]
    operation = REGISTRY[ask.type].operation(code, on_instance=id_ is not None)
    if operation is None:
        raise UnknownOperation
    if code == "validate":
        return document_answer(ask, await judged(ask, operation, id_))
    cursor = next((value for name, value in ask.pairs if name == CURSOR), None)
    asked = await _asked(ask, operation)
    if code == "everything":
        return await _everything(ask, asked, cursor)
    if code == "explain":
        return document_answer(ask, await explain(ask, asked))
    return document_answer(ask, TERMINOLOGY[operation.id](asked, id_))


async def _asked(ask: Ask, operation: Operation) -> Asked:
    pairs = [pair for pair in ask.pairs if pair[0] != CURSOR]
    if ask.request.method != "POST":
        if ask.strict:
            return asked_in_query(operation, pairs)
        known = {taken.name for taken in operation.takes}
        return asked_in_query(operation, [pair for pair in pairs if pair[0] in known])
    ask.only(CURSOR)
    if not await ask.request.body():
        return Asked({})
    return asked_in_body(operation, await ask.json())


async def _everything(ask: Ask, asked: Asked, cursor: str | None) -> Response:
    since, count = asked.text("_since"), asked.number("_count")
    types = [each for text in asked.texts("_type") for each in text.split(",") if each]
    found = await use.everything(
        ask.bridge,
        ask.caller,
        ask.type,
        ask.id,
        since=instant("_since", since) if since is not None else None,
        types=types,
        count=count,
        cursor=cursor,
        key=ask.cursor_key,
    )
    return document_answer(ask, everything_bundle(ask, found))


TERMINOLOGY: Final[Mapping[str, Callable[[Asked, str | None], Document]]] = {
    "CodeSystem-lookup": lambda asked, _: lookup(asked),
    "CodeSystem-validate-code": lambda asked, id_: code_is_in_system(asked, slug=id_),
    "ValueSet-validate-code": lambda asked, id_: code_is_in_value_set(asked, slug=id_),
    "ValueSet-expand": lambda asked, id_: expand(asked, slug=id_, at=datetime.now(UTC)),
    "ConceptMap-translate": lambda asked, id_: translate(asked, map_id=id_),
}
"""The operations on what the server publishes, by the id of their definition; the id says which one is meant."""
