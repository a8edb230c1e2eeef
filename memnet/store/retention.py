"""Retention: what the later writes left of each fact of a view.

    r_i = sum of log(1 - g_ti) over the live writers t > i        (0 when nothing superseded fact i)

The sum is taken in float64 in the order of the writers, and anew for every target that lost a writer, never
by subtraction: a view that followed the log and one that was loaded whole have the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64
from sqlalchemy import ColumnElement, Connection, select

from memnet.store.failpoints import hit
from memnet.store.memories import Head
from memnet.store.schema import writes
from memnet.store.segment import Part
from memnet.store.statements import batched, numbers
from memnet.store.writes import Write

_PER_STATEMENT = 500

_ROW = np.dtype([("writer", np.int64), ("target", np.int64), ("gate", np.float32)])


def loaded(connection: Connection, head: Head, model_id: int, part: Part) -> Part:
    """A whole memory in one part, with what its own writers left of each fact."""
    found = _read(connection, head, model_id).of_live(part.has)
    hit("read.writes")
    return part if found.none else part.faded(np.empty(0, np.int64), found.targets, found.terms())


def advanced(
    connection: Connection,
    head: Head,
    model_id: int,
    parts: Sequence[Part],
    *,
    gone: Int64[np.ndarray, " gone"],
    after_seq: int,
) -> tuple[Part, ...]:
    """The parts of a memory after a change, with what is left of each fact.

    Args:
        connection: The read transaction of the change.
        head: Where the memory stands after it.
        model_id: Whose gates.
        parts: Without the facts that were forgotten, with those that were added.
        gone: Facts that were forgotten.
        after_seq: The newest fact before the change.
    """

    def has(seqs: np.ndarray) -> Bool[np.ndarray, " seqs"]:
        found = np.zeros(len(seqs), bool)
        for part in parts:
            found |= part.has(seqs)
        return found

    lost = _targets_of(connection, head, model_id, gone.tolist())
    found = []
    if head.last_seq > after_seq:
        new = writes.c.writer_seq.between(after_seq + 1, head.last_seq)
        found.append(_read(connection, head, model_id, new).without_targets(lost))
    found += [
        _read(connection, head, model_id, writes.c.target_seq.in_(some))
        for some in batched(lost.tolist(), _PER_STATEMENT)
    ]
    hit("read.writes")
    rows = _Rows.joined(found).of_live(has)
    if rows.none and not len(lost):
        return tuple(parts)
    return tuple(part.faded(lost, rows.targets, rows.terms()) for part in parts)


def told(parts: Sequence[Part], of: Sequence[Write]) -> tuple[Part, ...]:
    """The parts of a memory after writes of new facts, which are in them already: what `advanced` reads."""
    nothing = np.empty(0, np.int64)
    targets = np.concatenate([nothing, *(write.targets for write in of)])
    gates = np.concatenate([np.empty(0, np.float32), *(write.gates for write in of)])
    if not gates.any():
        return tuple(parts)
    # Each writer names a target once, so the order of its targets is none of the sums.
    terms = _terms(gates)
    return tuple(part.faded(nothing, targets, terms) for part in parts)


def _terms(gates: Float32[np.ndarray, " rows"]) -> Float64[np.ndarray, " rows"]:
    """log(1 - gate); minus infinity where nothing is left."""
    with np.errstate(divide="ignore"):
        terms: np.ndarray = np.log1p(-gates.astype(np.float64))
    return terms


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Rows of `writes`, in the order of writers and targets."""

    writers: Int64[np.ndarray, " rows"]
    targets: Int64[np.ndarray, " rows"]
    gates: Float32[np.ndarray, " rows"]

    @classmethod
    def joined(cls, several: Sequence[_Rows]) -> _Rows:
        """All rows of several, in order."""
        if not several:
            return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))
        whole = cls(
            np.concatenate([rows.writers for rows in several]),
            np.concatenate([rows.targets for rows in several]),
            np.concatenate([rows.gates for rows in several]),
        )
        return whole._picked(np.lexsort((whole.targets, whole.writers)))

    @property
    def none(self) -> bool:
        """Whether there is no row."""
        return not len(self.writers)

    def of_live(self, has: Callable[[np.ndarray], Bool[np.ndarray, " seqs"]]) -> _Rows:
        """The rows whose writer and target live."""
        return self if self.none else self._picked(has(self.writers) & has(self.targets))

    def without_targets(self, seqs: Int64[np.ndarray, " seqs"]) -> _Rows:
        """The rows of other targets."""
        return self._picked(~np.isin(self.targets, seqs)) if len(seqs) else self

    def terms(self) -> Float64[np.ndarray, " rows"]:
        """What each adds to the sum of its target."""
        return _terms(self.gates)

    def _picked(self, which: np.ndarray) -> _Rows:
        return _Rows(self.writers[which], self.targets[which], self.gates[which])


def _read(connection: Connection, head: Head, model_id: int, *conditions: ColumnElement[bool]) -> _Rows:
    found = numbers(
        connection,
        select(writes.c.writer_seq, writes.c.target_seq, writes.c.gate)
        .where(writes.c.memory_id == head.memory_id, writes.c.model_id == model_id, *conditions)
        .order_by(writes.c.writer_seq, writes.c.target_seq),
    )
    rows = np.array(found, _ROW)
    return _Rows(*(np.ascontiguousarray(rows[name]) for name in rows.dtype.names or ()))


def _targets_of(
    connection: Connection, head: Head, model_id: int, writers: Iterable[int]
) -> Int64[np.ndarray, " targets"]:
    targets: set[int] = set()
    for some in batched(writers, _PER_STATEMENT):
        statement = select(writes.c.target_seq).where(
            writes.c.memory_id == head.memory_id,
            writes.c.model_id == model_id,
            writes.c.writer_seq.in_(some),
        )
        targets |= set(connection.execute(statement).scalars())
    return np.array(sorted(targets), np.int64)
