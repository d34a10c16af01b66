"""What every repository works with: a connection, the hub clock, and the bells to ring after the commit."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Executable, Row, Select, Table
from sqlalchemy.dialects import postgresql, sqlite

from tyokyky_bridge.services.ports import Lock

ReadClock = Callable[[Connection], datetime]
Insert = sqlite.Insert | postgresql.Insert
S = TypeVar("S", bound=Select[*tuple[Any, ...]])
D = TypeVar("D", bound=Executable)


class RunAgain(Exception):
    """To the store alone: another commit has changed what the function had seen; run it again."""


def lockable(statement: S) -> Mapping[Lock | None, S]:
    """A SELECT, plain and with each lock. Keys never change, so foreign keys may refer to what is being changed.

    SQLite, which has no row locks, leaves the clause out.
    """
    return {
        None: statement,
        "share": statement.with_for_update(read=True),
        "update": statement.with_for_update(key_share=True),
    }


def on_each_engine(make: Callable[[Callable[[Table], Insert]], D]) -> Mapping[str, D]:
    """The same INSERT in the dialect of each engine: both know ON CONFLICT alike."""
    return {"sqlite": make(sqlite.insert), "postgresql": make(postgresql.insert)}


def values_of(row: object, names: Iterable[str]) -> dict[str, Any]:
    """The named members of a row or record: where column and member have the same name."""
    return {name: getattr(row, name) for name in names}


class Session:
    """One transaction in progress.

    Statements are built once, with their modules: building one costs as much as running it. What varies is given
    as parameters, by name.
    """

    def __init__(self, connection: Connection, *, read_clock: ReadClock, index_key: bytes) -> None:
        self.connection = connection
        self.engine = connection.dialect.name
        self.has_row_locks = self.engine == "postgresql"
        self.due_systems: set[str] = set()
        self._read_clock = read_clock
        self._index_key = index_key
        self._now: datetime | None = None

    def now(self) -> datetime:
        """The hub clock; read once, and again after a lock may have been waited for."""
        if self._now is None:
            self._now = self._read_clock(self.connection)
        return self._now

    def waited(self) -> None:
        """Forget the time: a statement has just taken a lock, which may have taken long."""
        self._now = None

    def new_id(self) -> UUID:
        """A UUID version 7: milliseconds of the hub clock, then random bits (RFC 9562, 5.7)."""
        milliseconds = int(self.now().timestamp() * 1000)
        value = (milliseconds & (2**48 - 1)) << 80 | secrets.randbits(80)
        value = value & ~(0xF << 76) | 0x7 << 76
        return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)

    def blind(self, hetu: str) -> bytes:
        """The keyed digest under which an identity number is found."""
        return hmac.digest(self._index_key, hetu.encode(), hashlib.sha256)

    def run(self, statement: Executable, **values: Any) -> None:
        """Run a change."""
        self.connection.execute(statement, values)

    def rows(self, statement: Executable, **values: Any) -> Sequence[Row[Any]]:
        """All rows of a statement."""
        return self.connection.execute(statement, values).all()

    def row(self, statement: Executable, **values: Any) -> Row[Any] | None:
        """The only row of a statement, or ``None``."""
        return self.connection.execute(statement, values).one_or_none()

    def scalar(self, statement: Executable, **values: Any) -> Any:
        """The only value of a statement."""
        return self.connection.execute(statement, values).scalar_one()

    def count(self, statement: Executable, **values: Any) -> int:
        """Run a change and say how many rows it touched."""
        return self.connection.execute(statement, values).rowcount
