"""Writes that may be sent again: what a request led to is kept in the transaction that did it.

So no crash can separate the two: either the facts are there and the same request finds what it led to, or
neither is. A second request with the same key waits for the first one's row lock, and then finds its row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, and_, delete, insert, select

from memnet.errors import KeyReused
from memnet.store import memories
from memnet.store.rows import Added
from memnet.store.schema import idempotency_keys

KEPT = timedelta(hours=24)
"""How long a key is remembered; after that the same request is a new one."""


@dataclass(frozen=True, slots=True)
class Once:
    """A request by name."""

    key: str
    """Chosen by the caller, unique among the requests to one memory."""
    request: bytes
    """Everything that was asked; kept as a hash."""

    @property
    def key_hash(self) -> bytes:
        """The name as it is kept."""
        return hashlib.sha256(self.key.encode()).digest()

    @property
    def request_hash(self) -> bytes:
        """What was asked, salted with the name: equal texts under two names have two hashes."""
        return hashlib.sha256(self.key_hash + self.request).digest()


def once_only(connection: Connection, name: str, once: Once, append: Callable[[], Added]) -> Added:
    """Do what is asked, or say what it led to when it was done before.

    Args:
        connection: The write transaction of `append`.
        name: Which memory.
        once: The request.
        append: Does it.

    Raises:
        MemoryNotFound: There is no such memory.
        KeyReused: The key came with another request before.
    """
    table = idempotency_keys
    memory_id = memories.lock(connection, name)
    now = datetime.now(UTC)
    connection.execute(delete(table).where(table.c.memory_id == memory_id, table.c.created_at <= now - KEPT))
    row = connection.execute(
        select(table).where(and_(table.c.memory_id == memory_id, table.c.key_hash == once.key_hash))
    ).one_or_none()
    if row is None:
        added = append()
        connection.execute(
            insert(table).values(
                memory_id=memory_id,
                key_hash=once.key_hash,
                request_hash=once.request_hash,
                revision=added.revision,
                first_seq=added.seqs[0],
                count=len(added.seqs),
                created_at=added.created_at,
            )
        )
        return added
    if row.request_hash != once.request_hash:
        raise KeyReused("the idempotency key came with another request before", hint="use a new key")
    uid = memories.get(connection, name).uid
    seqs = tuple(range(row.first_seq, row.first_seq + row.count))
    return Added(uid, row.revision, seqs, row.created_at, repeated=True)
