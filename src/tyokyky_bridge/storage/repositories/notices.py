"""Notices that parties have to be given."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, bindparam, select, update

from tyokyky_bridge.services.records import NoticeRow
from tyokyky_bridge.storage.session import Session, on_each_engine, values_of
from tyokyky_bridge.storage.tables import notice


def _listed(*where: ColumnElement[bool]) -> Select[Any]:
    return select(notice).where(*where).order_by(notice.c.at, notice.c.id)


_ADD = on_each_engine(
    lambda into: (
        into(notice)
        .on_conflict_do_nothing(index_elements=["consent_id", "party", "kind"])
        .returning(notice.c.id)
    )
)
_SAME = _listed(
    notice.c.consent_id == bindparam("consent"),
    notice.c.party == bindparam("to"),
    notice.c.kind == bindparam("of_kind"),
)
_GET = _listed(notice.c.id == bindparam("of"))
_OF_CLIENT = _listed(notice.c.client_id == bindparam("of"))
_PENDING = _listed(notice.c.party == bindparam("to"), notice.c.delivered_at.is_(None))
_DELIVERED = update(notice).where(notice.c.id == bindparam("of"), notice.c.delivered_at.is_(None))


class NoticeTable:
    """`services.ports.Notices` over the table ``notice``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, *, client_id: UUID, party: str, kind: str, consent_id: UUID | None = None) -> NoticeRow:
        made = NoticeRow(
            self._session.new_id(), client_id, party, kind, consent_id, self._session.now(), None
        )
        added = self._session.row(_ADD[self._session.engine], **values_of(made, NoticeRow.__slots__))
        if added is not None:
            return made
        return _notice(self._session.rows(_SAME, consent=consent_id, to=party, of_kind=kind)[0])

    def get(self, notice_id: UUID) -> NoticeRow | None:
        row = self._session.row(_GET, of=notice_id)
        return None if row is None else _notice(row)

    def of_client(self, client_id: UUID) -> tuple[NoticeRow, ...]:
        return tuple(_notice(row) for row in self._session.rows(_OF_CLIENT, of=client_id))

    def pending(self, party: str) -> tuple[NoticeRow, ...]:
        return tuple(_notice(row) for row in self._session.rows(_PENDING, to=party))

    def mark_delivered(self, notice_id: UUID) -> bool:
        return bool(self._session.count(_DELIVERED, of=notice_id, delivered_at=self._session.now()))


def _notice(row: Row[Any]) -> NoticeRow:
    return NoticeRow(**values_of(row, NoticeRow.__slots__))
