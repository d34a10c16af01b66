"""The audit: who did what to which record, on which basis. Append-only."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, bindparam, insert, select

from tyokyky_bridge.services.records import AuditEntry, AuditRow
from tyokyky_bridge.storage.session import Session, values_of
from tyokyky_bridge.storage.tables import audit


def _listed(where: ColumnElement[bool]) -> Select[Any]:
    later = audit.c.seq > bindparam("after")
    return select(audit).where(where, later).order_by(audit.c.seq).limit(bindparam("size"))


_ADD = insert(audit).inline()  # nobody asks for the number it gets
_OF_CLIENT = _listed(audit.c.client_id == bindparam("of"))
_OF_PLAN = _listed(audit.c.plan_id == bindparam("of"))


class AuditTable:
    """`services.ports.Audit` over the table ``audit``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, entry: AuditEntry) -> None:
        self._session.run(_ADD, at=self._session.now(), **values_of(entry, AuditEntry.__slots__))

    def of_client(self, client_id: UUID, *, after: int = 0, limit: int = 100) -> tuple[AuditRow, ...]:
        return tuple(_audit(r) for r in self._session.rows(_OF_CLIENT, of=client_id, after=after, size=limit))

    def of_plan(self, plan_id: UUID, *, after: int = 0, limit: int = 100) -> tuple[AuditRow, ...]:
        return tuple(_audit(r) for r in self._session.rows(_OF_PLAN, of=plan_id, after=after, size=limit))


def _audit(row: Row[Any]) -> AuditRow:
    return AuditRow(seq=row.seq, at=row.at, entry=AuditEntry(**values_of(row, AuditEntry.__slots__)))
