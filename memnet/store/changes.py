"""What changes a memory: adding and forgetting. Each is one revision and at least one row of the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, update

from memnet.errors import MemoryNotFound
from memnet.store import listing
from memnet.store.memories import lock
from memnet.store.rows import Added
from memnet.store.schema import changes, fact_vectors, facts, memories


def append(
    connection: Connection,
    name: str,
    texts: Sequence[str],
    model_id: int,
    encoded: Sequence[tuple[bytes, int]],
) -> Added:
    """Write facts, their vectors and the log.

    Args:
        connection: A write transaction.
        name: Which memory.
        texts: At least one, checked.
        model_id: A registered model.
        encoded: Per text the bytes and CRC-32 of its vectors.

    Raises:
        MemoryNotFound: There is no such memory.
    """
    now = datetime.now(UTC)
    count = len(texts)
    memory = _bump(connection, name, now, last_seq=count, live_count=count)
    seqs = tuple(range(memory.last_seq - count + 1, memory.last_seq + 1))
    key = {"memory_id": memory.memory_id}
    fact = {**key, "created_revision": memory.revision, "created_at": now}
    connection.execute(
        insert(facts), [{**fact, "seq": seq, "text": text} for seq, text in zip(seqs, texts, strict=True)]
    )
    connection.execute(
        insert(fact_vectors),
        [
            {**key, "model_id": model_id, "seq": seq, "vector": data, "crc32": crc32}
            for seq, (data, crc32) in zip(seqs, encoded, strict=True)
        ],
    )
    connection.execute(
        insert(changes), [{**key, "revision": memory.revision, "seq": seq, "op": "add"} for seq in seqs]
    )
    return Added(memory.uid, memory.revision, seqs, now)


def forget(connection: Connection, name: str, seq: int) -> int:
    """Mark a fact as deleted.

    Args:
        connection: A write transaction.
        name: Which memory.
        seq: Which fact.

    Returns:
        The new revision.

    Raises:
        MemoryNotFound: There is no such memory.
        FactNotFound: No such fact, or it was forgotten before.
    """
    now = datetime.now(UTC)
    # The row lock first: whether the fact still lives is only sure behind it.
    memory_id = lock(connection, name)
    listing.fact(connection, memory_id, name, seq)
    memory = _bump(connection, name, now, last_seq=0, live_count=-1)
    key = {"memory_id": memory_id, "seq": seq}
    connection.execute(
        update(facts)
        .where(facts.c.memory_id == memory_id, facts.c.seq == seq)
        .values(deleted_revision=memory.revision, deleted_at=now)
    )
    connection.execute(insert(changes).values(**key, revision=memory.revision, op="delete"))
    return int(memory.revision)


def _bump(
    connection: Connection, name: str, now: datetime, *, last_seq: int, live_count: int
) -> Row[*tuple[Any, ...]]:
    """Take the memory's row lock and its next revision.

    The lock orders the writers of one memory, so that the order of revisions is the order of commits.
    """
    row = connection.execute(
        update(memories)
        .where(memories.c.name == name)
        .values(
            revision=memories.c.revision + 1,
            last_seq=memories.c.last_seq + last_seq,
            live_count=memories.c.live_count + live_count,
            updated_at=now,
        )
        .returning(memories.c.memory_id, memories.c.uid, memories.c.revision, memories.c.last_seq)
    ).one_or_none()
    if row is None:
        raise MemoryNotFound(name)
    return row
