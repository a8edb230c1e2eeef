"""Shortening the past: the log, and if it is wanted the facts that were forgotten.

The log is for those who follow a memory; whoever is behind its floor reads the memory whole instead. Reads of
the past do not need it, because facts know their revisions. What keeps the past readable are forgotten facts,
and they take room for it: removing those that were forgotten at or below a floor leaves every revision from
there on as it was.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from memnet.errors import RevisionNotFound
from memnet.store import memories, writes
from memnet.store.failpoints import hit
from memnet.store.schema import answers, changes, fact_vectors, facts
from memnet.store.schema import memories as memories_table
from memnet.store.statements import batched

_PER_STATEMENT = 500


@dataclass(frozen=True, slots=True)
class Compacted:
    """What was removed of a memory's past."""

    log_floor: int
    """The log leads on from this revision."""
    history_floor: int
    """The oldest revision that can be read."""
    log_rows: int
    facts: int
    """Forgotten facts, with their vectors and writes."""
    answers: int
    """Kept answers of a past that cannot be read any more: they may hold texts of those facts."""


def compact(connection: Connection, name: str, revision: int, *, forgotten: bool) -> Compacted:
    """Remove what leads up to a revision; see `FactStore.compact`.

    Args:
        connection: A write transaction.
        name: Which memory.
        revision: The floor to be; one that is higher already stays.
        forgotten: Whether forgotten facts go, too.

    Raises:
        MemoryNotFound: There is no such memory.
        RevisionNotFound: It has no such revision.
    """
    memory_id = memories.lock(connection, name)
    head = memories.head(connection, name)
    if not 0 <= revision <= head.revision:
        raise RevisionNotFound(
            f"memory '{name}' has no revision {revision}", hint=f"its last revision is {head.revision}"
        )
    hit("compact.locked")
    log_floor = max(head.log_floor, revision)
    log_rows = connection.execute(
        # The floor's own rows stay: they tell from which moment on a moment can be read.
        delete(changes).where(changes.c.memory_id == memory_id, changes.c.revision < log_floor)
    ).rowcount
    hit("compact.log")
    history_floor, gone = head.history_floor, []
    if forgotten:
        # As of a revision that forgot a fact, it does not live any more.
        history_floor = max(history_floor, revision)
        gone = list(
            connection.execute(
                select(facts.c.seq).where(
                    facts.c.memory_id == memory_id, facts.c.deleted_revision <= history_floor
                )
            ).scalars()
        )
    for some in batched(gone, _PER_STATEMENT):
        writes.erase(connection, memory_id, some)
        for table in (fact_vectors, facts):
            connection.execute(delete(table).where(table.c.memory_id == memory_id, table.c.seq.in_(some)))
    answered = connection.execute(
        delete(answers).where(answers.c.memory_id == memory_id, answers.c.revision < history_floor)
    ).rowcount
    hit("compact.facts")
    # No new epoch: what is cached from the floor on is as it was, and what is below is not asked for again.
    connection.execute(
        update(memories_table)
        .where(memories_table.c.memory_id == memory_id)
        .values(log_floor=log_floor, history_floor=history_floor)
    )
    return Compacted(log_floor, history_floor, log_rows, len(gone), answered)
