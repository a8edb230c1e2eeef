"""From rows to views: a full load, or the last view and the log rows it has not seen.

Both give the same bits, because both copy the same stored bytes in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int64
from sqlalchemy import ColumnElement, Connection, Row, and_, select

from memnet.errors import MissingVectors
from memnet.store import retention
from memnet.store.failpoints import hit
from memnet.store.listing import live_at
from memnet.store.memories import Head
from memnet.store.rows import ModelRow
from memnet.store.schema import changes, fact_vectors, facts
from memnet.store.segment import Part, Segment, grow
from memnet.store.vectors import decode
from memnet.store.view import View
from memnet.store.writes import NewFacts, Write

_PAGE = 500
"""Facts that are Python objects at a time: more of them fall out of the processor's caches, and loading a
million facts takes half as long again."""

_WHOLE = 5_000
"""A server's cursor for anything smaller would cost more than it saves."""


def load(connection: Connection, name: str, head: Head, model: ModelRow, *, half: bool = False) -> View:
    """Read a whole memory as of `head.revision`, into one segment.

    Raises:
        MissingVectors: A live fact has no vectors of this model.
        VectorDamaged: A stored vector fails its checksum.
    """
    part = Part(_segment(connection, name, head, model, half=half))
    part = retention.loaded(connection, head, model.model_id, part)
    last_seq = _newest(connection, head) if head.past else head.last_seq
    return View(head.memory_id, head.revision, (part,), last_seq)


def catch_up(
    connection: Connection, name: str, head: Head, model: ModelRow, base: View, *, half: bool = False
) -> View | None:
    """Apply the changes after `base` to it; costs what they hold, not what the memory holds.

    Returns:
        The view as of `head.revision`; None when the log does not lead from `base` to there.

    Raises:
        MissingVectors: A live fact has no vectors of this model.
        VectorDamaged: A stored vector fails its checksum.
    """
    if base.revision < head.log_floor:
        return None
    log = connection.execute(
        select(changes.c.revision, changes.c.op, changes.c.seq)
        .where(changes.c.memory_id == head.memory_id)
        .where(changes.c.revision > base.revision, changes.c.revision <= head.revision)
    ).all()
    hit("read.log")
    if {row.revision for row in log} != set(range(base.revision + 1, head.revision + 1)):
        return None
    gone = np.array([row.seq for row in log if row.op in ("delete", "erase")], np.int64)
    return advance(connection, name, head, model, base, gone, half=half)


def advance(
    connection: Connection,
    name: str,
    head: Head,
    model: ModelRow,
    base: View,
    gone: Int64[np.ndarray, " gone"],
    *,
    half: bool = False,
) -> View:
    """A view as of `head.revision` from one before it: what was added since is read, what is gone is given.

    Raises:
        MissingVectors: A live fact has no vectors of this model.
        VectorDamaged: A stored vector fails its checksum.
    """
    segment, last_seq = None, base.last_seq
    if head.last_seq > base.last_seq:
        # Numbers only grow: whatever was added lies behind everything that `base` has seen.
        added = facts.c.seq.between(base.last_seq + 1, head.last_seq)
        segment = _segment(connection, name, head, model, added, half=half)
        last_seq = _newest(connection, head) if head.past else head.last_seq
    parts = grow(base.parts, gone, segment)
    parts = retention.advanced(connection, head, model.model_id, parts, gone=gone, after_seq=base.last_seq)
    return View(head.memory_id, head.revision, parts, last_seq)


def told(base: View, revision: int, new: NewFacts, of: Sequence[Write], *, half: bool = False) -> View:
    """A view after facts were told to it, from what was told: the bits are those of `catch_up`."""
    nothing = np.empty(0, np.int64)
    parts = grow(base.parts, nothing, Segment.of(new.seqs, tuple(new.texts), new.vectors, half=half))
    parts = retention.told(parts, of)
    return View(base.memory_id, revision, parts, int(new.seqs[-1]))


def _newest(connection: Connection, head: Head) -> int:
    """The newest fact that is stored and was added at a revision of the past or before."""
    statement = (
        select(facts.c.seq)
        .where(facts.c.memory_id == head.memory_id, facts.c.created_revision <= head.revision)
        .order_by(facts.c.seq.desc())
        .limit(1)
    )
    return connection.execute(statement).scalar_one_or_none() or 0


def _segment(
    connection: Connection,
    name: str,
    head: Head,
    model: ModelRow,
    *conditions: ColumnElement[bool],
    half: bool,
) -> Segment:
    """Read facts that live as of `head.revision`, with their vectors."""
    seqs: list[int] = []
    texts: list[str] = []
    vectors = [np.empty((0, model.spaces, model.dim), np.float32)]
    missing = 0
    hit("read.rows")
    for page in _pages(connection, head, model, *conditions):
        some_seqs, some_texts, data, crcs = zip(*page, strict=True)
        seqs += some_seqs
        texts += some_texts
        missing += data.count(None)
        if not missing:
            vectors.append(decode(name, some_seqs, data, crcs, model))
    if missing:
        raise MissingVectors(name, missing)
    hit("read.decoded")
    return Segment.joined(np.array(seqs, np.int64), tuple(texts), vectors, half=half)


def _pages(
    connection: Connection, head: Head, model: ModelRow, *conditions: ColumnElement[bool]
) -> Iterator[Sequence[Row[*tuple[Any, ...]]]]:
    its_vector = and_(
        fact_vectors.c.memory_id == facts.c.memory_id,
        fact_vectors.c.model_id == model.model_id,
        fact_vectors.c.seq == facts.c.seq,
    )
    statement = (
        select(facts.c.seq, facts.c.text, fact_vectors.c.vector, fact_vectors.c.crc32)
        .select_from(facts.outerjoin(fact_vectors, its_vector))
        .where(facts.c.memory_id == head.memory_id, live_at(head.revision), *conditions)
        .order_by(facts.c.seq)
    )
    if head.live_count > _WHOLE:
        statement = statement.execution_options(yield_per=_PAGE)
    return connection.execute(statement).partitions(_PAGE)
