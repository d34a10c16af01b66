"""Breaker and rate of each partner system."""

from typing import Any

from sqlalchemy import Row, bindparam, select

from tyokyky_bridge.services.ports import Lock
from tyokyky_bridge.services.records import GateRow
from tyokyky_bridge.storage.session import Session, lockable, on_each_engine, values_of
from tyokyky_bridge.storage.tables import system_gate

_GET = lockable(select(system_gate).where(system_gate.c.system == bindparam("of")))
_ALL = select(system_gate).order_by(system_gate.c.system)
_ADD = on_each_engine(lambda into: into(system_gate).on_conflict_do_nothing(index_elements=["system"]))
_SAVE = on_each_engine(
    lambda into: (new := into(system_gate)).on_conflict_do_update(
        index_elements=["system"], set_={name: new.excluded[name] for name in GateRow.__slots__}
    )
)


class GateTable:
    """`services.ports.Gates` over the table ``system_gate``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, system: str, *, lock: Lock | None = None) -> GateRow:
        row = self._session.row(_GET[lock], of=system)
        if row is None and lock is not None:  # there must be a row to lock
            fresh = values_of(GateRow(system), GateRow.__slots__)
            self._session.run(_ADD[self._session.engine], **fresh)
            row = self._session.row(_GET[lock], of=system)
        if lock is not None:
            self._session.waited()
        return GateRow(system) if row is None else _gate(row)

    def save(self, gate: GateRow, *, opens: bool = False) -> None:
        self._session.run(_SAVE[self._session.engine], **values_of(gate, GateRow.__slots__))
        if opens:
            self._session.due_systems.add(gate.system)

    def all(self) -> tuple[GateRow, ...]:
        return tuple(_gate(row) for row in self._session.rows(_ALL))


def _gate(row: Row[Any]) -> GateRow:
    return GateRow(**values_of(row, GateRow.__slots__))
