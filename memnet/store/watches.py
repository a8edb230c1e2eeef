"""Questions that stand. Only they are kept: what became of their answers is in the log of changes."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Engine, delete, func, insert, select

from memnet.errors import TooManyWatches, WatchNotFound
from memnet.store import memories
from memnet.store.database import reading, writing
from memnet.store.rows import MemoryRow, WatchRow
from memnet.store.schema import memories as memories_table
from memnet.store.schema import watches
from memnet.store.statements import batched
from memnet.store.texts import check_text

_PER_STATEMENT = 500

_COLUMNS = (watches.c.watch_id, watches.c.question, watches.c.created_at)


@dataclass(frozen=True, slots=True)
class WatchesRead:
    """Watches and their memory, from one snapshot."""

    memory: MemoryRow
    watches: tuple[WatchRow, ...]


class Watches:
    """The part of the store that keeps questions that stand."""

    _engine: Engine

    def add_watch(self, name: str, question: str, *, most: int) -> WatchRow:
        """Let a question stand.

        Args:
            name: Of which memory it is asked.
            question: The question.
            most: How many a memory may have.

        Raises:
            MemoryNotFound: There is no such memory.
            TooManyWatches: It has so many already.
            TextError: A text that cannot be stored.
        """
        check_text(question, "the question")
        with writing(self._engine) as connection:
            memory_id = memories.lock(connection, name)
            mine = watches.c.memory_id == memory_id
            if connection.execute(select(func.count()).where(mine)).scalar_one() >= most:
                raise TooManyWatches(name, most)
            row = WatchRow(uuid.uuid4(), question, datetime.now(UTC))
            connection.execute(
                insert(watches).values(
                    memory_id=memory_id,
                    watch_id=row.watch_id,
                    question=question,
                    created_at=row.created_at,
                )
            )
        return row

    def watch(self, name: str, watch_id: UUID) -> WatchesRead:
        """The one watch with this id.

        Raises:
            MemoryNotFound: There is no such memory.
            WatchNotFound: No such watch.
        """
        with reading(self._engine) as connection:
            memory = memories.get(connection, name)
            row = connection.execute(
                select(*_COLUMNS).where(
                    watches.c.memory_id == memory.memory_id, watches.c.watch_id == watch_id
                )
            ).one_or_none()
            if row is None:
                raise WatchNotFound(name, str(watch_id))
        return WatchesRead(memory, (WatchRow(*row),))

    def watches(self, name: str) -> WatchesRead:
        """All watches of a memory, oldest first.

        Raises:
            MemoryNotFound: There is no such memory.
        """
        with reading(self._engine) as connection:
            memory = memories.get(connection, name)
            rows = connection.execute(
                select(*_COLUMNS)
                .where(watches.c.memory_id == memory.memory_id)
                .order_by(watches.c.created_at, watches.c.watch_id)
            ).all()
        return WatchesRead(memory, tuple(WatchRow(*row) for row in rows))

    def drop_watch(self, name: str, watch_id: UUID) -> None:
        """Let a question stand no longer.

        Raises:
            MemoryNotFound: There is no such memory.
            WatchNotFound: No such watch.
        """
        with writing(self._engine) as connection:
            memory_id = memories.get(connection, name).memory_id
            dropped = connection.execute(
                delete(watches).where(watches.c.memory_id == memory_id, watches.c.watch_id == watch_id)
            ).rowcount
            if not dropped:
                raise WatchNotFound(name, str(watch_id))

    def watch_revisions(self, watch_ids: Collection[UUID]) -> dict[UUID, int]:
        """How far the memories of watches have come; a watch that is gone is not among them."""
        found: dict[UUID, int] = {}
        with reading(self._engine) as connection:
            for some in batched(watch_ids, _PER_STATEMENT):
                rows = connection.execute(
                    select(watches.c.watch_id, memories_table.c.revision)
                    .join_from(watches, memories_table, watches.c.memory_id == memories_table.c.memory_id)
                    .where(watches.c.watch_id.in_(some))
                )
                found |= {row.watch_id: row.revision for row in rows}
        return found
