"""Vectors that are damaged or missing, and how they are made again: from the text, by their model."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, Engine, delete, insert, select, update

from memnet.errors import MemoryNotFound
from memnet.store import listing, memories
from memnet.store.database import reading, writing
from memnet.store.replaying import Encode
from memnet.store.schema import fact_vectors, facts
from memnet.store.schema import memories as memories_table
from memnet.store.schema import models as models_table
from memnet.store.vectors import encode

_PAGE = 2000


@dataclass(frozen=True, slots=True)
class Damaged:
    """A vector that cannot be used."""

    seq: int
    model: str
    """Digest of the model it is from."""
    why: str


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild of one memory did."""

    memory: str
    encoded: int
    """Vectors made again from text."""
    removed: int
    """Damaged vectors of other models, removed; such a model makes them again when it is next used."""


def scan(connection: Connection, memory_id: int, model_id: int | None = None) -> Iterator[Damaged | None]:
    """Look at every vector of a memory, or of one model: what is wrong with it, None for a sound one."""
    of_model = fact_vectors.join(models_table, fact_vectors.c.model_id == models_table.c.model_id)
    statement = (
        select(
            fact_vectors.c.seq,
            fact_vectors.c.vector,
            fact_vectors.c.crc32,
            models_table.c.digest,
            models_table.c.spaces,
            models_table.c.dim,
        )
        .select_from(of_model)
        .where(fact_vectors.c.memory_id == memory_id)
        .order_by(fact_vectors.c.model_id, fact_vectors.c.seq)
        .execution_options(yield_per=_PAGE)
    )
    if model_id is not None:
        statement = statement.where(fact_vectors.c.model_id == model_id)
    for seq, vector, crc32, digest, spaces, dim in connection.execute(statement):
        width = spaces * dim * 4
        if len(vector) != width:
            yield Damaged(seq, digest, f"has {len(vector)} bytes, expected {width}")
        elif zlib.crc32(vector) != crc32:
            yield Damaged(seq, digest, "fails its checksum")
        elif not np.isfinite(np.frombuffer(vector, "<f4")).all():
            yield Damaged(seq, digest, "holds nan or inf")
        else:
            yield None


def missing(connection: Connection, name: str, model_id: int) -> list[int]:
    """Live facts without a vector of a model."""
    head = memories.head(connection, name)
    return [fact.seq for fact in listing.without_vectors(connection, head, model_id)]


def answering(connection: Connection, memory_id: int, digest: str) -> tuple[int | None, str]:
    """Number and digest of the model that a memory is answered with: its active one, else the given one."""
    of_memory = memories_table.join(models_table, models_table.c.model_id == memories_table.c.active_model_id)
    active = connection.execute(
        select(models_table.c.model_id, models_table.c.digest)
        .select_from(of_memory)
        .where(memories_table.c.memory_id == memory_id)
    ).one_or_none()
    if active is not None:
        return active.model_id, active.digest
    known = select(models_table.c.model_id).where(models_table.c.digest == digest)
    return connection.execute(known).scalar_one_or_none(), digest


def rebuild(engine: Engine, name: str, digest: str, model_id: int, encode_texts: Encode) -> Rebuilt:
    """Make damaged and missing vectors again from text, and let every process drop its views.

    Facts and revisions stay; other processes go on meanwhile. May be killed and repeated at any time.

    Args:
        engine: The database.
        name: Which memory.
        digest: The model that is loaded; others' vectors cannot be made.
        model_id: Its number.
        encode_texts: Makes its vectors.

    Raises:
        MemoryNotFound: There is no such memory.
    """
    with reading(engine) as connection:
        memory_id = memories.get(connection, name).memory_id
        damaged = [found for found in scan(connection, memory_id) if found is not None]
        _, active = answering(connection, memory_id, digest)
        lacking = missing(connection, name, model_id) if active == digest else []
        needed = {digest, active, *_being_made(connection, memory_id)}
    wanted = sorted({*lacking, *(found.seq for found in damaged if found.model == digest)})
    # What the memory is answered with, or is to be, stays even damaged: only its own model can replace it.
    useless = [found for found in damaged if found.model not in needed]
    encoded = encode_again(engine, name, model_id, wanted, encode_texts)
    with writing(engine) as connection:
        for found in useless:
            its_number = select(models_table.c.model_id).where(models_table.c.digest == found.model)
            connection.execute(
                delete(fact_vectors).where(
                    fact_vectors.c.memory_id == memory_id,
                    fact_vectors.c.model_id == its_number.scalar_subquery(),
                    fact_vectors.c.seq == found.seq,
                )
            )
        # What is cached in another epoch of the memory is not used again, in whichever process.
        connection.execute(
            update(memories_table)
            .where(memories_table.c.memory_id == memory_id)
            .values(epoch=memories_table.c.epoch + 1)
        )
    return Rebuilt(name, encoded, len(useless))


def encode_again(engine: Engine, name: str, model_id: int, seqs: Sequence[int], encode_texts: Encode) -> int:
    """Replace vectors of facts, whatever they are, by ones made from the texts: how many.

    Raises:
        MemoryNotFound: There is no such memory.
    """
    return sum(
        _encode_page(engine, name, model_id, seqs[begin : begin + _PAGE], encode_texts)
        for begin in range(0, len(seqs), _PAGE)
    )


def _encode_page(engine: Engine, name: str, model_id: int, seqs: Sequence[int], encode_texts: Encode) -> int:
    with reading(engine) as connection:
        memory_id = memories.get(connection, name).memory_id
        rows = connection.execute(
            select(facts.c.seq, facts.c.text)
            .where(facts.c.memory_id == memory_id, facts.c.seq.in_(seqs))
            .order_by(facts.c.seq)
        ).all()
    if not rows:
        return 0
    vectors = encode_texts([row.text for row in rows])
    with writing(engine) as connection:
        # Behind the lock no fact can be erased: its vector must not come back.
        if memories.lock(connection, name) != memory_id:
            raise MemoryNotFound(name)
        there = set(
            connection.execute(
                select(facts.c.seq).where(facts.c.memory_id == memory_id, facts.c.seq.in_(seqs))
            ).scalars()
        )
        connection.execute(
            delete(fact_vectors).where(
                fact_vectors.c.memory_id == memory_id,
                fact_vectors.c.model_id == model_id,
                fact_vectors.c.seq.in_(there),
            )
        )
        new = []
        for row, vector in zip(rows, vectors, strict=True):
            if row.seq in there:
                data, crc32 = encode(vector)
                key = {"memory_id": memory_id, "model_id": model_id, "seq": row.seq}
                new.append({**key, "vector": data, "crc32": crc32})
        if new:
            connection.execute(insert(fact_vectors), new)
    return len(new)


def _being_made(connection: Connection, memory_id: int) -> list[str]:
    """The model that is to take the place of a memory's active one, if there is one."""
    of_memory = memories_table.join(
        models_table, models_table.c.model_id == memories_table.c.building_model_id
    )
    building = select(models_table.c.digest).select_from(of_memory)
    return list(connection.execute(building.where(memories_table.c.memory_id == memory_id)).scalars())
