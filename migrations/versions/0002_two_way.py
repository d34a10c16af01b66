"""The way back in: bases of the merge, hints, cursors, intake decisions, conflicts, withdrawal targets."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)

# SQLite adds a column together with its checks, so that the table need not be copied.
LINK_COLUMNS = {
    "base_hub": ({"sqlite": "JSON", "postgresql": "JSONB"}, None),
    "base_remote": ({"sqlite": "JSON", "postgresql": "JSONB"}, None),
    "want": (
        dict.fromkeys(("sqlite", "postgresql"), "SMALLINT DEFAULT '0' NOT NULL"),
        ("want", "want BETWEEN 0 AND 7 AND (want = 0 OR due_at IS NOT NULL OR parked_reason IS NOT NULL)"),
    ),
    "lease_want": (
        dict.fromkeys(("sqlite", "postgresql"), "SMALLINT DEFAULT '0' NOT NULL"),
        ("lease_want", "lease_want = 0 OR lease_by IS NOT NULL"),
    ),
    "unfinished": (
        dict.fromkeys(("sqlite", "postgresql"), "SMALLINT DEFAULT '0' NOT NULL"),
        ("unfinished", "unfinished >= 0"),
    ),
    "verified_at": ({"sqlite": "DATETIME", "postgresql": "TIMESTAMP WITH TIME ZONE"}, None),
    "drift": (
        dict.fromkeys(("sqlite", "postgresql"), "VARCHAR(2)"),
        ("drift", "drift IN ('D0', 'D1', 'D2', 'D3', 'D4')"),
    ),
}
GATE_COLUMNS = ("rate_set_at", "ordinary_from", "urgent_from")
TABLES = ("quarantine", "withdrawal_target", "intake", "feed_cursor", "inbox", "conflict")


def upgrade() -> None:
    engine = op.get_bind().dialect.name
    for name, (types, check) in LINK_COLUMNS.items():
        rule = f" CONSTRAINT ck_link_{check[0]} CHECK ({check[1]})" if check else ""
        op.execute(f"ALTER TABLE link ADD COLUMN {name} {types[engine]}{rule}")
    op.execute("ALTER TABLE attempt ADD COLUMN remote_version VARCHAR(256)")
    for name in GATE_COLUMNS:
        op.add_column("system_gate", sa.Column(name, MOMENT, nullable=True))
    op.create_index("ix_link_remote_person", "link", ["system", "remote_person"])
    op.create_index("ix_link_verified_at", "link", ["system", "verified_at"])
    op.create_table(
        "conflict",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", SERIAL, nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("path", sa.String(length=512), nullable=False),
        sa.Column("base", JSON, nullable=True),
        sa.Column("ours", JSON, nullable=True),
        sa.Column("theirs", JSON, nullable=True),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("remote_version", sa.String(length=256), nullable=True),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("resolution", sa.String(length=8), nullable=True),
        sa.Column("resolved_by", sa.String(length=128), nullable=True),
        sa.Column("resolved_at", MOMENT, nullable=True),
        sa.Column("history", JSON, nullable=False),
        sa.CheckConstraint("state IN ('open', 'resolved', 'superseded')", name=op.f("ck_conflict_state")),
        sa.CheckConstraint("resolution IN ('ours', 'theirs', 'other')", name=op.f("ck_conflict_resolution")),
        sa.CheckConstraint(
            "(state = 'resolved') = (resolution IS NOT NULL) AND (state = 'open') = (resolved_at IS NULL)",
            name=op.f("ck_conflict_ended"),
        ),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name=op.f("fk_conflict_link_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_conflict_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflict")),
    )
    op.create_index(op.f("ix_conflict_plan_id"), "conflict", ["plan_id"])
    op.create_index(
        "uq_conflict_open",
        "conflict",
        ["link_id", "path"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "inbox",
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.String(length=128), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("link_id", SERIAL, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.CheckConstraint("kind IN ('changed', 'gone', 'identity', 'merged')", name=op.f("ck_inbox_kind")),
        sa.CheckConstraint(
            "outcome IN ('echo', 'merged', 'nothing', 'not_ours')", name=op.f("ck_inbox_outcome")
        ),
        sa.CheckConstraint("(outcome IS NULL) = (settled_at IS NULL)", name=op.f("ck_inbox_settled")),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name=op.f("fk_inbox_link_id")),
        sa.PrimaryKeyConstraint("system", "event_id", name=op.f("pk_inbox")),
    )
    op.create_index(op.f("ix_inbox_received_at"), "inbox", ["received_at"])
    op.create_index(op.f("ix_inbox_link_id"), "inbox", ["link_id"])
    op.create_table(
        "feed_cursor",
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("cursor", sa.String(length=2048), nullable=True),
        sa.Column("polled_at", MOMENT, nullable=True),
        sa.Column("lease_by", sa.String(length=128), nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("lost_at", MOMENT, nullable=True),
        sa.CheckConstraint("(lease_by IS NULL) = (lease_until IS NULL)", name=op.f("ck_feed_cursor_lease")),
        sa.PrimaryKeyConstraint("system", name=op.f("pk_feed_cursor")),
    )
    op.create_table(
        "intake",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", SERIAL, nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("remote_version", sa.String(length=256), nullable=True),
        sa.Column("items", JSON, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name=op.f("fk_intake_link_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake")),
    )
    op.create_index("ix_intake_link_id_at", "intake", ["link_id", "at"])
    op.create_table(
        "withdrawal_target",
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", SERIAL, autoincrement=False, nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("gen", sa.Integer(), nullable=False),
        sa.Column("paths", JSON, nullable=False),
        sa.Column("in_flight", JSON, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint("gen >= 1", name=op.f("ck_withdrawal_target_gen")),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_withdrawal_target_consent_id")),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name=op.f("fk_withdrawal_target_link_id")),
        sa.PrimaryKeyConstraint("consent_id", "link_id", name=op.f("pk_withdrawal_target")),
    )
    op.create_index("ix_withdrawal_target_link_id", "withdrawal_target", ["link_id"])
    op.create_table(
        "quarantine",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("record_id", sa.String(length=256), nullable=False),
        sa.Column("reference", sa.String(length=256), nullable=False),
        sa.Column("version", sa.String(length=256), nullable=True),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("cleared_at", MOMENT, nullable=True),
        sa.Column("cleared_by", sa.String(length=128), nullable=True),
        sa.CheckConstraint("state IN ('open', 'cleared')", name=op.f("ck_quarantine_state")),
        sa.CheckConstraint(
            "(state = 'cleared') = (cleared_at IS NOT NULL) AND (state = 'cleared') = (cleared_by IS NOT NULL)",
            name=op.f("ck_quarantine_cleared"),
        ),
        sa.CheckConstraint("last_seen_at >= first_seen_at", name=op.f("ck_quarantine_seen")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
        sa.UniqueConstraint("system", "record_id", name=op.f("uq_quarantine_system_record_id")),
    )
    if engine == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER append_only_intake_{act.lower()} BEFORE {act} ON intake"
                " BEGIN SELECT RAISE(ABORT, 'append_only_intake'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON intake"
        " FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_index("ix_link_verified_at", "link")
    op.drop_index("ix_link_remote_person", "link")
    for name in GATE_COLUMNS:
        op.execute(f"ALTER TABLE system_gate DROP COLUMN {name}")
    op.execute("ALTER TABLE attempt DROP COLUMN remote_version")
    for name in reversed(LINK_COLUMNS):
        op.execute(f"ALTER TABLE link DROP COLUMN {name}")
