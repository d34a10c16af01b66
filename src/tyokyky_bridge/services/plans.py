"""Create, read, revise and close the canonical plan of a client."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tyokyky_bridge.domain.calendar import finnish_day
from tyokyky_bridge.domain.errors import BridgeError, InvalidPlan, Problem
from tyokyky_bridge.domain.hetu import InvalidHetu, parse_hetu
from tyokyky_bridge.domain.items import Leaves, Scalar, leaves_of
from tyokyky_bridge.domain.revision import Origin, Revision
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller, NotForRole, Role
from tyokyky_bridge.services.changes import Change, Sight, apply_changes
from tyokyky_bridge.services.clients import ClientNotFound, registered_by
from tyokyky_bridge.services.fence import no_more_starts
from tyokyky_bridge.services.linking import refresh_links
from tyokyky_bridge.services.loading import PlanNotFound, revision_of
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import AuditEntry, Doc, RevisionHead
from tyokyky_bridge.services.repeats import RepeatKey, once
from tyokyky_bridge.services.revising import append_revision, origins_after, stored
from tyokyky_bridge.services.shape import members_of
from tyokyky_bridge.services.sight import Seen, see, seen_after, seen_revision

CLOSED = frozenset({"closed", "cancelled", "superseded"})
EDITORS = frozenset({Role.PROFESSIONAL, Role.SYSTEM})
READERS = EDITORS | {Role.OVERSIGHT}


class StalePlan(BridgeError):
    """What the caller saw is not what it would see now: read again and reapply the change."""

    code = "plan/stale"

    def __init__(self) -> None:
        super().__init__("the plan changed after it was read")


class PlanExists(BridgeError):
    """A client has one open plan."""

    code = "plan/exists"

    def __init__(self) -> None:
        super().__init__("the client has an open plan")


class PlanClosed(BridgeError):
    """A closed plan is not edited; a return of the client opens a new one."""

    code = "plan/closed"

    def __init__(self) -> None:
        super().__init__("the plan is closed")


@dataclass(frozen=True)
class SeenRevision:
    """One revision as a caller may list it: numbered by what the caller could see change."""

    number: int
    at: datetime
    cause: str
    seen: Seen


async def create_plan(
    bridge: Bridge,
    caller: Caller,
    client_id: UUID,
    content: Mapping[str, Any],
    *,
    repeat: RepeatKey | None = None,
) -> Seen:
    """Record a client's first revision. *content* is a plan in its own shape, without what the hub sets.

    Raises: InvalidPlan, NotYourField, PlanExists, ClientNotFound, KeyReused.
    """
    _need(caller, EDITORS)
    return await bridge.store.write(
        lambda tx: once(
            tx,
            caller,
            repeat,
            lambda: create_in(tx, bridge, caller, client_id, content),
            note=_note,
            recall=_recall(tx, bridge, caller),
        )
    )


def create_in(
    tx: Tx,
    bridge: Bridge,
    caller: Caller,
    client_id: UUID,
    content: Mapping[str, Any],
    *,
    cause: str = "api",
    ids: tuple[UUID, UUID] | None = None,
) -> Seen:
    """Record a client's first revision as part of a transaction; *content* and what is raised as `create_plan`.

    *ids* are those of the plan and the case, for who had to name them before.
    """
    _need(caller, EDITORS)
    if tx.clients.get(client_id, lock="update") is None or not bridge.in_force(caller.party, tx.now()):
        raise ClientNotFound
    plans = tx.plans.of_client(client_id)
    if not registered_by(tx, client_id, caller.party):
        raise ClientNotFound
    for plan in plans:
        if plan.status not in CLOSED:
            _tell_of_open_plan(tx, bridge, caller, plan.id)
    plan_id, case_id = ids if ids is not None else (tx.new_id(), tx.new_id())
    now = tx.now()
    hub_set: dict[str, Scalar] = {
        "header.plan_id": str(plan_id),
        "header.case_id": str(case_id),
        "header.created_at": now,
        "client.client_id": str(client_id),
    }
    party = bridge.directory.party(caller.party, on=finnish_day(now))
    sight = Sight(permitted=frozenset(), withheld=frozenset(), register=party.register)
    given = [Change(name, value) for name, value in members_of(content)]
    plan = apply_changes(hub_set, given, sight)
    leaves = leaves_of(plan)
    _check_identity(tx, bridge, client_id, leaves)
    revision = Revision(
        plan=plan,
        version=1,
        origins=origins_after({}, {}, leaves, _origin(caller, now)),
        recorded_at=now,
        recorded_by=caller.party,
    )
    tx.plans.insert(
        plan_id=plan_id,
        client_id=client_id,
        case_id=case_id,
        status=str(leaves["header.status"]),
        cause=cause,
        actor=caller.party,
        **stored(revision, leaves),
    )
    if plans and plan.client.non_disclosure.active:  # an order holds for the older plans as well
        tx.clients.bump_epoch(client_id)
    refresh_links(tx, bridge, plan_id=plan_id, client_id=client_id, revision=revision)
    _audit(tx, caller, "plan/created", client_id, plan_id, {"version": 1})
    return see(tx, bridge, caller, plan_id)


async def read_plan(bridge: Bridge, caller: Caller, plan_id: UUID) -> Seen:
    """The plan as the caller may see it. The reading is audited. Raises: PlanNotFound, NotForRole."""
    _need(caller, READERS)

    def read(tx: Tx) -> Seen:
        seen = see(tx, bridge, caller, plan_id)
        _audit(tx, caller, "plan/read", seen.client_id, plan_id, {"items": len(seen.disclosure.view.leaves)})
        return seen

    return await bridge.store.write(read)


async def revise_plan(
    bridge: Bridge,
    caller: Caller,
    plan_id: UUID,
    changes: Iterable[Change],
    *,
    if_match: str,
    cause: str = "api",
    repeat: RepeatKey | None = None,
) -> Seen:
    """Record a new revision with *changes* applied; what the caller cannot see stays as it is.

    Partners receive it afterwards: their links are marked dirty in the same transaction. Returns when nothing more can
    start that was decided before somebody left the network, or another basis in the plan ended.

    Raises: PlanNotFound, StalePlan, PlanClosed, InvalidPlan, NotYourField, CategoryWithheld, KeyReused.
    """
    _need(caller, EDITORS)
    given = tuple(changes)

    def check(seen: Seen) -> None:
        if if_match not in {seen.etag, "*"}:
            raise StalePlan

    def revise(tx: Tx) -> Seen:
        return revise_in(tx, bridge, caller, plan_id, lambda _: given, check=check, cause=cause)

    seen = await bridge.store.write(
        lambda tx: once(
            tx, caller, repeat, lambda: revise(tx), note=_note, recall=_recall(tx, bridge, caller)
        )
    )
    await no_more_starts(bridge, seen.client_id)
    return seen


def revise_in(
    tx: Tx,
    bridge: Bridge,
    caller: Caller,
    plan_id: UUID,
    changes_of: Callable[[Seen], Iterable[Change]],
    *,
    check: Callable[[Seen], None],
    cause: str = "api",
) -> Seen:
    """Record a new revision as part of a transaction: *changes_of* says, from what the caller sees, what changes.

    *check* is asked before, and refuses by raising. After the commit `no_more_starts` has to be waited for. What is
    raised is as in `revise_plan`, but for what *check* decides alone.
    """
    _need(caller, EDITORS)
    _lock_client_first(tx, plan_id)
    seen = see(tx, bridge, caller, plan_id, lock="update")
    check(seen)
    before = seen.revision.leaves
    if before["header.status"] in CLOSED:
        raise PlanClosed
    plan = apply_changes(before, changes_of(seen), seen.sight(caller, bridge))
    leaves = leaves_of(plan)
    if leaves == before:
        return seen
    _check_identity(tx, bridge, seen.client_id, leaves)
    revision = append_revision(
        tx,
        bridge,
        client_id=seen.client_id,
        before=seen.revision,
        plan=plan,
        fresh=_origin(caller, tx.now()),
        cause=cause,
        at=tx.now(),
    )
    touched = sorted(p for p in before.keys() | leaves.keys() if before.get(p) != leaves.get(p))
    _audit(
        tx,
        caller,
        "plan/revised",
        seen.client_id,
        plan_id,
        {"version": revision.version, "paths": touched},
    )
    return seen_after(tx, bridge, caller, seen, revision)


async def list_revisions(bridge: Bridge, caller: Caller, plan_id: UUID) -> tuple[SeenRevision, ...]:
    """The revisions in which something changed that the caller may see today, oldest first, numbered from 1."""
    _need(caller, READERS)

    def read(tx: Tx) -> tuple[SeenRevision, ...]:
        seen = see(tx, bridge, caller, plan_id)
        found: list[SeenRevision] = []
        for head in tx.plans.history(plan_id):
            older = seen_revision(tx, bridge, caller, seen, _revision(tx, head))
            if not found or found[-1].seen.etag != older.etag:
                found.append(SeenRevision(len(found) + 1, head.at, head.cause, older))
        return tuple(found)

    return await bridge.store.read(read)


def _revision(tx: Tx, head: RevisionHead) -> Revision:
    row = tx.plans.revision(head.plan_id, head.version)
    if row is None:
        msg = "a listed revision is gone"
        raise RuntimeError(msg)
    return revision_of(row)


def _lock_client_first(tx: Tx, plan_id: UUID) -> None:
    """Locks are taken in one order, client before plan; a change of the network raises the client's epoch later on."""
    head = tx.plans.get(plan_id)
    if head is not None:
        tx.clients.get(head.client_id, lock="update")


