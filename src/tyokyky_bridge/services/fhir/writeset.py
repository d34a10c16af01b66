"""The one write set: a single request, and a transaction of many, are carried out by the same steps.

Everything happens in one database transaction or not at all. Locks are taken in the order that `services.ports` asks
for: conditions and own documents first, then clients, then plans.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar, overload
from uuid import UUID

from tyokyky_bridge.fhir.wire.issues import Document, Invalid, Issue
from tyokyky_bridge.fhir.wire.validate import validate
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller
from tyokyky_bridge.services.fence import no_more_starts
from tyokyky_bridge.services.fhir import kept
from tyokyky_bridge.services.fhir.auditing import need_editor, need_reader, note
from tyokyky_bridge.services.fhir.entries import Entry, Written
from tyokyky_bridge.services.fhir.homes import Homes
from tyokyky_bridge.services.fhir.linking import key_of, link
from tyokyky_bridge.services.fhir.locking import hold
from tyokyky_bridge.services.fhir.patching import same
from tyokyky_bridge.services.fhir.plan_put import PlanPut
from tyokyky_bridge.services.fhir.refusals import EntryRefused
from tyokyky_bridge.services.fhir.sight import Sighting
from tyokyky_bridge.services.fhir.states import Key, Version
from tyokyky_bridge.services.fhir.steps import Step, entry_of, groups
from tyokyky_bridge.services.fhir.targets import steps_of
from tyokyky_bridge.services.ports import IdentifierTaken, Tx

T = TypeVar("T")

SUBSETTED: Final = "SUBSETTED"
OBSERVATION_VALUE: Final = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"


@dataclass(frozen=True)
class Applied:
    """
    What a write set did: the outcome of each entry in the order of the request, and whose plans it changed.

    *after* is what the caller sees now, before the commit.
    """

    outcomes: tuple[Written, ...]
    clients: frozenset[UUID]
    after: Sighting


@overload
async def commit(
    bridge: Bridge, caller: Caller, entries: Sequence[Entry], *, versioned: bool, base: str
) -> tuple[Written, ...]: ...
@overload
async def commit(
    bridge: Bridge,
    caller: Caller,
    entries: Sequence[Entry],
    *,
    versioned: bool,
    base: str,
    then: Callable[[Sighting, Sequence[Written]], T],
    judged: bool = False,
) -> T: ...
async def commit(
    bridge: Bridge,
    caller: Caller,
    entries: Sequence[Entry],
    *,
    versioned: bool,
    base: str,
    then: Callable[[Sighting, Sequence[Written]], T] | None = None,
    judged: bool = False,
) -> T | tuple[Written, ...]:
    """
    Carry out a write set; returns when it is durable, and nothing more can start that was decided before it.

    Args:
        versioned: Whether an update without If-Match is refused.
        base: The address of this server.
        then: Makes the answer in the same transaction, of what the caller sees in it; its refusal undoes all.
        judged: The bodies have been judged already, as parts of a Bundle.

    Raises: NotForRole; EntryRefused, whose *cause* says why that entry, and with it all, is refused.
    """
    (need_editor if entries else need_reader)(caller)
    warnings = {entry.index: _judged(entry, again=not judged) for entry in entries}

    def act(tx: Tx) -> tuple[T | tuple[Written, ...], frozenset[UUID]]:
        applied = apply(tx, bridge, caller, entries, versioned=versioned, base=base)
        outcomes = tuple(
            Written(each.version, each.created, each.changed, (*warnings[entry.index], *each.issues))
            for entry, each in zip(entries, applied.outcomes, strict=True)
        )
        return outcomes if then is None else then(applied.after, outcomes), applied.clients

    try:
        answer, clients = await bridge.store.write(act)
    except IdentifierTaken:  # somebody else registered the person at the same moment
        answer, clients = await bridge.store.write(act)
    for client_id in sorted(clients):
        await no_more_starts(bridge, client_id)
    return answer


def apply(
    tx: Tx, bridge: Bridge, caller: Caller, entries: Sequence[Entry], *, versioned: bool, base: str
) -> Applied:
    """
    Carry out a write set as part of a transaction; bodies have been judged before.

    Raises: EntryRefused, as `commit`; BadRequest, where two entries are about the same resource.
    """
    sighting = hold(Sighting(tx, bridge, caller), entries, base)
    steps = steps_of(sighting, entries, versioned=versioned)
    homes = Homes(sighting, base)
    homes.settle(steps)
    link(sighting, steps, homes)
    for step in steps:
        if step.entry.method == "PATCH" and step.document is not None:
            with entry_of(step):
                refuse_invalid(step.document, step.entry.type)
    puts = [PlanPut(sighting, group, base, salt=str(tx.new_id())) for group in groups(steps)]
    for put in puts:
        if put.new:
            put.create(homes.new_ids(put.client_id))
        else:
            put.revise()
    own = {id(step): _write_own(tx, caller, step) for step in steps if step.open and step.home is None}
    after = Sighting(tx, bridge, caller, changed={put.plan_id for put in puts})
    for put in puts:
        put.check(after)
    done = {step.entry.index: _outcome(after, step, own.get(id(step))) for step in steps}
    for step in steps:
        if own.get(id(step)) is None:  # what is written of the party's own has its row already
            _trace(after, step, done[step.entry.index])
    clients = frozenset(put.client_id for put in puts)
    return Applied(tuple(done[entry.index] for entry in entries), clients, after)


def _judged(entry: Entry, *, again: bool) -> tuple[Issue, ...]:
    """The warnings about a body. Raises: EntryRefused, with Invalid as its cause."""
    if entry.document is None:
        return ()
    try:
        issues = refuse_invalid(entry.document, entry.type) if again else ()
        if entry.method == "PUT":
            _refuse_part(entry.document)
    except Invalid as refusal:
        raise EntryRefused(entry.index, refusal) from refusal
    return issues


def refuse_invalid(document: Document, resource_type: str) -> tuple[Issue, ...]:
    """The warnings about a body. Raises: Invalid."""
    issues = validate(document, resource_type=resource_type)
    if any(issue.refuses for issue in issues):
        raise Invalid(issues)
    return issues


def _refuse_part(document: Document) -> None:
    """A part of a resource (``_elements``, ``_summary``) must not replace the whole. Source: domain report 4.6."""
    tags = document.get("meta", {}).get("tag", [])
    for n, tag in enumerate(tags):
        if tag.get("code") == SUBSETTED and tag.get("system") in {OBSERVATION_VALUE, None}:
            text = "this is a part of the resource: read the whole, or send a patch"
            raise Invalid(
                [Issue("error", "business-rule", text, f"{document['resourceType']}.meta.tag[{n}]")]
            )


def _write_own(tx: Tx, caller: Caller, step: Step) -> Version | None:
    """Write what is kept whole; ``None`` where it stands already just so."""
    with entry_of(step):
        type_, id_ = step.key if step.key is not None else (step.entry.type, None)
        if step.document is None:
            deleted = kept.delete(tx, caller, type_, str(id_))
            return None if deleted is None else deleted[0]
        if step.standing is not None and _says_the_same(step.standing, step.document):
            return None
        if step.named_by_us or id_ is None:
            # A person has the id of the register, and may come back.
            return kept.create(tx, caller, type_, step.document, id_=id_, returns=type_ == "Patient")
        return kept.update(tx, caller, type_, id_, step.document)[0]


def _says_the_same(standing: Version, document: Document) -> bool:
    return same(_bare(standing.document or {}), _bare(document))


def _bare(document: Document) -> Document:
    """A document without its id, which criteria may have found, and without what the server sets in ``meta``."""
    meta = {k: v for k, v in document.get("meta", {}).items() if k not in {"versionId", "lastUpdated"}}
    return {k: v for k, v in document.items() if k not in {"id", "meta"}} | ({"meta": meta} if meta else {})


def _outcome(after: Sighting, step: Step, own: Version | None) -> Written:
    if step.outcome is not None:
        return step.outcome
    key = key_of(step)
    version = own if own is not None else after.newest(key) if key is not None else None
    if version is None:
        msg = "what was written is not there"
        raise RuntimeError(msg)
    if step.shared is not None:
        return Written(version, created=False, changed=False)
    changed = step.standing is None or step.standing.version != version.version
    return Written(version, created=step.standing is None and not version.deleted, changed=changed)


def _trace(after: Sighting, step: Step, outcome: Written) -> None:
    if outcome.version is None:
        return
    key: Key = outcome.version.key
    client_id, plan_id = (step.home.client_id, step.home.plan_id) if step.home else (None, None)
    act = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}[step.entry.method]
    note(after.tx, after.caller, act, client_id, plan_id, {key[0]: 1})
