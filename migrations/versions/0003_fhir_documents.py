"""Resources that belong to no plan: versions that never change, the newest of each, and held conditions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = ("fhir_condition", "fhir_current", "fhir_version")


def upgrade() -> None:
    op.create_table(
        "fhir_version",
        sa.Column("seq", SERIAL, nullable=False),
        sa.Column("party", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("method IN ('POST', 'PUT', 'DELETE')", name=op.f("ck_fhir_version_method")),
        sa.CheckConstraint("(method = 'DELETE') = (body IS NULL)", name=op.f("ck_fhir_version_deletion")),
        sa.CheckConstraint(
            "version >= 1 AND (version > 1 OR method <> 'DELETE')", name=op.f("ck_fhir_version_version")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_fhir_version")),
        sa.UniqueConstraint(
            "party", "type", "id", "version", name=op.f("uq_fhir_version_party_type_id_version")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_fhir_version_at", "fhir_version", ["party", "type", "at", "seq"])
    op.create_table(
        "fhir_current",
        sa.Column("party", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("seq", SERIAL, nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["fhir_version.seq"], name=op.f("fk_fhir_current_seq")),
        sa.PrimaryKeyConstraint("party", "type", "id", name=op.f("pk_fhir_current")),
        sa.UniqueConstraint("seq", name=op.f("uq_fhir_current_seq")),
    )
    op.create_table(
        "fhir_condition",
        sa.Column("party", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("length(digest) = 32", name=op.f("ck_fhir_condition_digest")),
        sa.PrimaryKeyConstraint("party", "type", "digest", name=op.f("pk_fhir_condition")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER append_only_fhir_version_{act.lower()} BEFORE {act} ON fhir_version"
                " BEGIN SELECT RAISE(ABORT, 'append_only_fhir_version'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON fhir_version"
        " FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
