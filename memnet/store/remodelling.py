"""Another model for a memory: its vectors are made beside those in use, and then take their place at once.

Vectors of two models never meet: they are rows of their own, a view reads those of one model, and the switch
is one transaction that finds no live fact without vectors. Nobody has to write with two models meanwhile:
what is added during the work is found by the switch, which then waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, delete, select, update

from memnet.errors import InputError
from memnet.store import listing
from memnet.store.changes import bump, log
from memnet.store.failpoints import hit
from memnet.store.memories import BEING_IMPORTED, head, lock
from memnet.store.replaying import Encode
from memnet.store.schema import fact_vectors, memories, writes


def begin(connection: Connection, name: str, model_id: int) -> bool:
    """Note that a model is on its way, so that whoever comes after a crash can go on.

    Returns:
        False when the memory has this model already.

    Raises:
        MemoryNotFound: There is no such memory.
    """
    memory_id = lock(connection, name)
    row = connection.execute(
        select(memories.c.active_model_id).where(memories.c.memory_id == memory_id)
    ).one()
    building = None if row.active_model_id == model_id else model_id
    connection.execute(
        update(memories).where(memories.c.memory_id == memory_id).values(building_model_id=building)
    )
    return building is not None


def switch(
    connection: Connection,
    name: str,
    model_id: int,
    complete: Callable[[Connection], None] | None,
    *,
    forgotten: bool = False,
) -> int | None:
    """Make a model the active one, if the facts have vectors of it.

    Args:
        connection: A write transaction.
        name: Which memory.
        model_id: Which model.
        complete: Makes the vectors that are missing, while writers wait; None to leave it.
        forgotten: Whether forgotten facts need vectors, too.

    Returns:
        The new revision; None when vectors are missing.

    Raises:
        MemoryNotFound: There is no such memory.
    """
    memory_id = lock(connection, name)
    if listing.without_vectors(connection, head(connection, name), model_id, limit=1, forgotten=forgotten):
        if complete is None:
            return None
        complete(connection)
    hit("model.verified")
    moment = datetime.now(UTC)
    memory = bump(connection, name, moment)
    connection.execute(
        update(memories)
        .where(memories.c.memory_id == memory_id)
        .values(active_model_id=model_id, building_model_id=None)
    )
    log(connection, memory_id, memory.revision, "model", [0], moment)
    hit("model.switched")
    return int(memory.revision)


def encode_rest(connection: Connection, name: str, model_id: int, encode: Encode) -> None:
    """Make the vectors of live facts that have none of a model, in a transaction that holds the row lock."""
    now = head(connection, name)
    missing = listing.without_vectors(connection, now, model_id)
    vectors = encode([fact.text for fact in missing])
    seqs = [fact.seq for fact in missing]
    listing.fill_vectors(connection, now.memory_id, name, model_id, seqs, vectors)


def drop(connection: Connection, name: str, model_id: int) -> int:
    """Delete a model's vectors of a memory, and its gates: how many vectors.

    Raises:
        MemoryNotFound: There is no such memory.
        InputError: The memory is read with this model, or about to be.
    """
    memory_id = lock(connection, name)
    row = connection.execute(
        select(memories.c.active_model_id, memories.c.building_model_id).where(
            memories.c.memory_id == memory_id
        )
    ).one()
    if model_id in (row.active_model_id, row.building_model_id):
        raise InputError(f"memory '{name}' needs the vectors of model {model_id}")
    connection.execute(delete(writes).where(writes.c.memory_id == memory_id, writes.c.model_id == model_id))
    return connection.execute(
        delete(fact_vectors).where(fact_vectors.c.memory_id == memory_id, fact_vectors.c.model_id == model_id)
    ).rowcount


def named(
    connection: Connection, which: ColumnElement[bool], after: str | None, limit: int | None
) -> list[str]:
    """Names of memories, in order, those behind `after`; no imports."""
    statement = select(memories.c.name).where(which, ~BEING_IMPORTED)
    if after is not None:
        statement = statement.where(memories.c.name > after)
    return list(connection.execute(statement.order_by(memories.c.name).limit(limit)).scalars())
