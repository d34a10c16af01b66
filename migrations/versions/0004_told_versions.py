"""The version that a hint told, kept until the end of an attempt says whether it is news."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE inbox ADD COLUMN told TEXT")


def downgrade() -> None:
    # Without the version, every look is one like any other.
    op.execute("UPDATE link SET want = (want & 6) | 2 WHERE (want & 1) = 1")
    op.execute("UPDATE link SET lease_want = (lease_want & 6) | 2 WHERE (lease_want & 1) = 1")
    op.execute("ALTER TABLE inbox DROP COLUMN told")
