"""`services.ports.Store` in line: the real tables, triggers and repositories on SQLite in memory, without a thread.

One database for the whole process, filled from a migrated template for each scenario: that costs about a millisecond.
"""

import asyncio
import sqlite3
import tempfile
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from tyokyky_bridge.services.ports import ConstraintBroken, Tx
from tyokyky_bridge.storage.faults import translate
from tyokyky_bridge.storage.migrate import migrate
from tyokyky_bridge.storage.session import RunAgain, Session
from tyokyky_bridge.storage.transaction import Transaction
from tyokyky_bridge.storage.types import to_json

T = TypeVar("T")

INDEX_KEY = b"a key for made-up people only...."


@cache
def _template() -> sqlite3.Connection:
    """A database at the head of the schema, made by the real migrations once in a process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        runner = asyncio.new_event_loop()
        try:
            runner.run_until_complete(migrate(f"sqlite:///{path}"))
            runner.run_until_complete(runner.shutdown_default_executor())
        finally:
            runner.close()
        kept = sqlite3.connect(":memory:")
        with sqlite3.connect(path) as made:
            made.backup(kept)
        made.close()
    return kept


@cache
def _engine() -> Engine:
    engine = create_engine(
        "sqlite://",
        poolclass=StaticPool,
        connect_args={"isolation_level": None, "check_same_thread": False},
        hide_parameters=True,
        json_serializer=to_json,
        json_deserializer=orjson.loads,
    )

    def settle(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = 1")

    def start(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine, "connect", settle)
    event.listen(engine, "begin", start)
    return engine


def prepare() -> None:
    """Do what is done once in a process: migrate the template. Must not be called from a running loop."""
    _template()
    _engine()


class ReadThatWrote(Exception):
    """A function that was to read has changed rows; the product's readers would have refused it."""


class Database:
    """An empty hub. `write` and `read` are whole transactions: nothing else runs in between."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._connection = _engine().connect()
        self.raw: sqlite3.Connection = self._connection.connection.dbapi_connection  # type: ignore[assignment]
        _template().backup(self.raw)

    def write(self, fn: Callable[[Tx], T]) -> tuple[T, set[str]]:
        """Commit what *fn* does; also the systems whose bells are to ring."""
        try:
            with self._connection.begin():
                session = self._session()
                value = fn(Transaction(session))
        except RunAgain as error:
            fault: Exception = ConstraintBroken(str(error))
        except SQLAlchemyError as error:
            fault = translate(error)
        else:
            return value, session.due_systems
        raise fault

    def read(self, fn: Callable[[Tx], T]) -> T:
        """Run *fn*, which may change nothing.

        Counted and not forbidden: each PRAGMA makes SQLite prepare every statement anew, a tenth of a scenario's time.
        """
        before = self.raw.total_changes
        try:
            with self._connection.begin():
                value = fn(Transaction(self._session()))
                if self.raw.total_changes != before:
                    raise ReadThatWrote
        except SQLAlchemyError as error:
            fault = translate(error)
        else:
            return value
        raise fault

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Look at the tables from outside, as the invariants do."""
        return self.raw.execute(sql, values).fetchall()

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def _session(self) -> Session:
        return Session(self._connection, read_clock=lambda _: self._clock(), index_key=INDEX_KEY)
