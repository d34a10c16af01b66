"""Opening a store by its URL."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import make_url

from tyokyky_bridge.services import ports
from tyokyky_bridge.storage.postgres import PostgresStore
from tyokyky_bridge.storage.role_lock import Role, RoleLock
from tyokyky_bridge.storage.sqlite import SqliteStore, sqlite_path

KEY_BYTES = 32


class Store(ports.Store, Protocol):
    """A store whose clock can be set forward, for tests and drills."""

    clock_offset: timedelta


def open_store(
    url: str,
    *,
    index_key: bytes,
    clock: Callable[[], datetime] | None = None,
    clock_offset: timedelta = timedelta(0),
) -> Store:
    """Open the store at *url*; its schema has to be at the head (see `migrate`).

    Args:
        url: ``sqlite:///path/to/file.db`` or ``postgresql://user@host/name``.
        index_key: Secret key of the blind index of identity numbers, 32 bytes or more. With another key
        nobody is found. clock: Replaces the hub clock altogether (simulation). Otherwise it is the database's
        on PostgreSQL and the
            process's on SQLite, where there is but one machine.
        clock_offset: Added to the hub clock; can be changed later as ``store.clock_offset``.

    Raises: ValueError for a key too short or a URL of another database.
    """
    if len(index_key) < KEY_BYTES:
        msg = f"the index key needs {KEY_BYTES} bytes or more"
        raise ValueError(msg)
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            return SqliteStore(
                sqlite_path(parsed), index_key=index_key, clock=clock, clock_offset=clock_offset
            )
        case "postgresql":
            return PostgresStore(parsed, index_key=index_key, clock=clock, clock_offset=clock_offset)
        case _:
            msg = "the store is sqlite:///path or postgresql://…"
            raise ValueError(msg)


def take_role(url: str, role: Role) -> RoleLock | None:
    """Be the only process with this role on a SQLite file; on PostgreSQL everybody may have it.

    Raises: RoleTaken.
    """
    parsed = make_url(url)
    return RoleLock(sqlite_path(parsed), role) if parsed.get_backend_name() == "sqlite" else None
