"""The tables. Alembic owns the schema; these are its mirror for queries, held equal by a test.

Every fact-level primary key begins with `memory_id`, so that partitions need no redesign.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    Uuid,
    column,
    select,
    table,
    text,
)

from memnet.errors import SchemaMismatch


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC; SQLite keeps the digits and forgets the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC; a moment without a zone is a mistake of ours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored moment needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Hand out UTC, whatever zone the database session is in."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite counts only a column declared exactly INTEGER as its rowid; its integers are 64 bits anyway.
BigId = BigInteger().with_variant(Integer(), "sqlite")

# Names are compared byte by byte everywhere; PostgreSQL would otherwise sort by the server's locale.
Name = String(63).with_variant(String(63, collation="C"), "postgresql")

VERSION = "0007"
"""Of the migration that these tables are the mirror of."""

version_found = select(table("alembic_version", column("version_num")).c.version_num).scalar_subquery()
"""That of the database, in the very statement that reads or changes it."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

store_meta = Table(
    "store_meta",
    metadata,
    Column("key", String(63), primary_key=True),
    Column("value", Text, nullable=False),
)
"""`store_epoch`: a UUID, new after every restore, so that no cache survives one."""

models = Table(
    "models",
    metadata,
    Column("model_id", BigId, primary_key=True),
    Column("digest", String(128), nullable=False, unique=True),
    Column("family", String(63), nullable=False),
    Column("spaces", Integer, nullable=False),
    Column("dim", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("spaces > 0 AND dim > 0", name="shape"),
    sqlite_autoincrement=True,
)

memories = Table(
    "memories",
    metadata,
    Column("memory_id", BigId, primary_key=True),
    Column("uid", Uuid, nullable=False, unique=True),
    Column("name", Name, nullable=False, unique=True),
    Column("description", Text),
    Column("revision", BigId, nullable=False),
    Column("last_seq", BigId, nullable=False),
    Column("live_count", BigId, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("log_floor", BigId, nullable=False, server_default=text("0")),
    Column("history_floor", BigId, nullable=False, server_default=text("0")),
    Column("epoch", BigId, nullable=False, server_default=text("0")),
    Column("active_model_id", BigId, ForeignKey("models.model_id")),
    Column("building_model_id", BigId, ForeignKey("models.model_id")),
    CheckConstraint("revision >= 0", name="revision"),
    CheckConstraint("live_count >= 0 AND live_count <= last_seq", name="live_count"),
    # A cache keyed by a reused id would answer from another memory.
    sqlite_autoincrement=True,
)
"""`log_floor`: the log at or below it may be gone or may not lead on. `history_floor`: states below it cannot
be read any more. `epoch`: raised when what is cached of this memory must not be used again. Every live fact
has vectors of the active model; the building one is on its way to take its place."""

facts = Table(
    "facts",
    metadata,
    Column("memory_id", BigId, ForeignKey("memories.memory_id"), primary_key=True, autoincrement=False),
    Column("seq", BigId, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("created_revision", BigId, nullable=False),
    Column("deleted_revision", BigId),
    Column("created_at", UtcDateTime, nullable=False),
    Column("deleted_at", UtcDateTime),
    CheckConstraint("deleted_revision > created_revision", name="revisions"),
)

# No foreign key to facts: on PostgreSQL each fact of a deleted memory would look for its vectors among
# all the dead ones of that memory.
fact_vectors = Table(
    "fact_vectors",
    metadata,
    Column("memory_id", BigId, ForeignKey("memories.memory_id"), primary_key=True, autoincrement=False),
    Column("model_id", BigId, ForeignKey("models.model_id"), primary_key=True, autoincrement=False),
    Column("seq", BigId, primary_key=True, autoincrement=False),
    Column("vector", LargeBinary, nullable=False),
    Column("crc32", BigId, nullable=False),
)
"""`vector`: little-endian float32 [spaces, dim], content only; `crc32` of those bytes."""

writes = Table(
    "writes",
    metadata,
    Column("memory_id", BigId, ForeignKey("memories.memory_id"), primary_key=True, autoincrement=False),
    Column("model_id", BigId, ForeignKey("models.model_id"), primary_key=True, autoincrement=False),
    Column("writer_seq", BigId, primary_key=True, autoincrement=False),
    Column("target_seq", BigId, primary_key=True, autoincrement=False),
    Column("gate", REAL, nullable=False),
    CheckConstraint("target_seq < writer_seq", name="order"),
    CheckConstraint("gate > 0 AND gate <= 1", name="gate"),
    Index(None, "memory_id", "target_seq"),
    sqlite_with_rowid=False,
)
"""`gate`: how far the writer supersedes the target, by this model; float32. What is left of a fact is never
stored: it is the sum over those writers that live at the revision that is read."""

changes = Table(
    "changes",
    metadata,
    Column("memory_id", BigId, ForeignKey("memories.memory_id"), primary_key=True, autoincrement=False),
    Column("revision", BigId, primary_key=True, autoincrement=False),
    Column("seq", BigId, primary_key=True, autoincrement=False),
    Column("op", String(15), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("actor", String(63)),
    CheckConstraint("op IN ('add', 'delete', 'erase', 'model')", name="op"),
)
"""The log: what each revision of a memory did to which facts; `model` concerns none and has `seq` 0. `actor`
is the name of the key that asked for it, empty where no key was asked for."""

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column(
        "memory_id",
        BigId,
        ForeignKey("memories.memory_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("key_hash", LargeBinary, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("revision", BigId, nullable=False),
    Column("first_seq", BigId, nullable=False),
    Column("count", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "memory_id", "created_at"),
)
"""Writes that may be sent again: what was asked, as a hash, and what it led to. No text of a fact is kept."""

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", BigId, primary_key=True),
    Column("name", String(63), nullable=False, unique=True),
    Column("prefix", String(8), nullable=False, unique=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("memories", Text, nullable=False),
    Column("verbs", String(63), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
    sqlite_autoincrement=True,
)
"""Keys to the service: SHA-256 of the secret, never the secret. `memories` and `verbs` are words with spaces
between them. A row is never deleted, so that a name in the log is one key's for ever."""

answers = Table(
    "answers",
    metadata,
    Column(
        "memory_id",
        BigId,
        ForeignKey("memories.memory_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("answer_id", Uuid, primary_key=True),
    Column("revision", BigId, nullable=False),
    Column("model_id", BigId, ForeignKey("models.model_id"), nullable=False),
    Column("supposes", Boolean, nullable=False),
    Column("asked", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("digest", String(128), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "memory_id", "created_at"),
)
"""Answers that are kept. `revision` is the state that was read, `supposes` whether facts were added to it for
the question; `asked` and `answer` are JSON, and hold texts of facts: erasing a fact deletes what was answered
from a state that held it."""

watches = Table(
    "watches",
    metadata,
    Column(
        "memory_id",
        BigId,
        ForeignKey("memories.memory_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("watch_id", Uuid, primary_key=True),
    Column("question", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
"""Questions that stand."""


def check_version(found: str) -> None:
    """Make sure that a migration has not changed the tables under this process.

    Raises:
        SchemaMismatch: It has.
    """
    if found != VERSION:
        raise SchemaMismatch(
            f"the database has schema {found} now, this memnet needs {VERSION}",
            hint="it was migrated while this process ran: stop it and start the version that fits",
        )
