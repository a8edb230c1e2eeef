"""Memories, facts, their vectors and the log.

Written out, not taken from `memnet.store.schema`: that module moves on, a migration never does.
"""

import uuid

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = sa.String(63).with_variant(sa.String(63, collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create everything."""
    store_meta = op.create_table(
        "store_meta",
        sa.Column("key", sa.String(63), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_store_meta")),
    )
    op.create_table(
        "models",
        sa.Column("model_id", BIG_ID, nullable=False),
        sa.Column("digest", sa.String(128), nullable=False),
        sa.Column("family", sa.String(63), nullable=False),
        sa.Column("spaces", sa.Integer(), nullable=False),
        sa.Column("dim", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("spaces > 0 AND dim > 0", name=op.f("ck_models_shape")),
        sa.PrimaryKeyConstraint("model_id", name=op.f("pk_models")),
        sa.UniqueConstraint("digest", name=op.f("uq_models_digest")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "memories",
        sa.Column("memory_id", BIG_ID, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("revision", BIG_ID, nullable=False),
        sa.Column("last_seq", BIG_ID, nullable=False),
        sa.Column("live_count", BIG_ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint("revision >= 0", name=op.f("ck_memories_revision")),
        sa.CheckConstraint("live_count >= 0 AND live_count <= last_seq", name=op.f("ck_memories_live_count")),
        sa.PrimaryKeyConstraint("memory_id", name=op.f("pk_memories")),
        sa.UniqueConstraint("uid", name=op.f("uq_memories_uid")),
        sa.UniqueConstraint("name", name=op.f("uq_memories_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "facts",
        sa.Column("memory_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("seq", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_revision", BIG_ID, nullable=False),
        sa.Column("deleted_revision", BIG_ID, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT, nullable=True),
        sa.CheckConstraint("deleted_revision > created_revision", name=op.f("ck_facts_revisions")),
        sa.ForeignKeyConstraint(
            ["memory_id"], ["memories.memory_id"], name=op.f("fk_facts_memory_id_memories")
        ),
        sa.PrimaryKeyConstraint("memory_id", "seq", name=op.f("pk_facts")),
    )
    op.create_table(
        "fact_vectors",
        sa.Column("memory_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("model_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("seq", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("crc32", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["memory_id"], ["memories.memory_id"], name=op.f("fk_fact_vectors_memory_id_memories")
        ),
        sa.ForeignKeyConstraint(
            ["model_id"], ["models.model_id"], name=op.f("fk_fact_vectors_model_id_models")
        ),
        sa.PrimaryKeyConstraint("memory_id", "model_id", "seq", name=op.f("pk_fact_vectors")),
    )
    op.create_table(
        "changes",
        sa.Column("memory_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("revision", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("seq", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("op", sa.String(15), nullable=False),
        sa.CheckConstraint("op IN ('add', 'delete')", name=op.f("ck_changes_op")),
        sa.ForeignKeyConstraint(
            ["memory_id"], ["memories.memory_id"], name=op.f("fk_changes_memory_id_memories")
        ),
        sa.PrimaryKeyConstraint("memory_id", "revision", "seq", name=op.f("pk_changes")),
    )
    op.bulk_insert(store_meta, [{"key": "store_epoch", "value": str(uuid.uuid4())}])


def downgrade() -> None:
    """Drop everything."""
    for table in ("changes", "fact_vectors", "facts", "memories", "models", "store_meta"):
        op.drop_table(table)
