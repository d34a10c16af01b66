"""Read the conflicts that wait for a person, and those that were decided."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller, Role
from tyokyky_bridge.services.conflict_sight import DECIDING, ConflictSight, ConflictView
from tyokyky_bridge.services.consent_sight import need
from tyokyky_bridge.services.loading import PlanNotFound
from tyokyky_bridge.services.ports import Lock, Tx
from tyokyky_bridge.services.records import AuditEntry
from tyokyky_bridge.services.sight import Seen, see
from tyokyky_bridge.services.sync_records import ConflictRow, ConflictState

READERS = DECIDING | {Role.OVERSIGHT}
PAGE = 100
"""Most conflicts in one answer."""


class ConflictNotFound(BridgeError):
    """No such conflict, or none of which the caller may know."""

    code = "conflict/not-found"

    def __init__(self) -> None:
        super().__init__("no such conflict")


class StaleConflict(BridgeError):
    """A side changed after the caller read the conflict."""

    code = "conflict/stale"

    def __init__(self) -> None:
        super().__init__("the conflict changed after it was read")


class ConflictEnded(BridgeError):
    """Somebody decided it, or both sides came to hold the same."""

    code = "conflict/ended"

    def __init__(self) -> None:
        super().__init__("the conflict is not open any more")


class NotYourConflict(BridgeError):
    """Professionals of its owner and of the coordinator's party decide."""

    code = "conflict/not-yours"

    def __init__(self) -> None:
        super().__init__("professionals of the owner and of the coordinator's party decide")


class LinkBusy(BridgeError):
    """The partner's record is being worked on, and was all the time that the hub tried."""

    code = "conflict/busy"

    def __init__(self) -> None:
        super().__init__("the partner's record is being worked on: try again")


class NoBasisForTheirs(BridgeError):
    """Nobody else may have their value any more, so the hub may not keep it."""

    code = "conflict/no-basis"

    def __init__(self) -> None:
        super().__init__("the hub has no basis any more to keep the partner's value")


async def list_conflicts(
    bridge: Bridge, caller: Caller, *, state: ConflictState = "open", after: UUID | None = None
) -> tuple[ConflictView, ...]:
    """The conflicts of all plans of which the caller may know, longest open first, `PAGE` at most.

    *after* is the last one of the page before. Raises: ConflictNotFound, NotForRole.
    """
    need(caller, READERS)

    def read(tx: Tx) -> tuple[ConflictView, ...]:
        last = None if after is None else find(tx, bridge, caller, after)[0].row
        sights: dict[UUID, ConflictSight | None] = {}
        views: list[ConflictView] = []
        while len(views) < PAGE and (rows := tx.conflicts.page(state=state, after=last, limit=PAGE)):
            for row in rows:
                if row.plan_id not in sights:
                    sights[row.plan_id] = _sight(tx, bridge, caller, row.plan_id)
                sight = sights[row.plan_id]
                view = None if sight is None else sight.view(row)
                if view is not None and len(views) < PAGE:
                    views.append(view)
            last = rows[-1]
        for plan_id in sorted({view.row.plan_id for view in views}):
            of_plan = [view.row for view in views if view.row.plan_id == plan_id]
            note(tx, caller, "conflict/read", of_plan)
        return tuple(views)

    return await bridge.store.write(read)


async def conflicts_of_plan(
    bridge: Bridge, caller: Caller, plan_id: UUID, *, state: ConflictState | None = None
) -> tuple[ConflictView, ...]:
    """The conflicts of one plan of which the caller may know, oldest first. Raises: PlanNotFound, NotForRole."""
    need(caller, READERS)

    def read(tx: Tx) -> tuple[ConflictView, ...]:
        sight = ConflictSight(tx, bridge, caller, see(tx, bridge, caller, plan_id))
        views = tuple(
            view
            for row in tx.conflicts.of_plan(plan_id, state=state)
            if (view := sight.view(row)) is not None
        )
        note(tx, caller, "conflict/read", [view.row for view in views])
        return views

    return await bridge.store.write(read)


async def read_conflict(bridge: Bridge, caller: Caller, conflict_id: UUID) -> ConflictView:
    """One conflict. Raises: ConflictNotFound, NotForRole."""
    need(caller, READERS)

    def read(tx: Tx) -> ConflictView:
        view, _ = find(tx, bridge, caller, conflict_id)
        note(tx, caller, "conflict/read", [view.row])
        return view

    return await bridge.store.write(read)


def find(
    tx: Tx, bridge: Bridge, caller: Caller, conflict_id: UUID, *, lock: Lock | None = None
) -> tuple[ConflictView, Seen]:
    """One conflict and its plan as the caller may know them; with *lock* client and plan are held, in that order.

    Raises: ConflictNotFound, the same for one that does not exist and one that the caller may not know of.
    """
    row = tx.conflicts.get(conflict_id)
    if row is None:
        raise ConflictNotFound
    if lock is not None:
        tx.clients.get(row.client_id, lock=lock)
    try:
        seen = see(tx, bridge, caller, row.plan_id, lock=lock)
    except PlanNotFound:
        raise ConflictNotFound from None
    row = tx.conflicts.get(conflict_id)
    view = None if row is None else ConflictSight(tx, bridge, caller, seen).view(row)
    if view is None:
        raise ConflictNotFound
    return view, seen


def _sight(tx: Tx, bridge: Bridge, caller: Caller, plan_id: UUID) -> ConflictSight | None:
    try:
        return ConflictSight(tx, bridge, caller, see(tx, bridge, caller, plan_id))
    except PlanNotFound:
        return None


def note(tx: Tx, caller: Caller, event: str, rows: Sequence[ConflictRow], **what: Any) -> None:
    """Put on record what the caller did with conflicts of one plan; *what* holds codes and paths."""
    if not rows:
        return
    tx.audit.add(
        AuditEntry(
            event=event,
            outcome="ok",
            actor_party=caller.party,
            actor_role=caller.role.value,
            actor_sub=caller.subject,
            client_id=rows[0].client_id,
            plan_id=rows[0].plan_id,
            what={"conflicts": [str(row.id) for row in rows], **what},
        )
    )
