"""Floors and an epoch for erasing, the models of a memory, and the time of every revision."""

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)

# Facts know when they were added and forgotten; until now nothing else took a revision.
TIMES = """
SELECT {changes}.memory_id, {changes}.revision, {changes}.seq, {changes}.op,
       CASE {changes}.op WHEN 'add' THEN facts.created_at ELSE facts.deleted_at END
FROM {changes} JOIN facts ON facts.memory_id = {changes}.memory_id AND facts.seq = {changes}.seq
"""

# A model of which every live fact has vectors; no live fact, no model.
ACTIVE = """
UPDATE memories SET active_model_id = (
    SELECT fact_vectors.model_id FROM fact_vectors
    JOIN facts ON facts.memory_id = fact_vectors.memory_id AND facts.seq = fact_vectors.seq
    WHERE fact_vectors.memory_id = memories.memory_id AND facts.deleted_revision IS NULL
    GROUP BY fact_vectors.model_id HAVING count(*) = memories.live_count
    ORDER BY fact_vectors.model_id DESC LIMIT 1
)
"""

# Whoever went back to 0001 and returned has lost the rows that say what was erased: what the log does not
# tell from its first revision on is not offered as history.
FLOORS = """
UPDATE memories SET log_floor = revision, history_floor = revision WHERE revision <> (
    SELECT count(DISTINCT changes.revision) FROM changes WHERE changes.memory_id = memories.memory_id
)
"""


def upgrade() -> None:
    """Add the columns, and fill them in for what is stored."""
    for name in ("log_floor", "history_floor", "epoch"):
        op.add_column("memories", sa.Column(name, BIG_ID, nullable=False, server_default=sa.text("0")))
    for name in ("active_model_id", "building_model_id"):
        # Written out: Alembic would rebuild SQLite's table for the foreign key, and the new one would
        # no longer be AUTOINCREMENT.
        kind = "INTEGER" if _sqlite() else "BIGINT"
        key = f"CONSTRAINT fk_memories_{name}_models REFERENCES models (model_id)"
        op.execute(f"ALTER TABLE memories ADD COLUMN {name} {kind} {key}")
    op.execute(ACTIVE)
    _rebuild_changes(["add", "delete", "erase", "model"], timed=True)
    op.execute(FLOORS)


def downgrade() -> None:
    """Drop the columns, and the rows of the log that the older memnet does not know."""
    op.execute("DELETE FROM changes WHERE op NOT IN ('add', 'delete')")
    _rebuild_changes(["add", "delete"], timed=False)
    for name in ("building_model_id", "active_model_id", "epoch", "history_floor", "log_floor"):
        # Written out for the same reason as above.
        op.execute(f"ALTER TABLE memories DROP COLUMN {name}")


def _rebuild_changes(ops: list[str], *, timed: bool) -> None:
    check = "op IN (" + ", ".join(f"'{name}'" for name in ops) + ")"
    if not _sqlite():
        op.drop_constraint(op.f("ck_changes_op"), "changes", type_="check")
        op.create_check_constraint(op.f("ck_changes_op"), "changes", check)
        if timed:
            op.add_column("changes", sa.Column("created_at", MOMENT, nullable=True))
            op.execute(
                "UPDATE changes SET created_at = CASE changes.op WHEN 'add' THEN facts.created_at"
                " ELSE facts.deleted_at END FROM facts"
                " WHERE facts.memory_id = changes.memory_id AND facts.seq = changes.seq"
            )
            op.execute("DELETE FROM changes WHERE created_at IS NULL")
            op.alter_column("changes", "created_at", nullable=False)
        else:
            op.drop_column("changes", "created_at")
        return
    op.rename_table("changes", "changes_before")
    op.create_table(
        "changes",
        sa.Column("memory_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("revision", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("seq", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("op", sa.String(15), nullable=False),
        *([sa.Column("created_at", MOMENT, nullable=False)] if timed else []),
        sa.CheckConstraint(check, name=op.f("ck_changes_op")),
        sa.ForeignKeyConstraint(
            ["memory_id"], ["memories.memory_id"], name=op.f("fk_changes_memory_id_memories")
        ),
        sa.PrimaryKeyConstraint("memory_id", "revision", "seq", name=op.f("pk_changes")),
    )
    rows = (
        TIMES.format(changes="changes_before")
        if timed
        else "SELECT memory_id, revision, seq, op FROM changes_before"
    )
    op.execute(f"INSERT INTO changes {rows}")
    op.drop_table("changes_before")


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
