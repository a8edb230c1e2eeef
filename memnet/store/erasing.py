"""Erasing: facts that are gone from the tables, and then from the files beneath them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, delete, select

from memnet.errors import FactNotFound
from memnet.store import writes
from memnet.store.answers import with_facts
from memnet.store.changes import bump, log
from memnet.store.database import alone, sqlite_file
from memnet.store.failpoints import hit
from memnet.store.ids import MAX_SEQ
from memnet.store.memories import lock
from memnet.store.schema import answers, fact_vectors, facts
from memnet.store.statements import batched

_PER_STATEMENT = 500


def erase(connection: Connection, name: str, seqs: Sequence[int]) -> tuple[int, int, int]:
    """Remove facts, their vectors and writes, and what was answered from them; raise the floors beneath which
    nothing can be read.

    Args:
        connection: A write transaction.
        name: Which memory.
        seqs: At least one fact, live or forgotten.

    Returns:
        The memory's number, its new revision, and how many kept answers went with the facts.

    Raises:
        MemoryNotFound: There is no such memory.
        FactNotFound: No such fact.
    """
    now = datetime.now(UTC)
    wanted = sorted({int(seq) for seq in seqs})
    # The row lock first: which facts still live is only sure behind it.
    memory_id = lock(connection, name)
    live: dict[int, bool] = {}
    for some in batched([seq for seq in wanted if 1 <= seq <= MAX_SEQ], _PER_STATEMENT):
        found = connection.execute(
            select(facts.c.seq, facts.c.deleted_revision).where(
                facts.c.memory_id == memory_id, facts.c.seq.in_(some)
            )
        )
        live |= {row.seq: row.deleted_revision is None for row in found}
    for seq in wanted:
        if seq not in live:
            raise FactNotFound(name, str(seq))
    memory = bump(connection, name, now, live_count=-sum(live.values()), erases=True)
    hit("erase.locked")
    answered = 0
    for some in batched(wanted, _PER_STATEMENT):
        # While the facts' rows still say when they lived.
        answered += connection.execute(delete(answers).where(with_facts(memory_id, some))).rowcount
    hit("erase.answers")
    for some in batched(wanted, _PER_STATEMENT):
        writes.erase(connection, memory_id, some)
        for table in (fact_vectors, facts):
            connection.execute(delete(table).where(table.c.memory_id == memory_id, table.c.seq.in_(some)))
    hit("erase.rows")
    log(connection, memory_id, memory.revision, "erase", wanted, now)
    hit("erase.log")
    return memory_id, int(memory.revision), answered


def scrub(engine: Engine) -> bool:
    """Remove what is deleted from the files; see `FactStore.scrub`."""
    with alone(engine) as execute:
        if sqlite_file(engine) is None:
            # Plain VACUUM leaves the bytes of dead rows in their pages.
            execute("SET statement_timeout = 0")
            execute("VACUUM (FULL) facts, fact_vectors, answers, writes")
            execute("CHECKPOINT")
            execute("RESET statement_timeout")
            return True
        # The driver's busy timeout waits for readers and writers; `secure_delete` has zeroed the pages.
        busy, _, _ = execute("PRAGMA wal_checkpoint(TRUNCATE)")[0]
        return not busy
