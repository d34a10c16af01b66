"""What a party has to be told, fetched by the party and signed for: a consent ended, an edit did not stand."""

from uuid import UUID

from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.services.callers import Caller, Role
from tyokyky_bridge.services.consent_sight import need
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import AuditEntry, NoticeRow

RECEIVERS = frozenset({Role.PROFESSIONAL, Role.SYSTEM})
PAGE = 100
"""Most notices in one answer; those that are signed for make room for the next."""


class NoticeNotFound(BridgeError):
    """No such notice, or none for the caller's party."""

    code = "notice/not-found"

    def __init__(self) -> None:
        super().__init__("no such notice")


async def list_notices(bridge: Bridge, caller: Caller) -> tuple[NoticeRow, ...]:
    """What the caller's party has not signed for, oldest first, `PAGE` at most. Raises: NotForRole."""
    need(caller, RECEIVERS)
    return await bridge.store.read(lambda tx: tx.notices.pending(caller.party)[:PAGE])


async def receive_notice(bridge: Bridge, caller: Caller, notice_id: UUID) -> NoticeRow:
    """Sign for a notice; a second time changes nothing. Raises: NoticeNotFound, NotForRole."""
    need(caller, RECEIVERS)

    def receive(tx: Tx) -> NoticeRow:
        notice = tx.notices.get(notice_id)
        if notice is None or notice.party != caller.party:
            raise NoticeNotFound
        if tx.notices.mark_delivered(notice_id):
            tx.audit.add(
                AuditEntry(
                    event="notice/received",
                    outcome="ok",
                    actor_party=caller.party,
                    actor_role=caller.role.value,
                    actor_sub=caller.subject,
                    client_id=notice.client_id,
                    what={"notice": str(notice.id), "kind": notice.kind},
                    basis=None if notice.consent_id is None else str(notice.consent_id),
                )
            )
        return tx.notices.get(notice_id) or notice

    return await bridge.store.write(receive)
