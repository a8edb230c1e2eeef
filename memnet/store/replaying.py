"""Telling a memory to another model again: vectors and writes as if that model had been there from the start.

What a fact supersedes depends on what the memory held when it was told. So the facts are replayed in the
order of their revisions, forgotten ones included, each revision against the memory as it was before it.
Afterwards every revision that can be read has the gates that the model would have given it at the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int64
from sqlalchemy import Connection, exists, func, select

from memnet.store import listing, loading, memories, writes
from memnet.store.memories import Head
from memnet.store.rows import ModelRow
from memnet.store.schema import fact_vectors, facts
from memnet.store.view import View
from memnet.store.writes import Gates, NewFacts, check_targets, check_writes

Encode = Callable[[Sequence[str]], np.ndarray]
"""Texts to vectors, float32 [facts, spaces, dim]."""

Transaction = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True, slots=True)
class _Told:
    """What one revision added and is still stored."""

    revision: int
    seqs: tuple[int, ...]
    texts: tuple[str, ...]


class Replay:
    """One pass over the facts of a memory that have no vectors of a model."""

    def __init__(
        self,
        name: str,
        model: ModelRow,
        encode: Encode,
        gates: Gates,
        reading: Transaction,
        writing: Transaction,
    ) -> None:
        """Prepare a pass.

        Args:
            name: Which memory.
            model: The model to come.
            encode: Makes its vectors; they are checked.
            gates: Computes its gates.
            reading: Opens a read transaction.
            writing: Opens a write transaction; the encoding is done between the two.
        """
        self._name = name
        self._model = model
        self._encode = encode
        self._gates = gates
        self._reading = reading
        self._writing = writing
        self.complete = False
        """Whether the pass came to its end: facts that were erased on the way make it begin anew."""

    def steps(self) -> Iterator[int]:
        """Do one revision at each step: how many facts it told.

        Raises:
            MemoryNotFound: There is no such memory.
            InputError: Vectors or writes that are not those of the model.
        """
        with self._reading() as connection:
            head = memories.head(connection, self._name)
            forgotten = _forgotten(connection, head)
        view: View | None = None
        after = 0
        while True:
            with self._reading() as connection:
                if not self._unmoved(connection, head):
                    return
                told = _next(connection, head, self._model.model_id, after)
                if told is None:
                    self.complete = True
                    return
                view = self._before(connection, head, told, view, forgotten)
            vectors = self._encode(told.texts)
            new = NewFacts(np.array(told.seqs, np.int64), told.texts, vectors)
            of = self._gates(view, new)
            check_writes(of, len(told.seqs))
            check_targets(view, new, of)
            with self._writing() as connection:
                memory_id = memories.lock(connection, self._name)
                # What was erased since must not come back, neither as a fact nor as a target.
                if not self._unmoved(connection, head):
                    return
                listing.fill_vectors(
                    connection, memory_id, self._name, self._model.model_id, told.seqs, vectors
                )
                writes.fill(connection, memory_id, self._model.model_id, told.seqs, of)
            after = told.seqs[-1]
            yield len(told.seqs)

    def _unmoved(self, connection: Connection, head: Head) -> bool:
        now = memories.head(connection, self._name)
        return (now.memory_id, now.epoch) == (head.memory_id, head.epoch)

    def _before(
        self,
        connection: Connection,
        head: Head,
        told: _Told,
        view: View | None,
        forgotten: tuple[Int64[np.ndarray, " forgotten"], Int64[np.ndarray, " forgotten"]],
    ) -> View:
        """The memory as it was before a revision, from what it was before an earlier one."""
        then = replace(head, revision=told.revision - 1, last_seq=told.seqs[0] - 1)
        if view is None:
            return loading.load(connection, self._name, then, self._model)
        seqs, revisions = forgotten
        since, until = np.searchsorted(revisions, [view.revision, then.revision], side="right")
        return loading.advance(connection, self._name, then, self._model, view, seqs[since:until])


def _forgotten(
    connection: Connection, head: Head
) -> tuple[Int64[np.ndarray, " forgotten"], Int64[np.ndarray, " forgotten"]]:
    """Forgotten facts and the revisions that forgot them, in the order of these."""
    rows = connection.execute(
        select(facts.c.seq, facts.c.deleted_revision)
        .where(facts.c.memory_id == head.memory_id, facts.c.deleted_revision.is_not(None))
        .order_by(facts.c.deleted_revision)
    ).all()
    return np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.int64)


def _next(connection: Connection, head: Head, model_id: int, after: int) -> _Told | None:
    """The first revision behind a fact that told one without vectors of a model: all that it told."""
    mine = facts.c.memory_id == head.memory_id
    its_vector = exists().where(
        fact_vectors.c.memory_id == head.memory_id,
        fact_vectors.c.model_id == model_id,
        fact_vectors.c.seq == facts.c.seq,
    )
    first = connection.execute(
        select(facts.c.seq, facts.c.created_revision)
        .where(mine, facts.c.seq > after, facts.c.created_revision <= head.revision, ~its_vector)
        .order_by(facts.c.seq)
        .limit(1)
    ).one_or_none()
    if first is None:
        return None
    # Numbers and revisions grow together, so what one revision told lies side by side.
    neighbour = select(facts.c.seq).where(mine, facts.c.created_revision != first.created_revision).limit(1)
    before, behind = (
        connection.execute(statement).scalar_one_or_none()
        for statement in (
            neighbour.where(facts.c.seq < first.seq).order_by(facts.c.seq.desc()),
            neighbour.where(facts.c.seq > first.seq).order_by(facts.c.seq),
        )
    )
    rows = connection.execute(
        select(facts.c.seq, facts.c.text)
        .where(mine, facts.c.seq > (before or 0), facts.c.seq < func.coalesce(behind, facts.c.seq + 1))
        .order_by(facts.c.seq)
    ).all()
    return _Told(
        first.created_revision,
        tuple(row.seq for row in rows),
        tuple(row.text for row in rows),
    )
