"""Lists as Bundles: a search, and a history, with links that say what was really applied."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

from tyokyky_bridge.api.fhir.ask import Ask
from tyokyky_bridge.api.fhir.headers import etag
from tyokyky_bridge.fhir.search.bundle import CURSOR, searchset
from tyokyky_bridge.fhir.search.paging import Page
from tyokyky_bridge.fhir.search.query import Query
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.services.fhir.listing import Found, Past
from tyokyky_bridge.services.fhir.states import Version, instant

OUTCOMES: Final = {"POST": "201", "PUT": "200", "DELETE": "204"}
"""What each kind of version was answered with when it was made."""


def search_bundle(base: str, type_: str, found: Found) -> Document:
    """A page of a search of a type."""
    query = found.query or Query(type_, base)
    page = Page(_documents(found.matched), found.total)
    return searchset(query, page, _documents(found.included), this=found.this, following=found.next)


def everything_bundle(ask: Ask, found: Found) -> Document:
    """A page of ``$everything``: all of it belongs to what was asked for, so that all of it matches."""
    path = f"{ask.base}/{ask.type}/{ask.id}/$everything"
    pairs = [pair for pair in ask.pairs if pair[0] != CURSOR]
    return _with_links(
        {"resourceType": "Bundle", "type": "searchset", "total": found.total},
        path,
        pairs,
        this=found.this,
        following=found.next,
        entries=[
            {"fullUrl": f"{ask.base}/{v.type}/{v.id}", "resource": v.document, "search": {"mode": "match"}}
            for v in found.matched
        ],
    )


def history_bundle(
    base: str, type_: str, id_: str | None, past: Past, pairs: Sequence[tuple[str, str]] = ()
) -> Document:
    """
    A page of a history, newest first; a deletion is an entry without a resource.

    Args:
        base: Address of the server.
        type_: The type.
        id_: The resource, or nothing for the whole type.
        past: The versions.
        pairs: The parameters that were applied, for the links.
    """
    path = f"{base}/{type_}/{id_}/_history" if id_ is not None else f"{base}/{type_}/_history"
    this = next((value for name, value in pairs if name == CURSOR), None)
    return _with_links(
        {"resourceType": "Bundle", "type": "history", "total": past.total},
        path,
        [pair for pair in pairs if pair[0] != CURSOR],
        this=this,
        following=past.next,
        entries=[_entry(base, version) for version in past.versions],
    )


def _entry(base: str, version: Version) -> dict[str, Any]:
    place = f"{version.type}/{version.id}"
    url = version.type if version.method == "POST" else place
    entry: dict[str, Any] = {"fullUrl": f"{base}/{place}"}
    if version.document is not None:
        entry["resource"] = version.document
    return entry | {
        "request": {"method": version.method, "url": url},
        "response": {
            "status": OUTCOMES[version.method],
            "etag": etag(version.version),
            "lastModified": instant(version.at),
        },
    }


def _with_links(
    bundle: dict[str, Any],
    path: str,
    pairs: Sequence[tuple[str, str]],
    *,
    this: str | None,
    following: str | None,
    entries: list[dict[str, Any]],
) -> Document:
    cursors = {"self": this, "next": following}
    bundle["link"] = [
        {"relation": relation, "url": _url(path, pairs, cursor)}
        for relation, cursor in cursors.items()
        if relation == "self" or cursor is not None
    ]
    return {k: v for k, v in bundle.items() if v is not None} | ({"entry": entries} if entries else {})


def _url(path: str, pairs: Sequence[tuple[str, str]], cursor: str | None) -> str:
    said = [*pairs, *([(CURSOR, cursor)] if cursor is not None else [])]
    return f"{path}?{urlencode(said)}" if said else path


def _documents(versions: Sequence[Version]) -> tuple[Document, ...]:
    return tuple(version.document for version in versions if version.document is not None)
