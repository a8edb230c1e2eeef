"""Rows of facts: one, a page, those without vectors; and the vectors that are filled in later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float32
from sqlalchemy import ColumnElement, Connection, FromClause, Row, and_, exists, or_, select

from memnet.errors import FactNotFound
from memnet.store.ids import MAX_SEQ
from memnet.store.memories import Head
from memnet.store.rows import FactRow
from memnet.store.schema import fact_vectors, facts
from memnet.store.statements import insert_if_absent
from memnet.store.vectors import encode

_COLUMNS = (facts.c.seq, facts.c.text, facts.c.created_revision, facts.c.created_at)


def live_at(revision: int, table: FromClause = facts) -> ColumnElement[bool]:
    """Facts that a memory held as of a revision; `table` is `facts` or another name of it."""
    return and_(
        table.c.created_revision <= revision,
        or_(table.c.deleted_revision.is_(None), table.c.deleted_revision > revision),
    )


def fact(connection: Connection, head: Head, name: str, seq: int) -> FactRow:
    """One fact that lives as of `head.revision`.

    Raises:
        FactNotFound: No such fact, or it was forgotten.
    """
    # A number beyond 64 bits would fail in the driver.
    if 1 <= seq <= MAX_SEQ:
        statement = select(*_COLUMNS).where(
            facts.c.memory_id == head.memory_id, facts.c.seq == seq, live_at(head.revision)
        )
        row = connection.execute(statement).one_or_none()
        if row is not None:
            return _fact(row)
    raise FactNotFound(name, str(seq))


def page(
    connection: Connection, head: Head, *, after_seq: int, limit: int, descending: bool
) -> list[FactRow]:
    """Facts that live as of `head.revision`, behind `after_seq`, in the direction of the page."""
    statement = (
        select(*_COLUMNS).where(facts.c.memory_id == head.memory_id, live_at(head.revision)).limit(limit)
    )
    start = min(after_seq, MAX_SEQ)
    if not descending:
        statement = statement.where(facts.c.seq > start).order_by(facts.c.seq)
    elif start > 0:
        statement = statement.where(facts.c.seq < start).order_by(facts.c.seq.desc())
    else:
        statement = statement.order_by(facts.c.seq.desc())
    return [_fact(row) for row in connection.execute(statement)]


def without_vectors(
    connection: Connection,
    head: Head,
    model_id: int,
    *,
    after_seq: int = 0,
    limit: int | None = None,
    forgotten: bool = False,
) -> list[FactRow]:
    """Facts that live as of `head.revision`, behind `after_seq`, and have no vectors of a model, in order.

    With `forgotten`, also those that lived before."""
    its_vector = and_(
        fact_vectors.c.memory_id == facts.c.memory_id,
        fact_vectors.c.model_id == model_id,
        fact_vectors.c.seq == facts.c.seq,
    )
    statement = select(*_COLUMNS).where(
        facts.c.memory_id == head.memory_id,
        facts.c.seq > after_seq,
        facts.c.created_revision <= head.revision if forgotten else live_at(head.revision),
        ~exists().where(its_vector),
    )
    return [_fact(row) for row in connection.execute(statement.order_by(facts.c.seq).limit(limit))]


def fill_vectors(
    connection: Connection,
    memory_id: int,
    name: str,
    model_id: int,
    seqs: Sequence[int],
    vectors: Float32[np.ndarray, "facts spaces dim"],
) -> None:
    """Store vectors of facts that have none of this model; those that have keep theirs.

    Raises:
        FactNotFound: A number that no fact of the memory ever had.
    """
    between = facts.c.seq.between(max(min(seqs), 0), min(max(seqs), MAX_SEQ))
    known = set(
        connection.execute(select(facts.c.seq).where(facts.c.memory_id == memory_id, between)).scalars()
    )
    rows = []
    for seq, vector in zip(seqs, vectors, strict=True):
        if seq not in known:
            raise FactNotFound(name, str(seq))
        data, crc32 = encode(vector)
        rows.append(
            {"memory_id": memory_id, "model_id": model_id, "seq": seq, "vector": data, "crc32": crc32}
        )
    connection.execute(insert_if_absent(connection, fact_vectors), rows)


def _fact(row: Row[*tuple[Any, ...]]) -> FactRow:
    return FactRow(row.seq, row.text, row.created_revision, row.created_at)
