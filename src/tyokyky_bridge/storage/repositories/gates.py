"""Breaker and rate of each partner system."""

from typing import Any

from sqlalchemy import Row, select

from tyokyky_bridge.services.ports import Lock
from tyokyky_bridge.services.records import GateRow
from tyokyky_bridge.storage.session import Session, values_of
from tyokyky_bridge.storage.tables import system_gate


class GateTable:
    """`services.ports.Gates` over the table ``system_gate``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, system: str, *, lock: Lock | None = None) -> GateRow:
        if lock is not None:  # there must be a row to lock
            self._session.connection.execute(
                self._session.insert(system_gate)
                .values(_columns(GateRow(system)))
                .on_conflict_do_nothing(index_elements=["system"])
            )
        row = self._session.row(
            self._session.locked(select(system_gate).where(system_gate.c.system == system), lock)
        )
        if lock is not None:
            self._session.waited()
        return GateRow(system) if row is None else _gate(row)

    def save(self, gate: GateRow) -> None:
        columns = _columns(gate)
        self._session.connection.execute(
            self._session.insert(system_gate)
            .values(columns)
            .on_conflict_do_update(index_elements=["system"], set_=columns)
        )

    def all(self) -> tuple[GateRow, ...]:
        rows = self._session.rows(select(system_gate).order_by(system_gate.c.system))
        return tuple(_gate(row) for row in rows)


def _columns(gate: GateRow) -> dict[str, Any]:
    return values_of(gate, GateRow.__slots__)


def _gate(row: Row[Any]) -> GateRow:
    return GateRow(**values_of(row, GateRow.__slots__))
