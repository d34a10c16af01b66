"""Column types that mean the same on SQLite and PostgreSQL."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import orjson
from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC. SQLite keeps text of fixed width, which sorts as time does.

    Raises: ValueError for a naive value, which has no meaning here.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Take the value to UTC, and off its zone where the database knows none."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "a moment without a time zone cannot be stored"
            raise ValueError(msg)
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give every value back as aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


Document = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""A JSON value: text on SQLite, JSONB on PostgreSQL (which forgets the order of keys); ``None`` is SQL NULL.
"""

Serial = BigInteger().with_variant(Integer(), "sqlite")
"""A number that the database gives out: SQLite does so only for its own INTEGER."""


def to_json(value: object) -> str:
    """Write JSON for a column; any mapping counts as an object."""
    return orjson.dumps(value, default=_plain).decode()


def from_json(stored: str | bytes | float) -> Any:
    """Read JSON of a column; SQLite turns a text that is a number into one."""
    return stored if isinstance(stored, int | float) else orjson.loads(stored)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, Any]", value))
    raise TypeError
