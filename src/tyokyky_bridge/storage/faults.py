"""From what a database driver raises to what the use cases know.

A driver's message may quote the row it choked on ("Failing row contains …", "Key (…)=(…) already exists").
So nothing of it is passed on but codes and names of constraints, and the original is not chained.
"""

import re
import sqlite3

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from tyokyky_bridge.services.ports import ConstraintBroken, StoreError, StoreUnavailable

CLOSED = "closed"
LOST = "transaction lost"

_RUN_AGAIN = frozenset({"40001", "40P01"})  # serialization failure, deadlock
_OUR_MISTAKE = frozenset({"SQLITE_ERROR", "SQLITE_READONLY"})  # all others: the state of file and disk
_AWAY = ("08", "53", "57")  # connection, resources, operator intervention
_NAMES_ONLY = re.compile(r"^(?:(?:UNIQUE|CHECK|NOT NULL|FOREIGN KEY) constraint failed(?:: )?)?([\w., ]*)$")


def sqlstate(error: DBAPIError) -> str | None:
    """PostgreSQL's five-character code, where there is one."""
    code = getattr(error.orig, "sqlstate", None)
    return code if isinstance(code, str) else None


def worth_another_run(error: DBAPIError) -> bool:
    """Whether the database rolled the transaction back for a reason that a second run cures."""
    return sqlstate(error) in _RUN_AGAIN


def translate(error: Exception) -> StoreError:
    """The fact for the use cases, without any value of the driver's message."""
    if isinstance(error, IntegrityError):
        return ConstraintBroken(_constraint(error))
    code = sqlstate(error) if isinstance(error, DBAPIError) else getattr(error, "sqlstate", None)
    if isinstance(code, str):
        return StoreUnavailable(code) if code.startswith(_AWAY) else StoreError(f"database error {code}")
    if isinstance(error, (OperationalError, InterfaceError, sqlite3.OperationalError)):
        driver = error if isinstance(error, sqlite3.Error) else error.orig
        name = getattr(driver, "sqlite_errorname", None) or type(driver).__name__
        return StoreError(f"database error {name}") if name in _OUR_MISTAKE else StoreUnavailable(name)
    if isinstance(error, (OSError, TimeoutError)):
        return StoreUnavailable(type(error).__name__)
    cause = error.orig if isinstance(error, DBAPIError) else error
    return StoreError(f"database error {type(cause).__name__}")


def _constraint(error: IntegrityError) -> str:
    if isinstance(error.orig, sqlite3.IntegrityError):
        named = _NAMES_ONLY.match(str(error.orig))
        return (named.group(1) if named else "") or getattr(error.orig, "sqlite_errorname", "unknown")
    cause = error.orig.__cause__ if error.orig is not None else None
    return getattr(cause, "constraint_name", None) or getattr(cause, "column_name", None) or "unknown"
