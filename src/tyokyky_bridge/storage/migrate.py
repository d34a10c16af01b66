"""Bringing a database to a revision of the schema, from a checkout or from an installed package."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import SQLAlchemyError

import tyokyky_bridge
from tyokyky_bridge.storage.faults import translate
from tyokyky_bridge.storage.postgres import postgres_engine
from tyokyky_bridge.storage.sqlite import sqlite_engine, sqlite_path

T = TypeVar("T")

_ONE_AT_A_TIME = 0x7479_6F6B  # key of the advisory lock under which a PostgreSQL database is migrated


def migrations_folder() -> Path:
    """Where the migration scripts are: beside the modules when installed, else at the checkout's root."""
    package = Path(tyokyky_bridge.__file__).parent
    installed = package / "migrations"
    return installed if installed.is_dir() else package.parents[1] / "migrations"


def head() -> str:
    """The newest revision that this code knows."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None  # noqa: S101 - the scripts are shipped with the code
    return revision


async def revision_of(url: str) -> str | None:
    """The revision a database is at; ``None`` for an empty one, or a file that is not there: asking makes none.

    Raises: StoreError.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        file = sqlite_path(parsed)
        if file.parent.is_dir() and not file.exists():
            return None
    try:
        return await _with_connection(
            url, lambda connection: MigrationContext.configure(connection).get_current_revision()
        )
    except (SQLAlchemyError, OSError) as error:
        fault = translate(error)
    raise fault


async def migrate(url: str, revision: str = "head") -> None:
    """Bring the database at *url* up (or down) to *revision*, in one transaction; two at a time wait for each
    other.

    Args:
        url: ``sqlite:///path`` or ``postgresql://…``.
        revision: ``head``, ``base`` or a revision id; an id older than the present one goes down to it.
    """

    def run(connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
        config = _config()
        config.attributes["connection"] = connection
        if _is_down(connection, revision):
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)

    await _with_connection(url, run)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    return config


def _is_down(connection: Connection, revision: str) -> bool:
    if revision in ("head", "heads"):
        return False
    if revision == "base":
        return True
    present = MigrationContext.configure(connection).get_current_revision()
    if present is None or present == revision:
        return False
    older = ScriptDirectory.from_config(_config()).iterate_revisions(present, "base")
    return any(script.revision == revision for script in older)


async def _with_connection(url: str, fn: Callable[[Connection], T]) -> T:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return await asyncio.to_thread(_on_sqlite, sqlite_path(parsed), fn)
    engine = postgres_engine(parsed, pool_size=1)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(fn)
    finally:
        await engine.dispose()


def _on_sqlite(path: Path, fn: Callable[[Connection], T]) -> T:
    # Batch mode copies tables, which foreign keys would forbid; they cannot be switched inside a transaction.
    engine = sqlite_engine(path, begin="BEGIN IMMEDIATE", foreign_keys=False)
    try:
        with engine.begin() as connection:
            return fn(connection)
    finally:
        engine.dispose()
