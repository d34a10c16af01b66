"""Records at partners that carry our mark and that no link names (sync.md 8.17, D5)."""

from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, and_, bindparam, case, exists, func, or_, select, update

from tyokyky_bridge.services.sync_records import Quarantined, QuarantineState
from tyokyky_bridge.storage.session import Session, on_each_engine, values_of
from tyokyky_bridge.storage.sync_tables import quarantine
from tyokyky_bridge.storage.tables import link

_of: BindParameter[Any] = bindparam("of")
_system: BindParameter[Any] = bindparam("system_is")
_open = quarantine.c.state == "open"
_named = exists().where(link.c.system == quarantine.c.system, link.c.remote_id == quarantine.c.record_id)


def _noting(into: Any) -> Any:
    new = into(quarantine)
    row = new.excluded
    news = or_(quarantine.c.reference != row.reference, quarantine.c.version.is_distinct_from(row.version))
    return new.on_conflict_do_update(
        index_elements=["system", "record_id"],
        set_={
            "reference": row.reference,
            "version": row.version,
            "last_seen_at": row.last_seen_at,
            "state": case((news, "open"), else_=quarantine.c.state),
            "cleared_at": case((news, None), else_=quarantine.c.cleared_at),
            "cleared_by": case((news, None), else_=quarantine.c.cleared_by),
        },
    )


_NOTE = on_each_engine(_noting)
_GET = select(quarantine).where(quarantine.c.id == _of)
_COUNTS = (
    select(quarantine.c.system, func.count().label("number"))
    .where(_open, ~_named)
    .group_by(quarantine.c.system)
)
_CLEAR = update(quarantine).where(quarantine.c.id == _of, _open)
_CLEAR_NAMED = update(quarantine).where(quarantine.c.system == _system, _open, _named)


class QuarantineTable:
    """`services.sync_ports.Quarantine` over the table ``quarantine``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def note(self, system: str, record_id: str, *, reference: str, version: str | None) -> None:
        now = self._session.now()
        self._session.run(
            _NOTE[self._session.engine],
            id=self._session.new_id(),
            system=system,
            record_id=record_id,
            reference=reference,
            version=version,
            first_seen_at=now,
            last_seen_at=now,
            state="open",
        )

    def get(self, quarantined_id: UUID) -> Quarantined | None:
        row = self._session.row(_GET, of=quarantined_id)
        return None if row is None else Quarantined(**values_of(row, Quarantined.__slots__))

    def listed(
        self, *, state: QuarantineState = "open", system: str | None = None, limit: int = 500
    ) -> tuple[Quarantined, ...]:
        wanted = and_(_open, ~_named) if state == "open" else quarantine.c.state == state
        found = select(quarantine).where(wanted)
        if system is not None:
            found = found.where(quarantine.c.system == system)
        ordered = found.order_by(quarantine.c.first_seen_at, quarantine.c.id).limit(limit)
        rows = self._session.rows(ordered)
        return tuple(Quarantined(**values_of(row, Quarantined.__slots__)) for row in rows)

    def counts(self) -> dict[str, int]:
        return {row.system: row.number for row in self._session.rows(_COUNTS)}

    def clear(self, quarantined_id: UUID, *, by: str) -> bool:
        cleared = {"state": "cleared", "cleared_at": self._session.now(), "cleared_by": by}
        return bool(self._session.count(_CLEAR, of=quarantined_id, **cleared))

    def clear_named(self, system: str) -> int:
        cleared = {"state": "cleared", "cleared_at": self._session.now(), "cleared_by": "hub"}
        return self._session.count(_CLEAR_NAMED, system_is=system, **cleared)
