"""Every table of the hub, as explicit SQLAlchemy Core.

One schema for both engines. The CHECKs hold the meaning of a row, so that a bug becomes a broken constraint
and not a lost change (sync.md 8.3). What is marked *append-only* is held by triggers, which the migrations
create. Longer than a page because a schema is read as a whole.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    column,
)

from tyokyky_bridge.storage.types import Document, Serial, UtcDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

APPEND_ONLY = (
    "plan_revision",
    "consent_event",
    "oral_use",
    "decision",
    "attempt",
    "cancelled_item",
    "intake",
    "audit",
    "fhir_version",
)
"""Tables in which no row is ever changed or deleted."""


def among(name: str, *values: str) -> str:
    """The condition that a column has one of these values."""
    return f"{name} IN ({', '.join(repr(value) for value in values)})"


client = Table(
    "client",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("epoch >= 1", name="epoch"),
)

client_identifier = Table(
    "client_identifier",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("client_id", Uuid, ForeignKey("client.id"), nullable=False, index=True),
    Column("blind", LargeBinary(32), nullable=False),  # HMAC-SHA-256 of the HETU, never the HETU
    Column("kind", String(16), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("retired_at", UtcDateTime),
    CheckConstraint(among("kind", "final", "temporary"), name="kind"),
    CheckConstraint("length(blind) = 32", name="blind_is_a_digest"),
    CheckConstraint("retired_at IS NULL OR retired_at >= since", name="period"),
    Index(
        "uq_client_identifier_active",
        "blind",
        unique=True,
        sqlite_where=column("retired_at").is_(None),
        postgresql_where=column("retired_at").is_(None),
    ),
    Index("ix_client_identifier_blind", "blind"),
)

plan = Table(
    "plan",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("client_id", Uuid, ForeignKey("client.id"), nullable=False, index=True),
    Column("case_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("status", String(32), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    CheckConstraint("version >= 1", name="version"),
    CheckConstraint("status <> ''", name="status"),
    UniqueConstraint("id", "client_id"),  # what a link refers to, so that its client is the plan's client
)

plan_revision = Table(
    "plan_revision",
    metadata,
    Column("plan_id", Uuid, ForeignKey("plan.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("leaves", Document, nullable=False),
    Column("origins", Document, nullable=False),
    Column("cause", String(32), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    CheckConstraint("version >= 1", name="version"),
)

consent = Table(
    "consent",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("client_id", Uuid, ForeignKey("client.id"), nullable=False, index=True),
    Column("status", String(32), nullable=False),
    Column("doc", Document, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    CheckConstraint(
        among("status", "draft", "active", "superseded", "withdrawn", "expired", "entered_in_error"),
        name="status",
    ),
)

consent_event = Table(
    "consent_event",
    metadata,
    Column("consent_id", Uuid, ForeignKey("consent.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("status", String(32), nullable=False),
    Column("doc", Document, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    CheckConstraint("seq >= 1", name="seq"),
)

oral_use = Table(
    "oral_use",
    metadata,
    Column("consent_id", Uuid, ForeignKey("consent.id"), primary_key=True),
    Column("use", String(256), primary_key=True),
    Column("decision_id", Uuid),
    Column("at", UtcDateTime, nullable=False),
)

link = Table(
    "link",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("plan_id", Uuid, nullable=False),
    Column("client_id", Uuid, nullable=False, index=True),
    Column("system", String(64), nullable=False),
    Column("desired_kind", String(8), nullable=False),
    Column("desired_gen", Integer, nullable=False),
    Column("acked_kind", String(8)),
    Column("acked_gen", Integer, nullable=False),
    Column("acked_at", UtcDateTime),
    Column("due_at", UtcDateTime),  # the end of the lease while leased
    Column("due_since", UtcDateTime),
    Column("priority", SmallInteger, nullable=False),  # 0 before 1: withdrawals overtake
    Column("lease_epoch", Integer, nullable=False),
    Column("lease_by", String(128)),
    Column("leased_at", UtcDateTime),
    Column("lease_until", UtcDateTime),
    Column("attempts", Integer, nullable=False),
    Column("first_failed_at", UtcDateTime),
    Column("last_error", String(128)),
    Column("parked_reason", String(64)),
    Column("parked_detail", Document),
    Column("parked_at", UtcDateTime),
    Column("remote_person", String(256)),
    Column("remote_id", String(256)),
    Column("remote_version", String(256)),
    Column("created_by_us", Boolean, nullable=False),
    Column("intent_key", String(128)),
    Column("intent_gen", Integer),
    Column("intent_sha", String(64)),
    Column("base", Document),  # what the hub itself wrote there
    Column("base_hub", Document),  # what both sides last agreed on: ours …
    Column("base_remote", Document),  # … and as it was read there
    Column("projection_sha", String(64)),
    Column("identity_resolved", Boolean, nullable=False),
    Column("retained", Boolean, nullable=False),
    Column("want", SmallInteger, nullable=False, server_default="0"),  # bits: 1 told, 2 look, 4 verify
    Column("lease_want", SmallInteger, nullable=False, server_default="0"),
    Column("unfinished", SmallInteger, nullable=False, server_default="0"),  # claims that nobody ended
    Column("verified_at", UtcDateTime),
    Column("drift", String(2)),
    Column("created_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["plan_id", "client_id"], ["plan.id", "plan.client_id"]),
    UniqueConstraint("plan_id", "system"),
    CheckConstraint(among("desired_kind", "present", "absent"), name="desired_kind"),
    CheckConstraint(among("acked_kind", "present", "absent"), name="acked_kind"),
    CheckConstraint("acked_gen >= 0 AND acked_gen <= desired_gen AND desired_gen >= 1", name="generations"),
    CheckConstraint(
        "(acked_gen = 0) = (acked_kind IS NULL) AND (acked_gen = 0) = (acked_at IS NULL)", name="acked"
    ),
    CheckConstraint(
        "(lease_by IS NULL) = (leased_at IS NULL) AND (lease_by IS NULL) = (lease_until IS NULL)"
        " AND (lease_by IS NULL OR (due_at IS NOT NULL AND due_at = lease_until))",
        name="lease",
    ),
    CheckConstraint(
        "(parked_reason IS NULL) = (parked_at IS NULL) AND (parked_reason IS NULL) = (parked_detail IS NULL)"
        " AND (parked_reason IS NULL OR (due_at IS NULL AND lease_by IS NULL))",
        name="parked",
    ),
    CheckConstraint("(due_since IS NULL) = (due_at IS NULL AND parked_reason IS NULL)", name="due_since"),
    CheckConstraint(  # the desired state is never forgotten
        "due_at IS NOT NULL OR parked_reason IS NOT NULL"
        " OR (acked_gen = desired_gen AND acked_kind = desired_kind AND intent_key IS NULL)",
        name="in_sync",
    ),
    CheckConstraint(
        "(intent_key IS NULL) = (intent_gen IS NULL) AND (intent_key IS NULL) = (intent_sha IS NULL)"
        " AND (intent_gen IS NULL OR intent_gen <= desired_gen)",
        name="intent",
    ),
    CheckConstraint("acked_kind IS NULL OR acked_kind <> 'absent' OR base IS NULL", name="nothing_kept"),
    CheckConstraint("NOT retained OR acked_kind = 'absent'", name="retained"),
    CheckConstraint(
        "want BETWEEN 0 AND 7 AND (want = 0 OR due_at IS NOT NULL OR parked_reason IS NOT NULL)", name="want"
    ),
    CheckConstraint("lease_want = 0 OR lease_by IS NOT NULL", name="lease_want"),
    CheckConstraint("unfinished >= 0", name="unfinished"),
    CheckConstraint(among("drift", "D0", "D1", "D2", "D3", "D4"), name="drift"),
    CheckConstraint("priority IN (0, 1)", name="priority"),
    CheckConstraint("attempts >= 0 AND lease_epoch >= 0", name="counters"),
    Index(
        "ix_link_due",
        "system",
        "priority",
        "due_at",
        sqlite_where=column("due_at").is_not(None),
        postgresql_where=column("due_at").is_not(None),
    ),
    Index(
        "ix_link_parked",
        "parked_at",
        sqlite_where=column("parked_reason").is_not(None),
        postgresql_where=column("parked_reason").is_not(None),
    ),
    Index("ix_link_remote_person", "system", "remote_person"),
    Index("ix_link_verified_at", "system", "verified_at"),
    Index(
        "ix_link_lease_by",
        "lease_by",
        sqlite_where=column("lease_by").is_not(None),
        postgresql_where=column("lease_by").is_not(None),
    ),
)

decision = Table(
    "decision",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("link_id", Serial, ForeignKey("link.id"), nullable=False),
    Column("client_id", Uuid, nullable=False),
    Column("system", String(64), nullable=False),
    Column("gen", Integer, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("plan_version", Integer, nullable=False),
    Column("consent_epoch", Integer, nullable=False),
    Column("mapping_version", String(64), nullable=False),
    Column("items", Document, nullable=False),
    Column("body_sha256", String(64)),
    Column("idem_key", String(128)),
    Column("worker", String(128)),
    Column("lease_epoch", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("send_before", UtcDateTime, nullable=False),
    CheckConstraint(among("kind", "send", "retract", "read"), name="kind"),
    CheckConstraint("(body_sha256 IS NULL) = (idem_key IS NULL)", name="body_and_key"),
    CheckConstraint("send_before >= at", name="send_before"),
    Index("ix_decision_link_id_at", "link_id", "at"),
    Index("ix_decision_client_id_send_before", "client_id", "send_before"),
)

attempt = Table(
    "attempt",
    metadata,
    Column("decision_id", Uuid, ForeignKey("decision.id"), primary_key=True),
    Column("outcome", String(32), nullable=False),
    Column("native_code", String(128)),
    Column("remote_version", String(256)),
    Column("ms", Integer, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
    CheckConstraint(
        among(
            "outcome",
            "ok",
            "unchanged",
            "adopted",
            "try_later",
            "changed_underneath",
            "refused",
            "not_there",
            "ambiguous_identity",
            "blocked",
            "outcome_unknown",
            "licence_expired",
        ),
        name="outcome",
    ),
    CheckConstraint("ms >= 0", name="ms"),
)

cancelled_item = Table(
    "cancelled_item",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("link_id", Serial, ForeignKey("link.id"), nullable=False, index=True),
    Column("path", String(512), nullable=False),
    Column("state", String(32), nullable=False),
    Column("consent_id", Uuid, ForeignKey("consent.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    CheckConstraint(among("state", "cancelled_by_withdrawal"), name="state"),
)

notice = Table(
    "notice",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("client_id", Uuid, ForeignKey("client.id"), nullable=False, index=True),
    Column("party", String(64), nullable=False, index=True),
    Column("kind", String(32), nullable=False),
    Column("consent_id", Uuid, ForeignKey("consent.id")),
    Column("at", UtcDateTime, nullable=False),
    Column("delivered_at", UtcDateTime),
    UniqueConstraint("consent_id", "party", "kind"),
)

system_gate = Table(
    "system_gate",
    metadata,
    Column("system", String(64), primary_key=True),
    Column("breaker", String(8), nullable=False),
    Column("opened_at", UtcDateTime),
    Column("open_count", Integer, nullable=False),
    Column("paused_until", UtcDateTime),
    Column("window", Document, nullable=False),
    Column("rate_per_min", Float),
    Column("tat", UtcDateTime),
    Column("rate_set_at", UtcDateTime),
    Column("ordinary_from", UtcDateTime),
    Column("urgent_from", UtcDateTime),
    CheckConstraint(among("breaker", "closed", "open", "half"), name="breaker"),
    CheckConstraint("breaker = 'closed' OR opened_at IS NOT NULL", name="opened_at"),
    CheckConstraint("open_count >= 0", name="open_count"),
    CheckConstraint("rate_per_min IS NULL OR rate_per_min > 0", name="rate"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Serial, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor_party", String(64)),
    Column("actor_role", String(64)),
    Column("actor_sub", String(128)),
    Column("event", String(64), nullable=False),
    Column("outcome", String(64), nullable=False),
    Column("client_id", Uuid, index=True),  # no foreign key: the audit outlives what it speaks of
    Column("plan_id", Uuid, index=True),
    Column("what", Document, nullable=False),
    Column("basis", String(256)),
    Column("recipient", String(64)),
    Column("request_id", String(128)),
    sqlite_autoincrement=True,
)

api_idempotency = Table(
    "api_idempotency",
    metadata,
    Column("caller", String(256), primary_key=True),
    Column("key", String(256), primary_key=True),
    Column("request_sha", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("response", Document, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    CheckConstraint("status BETWEEN 200 AND 599", name="status"),
)

worker = Table(
    "worker",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("host", String(255), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("heartbeat_at", UtcDateTime, nullable=False),
    CheckConstraint("heartbeat_at >= started_at", name="heartbeat"),
)
