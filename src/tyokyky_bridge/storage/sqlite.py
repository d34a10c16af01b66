"""The embedded store: one SQLite file, one writer thread, one COMMIT for whatever waits (sync.md 3 and 5).

Hub and worker may share a file (ADR 0005): every write begins with BEGIN IMMEDIATE and waits its turn.
"""

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from tyokyky_bridge.services.ports import ANY_SYSTEM, Bell, ConstraintBroken, StoreUnavailable, Tx
from tyokyky_bridge.storage.bells import Bells
from tyokyky_bridge.storage.faults import CLOSED, LOST, translate
from tyokyky_bridge.storage.session import RunAgain, Session
from tyokyky_bridge.storage.transaction import Transaction
from tyokyky_bridge.storage.types import from_json, to_json

T = TypeVar("T")

BATCH = 64
"""Most transactions that share one COMMIT."""
READERS = 4
BUSY_TIMEOUT_S = 30.0
LOOK_S = 0.02
"""How often a worker looks whether another process has committed."""
GIVE_WAY_S = 0.002
"""Pause after a batch when more is waiting, so that another process's writer finds a gap."""


@dataclass(frozen=True)
class _Job:
    fn: Callable[[Tx], Any]
    future: Future[Any]


def sqlite_path(url: URL) -> Path:
    """The file that a ``sqlite:///path`` URL names.

    Raises: ValueError for a database in memory, which no second connection could share.
    """
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        msg = "the embedded store needs a file: sqlite:///path/to/file.db"
        raise ValueError(msg)
    return Path(url.database)


