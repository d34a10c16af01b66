"""The schema of the first release, with the triggers that keep history as it was."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

APPEND_ONLY = ("plan_revision", "consent_event", "oral_use", "decision", "attempt", "cancelled_item", "audit")
"""Tables in which no row is ever changed or deleted."""


def upgrade() -> None:
    op.create_table(
        "api_idempotency",
        sa.Column("caller", sa.String(length=256), nullable=False),
        sa.Column("key", sa.String(length=256), nullable=False),
        sa.Column("request_sha", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("response", JSON, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status BETWEEN 200 AND 599", name=op.f("ck_api_idempotency_status")),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_api_idempotency")),
    )
    op.create_index(op.f("ix_api_idempotency_expires_at"), "api_idempotency", ["expires_at"], unique=False)
    op.create_table(
        "audit",
        sa.Column("seq", SERIAL, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_party", sa.String(length=64), nullable=True),
        sa.Column("actor_role", sa.String(length=64), nullable=True),
        sa.Column("actor_sub", sa.String(length=128), nullable=True),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("what", JSON, nullable=False),
        sa.Column("basis", sa.String(length=256), nullable=True),
        sa.Column("recipient", sa.String(length=64), nullable=True),
        sa.Column("request_id", sa.String(length=128), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_client_id"), "audit", ["client_id"], unique=False)
    op.create_index(op.f("ix_audit_plan_id"), "audit", ["plan_id"], unique=False)
    op.create_table(
        "client",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("epoch >= 1", name=op.f("ck_client_epoch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client")),
    )
    op.create_table(
        "system_gate",
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("breaker", sa.String(length=8), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_count", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("window", JSON, nullable=False),
        sa.Column("rate_per_min", sa.Float(), nullable=True),
        sa.Column("tat", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "breaker = 'closed' OR opened_at IS NOT NULL", name=op.f("ck_system_gate_opened_at")
        ),
        sa.CheckConstraint("breaker IN ('closed', 'open', 'half')", name=op.f("ck_system_gate_breaker")),
        sa.CheckConstraint("open_count >= 0", name=op.f("ck_system_gate_open_count")),
        sa.CheckConstraint("rate_per_min IS NULL OR rate_per_min > 0", name=op.f("ck_system_gate_rate")),
        sa.PrimaryKeyConstraint("system", name=op.f("pk_system_gate")),
    )
    op.create_table(
        "worker",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("heartbeat_at >= started_at", name=op.f("ck_worker_heartbeat")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_worker")),
    )
    op.create_table(
        "client_identifier",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("blind", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('final', 'temporary')", name=op.f("ck_client_identifier_kind")),
        sa.CheckConstraint("length(blind) = 32", name=op.f("ck_client_identifier_blind_is_a_digest")),
        sa.CheckConstraint(
            "retired_at IS NULL OR retired_at >= since", name=op.f("ck_client_identifier_period")
        ),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_client_identifier_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_identifier")),
    )
    op.create_index("ix_client_identifier_blind", "client_identifier", ["blind"], unique=False)
    op.create_index(op.f("ix_client_identifier_client_id"), "client_identifier", ["client_id"], unique=False)
    op.create_index(
        "uq_client_identifier_active",
        "client_identifier",
        ["blind"],
        unique=True,
        sqlite_where=sa.text("retired_at IS NULL"),
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("doc", JSON, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('draft', 'active', 'superseded', 'withdrawn', 'expired', 'entered_in_error')",
            name=op.f("ck_consent_status"),
        ),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_consent_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_client_id"), "consent", ["client_id"], unique=False)
    op.create_table(
        "plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status <> ''", name=op.f("ck_plan_status")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_plan_version")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_plan_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.UniqueConstraint("id", "client_id", name=op.f("uq_plan_id_client_id")),
    )
    op.create_index(op.f("ix_plan_client_id"), "plan", ["client_id"], unique=False)
    op.create_table(
        "consent_event",
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("doc", JSON, nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_consent_event_seq")),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_consent_event_consent_id")),
        sa.PrimaryKeyConstraint("consent_id", "seq", name=op.f("pk_consent_event")),
    )
    op.create_table(
        "link",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("desired_kind", sa.String(length=8), nullable=False),
        sa.Column("desired_gen", sa.Integer(), nullable=False),
        sa.Column("acked_kind", sa.String(length=8), nullable=True),
        sa.Column("acked_gen", sa.Integer(), nullable=False),
        sa.Column("acked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("lease_epoch", sa.Integer(), nullable=False),
        sa.Column("lease_by", sa.String(length=128), nullable=True),
        sa.Column("leased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=128), nullable=True),
        sa.Column("parked_reason", sa.String(length=64), nullable=True),
        sa.Column("parked_detail", JSON, nullable=True),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remote_person", sa.String(length=256), nullable=True),
        sa.Column("remote_id", sa.String(length=256), nullable=True),
        sa.Column("remote_version", sa.String(length=256), nullable=True),
        sa.Column("created_by_us", sa.Boolean(), nullable=False),
        sa.Column("intent_key", sa.String(length=128), nullable=True),
        sa.Column("intent_gen", sa.Integer(), nullable=True),
        sa.Column("intent_sha", sa.String(length=64), nullable=True),
        sa.Column("base", JSON, nullable=True),
        sa.Column("projection_sha", sa.String(length=64), nullable=True),
        sa.Column("identity_resolved", sa.Boolean(), nullable=False),
        sa.Column("retained", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("NOT retained OR acked_kind = 'absent'", name=op.f("ck_link_retained")),
        sa.CheckConstraint("acked_kind IN ('present', 'absent')", name=op.f("ck_link_acked_kind")),
        sa.CheckConstraint(
            "acked_kind IS NULL OR acked_kind <> 'absent' OR base IS NULL", name=op.f("ck_link_nothing_kept")
        ),
        sa.CheckConstraint("desired_kind IN ('present', 'absent')", name=op.f("ck_link_desired_kind")),
        sa.CheckConstraint(
            "(acked_gen = 0) = (acked_kind IS NULL) AND (acked_gen = 0) = (acked_at IS NULL)",
            name=op.f("ck_link_acked"),
        ),
        sa.CheckConstraint(
            "(due_since IS NULL) = (due_at IS NULL AND parked_reason IS NULL)", name=op.f("ck_link_due_since")
        ),
        sa.CheckConstraint(
            "(intent_key IS NULL) = (intent_gen IS NULL) AND (intent_key IS NULL) = (intent_sha IS NULL) AND "
            "(intent_gen IS NULL OR intent_gen <= desired_gen)",
            name=op.f("ck_link_intent"),
        ),
        sa.CheckConstraint(
            "(lease_by IS NULL) = (leased_at IS NULL) AND (lease_by IS NULL) = (lease_until IS NULL) AND "
            "(lease_by IS NULL OR (due_at IS NOT NULL AND due_at = lease_until))",
            name=op.f("ck_link_lease"),
        ),
        sa.CheckConstraint(
            "(parked_reason IS NULL) = (parked_at IS NULL)"
            " AND (parked_reason IS NULL) = (parked_detail IS NULL)"
            " AND (parked_reason IS NULL OR (due_at IS NULL AND lease_by IS NULL))",
            name=op.f("ck_link_parked"),
        ),
        sa.CheckConstraint(
            "acked_gen >= 0 AND acked_gen <= desired_gen AND desired_gen >= 1",
            name=op.f("ck_link_generations"),
        ),
        sa.CheckConstraint("attempts >= 0 AND lease_epoch >= 0", name=op.f("ck_link_counters")),
        sa.CheckConstraint(
            "due_at IS NOT NULL OR parked_reason IS NOT NULL OR (acked_gen = desired_gen AND acked_kind = "
            "desired_kind AND intent_key IS NULL)",
            name=op.f("ck_link_in_sync"),
        ),
        sa.CheckConstraint("priority IN (0, 1)", name=op.f("ck_link_priority")),
        sa.ForeignKeyConstraint(
            ["plan_id", "client_id"], ["plan.id", "plan.client_id"], name=op.f("fk_link_plan_id_client_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        sa.UniqueConstraint("plan_id", "system", name=op.f("uq_link_plan_id_system")),
    )
    op.create_index(op.f("ix_link_client_id"), "link", ["client_id"], unique=False)
    op.create_index(
        "ix_link_due",
        "link",
        ["system", "priority", "due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_link_lease_by",
        "link",
        ["lease_by"],
        unique=False,
        sqlite_where=sa.text("lease_by IS NOT NULL"),
        postgresql_where=sa.text("lease_by IS NOT NULL"),
    )
    op.create_index(
        "ix_link_parked",
        "link",
        ["parked_at"],
        unique=False,
        sqlite_where=sa.text("parked_reason IS NOT NULL"),
        postgresql_where=sa.text("parked_reason IS NOT NULL"),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("party", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_notice_client_id")),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_notice_consent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("consent_id", "party", "kind", name=op.f("uq_notice_consent_id_party_kind")),
    )
    op.create_index(op.f("ix_notice_client_id"), "notice", ["client_id"], unique=False)
    op.create_index(op.f("ix_notice_party"), "notice", ["party"], unique=False)
    op.create_table(
        "oral_use",
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("use", sa.String(length=256), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_oral_use_consent_id")),
        sa.PrimaryKeyConstraint("consent_id", "use", name=op.f("pk_oral_use")),
    )
    op.create_table(
        "plan_revision",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("leaves", JSON, nullable=False),
        sa.Column("origins", JSON, nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_plan_revision_version")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_revision_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "version", name=op.f("pk_plan_revision")),
    )
    op.create_table(
        "cancelled_item",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("link_id", SERIAL, nullable=False),
        sa.Column("path", sa.String(length=512), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('cancelled_by_withdrawal')", name=op.f("ck_cancelled_item_state")),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_cancelled_item_consent_id")),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name=op.f("fk_cancelled_item_link_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cancelled_item")),
    )
    op.create_index(op.f("ix_cancelled_item_link_id"), "cancelled_item", ["link_id"], unique=False)
    op.create_table(
        "decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", SERIAL, nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("gen", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("consent_epoch", sa.Integer(), nullable=False),
        sa.Column("mapping_version", sa.String(length=64), nullable=False),
        sa.Column("items", JSON, nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=True),
        sa.Column("idem_key", sa.String(length=128), nullable=True),
        sa.Column("worker", sa.String(length=128), nullable=True),
        sa.Column("lease_epoch", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("send_before", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(body_sha256 IS NULL) = (idem_key IS NULL)",
            name=op.f("ck_decision_body_and_key"),
        ),
        sa.CheckConstraint("kind IN ('send', 'retract', 'read')", name=op.f("ck_decision_kind")),
        sa.CheckConstraint("send_before >= at", name=op.f("ck_decision_send_before")),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name=op.f("fk_decision_link_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index(
        "ix_decision_client_id_send_before", "decision", ["client_id", "send_before"], unique=False
    )
    op.create_index("ix_decision_link_id_at", "decision", ["link_id", "at"], unique=False)
    op.create_table(
        "attempt",
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("native_code", sa.String(length=128), nullable=True),
        sa.Column("ms", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('ok', 'unchanged', 'adopted', 'try_later', 'changed_underneath', 'refused', "
            "'not_there', 'ambiguous_identity', 'blocked', 'outcome_unknown', 'licence_expired')",
            name=op.f("ck_attempt_outcome"),
        ),
        sa.CheckConstraint("ms >= 0", name=op.f("ck_attempt_ms")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_attempt_decision_id")),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_attempt")),
    )

    forbid_change()


def forbid_change() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for act in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER append_only_{table}_{act.lower()} BEFORE {act} ON {table}"
                    f" BEGIN SELECT RAISE(ABORT, 'append_only_{table}'); END"
                )
        return
    op.execute(
        """
        CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION USING ERRCODE = 'restrict_violation',
                CONSTRAINT = 'append_only_' || TG_TABLE_NAME,
                MESSAGE = 'rows of this table are never changed or deleted';
        END $$
        """
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        )
    # Links are updated all the time: leave room on the page, and clean up early.
    op.execute("ALTER TABLE link SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)")


def downgrade() -> None:
    op.drop_table("attempt")
    op.drop_table("decision")
    op.drop_table("cancelled_item")
    op.drop_table("plan_revision")
    op.drop_table("oral_use")
    op.drop_table("notice")
    op.drop_table("link")
    op.drop_table("consent_event")
    op.drop_table("plan")
    op.drop_table("consent")
    op.drop_table("client_identifier")
    op.drop_table("worker")
    op.drop_table("system_gate")
    op.drop_table("client")
    op.drop_table("audit")
    op.drop_table("api_idempotency")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION append_only()")
