"""Consents: the state as it stands, the history as it was, and the once-only uses."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update

from tyokyky_bridge.services.ports import RowMissing
from tyokyky_bridge.services.records import ConsentEventRow, ConsentRow, Doc, OralUseRow
from tyokyky_bridge.storage.session import Session
from tyokyky_bridge.storage.tables import consent, consent_event, oral_use


class ConsentTable:
    """`services.ports.Consents` over ``consent``, ``consent_event`` and ``oral_use``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, *, consent_id: UUID, client_id: UUID, status: str, doc: Doc, actor: str) -> ConsentRow:
        now = self._session.now()
        made = ConsentRow(consent_id, client_id, status, doc, now, now)
        self._session.connection.execute(
            insert(consent).values(
                id=consent_id, client_id=client_id, status=status, doc=doc, recorded_at=now, updated_at=now
            )
        )
        self._note(made, seq=1, actor=actor)
        return made

    def change(self, consent_id: UUID, *, status: str, doc: Doc, actor: str) -> ConsentRow:
        row = self._session.row(
            update(consent)
            .where(consent.c.id == consent_id)
            .values(status=status, doc=doc, updated_at=self._session.now())
            .returning(consent)
        )
        if row is None:
            raise RowMissing(consent.name)
        made = _consent(row)
        seq = self._session.connection.execute(
            select(func.max(consent_event.c.seq)).where(consent_event.c.consent_id == consent_id)
        ).scalar_one()
        self._note(made, seq=seq + 1, actor=actor)
        return made

    def get(self, consent_id: UUID) -> ConsentRow | None:
        row = self._session.row(select(consent).where(consent.c.id == consent_id))
        return None if row is None else _consent(row)

    def of_client(self, client_id: UUID) -> tuple[ConsentRow, ...]:
        rows = self._session.rows(
            select(consent)
            .where(consent.c.client_id == client_id)
            .order_by(consent.c.recorded_at, consent.c.id)
        )
        return tuple(_consent(row) for row in rows)

    def events(self, consent_id: UUID) -> tuple[ConsentEventRow, ...]:
        rows = self._session.rows(
            select(consent_event)
            .where(consent_event.c.consent_id == consent_id)
            .order_by(consent_event.c.seq)
        )
        return tuple(ConsentEventRow(r.consent_id, r.seq, r.status, r.doc, r.actor, r.at) for r in rows)

    def use_once(self, consent_id: UUID, use: str, *, decision_id: UUID | None = None) -> bool:
        used = self._session.row(
            self._session.insert(oral_use)
            .values(consent_id=consent_id, use=use, decision_id=decision_id, at=self._session.now())
            .on_conflict_do_nothing(index_elements=["consent_id", "use"])
            .returning(oral_use.c.use)
        )
        return used is not None

    def uses(self, client_id: UUID) -> tuple[OralUseRow, ...]:
        rows = self._session.rows(
            select(oral_use)
            .join(consent, consent.c.id == oral_use.c.consent_id)
            .where(consent.c.client_id == client_id)
            .order_by(oral_use.c.at, oral_use.c.use)
        )
        return tuple(OralUseRow(r.consent_id, r.use, r.decision_id, r.at) for r in rows)

    def _note(self, made: ConsentRow, *, seq: int, actor: str) -> None:
        self._session.connection.execute(
            insert(consent_event).values(
                consent_id=made.id, seq=seq, status=made.status, doc=made.doc, actor=actor, at=made.updated_at
            )
        )


def _consent(row: Row[Any]) -> ConsentRow:
    return ConsentRow(
        id=row.id,
        client_id=row.client_id,
        status=row.status,
        doc=row.doc,
        recorded_at=row.recorded_at,
        updated_at=row.updated_at,
    )
