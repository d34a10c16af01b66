"""Conditions of a write: ETags, and criteria that have to find one resource at most."""

import re
from collections.abc import Callable, Iterable
from typing import Final

from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.fhir.search.matching import matches
from tyokyky_bridge.fhir.search.parameters import RESULT_PARAMETERS
from tyokyky_bridge.fhir.search.query import parse_query
from tyokyky_bridge.fhir.wire.issues import Document, Invalid
from tyokyky_bridge.services.fhir.entries import Entry, Pairs
from tyokyky_bridge.services.fhir.refusals import BadRequest, MultipleMatches, PreconditionRequired, Stale
from tyokyky_bridge.services.fhir.states import Version

_ETAGS: Final = re.compile(r'\s*(?:W/)?"([^"]*)"\s*')


def check_match(header: str | None, standing: Version | None, *, required: bool) -> None:
    """
    Ask If-Match of what stands (``None``: nothing).

    Raises: PreconditionRequired (it is missing, or no ETag), Stale.
    """
    if header is None:
        if required and standing is not None:
            raise PreconditionRequired
        return
    if header.strip() == "*":
        if standing is None:
            raise Stale
        return
    if standing is None or standing.version not in etags(header):
        raise Stale


def etags(header: str, *, name: str = "If-Match") -> frozenset[str]:
    """The versions that a list of ETags names; weak or strong makes no difference. Raises: PreconditionRequired."""
    found = [_ETAGS.fullmatch(each) for each in header.split(",")]
    read = [each[1] for each in found if each is not None]
    if len(read) < len(found):
        msg = f"{name} is no list of ETags"
        raise PreconditionRequired(msg)
    return frozenset(read)


def check_none_match(header: str | None, standing: Version | None) -> None:
    """Ask If-None-Match of what stands: only ``*`` has a meaning for a write. Raises: BadRequest, Stale."""
    if header is None:
        return
    if header.strip() != "*":
        msg = "If-None-Match of a write is *"
        raise BadRequest(msg)
    if standing is not None:
        raise Stale


def canonical(pairs: Pairs) -> str:
    """The same text for the same criteria in any order: what concurrent conditional writes wait for."""
    return "&".join(f"{len(name)}:{name}={value}" for name, value in sorted(pairs))


def conditions_of(entries: Iterable[Entry]) -> list[tuple[str, str]]:
    """Every condition in a write set, to be held before anything is searched."""
    pairs = ((e.type, p) for e in entries for p in (e.if_none_exist, e.where) if p is not None)
    return sorted({(type_, canonical(each)) for type_, each in pairs})


def only_match(
    resource_type: str, pairs: Pairs, standing: Callable[[str], Iterable[tuple[str, Document]]]
) -> str | None:
    """
    The id of the one resource that matches, ``None`` when nothing does.

    Args:
        standing: Gives ids and documents of a type: all that may match.

    Raises: BadRequest (criteria that say nothing, or that nobody knows), MultipleMatches.
    """
    if not pairs or any(not value or name in RESULT_PARAMETERS for name, value in pairs):
        msg = "the criteria have to be search parameters with values"
        raise BadRequest(msg)
    try:
        query = parse_query(resource_type, pairs, strict=True)
    except (Invalid, BridgeError) as refusal:
        msg = f"the criteria cannot be evaluated ({refusal})"
        raise BadRequest(msg) from refusal
    found = [id_ for id_, document in standing(resource_type) if matches(query, document)]
    if len(set(found)) > 1:
        raise MultipleMatches
    return found[0] if found else None
