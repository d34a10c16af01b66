"""JSON documents in one small SQLite file; what was acknowledged survives kill -9."""

import contextlib
import json
import sqlite3
import threading
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

_SCHEMA = """
create table if not exists document (
  kind text, key text, body text not null, primary key (kind, key)) without rowid;
create table if not exists entry (
  seq integer primary key autoincrement, at text not null, method text not null, path text not null,
  headers text not null, body blob not null, status integer, response blob,
  outcome text not null default 'open');
create table if not exists effect (seq integer not null, what text not null);
"""


class SimState:
    """A simulator's memory. Documents are addressed by kind and key and come back as fresh copies.

    Synchronous on purpose: a `transaction` must hold no ``await``, so that it is atomic for others too.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self.connection = sqlite3.connect(
            str(file) if file else ":memory:", isolation_level=None, check_same_thread=False
        )
        self.connection.execute("pragma journal_mode=wal")
        self.connection.execute("pragma synchronous=normal")
        self.connection.executescript(_SCHEMA)

    @contextlib.contextmanager
    def transaction(self) -> Generator[None]:
        """All or nothing; nested transactions join the outer one."""
        with self._lock:
            if self._depth == 0:
                self.connection.execute("begin immediate")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self.connection.execute("rollback")
                raise
            self._depth -= 1
            if self._depth == 0:
                self.connection.execute("commit")

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement under the lock."""
        with self._lock:
            return self.connection.execute(sql, values).fetchall()

    def get(self, kind: str, key: str) -> dict[str, Any] | None:
        """One document, or ``None``."""
        rows = self.execute("select body from document where kind=? and key=?", (kind, key))
        return json.loads(rows[0][0]) if rows else None

    def put(self, kind: str, key: str, document: dict[str, Any]) -> None:
        """Store one document, replacing what stood there."""
        self.execute("insert or replace into document values (?,?,?)", (kind, key, json.dumps(document)))

    def delete(self, kind: str, key: str) -> None:
        """Remove one document if it is there."""
        self.execute("delete from document where kind=? and key=?", (kind, key))

    def list(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        """All documents of one kind as (key, document), ordered by key."""
        rows = self.execute("select key, body from document where kind=? order by key", (kind,))
        return [(key, json.loads(body)) for key, body in rows]

    def next_number(self, counter: str, *, start: int = 1) -> int:
        """Count on from *start*; the count is part of the state."""
        with self.transaction():
            standing = self.get("_counter", counter)
            number = standing["value"] + 1 if standing else start
            self.put("_counter", counter, {"value": number})
        return number

    def clear(self) -> None:
        """Forget everything, the journal included."""
        with self.transaction():
            for table in ("document", "entry", "effect"):
                self.execute(f"delete from {table}")  # noqa: S608

    def close(self) -> None:
        """Close the file."""
        self.connection.close()
