"""Worker processes: when they were last heard of, what they hold, and whether they are seen to be dead."""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache
from hashlib import blake2b
from typing import Any

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Row,
    SmallInteger,
    bindparam,
    case,
    delete,
    func,
    literal,
    select,
    text,
    union_all,
    update,
)

from tyokyky_bridge.services.records import Lease, WorkerRow
from tyokyky_bridge.storage.repositories.link_rows import FREE
from tyokyky_bridge.storage.session import Session, on_each_engine, values_of
from tyokyky_bridge.storage.tables import link, system_gate, worker

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
_LEASES = (
    select(link.c.id, link.c.lease_epoch, link.c.lease_by)
    .where(link.c.lease_by.is_not(None))
    .order_by(link.c.id)
)
_harmless: BindParameter[int] = bindparam("harmless", type_=SmallInteger())
_FREE = (
    update(link)
    .where(
        link.c.id == bindparam("of"),
        link.c.lease_epoch == bindparam("epoch"),
        link.c.lease_by == bindparam("holder"),
    )
    .values(
        want=link.c.want.bitwise_or(link.c.lease_want),
        unfinished=case((link.c.unfinished > _harmless, link.c.unfinished - _harmless), else_=0),
    )
    .returning(link.c.system)
)
# A system whose breaker let one link through waits for that one; the gates are locked before links, as everywhere.
_PROBED = (
    select(system_gate.c.system)
    .where(system_gate.c.breaker == "half")
    .order_by(system_gate.c.system)
    .with_for_update()
)
_PROBE_AGAIN = (
    update(system_gate)
    .where(system_gate.c.system == bindparam("system_is"), system_gate.c.breaker == "half")
    .values(paused_until=None)
)
# After a restart of the server everybody's lock is free until they have come back.
_TRY_LOCK = text(
    "SELECT clock_timestamp() - pg_postmaster_start_time() > interval '3 s' AND pg_try_advisory_xact_lock(:key)"
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

    def agenda(self, systems: tuple[str, ...]) -> dict[str, datetime]:
        found: dict[str, datetime] = {}
        for row in self._session.rows(_waiting(systems)) if systems else ():
            if row.due_at is None:
                continue
            at = max(each for each in (row.due_at, row.paused_until, row.room_from) if each is not None)
            found[row.system] = min(at, found.get(row.system, at))
        return found

    def leases(self) -> tuple[Lease, ...]:
        return tuple(Lease(row.id, row.lease_epoch, row.lease_by) for row in self._session.rows(_LEASES))

    def gone(self, name: str) -> bool:
        if self._session.engine == "sqlite":
            return True  # one worker process holds the file: whoever else is named there has died
        return bool(self._session.scalar(_TRY_LOCK, key=lock_key(name)))

    def free(self, leases: Collection[Lease], *, harmless: bool = False) -> int:
        freed: list[str] = []
        probed = {row.system for row in self._session.rows(_PROBED)} if leases else set[str]()
        now = self._session.now()
        for lease in sorted(leases, key=lambda one: one.link_id):
            row = self._session.row(
                _FREE,
                of=lease.link_id,
                epoch=lease.epoch,
                holder=lease.worker,
                harmless=int(harmless),
                due_at=now,
                **FREE,
            )
            if row is not None:
                freed.append(row.system)
        for system in probed.intersection(freed):
            self._session.run(_PROBE_AGAIN, system_is=system)
        self._session.due_systems.update(freed)
        return len(freed)


def lock_key(name: str) -> int:
    """The advisory lock that the process behind a worker's name holds while it lives (sync.md 8.6)."""
    return int.from_bytes(
        blake2b(name.encode(), digest_size=8, person=b"tyokyky-worker").digest(), signed=True
    )


@cache
def _waiting(systems: tuple[str, ...]) -> CompoundSelect[*tuple[Any, ...]]:
    """For each system and priority the earliest moment at which a link is due: as many probes of one index."""
    return union_all(
        *(
            select(
                literal(system).label("system"),
                select(func.min(link.c.due_at))
                .where(link.c.system == system, link.c.priority == priority, link.c.due_at.is_not(None))
                .scalar_subquery()
                .label("due_at"),
                select(system_gate.c.paused_until)
                .where(system_gate.c.system == system)
                .scalar_subquery()
                .label("paused_until"),
                select(room_from).where(system_gate.c.system == system).scalar_subquery().label("room_from"),
            )
            for system in systems
            for priority, room_from in ((0, system_gate.c.urgent_from), (1, system_gate.c.ordinary_from))
        )
    )


def _worker(row: Row[Any]) -> WorkerRow:
    return WorkerRow(row.name, row.host, row.started_at, row.heartbeat_at)
