"""Worker processes and when they were last heard of."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, delete, select, update

from tyokyky_bridge.services.records import WorkerRow
from tyokyky_bridge.storage.session import Session
from tyokyky_bridge.storage.tables import worker


class WorkerTable:
    """`services.ports.Workers` over the table ``worker``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def start(self, name: str, *, host: str) -> WorkerRow:
        now = self._session.now()
        columns = {"name": name, "host": host, "started_at": now, "heartbeat_at": now}
        self._session.connection.execute(
            self._session.insert(worker)
            .values(columns)
            .on_conflict_do_update(index_elements=["name"], set_=columns)
        )
        return WorkerRow(name, host, now, now)

    def beat(self, name: str) -> bool:
        return bool(
            self._session.count(
                update(worker).where(worker.c.name == name).values(heartbeat_at=self._session.now())
            )
        )

    def stop(self, name: str) -> None:
        self._session.connection.execute(delete(worker).where(worker.c.name == name))

    def all(self) -> tuple[WorkerRow, ...]:
        rows = self._session.rows(select(worker).order_by(worker.c.started_at, worker.c.name))
        return tuple(_worker(row) for row in rows)

    def silent(self, longer_than: timedelta) -> tuple[WorkerRow, ...]:
        rows = self._session.rows(
            select(worker)
            .where(worker.c.heartbeat_at < self._session.now() - longer_than)
            .order_by(worker.c.heartbeat_at, worker.c.name)
        )
        return tuple(_worker(row) for row in rows)


def _worker(row: Row[Any]) -> WorkerRow:
    return WorkerRow(row.name, row.host, row.started_at, row.heartbeat_at)