def _tell_of_open_plan(tx: Tx, bridge: Bridge, caller: Caller, plan_id: UUID) -> None:
    """There is one open plan for a client; who may not know of it hears only that there is no such client."""
    try:
        see(tx, bridge, caller, plan_id)
    except PlanNotFound:
        raise ClientNotFound from None
    raise PlanExists


def _check_identity(tx: Tx, bridge: Bridge, client_id: UUID, leaves: Leaves) -> None:
    """Every identity number by which the client could be looked up has to be this client's own."""
    for path, value in leaves.items():
        if not (path.startswith("client.hetu[") and path.endswith("].value")):
            continue
        kind = leaves[path.removesuffix("value") + "kind"]
        if kind == "foreign":
            continue
        try:
            number = parse_hetu(str(value), synthetic_only=bridge.synthetic_only).value
        except InvalidHetu:
            if kind == "temporary":  # some organisations give numbers of their own form
                continue
            raise
        if kind != "former" and client_id not in tx.clients.holders(number):
            raise InvalidPlan([Problem("client.hetu[].value", "is not an identity number of this client")])


def _note(seen: Seen) -> Doc:
    return {"plan": str(seen.plan_id)}


def _recall(tx: Tx, bridge: Bridge, caller: Caller) -> Callable[[Doc], Seen]:
    return lambda kept: see(tx, bridge, caller, UUID(kept["plan"]))


def _origin(caller: Caller, at: datetime) -> Origin:
    return Origin(party=caller.party, at=at, role=caller.role.value)


def _need(caller: Caller, roles: frozenset[Role]) -> None:
    if caller.role not in roles:
        raise NotForRole(" or ".join(sorted(roles)))


def _audit(
    tx: Tx, caller: Caller, event: str, client_id: UUID, plan_id: UUID | None, what: dict[str, Any]
) -> None:
    tx.audit.add(
        AuditEntry(
            event=event,
            outcome="ok",
            actor_party=caller.party,
            actor_role=caller.role.value,
            actor_sub=caller.subject,
            client_id=client_id,
            plan_id=plan_id,
            what=what,
        )
    )
