"""Locks of a write set, in the order that `services.ports` asks for: own documents first, then clients, then plans."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from tyokyky_bridge.services.fhir.conditions import conditions_of
from tyokyky_bridge.services.fhir.entries import Entry
from tyokyky_bridge.services.fhir.references import local, subjects
from tyokyky_bridge.services.fhir.sight import Sighting, as_uuid
from tyokyky_bridge.services.fhir.states import Key


def hold(sighting: Sighting, entries: Sequence[Entry], base: str) -> None:
    """Hold still what *entries* may change or rest on; what *sighting* has seen may be older than that."""
    tx, party = sighting.tx, sighting.caller.party
    tx.documents.hold(party, conditions_of(entries))
    for type_, id_ in sorted({(entry.type, entry.id) for entry in entries if entry.id is not None}):
        tx.documents.newest(party, type_, id_, lock="update")
    clients, plans = _involved(sighting, entries, base)
    for client_id in sorted(clients):
        tx.clients.get(client_id, lock="update")
    for plan_id in sorted(plans):
        tx.plans.get(plan_id, lock="update")


def _involved(sighting: Sighting, entries: Iterable[Entry], base: str) -> tuple[set[UUID], set[UUID]]:
    """The clients and plans that entries may change, told by ids and subjects: they are locked first."""
    keys: set[Key] = set()
    for entry in entries:
        if entry.id is not None:
            keys.add((entry.type, entry.id))
        keys |= {key for each in subjects(entry.document or {}) if (key := local(each, base)) is not None}
    clients: set[UUID] = set()
    plans: set[UUID] = set()
    for key in keys:
        named = as_uuid(key[1]) if key[0] == "Patient" else None
        sights = sighting.plans_of(named) if named is not None else filter(None, [sighting.holder(key)])
        clients |= {named} if named is not None else set()
        for sight in sights:
            clients.add(sight.plan.client_id)
            plans.add(sight.plan.id)
    return clients, plans
