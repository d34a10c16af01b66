"""The tables of the way back in: hints, cursors, intake decisions, conflicts, and what withdrawals concern."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    column,
)

from tyokyky_bridge.storage.tables import among, metadata
from tyokyky_bridge.storage.types import Document, Serial, UtcDateTime

conflict = Table(
    "conflict",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("link_id", Serial, ForeignKey("link.id"), nullable=False),
    Column("plan_id", Uuid, ForeignKey("plan.id"), nullable=False, index=True),
    Column("client_id", Uuid, nullable=False),
    Column("system", String(64), nullable=False),
    Column("path", String(512), nullable=False),
    Column("base", Document),
    Column("ours", Document),
    Column("theirs", Document),
    Column("plan_version", Integer, nullable=False),
    Column("remote_version", String(256)),
    Column("owner", String(64), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("resolution", String(8)),
    Column("resolved_by", String(128)),
    Column("resolved_at", UtcDateTime),
    Column("history", Document, nullable=False),
    CheckConstraint(among("state", "open", "resolved", "superseded"), name="state"),
    CheckConstraint(among("resolution", "ours", "theirs", "other"), name="resolution"),
    CheckConstraint(
        "(state = 'resolved') = (resolution IS NOT NULL) AND (state = 'open') = (resolved_at IS NULL)",
        name="ended",
    ),
    Index(
        "uq_conflict_open",
        "link_id",
        "path",
        unique=True,
        sqlite_where=column("state") == "open",
        postgresql_where=column("state") == "open",
    ),
)

inbox = Table(
    "inbox",
    metadata,
    Column("system", String(64), primary_key=True),
    Column("event_id", String(128), primary_key=True),
    Column("received_at", UtcDateTime, nullable=False, index=True),
    Column("link_id", Serial, ForeignKey("link.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("outcome", String(16)),
    Column("settled_at", UtcDateTime),
    Column("told", Text),  # the version, while only the end of an attempt can say whether it is news
    CheckConstraint(among("kind", "changed", "gone", "identity", "merged"), name="kind"),
    CheckConstraint(among("outcome", "echo", "merged", "nothing", "not_ours"), name="outcome"),
    CheckConstraint("(outcome IS NULL) = (settled_at IS NULL)", name="settled"),
)

feed_cursor = Table(
    "feed_cursor",
    metadata,
    Column("system", String(64), primary_key=True),
    Column("cursor", String(2048)),
    Column("polled_at", UtcDateTime),
    Column("lease_by", String(128)),
    Column("lease_until", UtcDateTime),
    Column("lost_at", UtcDateTime),
    CheckConstraint("(lease_by IS NULL) = (lease_until IS NULL)", name="lease"),
)

intake = Table(
    "intake",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("link_id", Serial, ForeignKey("link.id"), nullable=False),
    Column("client_id", Uuid, nullable=False),
    Column("system", String(64), nullable=False),
    Column("plan_version", Integer, nullable=False),
    Column("remote_version", String(256)),
    Column("items", Document, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_intake_link_id_at", "link_id", "at"),
)

withdrawal_target = Table(
    "withdrawal_target",
    metadata,
    Column("consent_id", Uuid, ForeignKey("consent.id"), primary_key=True),
    Column("link_id", Serial, ForeignKey("link.id"), primary_key=True, autoincrement=False),
    Column("client_id", Uuid, nullable=False),
    Column("system", String(64), nullable=False),
    Column("gen", Integer, nullable=False),
    Column("paths", Document, nullable=False),
    Column("in_flight", Document, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    CheckConstraint("gen >= 1", name="gen"),
    Index("ix_withdrawal_target_link_id", "link_id"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("system", String(64), nullable=False),
    Column("record_id", String(256), nullable=False),
    Column("reference", String(256), nullable=False),
    Column("version", String(256)),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("cleared_at", UtcDateTime),
    Column("cleared_by", String(128)),
    UniqueConstraint("system", "record_id"),
    CheckConstraint(among("state", "open", "cleared"), name="state"),
    CheckConstraint(
        "(state = 'cleared') = (cleared_at IS NOT NULL) AND (state = 'cleared') = (cleared_by IS NOT NULL)",
        name="cleared",
    ),
    CheckConstraint("last_seen_at >= first_seen_at", name="seen"),
)
