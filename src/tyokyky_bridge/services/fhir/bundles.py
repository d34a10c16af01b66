"""Bundles posted to the base: a transaction, all or nothing, and a batch, each entry for itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller
from tyokyky_bridge.services.fhir import reading
from tyokyky_bridge.services.fhir.asked import Asked, asked_of, check_bundle, refuse_storm, refuse_twice
from tyokyky_bridge.services.fhir.auditing import need_reader
from tyokyky_bridge.services.fhir.conditions import etags
from tyokyky_bridge.services.fhir.entries import Written
from tyokyky_bridge.services.fhir.listing import Found, Past
from tyokyky_bridge.services.fhir.refusals import EntryRefused
from tyokyky_bridge.services.fhir.sight import Sighting
from tyokyky_bridge.services.fhir.states import Version, instant
from tyokyky_bridge.services.fhir.writeset import commit, refuse_invalid


@dataclass(frozen=True)
class Face:
    """
    What the interface gives to a Bundle: how an answer looks on the wire is its matter.

    *base* is the address of this server, *key* signs cursors, *versioned* refuses updates without If-Match, *strict*
    refuses unknown search parameters, *representation* puts what was written into the answer. *searchset* and
    *history* make the Bundles of a search and of a history, *refusal* the status and OperationOutcome of an error.
    """

    base: str
    key: bytes
    searchset: Callable[[str, Found], Document]
    history: Callable[[str, str | None, Past], Document]
    refusal: Callable[[BridgeError], tuple[int, Document]]
    versioned: bool = True
    strict: bool = True
    representation: bool = False


async def transact(bridge: Bridge, caller: Caller, bundle: Document, face: Face) -> Document:
    """
    Carry out a transaction Bundle: everything in one database transaction, or nothing.

    Deletes come first, then creates, updates and patches, then reads; the answers are in the order of the request.

    Raises: Invalid, BadRequest, EntryRefused (names the entry; its *cause* is what a single request would raise).
    """
    check_bundle(bundle, "transaction")
    asked = [asked_of(entry, n, face.base) for n, entry in enumerate(_entries(bundle))]
    refuse_twice(asked)
    refuse_storm(asked)
    refuse_invalid(bundle, "Bundle")
    writes = [each.write for each in asked if each.write is not None]

    def then(sighting: Sighting, outcomes: Sequence[Written]) -> list[Document]:
        written = {entry.index: outcome for entry, outcome in zip(writes, outcomes, strict=True)}
        answers: list[Document] = []
        for each in asked:
            try:
                answers.append(
                    _written(written[each.index], face)
                    if each.index in written
                    else _looked(sighting, each, face)
                )
            except BridgeError as refusal:
                raise EntryRefused(each.index, refusal) from refusal
        return answers

    answers = await commit(
        bridge, caller, writes, versioned=face.versioned, base=face.base, then=then, judged=True
    )
    return {"resourceType": "Bundle", "type": "transaction-response"} | (
        {"entry": answers} if answers else {}
    )


async def batch(bridge: Bridge, caller: Caller, bundle: Document, face: Face) -> Document:
    """
    Carry out a batch Bundle: every entry by itself, in its order, and each answers for itself.

    Raises: Invalid, BadRequest, for the Bundle as such; nothing of a single entry.
    """
    check_bundle(bundle, "batch")
    asked = [_asked_or_refused(entry, n, face.base) for n, entry in enumerate(_entries(bundle))]
    refuse_storm(each for each in asked if isinstance(each, Asked))
    answers: list[Document] = []
    for each in asked:
        try:
            if isinstance(each, EntryRefused):
                raise each
            answers.append(await _single(bridge, caller, each, face))
        except BridgeError as refusal:
            cause = refusal.cause if isinstance(refusal, EntryRefused) else refusal
            status, outcome = face.refusal(cause)
            answers.append({"response": {"status": str(status), "outcome": outcome}})
    return {"resourceType": "Bundle", "type": "batch-response"} | ({"entry": answers} if answers else {})


def _asked_or_refused(entry: Any, index: int, base: str) -> Asked | EntryRefused:
    try:
        return asked_of(entry, index, base)
    except EntryRefused as refusal:
        return refusal


async def _single(bridge: Bridge, caller: Caller, asked: Asked, face: Face) -> Document:
    if asked.write is None:
        need_reader(caller)
        return await bridge.store.write(lambda tx: _looked(Sighting(tx, bridge, caller), asked, face))

    def then(_: Sighting, outcomes: Sequence[Written]) -> Document:
        return _written(outcomes[0], face)

    return await commit(bridge, caller, [asked.write], versioned=face.versioned, base=face.base, then=then)


def _entries(bundle: Document) -> list[Document]:
    return cast("list[Document]", bundle.get("entry", []))


def _written(outcome: Written, face: Face) -> Document:
    """The answer of an entry that wrote."""
    version = outcome.version
    if version is None or version.deleted:
        return {"response": {"status": "204"} | ({} if version is None else _validators(version))}
    status = "201" if outcome.created else "200"
    location = f"{face.base}/{version.type}/{version.id}/_history/{version.version}"
    response: dict[str, Any] = {"status": status, "location": location, **_validators(version)}
    answer: Document = {"fullUrl": f"{face.base}/{version.type}/{version.id}", "response": response}
    return answer | {"resource": version.document} if face.representation else answer


def _looked(sighting: Sighting, asked: Asked, face: Face) -> Document:
    """The answer of an entry that reads."""
    if asked.id is None:
        found = reading.search_in(
            sighting,
            asked.type,
            asked.pairs,
            strict=face.strict,
            cursor=None,
            key=face.key,
            base=face.base,
            in_url=True,
        )
        return _answer(face.searchset(asked.type, found))
    if asked.past is not None:
        past = reading.history_in(sighting, asked.past, key=face.key)
        return _answer(face.history(asked.type, asked.id, past))
    version = (
        reading.read_in(sighting, asked.type, asked.id)
        if asked.version is None
        else reading.vread_in(sighting, asked.type, asked.id, asked.version)
    )
    known = (asked.if_none_match or "").strip()
    if known and (known == "*" or version.version in etags(known, name="If-None-Match")):
        return {"response": {"status": "304", **_validators(version)}}
    full_url = f"{face.base}/{version.type}/{version.id}"
    response = {"status": "200", **_validators(version)}
    return {"fullUrl": full_url, "resource": version.document, "response": response}


def _answer(resource: Document) -> Document:
    return {"resource": resource, "response": {"status": "200"}}


def _validators(version: Version) -> Document:
    return {"etag": version.etag, "lastModified": instant(version.at)}
