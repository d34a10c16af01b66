"""Reading: one resource, one version of it, its history and that of its type."""

import re
from datetime import UTC, datetime
from typing import Final

from fastapi import Request, Response

from tyokyky_bridge.api.fhir import published
from tyokyky_bridge.api.fhir.answers import Part, document_answer, version_answer
from tyokyky_bridge.api.fhir.ask import Ask, ask_of
from tyokyky_bridge.api.fhir.bundling import history_bundle
from tyokyky_bridge.api.fhir.doors import ID, TYPE, VERSION, opens
from tyokyky_bridge.api.fhir.refusals import BadParameter
from tyokyky_bridge.fhir.conformance.registry import PUBLISHED, REGISTRY, Interaction
from tyokyky_bridge.fhir.search.subset import is_element, reduced
from tyokyky_bridge.services.fhir import listing
from tyokyky_bridge.services.fhir import reading as use

SUMMARIES: Final = frozenset({"true", "text", "data", "false"})
INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-](0\d|1[0-4]):[0-5]\d)")


@opens("fhir_read", "GET", f"/{TYPE}/{ID}", Interaction.READ)
async def read(request: Request) -> Response:
    """Read a resource as the caller may see it. With If-None-Match or If-Modified-Since: 304 when it is known."""
    ask = ask_of(request)
    part = _part(ask)
    published_here = REGISTRY[ask.type].kind is PUBLISHED
    version = (
        published.read(ask) if published_here else await use.read(ask.bridge, ask.caller, ask.type, ask.id)
    )
    return version_answer(ask, version, part)


@opens("fhir_vread", "GET", f"/{TYPE}/{ID}/_history/{VERSION}", Interaction.VREAD)
async def vread(request: Request) -> Response:
    """Read one version of a resource, by today's decisions for the caller."""
    ask = ask_of(request)
    ask.only()
    version_id: str = request.path_params["version_id"]
    return version_answer(ask, await use.vread(ask.bridge, ask.caller, ask.type, ask.id, version_id))


@opens("fhir_history", "GET", f"/{TYPE}/{ID}/_history", Interaction.HISTORY_INSTANCE)
async def history(request: Request) -> Response:
    """List the versions of a resource that the caller may see, newest first, deletions among them."""
    ask = ask_of(request)
    return await _history(ask, ask.id)


@opens("fhir_history_of_type", "GET", f"/{TYPE}/_history", Interaction.HISTORY_TYPE)
async def history_of_type(request: Request) -> Response:
    """List the versions of all resources of a type that the caller may see, newest first."""
    return await _history(ask_of(request), None)


async def _history(ask: Ask, id_: str | None) -> Response:
    given = ask.only("_since", "_at", "_count", "_cursor")
    past = await use.history(
        ask.bridge,
        ask.caller,
        ask.type,
        id_,
        since=instant("_since", given["_since"]) if "_since" in given else None,
        at=listing.range_of(given["_at"]) if "_at" in given else None,
        count=whole("_count", given["_count"]) if "_count" in given else listing.PAGE,
        cursor=given.get("_cursor"),
        key=ask.cursor_key,
    )
    return document_answer(ask, history_bundle(ask.base, ask.type, id_, past, [*given.items()]))


def _part(ask: Ask) -> Part | None:
    """Which part of the resource is asked for. Raises: BadParameter."""
    given = ask.only("_summary", "_elements")
    if len(given) > 1 or given.get("_summary", "true") not in SUMMARIES:
        msg = f"_summary is {', '.join(sorted(SUMMARIES))}, and does not go together with _elements"
        raise BadParameter(msg)
    names = tuple(name.removeprefix(f"{ask.type}.") for name in given.get("_elements", "").split(",") if name)
    if not all(is_element(ask.type, name) for name in names):
        msg = "_elements names what is no element of this type"
        raise BadParameter(msg)
    if not given:
        return None
    return lambda document: reduced(document, summary=given.get("_summary"), names=names)


def instant(name: str, text: str) -> datetime:
    """An instant of a parameter; a plus that was not escaped has become a space. Raises: BadParameter."""
    text = text.replace(" ", "+")
    try:
        if INSTANT.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    msg = f"{name} is an instant with a zone, such as 2026-03-02T10:00:00Z"
    raise BadParameter(msg)


def whole(name: str, text: str) -> int:
    """A whole number of a parameter, zero or more. Raises: BadParameter."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        msg = f"{name} is a whole number"
        raise BadParameter(msg)
    return int(text)
