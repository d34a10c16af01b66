"""Consents: the state as it stands, the history as it was, and the once-only uses."""

from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Row, bindparam, func, insert, select, update

from tyokyky_bridge.services.ports import RowMissing
from tyokyky_bridge.services.records import ConsentEventRow, ConsentRow, Doc, OralUseRow
from tyokyky_bridge.storage.session import Session, on_each_engine, values_of
from tyokyky_bridge.storage.tables import consent, consent_event, oral_use

_of: BindParameter[Any] = bindparam("of")

_ADD = insert(consent)
_CHANGE = update(consent).where(consent.c.id == _of).returning(consent)
_GET = select(consent).where(consent.c.id == _of)
_OF_CLIENT = select(consent).where(consent.c.client_id == _of).order_by(consent.c.recorded_at, consent.c.id)
_FIRST_PAGE = select(consent).order_by(consent.c.id).limit(bindparam("size"))
_NEXT_PAGE = _FIRST_PAGE.where(consent.c.id > bindparam("after"))
_NOTE = insert(consent_event)
_NEWEST_EVENT = select(func.max(consent_event.c.seq)).where(consent_event.c.consent_id == _of)
_EVENTS = select(consent_event).where(consent_event.c.consent_id == _of).order_by(consent_event.c.seq)
_USE_ONCE = on_each_engine(
    lambda into: (
        into(oral_use).on_conflict_do_nothing(index_elements=["consent_id", "use"]).returning(oral_use.c.use)
    )
)
_USES = (
    select(oral_use)
    .join(consent, consent.c.id == oral_use.c.consent_id)
    .where(consent.c.client_id == _of)
    .order_by(oral_use.c.at, oral_use.c.use)
)


class ConsentTable:
    """`services.ports.Consents` over ``consent``, ``consent_event`` and ``oral_use``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, *, consent_id: UUID, client_id: UUID, status: str, doc: Doc, actor: str) -> ConsentRow:
        now = self._session.now()
        made = ConsentRow(consent_id, client_id, status, doc, now, now)
        self._session.run(_ADD, **values_of(made, ConsentRow.__slots__))
        self._note(made, seq=1, actor=actor)
        return made

    def change(self, consent_id: UUID, *, status: str, doc: Doc, actor: str) -> ConsentRow:
        row = self._session.row(
            _CHANGE, of=consent_id, status=status, doc=doc, updated_at=self._session.now()
        )
        if row is None:
            raise RowMissing(consent.name)
        made = _consent(row)
        self._note(made, seq=self._session.scalar(_NEWEST_EVENT, of=consent_id) + 1, actor=actor)
        return made

    def get(self, consent_id: UUID) -> ConsentRow | None:
        row = self._session.row(_GET, of=consent_id)
        return None if row is None else _consent(row)

    def of_client(self, client_id: UUID) -> tuple[ConsentRow, ...]:
        return tuple(_consent(row) for row in self._session.rows(_OF_CLIENT, of=client_id))

    def page(self, *, after: UUID | None = None, limit: int = 50) -> tuple[ConsentRow, ...]:
        if after is None:
            rows = self._session.rows(_FIRST_PAGE, size=limit)
        else:
            rows = self._session.rows(_NEXT_PAGE, size=limit, after=after)
        return tuple(_consent(row) for row in rows)

    def events(self, consent_id: UUID) -> tuple[ConsentEventRow, ...]:
        rows = self._session.rows(_EVENTS, of=consent_id)
        return tuple(ConsentEventRow(r.consent_id, r.seq, r.status, r.doc, r.actor, r.at) for r in rows)

    def use_once(self, consent_id: UUID, use: str, *, decision_id: UUID | None = None) -> bool:
        made = OralUseRow(consent_id, use, decision_id, self._session.now())
        used = self._session.row(_USE_ONCE[self._session.engine], **values_of(made, OralUseRow.__slots__))
        return used is not None

    def uses(self, client_id: UUID) -> tuple[OralUseRow, ...]:
        rows = self._session.rows(_USES, of=client_id)
        return tuple(OralUseRow(r.consent_id, r.use, r.decision_id, r.at) for r in rows)

    def _note(self, made: ConsentRow, *, seq: int, actor: str) -> None:
        self._session.run(
            _NOTE,
            consent_id=made.id,
            seq=seq,
            status=made.status,
            doc=made.doc,
            actor=actor,
            at=made.updated_at,
        )


def _consent(row: Row[Any]) -> ConsentRow:
    return ConsentRow(**values_of(row, ConsentRow.__slots__))
