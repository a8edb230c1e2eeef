"""What changes a memory: adding and forgetting. Each is one revision and at least one row of the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, insert, update

from memnet.errors import FactNotFound, MemoryNotFound, ModelNotActive
from memnet.store import actors, listing
from memnet.store import writes as gates
from memnet.store.epoch import STORE_EPOCH
from memnet.store.failpoints import hit
from memnet.store.memories import head, lock
from memnet.store.prepared import Prepared, insert_rows
from memnet.store.rows import Added
from memnet.store.schema import changes, check_version, fact_vectors, facts, memories, version_found
from memnet.store.writes import Writes, check_unmoved


@dataclass(frozen=True, slots=True)
class Bumped:
    """A memory whose row lock is held, at its next revision."""

    memory_id: int
    uid: UUID
    revision: int
    last_seq: int
    active_model_id: int | None
    epoch: tuple[str, int]
    """See `Head.epoch`."""


def append(
    connection: Connection,
    name: str,
    texts: Sequence[str],
    model_id: int,
    encoded: Sequence[tuple[bytes, int]],
    writes: Writes | Callable[[Bumped], Writes] | None = None,
) -> Added:
    """Write facts, their vectors, what they supersede and the log.

    Args:
        connection: A write transaction.
        name: Which memory.
        texts: At least one, checked.
        model_id: A registered model.
        encoded: Per text the bytes and CRC-32 of its vectors.
        writes: Per text what it supersedes, checked, or what computes that behind the memory's lock; None for
            nothing.

    Raises:
        MemoryNotFound: There is no such memory.
        ModelNotActive: Its facts are encoded by another model.
        MemoryMoved: The writes were computed from another revision than the last one.
        FactNotFound: A write to a fact that does not live.
        InputError: A write to a fact that is not before its writer.
    """
    hit("write.begun")
    now = datetime.now(UTC)
    count = len(texts)
    memory = bump(connection, name, now, last_seq=count, live_count=count, model_id=model_id)
    hit("write.locked")
    check_model(name, memory.active_model_id, model_id)
    memory_id, revision = memory.memory_id, memory.revision
    if callable(writes):
        writes = writes(memory)
    if writes is not None:
        check_unmoved(writes, revision - 1, name, memory_id, memory.epoch)
    seqs = tuple(range(memory.last_seq - count + 1, memory.last_seq + 1))
    numbers = list(seqs)
    insert_rows(connection, _FACTS, memory_id, numbers, list(texts), revision, None, now, None)
    hit("write.facts")
    vectors, crcs = map(list, zip(*encoded, strict=True))
    insert_rows(connection, _VECTORS, memory_id, model_id, numbers, vectors, crcs)
    hit("write.vectors")
    if writes is not None:
        gates.append(connection, memory_id, model_id, name, seqs, writes)
    hit("write.writes")
    log(connection, memory.memory_id, memory.revision, "add", seqs, now)
    hit("write.log")
    return Added(memory.uid, memory.revision, seqs, now)


def check_model(name: str, active: int | None, model_id: int) -> None:
    """Make sure that a memory may be written to with a model.

    Raises:
        ModelNotActive: Its facts are encoded by another one.
    """
    if active not in (None, model_id):
        # Vectors of this model alone would leave a hole in the space that everybody reads.
        raise ModelNotActive(
            f"memory '{name}' is encoded by model {active}, not by model {model_id}",
            hint="change the memory's model first, or write with the model it has",
        )


def forget(connection: Connection, name: str, seq: int, uid: UUID | None) -> int:
    """Mark a fact as deleted.

    Args:
        connection: A write transaction; when this raises, it must be rolled back.
        name: Which memory.
        seq: Which fact.
        uid: The memory that the fact was seen in; another one of the same name has no such fact.

    Returns:
        The new revision.

    Raises:
        MemoryNotFound: There is no such memory.
        FactNotFound: No such fact, or it was forgotten before.
    """
    now = datetime.now(UTC)
    # The row lock first: whether the fact still lives is only sure behind it.
    memory_id = lock(connection, name)
    listing.fact(connection, head(connection, name), name, seq)
    memory = bump(connection, name, now, live_count=-1)
    if uid not in (None, memory.uid):
        raise FactNotFound(name, str(seq))
    hit("forget.locked")
    connection.execute(
        update(facts)
        .where(facts.c.memory_id == memory_id, facts.c.seq == seq)
        .values(deleted_revision=memory.revision, deleted_at=now)
    )
    hit("forget.facts")
    log(connection, memory_id, memory.revision, "delete", [seq], now)
    hit("forget.log")
    return int(memory.revision)


def log(
    connection: Connection, memory_id: int, revision: int, op: str, seqs: Iterable[int], now: datetime
) -> None:
    """Write what a revision did and for whom, one row per fact."""
    insert_rows(connection, _LOG, memory_id, revision, list(seqs), op, now, actors.current())


def bump(
    connection: Connection,
    name: str,
    now: datetime,
    *,
    last_seq: int = 0,
    live_count: int = 0,
    model_id: int | None = None,
    erases: bool = False,
) -> Bumped:
    """Take the memory's row lock and its next revision.

    The lock orders the writers of one memory, so that the order of revisions is the order of commits.

    Args:
        connection: A write transaction.
        name: Which memory.
        now: The time of the revision.
        last_seq: How many facts it adds.
        live_count: By how many live facts it changes their number.
        model_id: The memory's model if it has none yet.
        erases: Nothing before this revision may be read again, and no cache used.

    Raises:
        MemoryNotFound: There is no such memory.
        SchemaMismatch: The database was migrated since this process began.
    """
    statement = _ERASING if erases else _CHANGING
    rows = statement.rows(connection, called=name, now=now, told=last_seq, more=live_count, model_id=model_id)
    if not rows:
        raise MemoryNotFound(name)
    memory_id, uid, revision, last_seq, active_model_id, epoch, store_epoch, version = rows[0]
    check_version(version)
    return Bumped(memory_id, uid, revision, last_seq, active_model_id, (store_epoch, epoch))


def _bumping(*, erases: bool) -> Prepared:
    revision = memories.c.revision + 1
    floors = (
        {"log_floor": revision, "history_floor": revision, "epoch": memories.c.epoch + 1} if erases else {}
    )
    model_id = bindparam("model_id", type_=memories.c.active_model_id.type)
    return Prepared(
        update(memories)
        .where(memories.c.name == bindparam("called"))
        .values(
            revision=revision,
            **floors,
            last_seq=memories.c.last_seq + bindparam("told"),
            live_count=memories.c.live_count + bindparam("more"),
            active_model_id=func.coalesce(memories.c.active_model_id, model_id),
            updated_at=bindparam("now"),
        )
        .returning(
            memories.c.memory_id,
            memories.c.uid,
            memories.c.revision,
            memories.c.last_seq,
            memories.c.active_model_id,
            memories.c.epoch,
            STORE_EPOCH.label("store_epoch"),
            version_found.label("version"),
        )
    )


# Made once: a statement takes longer to make than to run.
_CHANGING, _ERASING = _bumping(erases=False), _bumping(erases=True)
_FACTS, _VECTORS, _LOG = insert(facts), insert(fact_vectors), insert(changes)
