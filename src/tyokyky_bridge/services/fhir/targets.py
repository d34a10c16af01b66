"""What each entry of a write set is about: by id or by criteria, and under which conditions."""

from collections.abc import Iterable, Sequence
from typing import Final

from tyokyky_bridge.fhir.conformance.registry import REGISTRY
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.services.fhir.asked import twice
from tyokyky_bridge.services.fhir.conditions import check_match, check_none_match, only_match
from tyokyky_bridge.services.fhir.entries import Entry, Pairs, Written
from tyokyky_bridge.services.fhir.patching import patched, read_patch
from tyokyky_bridge.services.fhir.refusals import BadRequest, Gone, NotAllowed, NotFound
from tyokyky_bridge.services.fhir.sight import Sighting
from tyokyky_bridge.services.fhir.states import Key, Version
from tyokyky_bridge.services.fhir.steps import ORDER, Step, entry_of

NOT_WRITTEN: Final = "the server makes resources of this type itself: change what they are made from"


def steps_of(sighting: Sighting, entries: Sequence[Entry], *, versioned: bool) -> list[Step]:
    """
    The steps of a write set in the order in which they are carried out, each with its target.

    Raises: EntryRefused, with NotAllowed, NotFound, Gone, Stale, PreconditionRequired, MultipleMatches, BadRequest or
        Invalid as its cause; BadRequest, where two entries are about the same resource.
    """
    targets = _Targets(sighting, versioned=versioned)
    steps: list[Step] = []
    for entry in sorted(entries, key=lambda each: ORDER[each.method]):
        step = Step(entry, document=entry.document)
        with entry_of(step):
            targets.find(step)
        steps.append(step)
    seen: dict[Key, int] = {}
    for step in steps:
        if step.key is None or not step.open:
            continue
        first = seen.setdefault(step.key, step.entry.index)
        if first != step.entry.index:
            raise twice(*sorted((first, step.entry.index)))
    return steps


class _Targets:
    def __init__(self, sighting: Sighting, *, versioned: bool) -> None:
        self._sighting = sighting
        self._versioned = versioned
        self._deleted: set[Key] = set()
        self._conditional: dict[tuple[str, Pairs], Step] = {}

    def find(self, step: Step) -> None:
        """Set what *step* is about and what stands there; refuse it where a condition says so."""
        entry = step.entry
        served = REGISTRY.get(entry.type)
        if served is None:
            raise NotFound
        if not served.kind.written:
            raise NotAllowed(NOT_WRITTEN)
        match entry.method:
            case "POST":
                self._create(step)
            case "PUT":
                self._update(step)
            case "PATCH":
                self._patch(step)
            case _:
                self._delete(step)

    def _create(self, step: Step) -> None:
        entry = step.entry
        if entry.if_none_exist is None:
            return
        criteria = (entry.type, tuple(sorted(entry.if_none_exist)))
        id_ = self._match(entry.type, entry.if_none_exist)
        if id_ is not None:
            step.key = (entry.type, id_)
            step.standing = self._sighting.current(step.key)
            step.outcome = Written(step.standing, created=False, changed=False)
        else:
            step.shared = self._conditional.setdefault(criteria, step)
            step.shared = None if step.shared is step else step.shared

    def _update(self, step: Step) -> None:
        entry, document = step.entry, step.document or {}
        own: object = document.get("id")
        if entry.where is not None:
            found = self._match(entry.type, entry.where)
            if found is not None and own not in {None, found}:
                msg = "the id of the body is not that of the resource that matches"
                raise BadRequest(msg, expression=f"{entry.type}.id")
            id_ = found if found is not None else own if isinstance(own, str) else None
        else:
            id_ = entry.id
            if own != id_:
                msg = "the id of the body is not that of the address"
                raise BadRequest(msg, expression=f"{entry.type}.id")
        if id_ is not None:
            step.key = (entry.type, id_)
            step.standing = self._sighting.current(step.key)
        check_none_match(entry.if_none_match, step.standing)
        check_match(
            entry.if_match,
            step.standing,
            required=self._versioned and not (entry.where or entry.if_none_match),
        )

    def _patch(self, step: Step) -> None:
        entry = step.entry
        operations = read_patch(entry.operations)
        id_ = self._match(entry.type, entry.where) if entry.where is not None else entry.id
        if id_ is None:
            raise NotFound
        step.key = (entry.type, id_)
        step.standing = self._there(step.key)
        check_match(entry.if_match, step.standing, required=self._versioned and entry.where is None)
        step.document = patched(step.standing.document or {}, operations)

    def _delete(self, step: Step) -> None:
        entry = step.entry
        id_ = self._match(entry.type, entry.where) if entry.where is not None else entry.id
        if id_ is None:
            check_match(entry.if_match, None, required=False)
            step.outcome = Written(None, changed=False)
            return
        step.key = (entry.type, id_)
        try:
            step.standing = self._there(step.key)
        except Gone:
            check_match(entry.if_match, None, required=False)
            step.outcome = Written(self._sighting.newest(step.key), changed=False)
            return
        check_match(entry.if_match, step.standing, required=False)
        self._deleted.add(step.key)

    def _there(self, key: Key) -> Version:
        version = self._sighting.newest(key)
        if version is None:
            raise NotFound
        if version.deleted:
            raise Gone
        return version

    def _match(self, resource_type: str, criteria: Pairs) -> str | None:
        return only_match(resource_type, criteria, self._standing)

    def _standing(self, resource_type: str) -> Iterable[tuple[str, Document]]:
        return (
            (version.id, version.document)
            for version in self._sighting.standing(resource_type)
            if version.document is not None and version.key not in self._deleted
        )