def sqlite_engine(path: Path, *, begin: str, query_only: bool = False, foreign_keys: bool = True) -> Engine:
    """An engine whose transactions start with *begin* and that leaves no personal data in error texts.

    A new file is readable by its owner only; SQLite gives its companions (-wal, -shm) the same rights.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": BUSY_TIMEOUT_S, "isolation_level": None, "check_same_thread": False},
        poolclass=QueuePool,
        pool_size=READERS,
        max_overflow=0,
        hide_parameters=True,
        json_serializer=to_json,
        json_deserializer=from_json,
    )

    def settle(connection: sqlite3.Connection, _record: object) -> None:
        _use_wal(connection)
        for pragma in (
            "synchronous = FULL",
            f"foreign_keys = {int(foreign_keys)}",
            f"query_only = {int(query_only)}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", settle)
    event.listen(engine, "begin", start)
    return engine


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging. Where several switch a new file at once SQLite does not wait by itself."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(LOOK_S)
        else:
            return


class SqliteStore:
    """`services.ports.Store` over one SQLite file."""

    def __init__(
        self,
        path: Path,
        *,
        index_key: bytes,
        clock: Callable[[], datetime] | None = None,
        clock_offset: timedelta = timedelta(0),
    ) -> None:
        self.clock_offset = clock_offset
        self._clock = clock or (lambda: datetime.now(UTC))
        self._index_key = index_key
        self._bells = Bells()
        self._path = path
        self._writing = sqlite_engine(path, begin="BEGIN IMMEDIATE")
        self._reading = sqlite_engine(path, begin="BEGIN", query_only=True)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="sqlite-reader")
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._held: Connection | None = None
        self._writer = threading.Thread(target=self._write_batches, name="sqlite-writer", daemon=True)
        self._closed = False
        self._writer.start()

    async def write(self, fn: Callable[[Tx], T]) -> T:
        """Run *fn* in the writer thread; returns after the commit that it shares with others is durable."""
        if self._closed:
            raise StoreUnavailable(CLOSED)
        future: Future[tuple[T, set[str]]] = Future()
        self._jobs.put(_Job(fn, cast("Future[Any]", future)))
        value, due = await asyncio.wrap_future(future)
        self._bells.ring(due)
        return value

    async def read(self, fn: Callable[[Tx], T]) -> T:
        """Run *fn* on a snapshot, in a reader thread."""
        if self._closed:
            raise StoreUnavailable(CLOSED)
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, fn)

    def bell(self, system: str) -> Bell:
        """The bell of a system."""
        return self._bells.of(system)

    async def attend(self, worker: str) -> None:
        """Ring when another process has committed: SQLite counts commits where everybody can see it."""
        del worker  # the lock of its role shows that it lives
        with closing(sqlite3.connect(self._path, isolation_level=None, timeout=0)) as watch:
            seen = None
            while True:
                with suppress(sqlite3.Error):
                    (count,) = watch.execute("PRAGMA data_version").fetchone()
                    if count != seen:
                        seen = count
                        self._bells.of(ANY_SYSTEM).ring()
                await asyncio.sleep(LOOK_S)

    async def aclose(self) -> None:
        """Commit what is queued, end the threads and close the file."""
        if self._closed:
            return
        self._closed = True
        self._jobs.put(None)
        await asyncio.to_thread(self._writer.join)
        await asyncio.to_thread(self._readers.shutdown)
        self._reading.dispose()
        await asyncio.to_thread(self._checkpoint)
        self._writing.dispose()

    def _checkpoint(self) -> None:
        """Leave everything in the file itself, so that a copy of it is whole; not while others are reading."""
        with suppress(SQLAlchemyError), closing(self._writing.raw_connection()) as connection:
            for pragma in ("busy_timeout = 500", "wal_checkpoint(TRUNCATE)"):
                connection.cursor().execute(f"PRAGMA {pragma}").close()

    def _session(self, connection: Connection) -> Session:
        return Session(connection, read_clock=lambda _: self._now(), index_key=self._index_key)

    def _now(self) -> datetime:
        return self._clock() + self.clock_offset

    def _read(self, fn: Callable[[Tx], T]) -> T:
        try:
            with self._reading.begin() as connection:
                return fn(Transaction(self._session(connection)))
        except SQLAlchemyError as error:
            fault = translate(error)
        raise fault

    def _write_batches(self) -> None:
        while (job := self._jobs.get()) is not None:
            followed_by = self._commit_together(job)
            if followed_by is _STOP:
                break
            if not self._jobs.empty():
                time.sleep(GIVE_WAY_S)
        self._let_go()

    def _commit_together(self, first: _Job) -> object:
        """Run *first* and what else waits in one transaction; returns `_STOP` when the end of the queue was
        met.
        """
        done: list[tuple[Future[Any], tuple[Any, set[str]]]] = []
        job: _Job | None = first
        stop = False
        try:
            connection = self._held = self._held or self._writing.connect()
            with connection.begin():
                while job is not None:
                    if job.future.set_running_or_notify_cancel():
                        self._run_one(connection, job, done)
                    job, stop = self._next(taken=len(done))
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody may be left waiting
            fault = error if isinstance(error, StoreUnavailable) else translate(error)
            for future, _ in done:
                future.set_exception(fault)
            if job is not None and not job.future.done():
                job.future.set_exception(fault)
            self._let_go()
        else:
            for future, answer in done:
                future.set_result(answer)
        return _STOP if stop else None

    def _let_go(self) -> None:
        """Give the writer's connection back: it is held between batches, but not after one that failed."""
        if self._held is not None:
            with suppress(SQLAlchemyError, sqlite3.Error):
                self._held.close()
        self._held = None

    def _next(self, *, taken: int) -> tuple[_Job | None, bool]:
        if taken >= BATCH:
            return None, False
        try:
            job = self._jobs.get_nowait()
        except Empty:
            return None, False
        return job, job is None

    def _run_one(
        self, connection: Connection, job: _Job, done: list[tuple[Future[Any], tuple[Any, set[str]]]]
    ) -> None:
        session = self._session(connection)
        driver = cast("sqlite3.Connection", connection.connection.dbapi_connection)
        # The first has the transaction to itself so far: with that it is undone, and needs no savepoint.
        apart, undo = ("SAVEPOINT job", "ROLLBACK TO job") if done else (None, "ROLLBACK")
        fault: BaseException
        try:
            if apart is not None:
                driver.execute(apart)
            value = job.fn(Transaction(session))
            if apart is not None:
                driver.execute("RELEASE job")
        except RunAgain as error:  # no other writer can have come between
            fault = ConstraintBroken(str(error))
        except (SQLAlchemyError, sqlite3.Error) as error:
            fault = translate(error)
        except BaseException as error:  # noqa: BLE001 - it belongs to the caller, not to this thread
            fault = error
        else:
            done.append((job.future, (value, session.due_systems)))
            return
        job.future.set_exception(fault)
        if not driver.in_transaction:
            # The database gave up all of it (disk full, I/O error): the others are lost with this one.
            raise StoreUnavailable(LOST)
        driver.execute(undo)
        driver.execute("BEGIN IMMEDIATE" if apart is None else "RELEASE job")


_STOP = object()
