"""Definitions that the server publishes, the same for everybody: read and searched like other resources."""

from datetime import UTC, datetime, timedelta
from typing import Final

from tyokyky_bridge.api.fhir.ask import Ask, Pairs
from tyokyky_bridge.api.fhir.discovery import capability
from tyokyky_bridge.fhir import conformance
from tyokyky_bridge.fhir.conformance.header import VERSION, sealed
from tyokyky_bridge.fhir.search.bundle import CURSOR, searchset
from tyokyky_bridge.fhir.search.matching import matches
from tyokyky_bridge.fhir.search.paging import Cursor, page, seal, unseal
from tyokyky_bridge.fhir.search.query import parse_query
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.services.fhir.refusals import NotFound
from tyokyky_bridge.services.fhir.states import Version

GOOD_FOR: Final = timedelta(hours=1)
"""How long the link to a next page holds."""


def version_of(document: Document) -> Version:
    """A definition as the version that it says it is."""
    meta = document["meta"]
    at = datetime.fromisoformat(meta["lastUpdated"]).astimezone(UTC)
    return Version(document["resourceType"], document["id"], meta["versionId"], at, "PUT", document)


def listed(ask: Ask, type_: str) -> list[Document]:
    """Every definition of a type."""
    if type_ == "CapabilityStatement":
        return [sealed(capability(ask))]
    return list(conformance.listed(type_))


def read(ask: Ask) -> Version:
    """One definition. Raises: NotFound."""
    found = next((each for each in listed(ask, ask.type) if each["id"] == ask.id), None)
    if found is None:
        raise NotFound
    return version_of(found)


def search(ask: Ask, pairs: Pairs) -> Document:
    """
    A page of a search among the definitions of a type.

    Raises: BadQuery, CursorGone.
    """
    said = [pair for pair in pairs if pair[0] != CURSOR]
    query = parse_query(ask.type, said, strict=ask.strict, base=ask.base)
    text = next((value for name, value in pairs if name == CURSOR), None)
    now = datetime.now(UTC)
    party = ask.caller.party
    cursor = None
    if text is not None:
        cursor = unseal(text, key=ask.cursor_key, caller=party, epoch=VERSION, now=now)
        query = parse_query(ask.type, cursor.pairs, base=ask.base)
    matched = [each for each in listed(ask, ask.type) if matches(query, each)]
    held = page(query, matched, after=cursor and cursor.after)
    following = None
    if held.after is not None:
        next_page = Cursor(ask.type, query.pairs, held.after)
        following = seal(next_page, key=ask.cursor_key, caller=party, epoch=VERSION, expires=now + GOOD_FOR)
    return searchset(query, held, this=text, following=following)
