"""Definitions that the server publishes, the same for everybody: read and searched like other resources."""

from datetime import UTC, datetime

from tyokyky_bridge.api.fhir.ask import Ask, Pairs
from tyokyky_bridge.api.fhir.discovery import capability
from tyokyky_bridge.fhir import conformance
from tyokyky_bridge.fhir.conformance.header import sealed
from tyokyky_bridge.fhir.search.bundle import searchset
from tyokyky_bridge.fhir.search.matching import matches
from tyokyky_bridge.fhir.search.paging import page
from tyokyky_bridge.fhir.search.query import parse_query
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.services.fhir.refusals import NotFound
from tyokyky_bridge.services.fhir.states import Version


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
    A search among the definitions of a type, all on one page.

    Raises: BadQuery.
    """
    query = parse_query(ask.type, pairs, strict=ask.strict, base=ask.base)
    every = listed(ask, ask.type)
    matched = [each for each in every if matches(query, each)]
    return searchset(query, page(query, matched))
