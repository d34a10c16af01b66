"""The answer to a search as a Bundle, with links that say what was really applied."""

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote

from tyokyky_bridge.fhir.search.paging import Page
from tyokyky_bridge.fhir.search.query import Pair, Query
from tyokyky_bridge.fhir.search.subset import reduced
from tyokyky_bridge.fhir.wire.issues import Document, outcome

CURSOR: Final = "_cursor"
"""The parameter of our own in the links between pages."""


def url_of(query: Query, *, cursor: str | None = None) -> str:
    """
    The URL of *query*: what was applied, in canonical order.

    When a value may be a HETU the parameters are left to the cursor, which holds them enciphered.
    """
    pairs: tuple[Pair, ...] = () if query.guarded else query.pairs
    if cursor is not None:
        pairs = (*pairs, (CURSOR, cursor))
    said = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)
    return f"{query.base.rstrip('/')}/{query.type}{'?' if said else ''}{said}"


def _quoted(text: str) -> str:
    return quote(text, safe=":,/-._~$", errors="replace")


def searchset(
    query: Query,
    found: Page,
    included: Iterable[Document] = (),
    *,
    this: str | None = None,
    following: str | None = None,
) -> Document:
    """
    The Bundle of one page.

    Args:
        included: What `included` gave for the matches of the page.
        this: Cursor of this page; needed on later pages, and on the first when the query is guarded.
        following: Cursor of the next page, when there is one.
    """
    links = [{"relation": "self", "url": url_of(query, cursor=this)}]
    if following is not None:
        links.append({"relation": "next", "url": url_of(query, cursor=following)})
    bundle: Document = {"resourceType": "Bundle", "type": "searchset"}
    if query.wants_total or query.only_count:
        bundle["total"] = found.total
    bundle["link"] = links
    entries = [] if query.only_count else [*_entries(query, found.matched, included)]
    if query.ignored:
        entries.append({"resource": outcome(query.ignored), "search": {"mode": "outcome"}})
    if entries:
        bundle["entry"] = entries
    return bundle


def _entries(
    query: Query, matched: Iterable[Document], included: Iterable[Document]
) -> Iterable[dict[str, Any]]:
    summary, names = query.shape.summary, query.shape.elements
    for each in matched:
        yield _entry(query, reduced(each, summary=summary, names=names), "match")
    for each in included:  # _elements names those of the type searched, so what is included stays whole
        yield _entry(query, reduced(each, summary=summary), "include")


def _entry(query: Query, document: Document, mode: str) -> dict[str, Any]:
    root = query.base.rstrip("/")
    return {
        "fullUrl": f"{root}/{document['resourceType']}/{document['id']}",
        "resource": document,
        "search": {"mode": mode},
    }
