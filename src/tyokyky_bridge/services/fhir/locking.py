"""Locks of a write set, in the order that `services.ports` asks for: own documents first, then clients, then plans."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final
from uuid import UUID

from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.services.fhir.conditions import conditions_of, only_match
from tyokyky_bridge.services.fhir.entries import Entry
from tyokyky_bridge.services.fhir.references import local, subjects
from tyokyky_bridge.services.fhir.sight import Sighting, as_uuid
from tyokyky_bridge.services.fhir.states import Key

HELD_AGAIN: Final = 5
"""How often what criteria find may change while locks are waited for, before the rest is left to chance."""


def hold(sighting: Sighting, entries: Sequence[Entry], base: str) -> Sighting:
    """
    Hold still what *entries* may change or rest on; what *sighting* has seen may be older than that.

    Returns: What the caller sees under these locks.
    """
    tx, party = sighting.tx, sighting.caller.party
    tx.documents.hold(party, conditions_of(entries))
    named = {(entry.type, entry.id) for entry in entries if entry.id is not None}
    found: set[Key] | None = None
    for _ in range(HELD_AGAIN):
        before, found = found, _found(sighting, entries)
        if found == before:
            break
        for type_, id_ in sorted(named | found):
            tx.documents.newest(party, type_, id_, lock="update")
        clients, plans = _involved(sighting, entries, named | found, base)
        for client_id in sorted(clients):
            tx.clients.get(client_id, lock="update")
        for plan_id in sorted(plans):
            tx.plans.get(plan_id, lock="update")
        sighting = Sighting(tx, sighting.bridge, sighting.caller)
    return sighting


def _found(sighting: Sighting, entries: Iterable[Entry]) -> set[Key]:
    """What the criteria of updates, patches and deletes find; what is wrong with them is told later."""
    found: set[Key] = set()
    for entry in entries:
        if entry.where is None:
            continue
        with suppress(BridgeError):
            id_ = only_match(entry.type, entry.where, lambda type_: _standing(sighting, type_))
            found |= {(entry.type, id_)} if id_ is not None else set()
    return found


def _standing(sighting: Sighting, resource_type: str) -> Iterator[tuple[str, Document]]:
    for each in sighting.standing(resource_type):
        if each.document is not None:
            yield each.id, each.document


def _involved(
    sighting: Sighting, entries: Iterable[Entry], named: Iterable[Key], base: str
) -> tuple[set[UUID], set[UUID]]:
    """The clients and plans that entries may change, told by ids and subjects: they are locked first."""
    keys = set(named)
    for entry in entries:
        keys |= {key for each in subjects(entry.document or {}) if (key := local(each, base)) is not None}
    clients: set[UUID] = set()
    plans: set[UUID] = set()
    for key in keys:
        named_client = as_uuid(key[1]) if key[0] == "Patient" else None
        sights = (
            sighting.plans_of(named_client)
            if named_client is not None
            else filter(None, [sighting.holder(key)])
        )
        clients |= {named_client} if named_client is not None else set()
        for sight in sights:
            clients.add(sight.plan.client_id)
            plans.add(sight.plan.id)
    return clients, plans
