"""Questions that stand: asked again after every change of a memory."""

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | None = None
depends_on: str | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "watches",
        sa.Column("memory_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("watch_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["memory_id"],
            ["memories.memory_id"],
            name=op.f("fk_watches_memory_id_memories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("memory_id", "watch_id", name=op.f("pk_watches")),
    )


def downgrade() -> None:
    """Drop the table: nobody is told any more; what was told stays in the log of changes."""
    op.drop_table("watches")
