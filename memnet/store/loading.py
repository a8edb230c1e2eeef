"""From rows to views: a full load, or the last view and the log rows it has not seen.

Both give the same bits, because both copy the same stored bytes in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select

from memnet.store.memories import Head
from memnet.store.rows import ModelRow
from memnet.store.schema import changes, fact_vectors, facts
from memnet.store.vectors import MissingVectors, decode
from memnet.store.view import View


def load(connection: Connection, name: str, head: Head, model: ModelRow) -> View:
    """Read a whole memory as of `head.revision`.

    Raises:
        MissingVectors: A live fact has no vectors of this model.
        VectorDamaged: A stored vector fails its checksum.
    """
    rows = _rows(connection, head, model)
    return _view(head, *_decoded(name, rows, model))


def catch_up(connection: Connection, name: str, head: Head, model: ModelRow, base: View) -> View | None:
    """Apply the changes after `base` to it.

    Returns:
        The view as of `head.revision`; None when the log does not lead from `base` to there.

    Raises:
        MissingVectors: A live fact has no vectors of this model.
        VectorDamaged: A stored vector fails its checksum.
    """
    log = connection.execute(
        select(changes.c.revision, changes.c.op, changes.c.seq)
        .where(changes.c.memory_id == head.memory_id)
        .where(changes.c.revision > base.revision, changes.c.revision <= head.revision)
    ).all()
    if {row.revision for row in log} != set(range(base.revision + 1, head.revision + 1)):
        return None
    kept = ~np.isin(base.seqs, [row.seq for row in log if row.op == "delete"])
    seqs, vectors = base.seqs[kept], base.vectors[kept]
    texts = tuple(text for text, keep in zip(base.texts, kept.tolist(), strict=True) if keep)
    added = [row.seq for row in log if row.op == "add"]
    if added:
        # Numbers only grow: whatever the log added lies behind everything that `base` has seen.
        rows = _rows(connection, head, model, facts.c.seq >= min(added))
        new_seqs, new_texts, new_vectors = _decoded(name, rows, model)
        seqs = np.concatenate([seqs, new_seqs])
        texts += new_texts
        vectors = np.concatenate([vectors, new_vectors])
    return _view(head, seqs, texts, vectors)


def live_at(revision: int) -> ColumnElement[bool]:
    """Facts that a memory held as of a revision."""
    return and_(
        facts.c.created_revision <= revision,
        or_(facts.c.deleted_revision.is_(None), facts.c.deleted_revision > revision),
    )


def _rows(
    connection: Connection, head: Head, model: ModelRow, *conditions: ColumnElement[bool]
) -> Sequence[Row[*tuple[Any, ...]]]:
    its_vector = and_(
        fact_vectors.c.memory_id == facts.c.memory_id,
        fact_vectors.c.model_id == model.model_id,
        fact_vectors.c.seq == facts.c.seq,
    )
    return connection.execute(
        select(facts.c.seq, facts.c.text, fact_vectors.c.vector, fact_vectors.c.crc32)
        .select_from(facts.outerjoin(fact_vectors, its_vector))
        .where(facts.c.memory_id == head.memory_id, live_at(head.revision), *conditions)
        .order_by(facts.c.seq)
    ).all()


def _decoded(
    name: str, rows: Sequence[Row[*tuple[Any, ...]]], model: ModelRow
) -> tuple[np.ndarray, tuple[str, ...], np.ndarray]:
    missing = sum(row.vector is None for row in rows)
    if missing:
        raise MissingVectors(name, missing)
    seqs = np.array([row.seq for row in rows], np.int64)
    stored = [(row.seq, row.vector, row.crc32) for row in rows]
    return seqs, tuple(row.text for row in rows), decode(name, stored, model)


def _view(head: Head, seqs: np.ndarray, texts: tuple[str, ...], vectors: np.ndarray) -> View:
    seqs.flags.writeable = False
    vectors.flags.writeable = False
    return View(head.memory_id, head.revision, seqs, texts, vectors)
