"""An index against NumPy: whether a freshly loaded view finds what is in the rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float32, Int64
from sqlalchemy import Engine, and_, select

from memnet.store.base import StoreBase
from memnet.store.database import reading
from memnet.store.listing import live_at
from memnet.store.schema import fact_vectors, facts
from memnet.store.schema import models as models_table

_PAGE = 2000

_QUERIES = 4
"""Facts whose own vectors are the questions to an index, spread over the memory."""

_LIMIT = 32

_TOLERANCE = 1e-4
"""Relative to the largest score: FAISS and NumPy add up in different orders."""


def differences(engine: Engine, name: str, model_id: int) -> list[str]:
    """Ask a freshly loaded view's indexes, and NumPy on the rows of the same revision: where they differ."""
    # A store of its own: what it loads was in nobody's cache.
    view = StoreBase(engine, cache_bytes=0).view(name, model_id)
    asked = np.unique(np.linspace(0, len(view.seqs) - 1, _QUERIES).astype(np.int64))
    questions = view.seqs[asked]
    vectors = dict(_vectors(engine, view.memory_id, model_id, view.revision, questions))
    if len(vectors) != len(questions):
        return ["the index holds facts that are not in the database"]
    queries = np.stack([vectors[int(seq)] for seq in questions])
    spaces = queries.shape[1]
    scores: list[list[np.ndarray]] = [[] for _ in range(spaces)]
    seqs: list[int] = []
    page: list[tuple[int, np.ndarray]] = []

    def compare() -> None:
        seqs.extend(seq for seq, _ in page)
        rows = np.stack([vector for _, vector in page])
        for space in range(spaces):
            scores[space].append(queries[:, space] @ rows[:, space].T)
        page.clear()

    for item in _vectors(engine, view.memory_id, model_id, view.revision, None):
        page.append(item)
        if len(page) == _PAGE:
            compare()
    if page:
        compare()
    different = []
    for space in range(spaces):
        found, said = view.index(space).search(queries[:, space], min(_LIMIT, len(seqs)))
        if not _agree(np.array(seqs, np.int64), np.concatenate(scores[space], axis=1), found, said):
            where = f"the index of space {space}"
            different.append(f"{where} does not find what is in the database at revision {view.revision}")
    return different


def _agree(
    seqs: Int64[np.ndarray, " facts"],
    scores: Float32[np.ndarray, "queries facts"],
    found: Int64[np.ndarray, "queries found"],
    said: Float32[np.ndarray, "queries found"],
) -> bool:
    """Whether an index gave the best facts and their scores; equal scores may stand in any order."""
    if found.shape[1] != min(_LIMIT, len(seqs)):
        return False
    positions = np.searchsorted(seqs, found)
    if (positions == len(seqs)).any() or (seqs[positions] != found).any():
        return False
    tolerance = _TOLERANCE * max(1.0, float(np.abs(scores).max()))
    best = -np.sort(-scores, axis=1)[:, : found.shape[1]]
    given = np.take_along_axis(scores, positions, axis=1)
    distinct = all(len(set(row)) == len(row) for row in found.tolist())
    return bool(
        distinct
        and np.allclose(given, said, rtol=0, atol=tolerance)
        and np.allclose(best, said, rtol=0, atol=tolerance)
    )


def _vectors(
    engine: Engine, memory_id: int, model_id: int, revision: int, seqs: Int64[np.ndarray, " facts"] | None
) -> Iterator[tuple[int, Float32[np.ndarray, "spaces dim"]]]:
    """Vectors of the facts live at a revision, or of some of them, in order."""
    its_vector = and_(fact_vectors.c.memory_id == facts.c.memory_id, fact_vectors.c.seq == facts.c.seq)
    statement = (
        select(facts.c.seq, fact_vectors.c.vector, models_table.c.spaces, models_table.c.dim)
        .select_from(
            facts.join(fact_vectors, its_vector).join(
                models_table, fact_vectors.c.model_id == models_table.c.model_id
            )
        )
        .where(
            facts.c.memory_id == memory_id,
            fact_vectors.c.model_id == model_id,
            live_at(revision),
        )
        .order_by(facts.c.seq)
        .execution_options(yield_per=_PAGE)
    )
    if seqs is not None:
        statement = statement.where(facts.c.seq.in_(seqs.tolist()))
    with reading(engine) as connection:
        for seq, vector, spaces, dim in connection.execute(statement):
            yield seq, np.frombuffer(vector, "<f4").reshape(spaces, dim).astype(np.float32)
