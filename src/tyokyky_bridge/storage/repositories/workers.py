"""Worker processes and when they were last heard of."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, bindparam, delete, select, update

from tyokyky_bridge.services.records import WorkerRow
from tyokyky_bridge.storage.session import Session, on_each_engine, values_of
from tyokyky_bridge.storage.tables import worker

_START = on_each_engine(
    lambda into: (new := into(worker)).on_conflict_do_update(
        index_elements=["name"], set_={name: new.excluded[name] for name in WorkerRow.__slots__}
    )
)
_BEAT = update(worker).where(worker.c.name == bindparam("named"))
_STOP = delete(worker).where(worker.c.name == bindparam("named"))
_ALL = select(worker).order_by(worker.c.started_at, worker.c.name)
_SILENT = (
    select(worker)
    .where(worker.c.heartbeat_at < bindparam("since"))
    .order_by(worker.c.heartbeat_at, worker.c.name)
)


class WorkerTable:
    """`services.ports.Workers` over the table ``worker``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def start(self, name: str, *, host: str) -> WorkerRow:
        now = self._session.now()
        started = WorkerRow(name, host, now, now)
        self._session.run(_START[self._session.engine], **values_of(started, WorkerRow.__slots__))
        return started

    def beat(self, name: str) -> bool:
        return bool(self._session.count(_BEAT, named=name, heartbeat_at=self._session.now()))

    def stop(self, name: str) -> None:
        self._session.run(_STOP, named=name)

    def all(self) -> tuple[WorkerRow, ...]:
        return tuple(_worker(row) for row in self._session.rows(_ALL))

    def silent(self, longer_than: timedelta) -> tuple[WorkerRow, ...]:
        rows = self._session.rows(_SILENT, since=self._session.now() - longer_than)
        return tuple(_worker(row) for row in rows)


def _worker(row: Row[Any]) -> WorkerRow:
    return WorkerRow(row.name, row.host, row.started_at, row.heartbeat_at)
