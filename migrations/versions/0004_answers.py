"""Answers that are kept: what was asked, what was answered, and with what to ask it again."""

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "answers",
        sa.Column("memory_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("answer_id", sa.Uuid(), nullable=False),
        sa.Column("revision", BIG_ID, nullable=False),
        sa.Column("model_id", BIG_ID, nullable=False),
        sa.Column("supposes", sa.Boolean(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["memory_id"],
            ["memories.memory_id"],
            name=op.f("fk_answers_memory_id_memories"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["model_id"], ["models.model_id"], name=op.f("fk_answers_model_id_models")),
        sa.PrimaryKeyConstraint("memory_id", "answer_id", name=op.f("pk_answers")),
    )
    op.create_index(op.f("ix_answers_memory_id_created_at"), "answers", ["memory_id", "created_at"])


def downgrade() -> None:
    """Drop the table: the answers are gone, and can be asked for again."""
    op.drop_table("answers")
