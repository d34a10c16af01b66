"""The rules of a Bundle: what each kind of it has in its entries."""

from collections.abc import Iterator, Mapping

from tyokyky_bridge.fhir.wire.invariants.rule import Finding
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.fhir.wire.references import LITERAL, UUID
from tyokyky_bridge.fhir.wire.walk import Place, Walk, has

ASKING = frozenset({"batch", "transaction", "history"})
ANSWERING = frozenset({"batch-response", "transaction-response", "history"})
COUNTED = frozenset({"searchset", "history"})
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

Fault = tuple[str, str, str]
"""Name of the part of an entry, code, text."""


def check_bundle(bundle: Document, place: Place, walk: Walk) -> None:
    """Note what does not fit the type of the Bundle (bdl-1 to bdl-4, bdl-7 to bdl-12)."""
    kind: str = bundle.get("type", "")
    entries: list[Document] = bundle.get("entry", [])
    for name, text in _of_whole(bundle, kind, entries):
        walk.fault((place, name, -1), "invariant", text)
    for index, entry in enumerate(entries):
        here: Place = (place, "entry", index)
        for name, code, text in _of_entry(entry, kind):
            walk.fault((here, name, -1) if name else here, code, text)
    if kind != "history":
        _check_distinct(entries, place, walk)


def _of_whole(bundle: Document, kind: str, entries: list[Document]) -> Iterator[tuple[str, str]]:
    if has(bundle, "total") and kind not in COUNTED:
        yield "total", "bdl-1: only a searchset or a history has a total"
    if kind == "document":
        identifier: Document = bundle.get("identifier", {})
        if not (has(identifier, "system") and has(identifier, "value")):
            yield "identifier", "bdl-9: a document has an identifier with a system and a value"
        if "timestamp" not in bundle:
            yield "timestamp", "bdl-10: a document has a timestamp"
        if _first_type(entries) != "Composition":
            yield "entry", "bdl-11: the first resource of a document is a Composition"
    if kind == "message" and _first_type(entries) != "MessageHeader":
        yield "entry", "bdl-12: the first resource of a message is a MessageHeader"


def _first_type(entries: list[Document]) -> str | None:
    first: Document = entries[0].get("resource", {}) if entries else {}
    return first.get("resourceType")


def _of_entry(entry: Document, kind: str) -> Iterator[Fault]:
    if "search" in entry and kind != "searchset":
        yield "search", "invariant", "bdl-2: only the entries of a searchset tell of the search"
    if ("request" in entry) != (kind in ASKING):
        yield (
            "request",
            "invariant",
            "bdl-3: entries of a batch, transaction or history have a request, no others do",
        )
    if ("response" in entry) != (kind in ANSWERING):
        text = "bdl-4: entries of a batch-response, transaction-response or history have a response, no others do"
        yield "response", "invariant", text
    if not entry.keys() & {"resource", "request", "response"}:
        yield "", "invariant", "bdl-5: an entry has a resource, a request or a response"
    writes = kind in {"batch", "transaction"} and entry.get("request", {}).get("method") in WITH_BODY
    if writes and "resource" not in entry:
        yield "resource", "required", "an entry that writes has a resource"
    found: Document = entry.get("resource", {})
    if (
        kind == "searchset"
        and found.get("resourceType", "OperationOutcome") != "OperationOutcome"
        and "id" not in found
    ):
        yield "resource", "required", "what a search finds has an id"
    yield from _of_address(entry)


def _of_address(entry: Document) -> Iterator[Fault]:
    address: str | None = entry.get("fullUrl")
    if address is None:
        return
    if "/_history/" in address:
        yield "fullUrl", "invariant", "bdl-8: a full URL names no version"
    resource: Document = entry.get("resource", {})
    named = LITERAL.fullmatch(address)
    if named and named[1] == resource.get("resourceType") and resource.get("id", named[2]) != named[2]:
        yield "fullUrl", "value", "the full URL ends with the type and the id of the resource"
    if address.startswith("urn:uuid:") and not UUID.fullmatch(address):
        yield "fullUrl", "value", "a UUID has the form urn:uuid: and 36 characters"


def _check_distinct(entries: list[Document], place: Place, walk: Walk) -> None:
    seen: set[tuple[str, str]] = set()
    for index, entry in enumerate(entries):
        if "fullUrl" in entry:
            meta: Document = entry.get("resource", {}).get("meta", {})
            key = (entry["fullUrl"], meta.get("versionId", ""))
            if key in seen:
                text = "bdl-7: the full URLs of entries are distinct, or their versions are"
                walk.fault(((place, "entry", index), "fullUrl", -1), "invariant", text)
            seen.add(key)


def check_parameter(parameter: Document, place: Place, walk: Walk) -> None:
    """inv-1: a parameter has one of a value, a resource and parts."""
    parts = sum((has_value(parameter), "resource" in parameter, "part" in parameter))
    if parts != 1:
        walk.fault(
            place, "invariant", "inv-1: a parameter has a value, a resource or parts, and only one of them"
        )


def has_value(parameter: Document) -> bool:
    """Whether value[x] is there."""
    return any(name.lstrip("_").startswith("value") for name in parameter)


BUNDLE_FINDINGS: Mapping[str, tuple[Finding, ...]] = {
    "Bundle": (check_bundle,),
    "Parameters.parameter": (check_parameter,),
}
KEYS = ("bdl-1", "bdl-2", "bdl-3", "bdl-4", "bdl-5", "bdl-7", "bdl-8", "bdl-9", "bdl-10", "bdl-11", "bdl-12")
"""The invariants that `check_bundle` stands for."""
