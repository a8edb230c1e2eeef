"""Write gates: how far a fact supersedes those before it, by which model."""

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "writes",
        sa.Column("memory_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("model_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("writer_seq", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("target_seq", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("gate", sa.REAL(), nullable=False),
        sa.CheckConstraint("target_seq < writer_seq", name=op.f("ck_writes_order")),
        sa.CheckConstraint("gate > 0 AND gate <= 1", name=op.f("ck_writes_gate")),
        sa.ForeignKeyConstraint(
            ["memory_id"], ["memories.memory_id"], name=op.f("fk_writes_memory_id_memories")
        ),
        sa.ForeignKeyConstraint(["model_id"], ["models.model_id"], name=op.f("fk_writes_model_id_models")),
        sa.PrimaryKeyConstraint("memory_id", "model_id", "writer_seq", "target_seq", name=op.f("pk_writes")),
        # Rows of a few bytes: the key is the row, and read in its order.
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_writes_memory_id_target_seq"), "writes", ["memory_id", "target_seq"])


def downgrade() -> None:
    """Drop the table: no fact supersedes another any more."""
    op.drop_table("writes")
