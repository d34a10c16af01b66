"""Notices that parties have to be given."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, select, update

from tyokyky_bridge.services.records import NoticeRow
from tyokyky_bridge.storage.session import Session, values_of
from tyokyky_bridge.storage.tables import notice


class NoticeTable:
    """`services.ports.Notices` over the table ``notice``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, *, client_id: UUID, party: str, kind: str, consent_id: UUID | None = None) -> NoticeRow:
        made = NoticeRow(
            self._session.new_id(), client_id, party, kind, consent_id, self._session.now(), None
        )
        added = self._session.row(
            self._session.insert(notice)
            .values(values_of(made, NoticeRow.__slots__))
            .on_conflict_do_nothing(index_elements=["consent_id", "party", "kind"])
            .returning(notice.c.id)
        )
        if added is not None:
            return made
        return self._select(
            (notice.c.consent_id == consent_id) & (notice.c.party == party) & (notice.c.kind == kind)
        )[0]

    def of_client(self, client_id: UUID) -> tuple[NoticeRow, ...]:
        return self._select(notice.c.client_id == client_id)

    def pending(self, party: str) -> tuple[NoticeRow, ...]:
        return self._select((notice.c.party == party) & notice.c.delivered_at.is_(None))

    def mark_delivered(self, notice_id: UUID) -> bool:
        return bool(
            self._session.count(
                update(notice)
                .where(notice.c.id == notice_id, notice.c.delivered_at.is_(None))
                .values(delivered_at=self._session.now())
            )
        )

    def _select(self, where: ColumnElement[bool]) -> tuple[NoticeRow, ...]:
        rows = self._session.rows(select(notice).where(where).order_by(notice.c.at, notice.c.id))
        return tuple(_notice(row) for row in rows)


def _notice(row: Row[Any]) -> NoticeRow:
    return NoticeRow(**values_of(row, NoticeRow.__slots__))
