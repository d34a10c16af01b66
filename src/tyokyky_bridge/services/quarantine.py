"""Records at partners that carry the hub's mark and that no link names: kept, shown, never touched (sync.md 8.17, D5).

A second record that a lost answer left, one that a hub restored from a backup has forgotten, one of somebody the hub
does not know. What stands there may concern anybody, so the row holds the record's number, the mark and moments only,
and what becomes of the record is for people to decide, with the partner.
"""

from collections.abc import Iterable
from uuid import UUID

from tyokyky_bridge.adapterkit.contract import Marked
from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller, NotForRole, Role
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import AuditEntry
from tyokyky_bridge.services.sync_records import Quarantined, QuarantineState


class QuarantineNotFound(BridgeError):
    """No such record is in quarantine."""

    code = "quarantine/not-found"

    def __init__(self) -> None:
        super().__init__("no such record is in quarantine")


def quarantine(tx: Tx, system: str, marked: Iterable[Marked]) -> None:
    """Keep those of these records that no link names."""
    for each in marked:
        if not tx.links.at_remote(system, record=each.record_id):
            tx.quarantine.note(system, each.record_id, reference=each.reference, version=each.version)


async def list_quarantined(
    bridge: Bridge, caller: Caller | None, *, system: str | None = None, state: QuarantineState = "open"
) -> tuple[Quarantined, ...]:
    """The records in quarantine, first seen first, 500 at most. For operations and oversight.

    *caller* is ``None`` for the command line of the hub's own operator. Raises: NotForRole.
    """
    if caller is not None and caller.role not in {Role.OPERATIONS, Role.OVERSIGHT}:
        needed = " or ".join((Role.OPERATIONS.value, Role.OVERSIGHT.value))
        raise NotForRole(needed)
    return await bridge.store.read(lambda tx: tx.quarantine.listed(state=state, system=system))


async def clear_quarantined(bridge: Bridge, caller: Caller | None, quarantined_id: UUID) -> Quarantined:
    """Note that somebody has seen to a record; nothing happens at the partner. A second time changes nothing.

    Raises: NotForRole, QuarantineNotFound.
    """
    if caller is not None and caller.role is not Role.OPERATIONS:
        raise NotForRole(Role.OPERATIONS.value)

    def clear(tx: Tx) -> Quarantined:
        cleared = tx.quarantine.clear(quarantined_id, by="command line" if caller is None else caller.party)
        row = tx.quarantine.get(quarantined_id)
        if row is None:
            raise QuarantineNotFound
        if cleared:
            tx.audit.add(
                AuditEntry(
                    event="quarantine/cleared",
                    outcome="ok",
                    actor_party=None if caller is None else caller.party,
                    actor_role=Role.OPERATIONS.value,
                    actor_sub="command line" if caller is None else caller.subject,
                    recipient=row.system,
                    what={"system": row.system, "record": row.record_id},
                )
            )
        return row

    return await bridge.store.write(clear)
