"""The tables of resources that belong to no plan: every version, which one is newest, and what is held for a search."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from tyokyky_bridge.storage.tables import among, metadata
from tyokyky_bridge.storage.types import Serial, UtcDateTime

fhir_version = Table(
    "fhir_version",
    metadata,
    Column("seq", Serial, primary_key=True),
    Column("party", String(64), nullable=False),
    Column("type", String(64), nullable=False),
    Column("id", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("method", String(8), nullable=False),
    Column("body", LargeBinary),  # as it goes out; none for a deletion
    CheckConstraint(among("method", "POST", "PUT", "DELETE"), name="method"),
    CheckConstraint("(method = 'DELETE') = (body IS NULL)", name="deletion"),
    CheckConstraint("version >= 1 AND (version > 1 OR method <> 'DELETE')", name="version"),
    UniqueConstraint("party", "type", "id", "version"),
    Index("ix_fhir_version_at", "party", "type", "at", "seq"),
    sqlite_autoincrement=True,
)

fhir_current = Table(
    "fhir_current",
    metadata,
    Column("party", String(64), primary_key=True),
    Column("type", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("seq", Serial, ForeignKey("fhir_version.seq"), nullable=False, unique=True),
    Column("deleted", Boolean, nullable=False),
)

fhir_condition = Table(
    "fhir_condition",
    metadata,
    Column("party", String(64), primary_key=True),
    Column("type", String(64), primary_key=True),
    Column("digest", LargeBinary(32), primary_key=True),  # HMAC-SHA-256 of the criteria, never the criteria
    CheckConstraint("length(digest) = 32", name="digest"),
)
