"""Searching, by the query of a URL or by a form."""

from fastapi import Request, Response

from tyokyky_bridge.api.fhir import published
from tyokyky_bridge.api.fhir.answers import document_answer
from tyokyky_bridge.api.fhir.ask import Ask, Pairs, ask_of
from tyokyky_bridge.api.fhir.bundling import search_bundle
from tyokyky_bridge.api.fhir.doors import TYPE, opens
from tyokyky_bridge.fhir.conformance.registry import PUBLISHED, REGISTRY, Interaction
from tyokyky_bridge.fhir.search.bundle import CURSOR
from tyokyky_bridge.services.fhir import reading as use


@opens("fhir_search", "GET", f"/{TYPE}", Interaction.SEARCH)
async def search(request: Request) -> Response:
    """Search a type, on what the caller may see. Unknown parameters are refused unless handling is lenient."""
    ask = ask_of(request)
    return await _search(ask, ask.pairs, in_url=True)


@opens("fhir_search_by_form", "POST", f"/{TYPE}/_search", Interaction.SEARCH)
async def search_by_form(request: Request) -> Response:
    """The same with the parameters in a form: the only way to search by an identity number."""
    ask = ask_of(request)
    form = await ask.form()
    return await _search(ask, (*ask.pairs, *form), in_url=False)


async def _search(ask: Ask, pairs: Pairs, *, in_url: bool) -> Response:
    applied = ask.prefer.applied("handling")
    if REGISTRY[ask.type].kind is PUBLISHED:
        return document_answer(ask, published.search(ask, pairs), headers=applied)
    cursor = next((value for name, value in pairs if name == CURSOR), None)
    found = await use.search(
        ask.bridge,
        ask.caller,
        ask.type,
        [pair for pair in pairs if pair[0] != CURSOR],
        strict=ask.strict,
        cursor=cursor,
        base=ask.base,
        key=ask.cursor_key,
        in_url=in_url,
    )
    return document_answer(ask, search_bundle(ask.base, ask.type, found), headers=applied)
