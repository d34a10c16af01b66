"""The audit: who did what to which record, on which basis. Append-only."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, insert, select

from tyokyky_bridge.services.records import AuditEntry, AuditRow
from tyokyky_bridge.storage.session import Session, values_of
from tyokyky_bridge.storage.tables import audit


class AuditTable:
    """`services.ports.Audit` over the table ``audit``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, entry: AuditEntry) -> None:
        columns = values_of(entry, AuditEntry.__slots__)
        self._session.connection.execute(insert(audit).values(columns | {"at": self._session.now()}))

    def of_client(self, client_id: UUID, *, after: int = 0, limit: int = 100) -> tuple[AuditRow, ...]:
        return self._select(audit.c.client_id == client_id, after=after, limit=limit)

    def of_plan(self, plan_id: UUID, *, after: int = 0, limit: int = 100) -> tuple[AuditRow, ...]:
        return self._select(audit.c.plan_id == plan_id, after=after, limit=limit)

    def _select(self, where: ColumnElement[bool], *, after: int, limit: int) -> tuple[AuditRow, ...]:
        rows = self._session.rows(
            select(audit).where(where, audit.c.seq > after).order_by(audit.c.seq).limit(limit)
        )
        return tuple(_audit(row) for row in rows)


def _audit(row: Row[Any]) -> AuditRow:
    return AuditRow(seq=row.seq, at=row.at, entry=AuditEntry(**values_of(row, AuditEntry.__slots__)))
