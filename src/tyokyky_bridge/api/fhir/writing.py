"""Writing: create, update, patch and delete, by id or by criteria."""

from typing import Final

from fastapi import Request, Response

from tyokyky_bridge.api.fhir import headers, negotiation
from tyokyky_bridge.api.fhir.answers import deleted_answer, written_answer
from tyokyky_bridge.api.fhir.ask import Ask, Pairs, ask_of, pairs_of
from tyokyky_bridge.api.fhir.doors import ID, TYPE, opens
from tyokyky_bridge.api.fhir.refusals import BadHeader, BadParameter, QueryOnCreate
from tyokyky_bridge.fhir.conformance.registry import Conditional, Interaction
from tyokyky_bridge.fhir.wire.text import Unreadable
from tyokyky_bridge.services.fhir import writing as use

IF_NONE_EXIST: Final = "If-None-Exist"


@opens("fhir_create", "POST", f"/{TYPE}", Interaction.CREATE)
async def create(request: Request) -> Response:
    """Create a resource; with If-None-Exist only when nothing that the caller may see matches the criteria."""
    ask = ask_of(request)
    if ask.pairs:
        raise QueryOnCreate
    written = await use.create(
        ask.bridge,
        ask.caller,
        ask.type,
        await ask.document(),
        if_none_exist=_criteria(ask),
        base=ask.base,
    )
    return written_answer(ask, written)


@opens("fhir_update", "PUT", f"/{TYPE}/{ID}", Interaction.UPDATE)
async def update(request: Request) -> Response:
    """Replace what the caller sees of a resource; what it does not see stays. Creates it where it may."""
    ask = ask_of(request)
    ask.only()
    written = await use.update(
        ask.bridge,
        ask.caller,
        ask.type,
        ask.id,
        await ask.document(),
        if_match=headers.if_match(ask.header("if-match")),
        if_none_match=ask.header("if-none-match"),
        versioned=ask.versioned,
        base=ask.base,
    )
    return written_answer(ask, written)


@opens("fhir_update_where", "PUT", f"/{TYPE}", Interaction.UPDATE, conditional=Conditional.UPDATE)
async def update_where(request: Request) -> Response:
    """Update the one resource that matches the criteria of the URL, or create it when none does."""
    ask = ask_of(request)
    written = await use.update_where(
        ask.bridge,
        ask.caller,
        ask.type,
        _some(ask),
        await ask.document(),
        if_match=headers.if_match(ask.header("if-match")),
        if_none_match=ask.header("if-none-match"),
        base=ask.base,
    )
    return written_answer(ask, written)


@opens("fhir_patch", "PATCH", f"/{TYPE}/{ID}", Interaction.PATCH)
async def patch(request: Request) -> Response:
    """Change a resource by a JSON Patch (RFC 6902)."""
    ask = ask_of(request)
    ask.only()
    operations = await ask.json(negotiation.PATCH_KINDS)
    if not isinstance(operations, list):
        msg = "a JSON Patch is an array of operations"
        raise Unreadable(msg)
    written = await use.patch(
        ask.bridge,
        ask.caller,
        ask.type,
        ask.id,
        operations,  # pyright: ignore[reportUnknownArgumentType]
        if_match=headers.if_match(ask.header("if-match")),
        versioned=ask.versioned,
        base=ask.base,
    )
    return written_answer(ask, written)


@opens("fhir_delete", "DELETE", f"/{TYPE}/{ID}", Interaction.DELETE)
async def delete(request: Request) -> Response:
    """Delete what the caller sees of a resource; deleting it again changes nothing."""
    ask = ask_of(request)
    ask.only()
    match = headers.if_match(ask.header("if-match"))
    return deleted_answer(ask, await use.delete(ask.bridge, ask.caller, ask.type, ask.id, if_match=match))


@opens("fhir_delete_where", "DELETE", f"/{TYPE}", Interaction.DELETE, conditional=Conditional.DELETE)
async def delete_where(request: Request) -> Response:
    """Delete the one resource that matches the criteria of the URL."""
    ask = ask_of(request)
    match = headers.if_match(ask.header("if-match"))
    deleted = await use.delete_where(ask.bridge, ask.caller, ask.type, _some(ask), if_match=match)
    return deleted_answer(ask, deleted)


def _criteria(ask: Ask) -> Pairs | None:
    """The criteria of a conditional create; some clients send them with a question mark or the whole URL."""
    header = ask.header(IF_NONE_EXIST)
    if header is None:
        return None
    try:
        return pairs_of(header.rpartition("?")[2].encode("ascii"))
    except (UnicodeEncodeError, BadParameter):
        rule = "takes search criteria as in the query of a URL"
        raise BadHeader(IF_NONE_EXIST, rule) from None


def _some(ask: Ask) -> Pairs:
    """The criteria of the URL. Raises: BadParameter, where there are none: that would mean everything."""
    if not ask.pairs:
        msg = "name the resource by its id, or by criteria in the query"
        raise BadParameter(msg)
    return ask.pairs
