"""Parked links are the dead letters: seen by operations as ids, reasons and ages, and tried again (sync.md 8.16)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller, NotForRole, Role
from tyokyky_bridge.services.linking import start_over
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import AuditEntry, LinkRow

MOST_LISTED = 500
LONGEST_SPREAD = timedelta(days=1)


class NothingNamed(BridgeError):
    """A redrive has to say what: a link, a system or a reason."""

    code = "link/none-named"

    def __init__(self) -> None:
        super().__init__("name a link, a system or a reason")


@dataclass(frozen=True)
class ParkedLink:
    """A dead letter without content: not even the items or fields that its reason names."""

    link: int
    plan_id: UUID
    system: str
    reason: str
    parked_at: datetime
    waiting_since: datetime
    attempts: int
    urgent: bool

    @classmethod
    def of(cls, row: LinkRow) -> "ParkedLink":
        """A parked link's row."""
        parked_at = row.parked_at or row.created_at
        return cls(
            link=row.id,
            plan_id=row.plan_id,
            system=row.system,
            reason=row.parked_reason or "",
            parked_at=parked_at,
            waiting_since=row.due_since or parked_at,
            attempts=row.attempts,
            urgent=row.urgent,
        )


@dataclass(frozen=True)
class Wanted:
    """Which parked links: those that fit all that is given."""

    link: int | None = None
    system: str | None = None
    reason: str | None = None


async def list_parked(
    bridge: Bridge, caller: Caller | None, *, system: str | None = None, reason: str | None = None
) -> tuple[ParkedLink, ...]:
    """The parked links, longest parked first, `MOST_LISTED` at most.

    *caller* is ``None`` for the command line of the hub's own operator. Raises: NotForRole.
    """
    _need_operations(caller)
    rows = await bridge.store.read(
        lambda tx: tx.links.parked(system=system, reason=reason, limit=MOST_LISTED)
    )
    return tuple(ParkedLink.of(row) for row in rows)


async def redrive_parked(
    bridge: Bridge, caller: Caller | None, wanted: Wanted, *, spread: timedelta = timedelta(0)
) -> tuple[int, ...]:
    """Try parked links again, spread evenly over *spread* from now; returns their ids.

    Every item is decided afresh at each attempt: a redrive can send nothing that has no basis now. Each is audited.

    Raises: NotForRole, NothingNamed.
    """
    _need_operations(caller)
    if wanted == Wanted():
        raise NothingNamed
    bounded = min(max(spread, timedelta(0)), LONGEST_SPREAD)

    def redrive(tx: Tx) -> tuple[int, ...]:
        before = {row.id: row for row in _parked(tx, wanted)}
        driven = tx.links.redrive(
            link_id=wanted.link, system=wanted.system, reason=wanted.reason, spread=bounded
        )
        for link_id in driven:
            if link_id in before:
                start_over(tx, before[link_id])
            _audit(tx, caller, before.get(link_id) or tx.links.get(link_id), bounded)
        return driven

    return await bridge.store.write(redrive)


def _parked(tx: Tx, wanted: Wanted) -> tuple[LinkRow, ...]:
    if wanted.link is not None:
        row = tx.links.get(wanted.link)
        return () if row is None else (row,)
    return tx.links.parked(system=wanted.system, reason=wanted.reason, limit=1_000_000)


def _audit(tx: Tx, caller: Caller | None, row: LinkRow | None, spread: timedelta) -> None:
    if row is None:
        return
    entry = AuditEntry(
        event="link/redriven",
        outcome="ok",
        actor_party=None if caller is None else caller.party,
        actor_role=Role.OPERATIONS.value,
        actor_sub="command line" if caller is None else caller.subject,
        client_id=row.client_id,
        plan_id=row.plan_id,
        what={"system": row.system, "reason": row.parked_reason, "spread_s": spread.total_seconds()},
    )
    tx.audit.add(entry)


def _need_operations(caller: Caller | None) -> None:
    if caller is not None and caller.role is not Role.OPERATIONS:
        raise NotForRole(Role.OPERATIONS.value)
