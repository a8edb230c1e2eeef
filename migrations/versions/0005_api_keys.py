"""Keys to the service, and who made each change."""

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the table, and a column of the log: empty for what is in it already."""
    op.create_table(
        "api_keys",
        sa.Column("key_id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("prefix", sa.String(8), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("memories", sa.Text(), nullable=False),
        sa.Column("verbs", sa.String(63), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("name", name=op.f("uq_api_keys_name")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_keys_prefix")),
        sqlite_autoincrement=True,
    )
    op.add_column("changes", sa.Column("actor", sa.String(63), nullable=True))


def downgrade() -> None:
    """Drop both: the service asks nobody for a key any more, and the log forgets who."""
    # Written out: Alembic would rebuild SQLite's table.
    op.execute("ALTER TABLE changes DROP COLUMN actor")
    op.drop_table("api_keys")
