"""Writes: how far a new fact supersedes the facts before it.

A write is rows of writer, target and gate. Nothing of a target is overwritten: what is left of it is summed
when a view is made (`retention`). So forgetting the writer undoes what it did, and a read of the past knows
only the writers of then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int64
from sqlalchemy import Connection, Double, Insert, and_, bindparam, case, cast, delete, func, insert, select

from memnet.errors import FactNotFound, InputError, MemoryMoved
from memnet.store.ids import MAX_SEQ
from memnet.store.listing import live_at
from memnet.store.memories import Head
from memnet.store.prepared import insert_rows
from memnet.store.rows import Gate
from memnet.store.schema import facts, models, writes
from memnet.store.statements import batched, insert_if_absent, numbers
from memnet.store.view import View

_PER_STATEMENT = 500

_INSERT = insert(writes)

_EVERYTHING = -1e9
"""What a gate of 1 leaves, as a logarithm: SQL has no infinity that both databases know."""


@dataclass(frozen=True, slots=True, eq=False)
class Write:
    """What one fact does to facts before it."""

    targets: Int64[np.ndarray, " targets"]
    """Which facts, by `seq`; each once."""
    gates: Float32[np.ndarray, " targets"]
    """How far each is superseded, in [0, 1]; a gate of 0 does nothing and is not kept."""

    @classmethod
    def nothing(cls) -> Write:
        """A fact that leaves all others as they are."""
        return cls(np.empty(0, np.int64), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True)
class Writes:
    """What new facts do, computed from the facts of one revision."""

    revision: int
    """Of the view they were computed from."""
    of: Sequence[Write]
    """One per new fact, in order. The new facts are numbered from `View.last_seq + 1` on, so one of them may
    name those before it."""
    view: tuple[int, tuple[str, int]] | None = None
    """Number of the memory that was seen and the epoch it was seen in, if the targets are known to live in
    that view or to be new; None when it is to be looked up."""


@dataclass(frozen=True, slots=True)
class Superseded:
    """The writes of one fact, as of a revision: those between facts that lived then."""

    revision: int
    supersedes: tuple[Gate, ...]
    """Earlier facts, ascending, and how far this one supersedes them."""
    superseded_by: tuple[Gate, ...]
    """Later facts, ascending, and how far they supersede this one."""


@dataclass(frozen=True, slots=True, eq=False)
class NewFacts:
    """Facts that are about to be told, together."""

    seqs: Int64[np.ndarray, " facts"]
    """Ascending; with gaps where facts were erased since."""
    texts: Sequence[str]
    vectors: Float32[np.ndarray, "facts spaces dim"]


Gates = Callable[[View, NewFacts], Sequence[Write]]
"""What new facts do to a memory as it was before them, and to one another: one write per fact."""


@dataclass(frozen=True, slots=True)
class Restoring:
    """What becomes of facts when those are forgotten that superseded them."""

    model_id: int
    """Whose gates."""
    of: Callable[
        [View, Sequence[int], Int64[np.ndarray, " rows"], Float32[np.ndarray, " rows"]],
        tuple[Sequence[int], Sequence[Write]],
    ]
    """From the memory as it was, the facts that go, their targets and gates: facts that stay, and a write of
    each. Those that are stored already stay as they are."""


def check_writes(of: Sequence[Write], count: int) -> None:
    """Make sure that writes are those of `count` new facts.

    Raises:
        InputError: Another number of them, arrays of another shape or dtype, a gate outside [0, 1], or a
            target that is named twice.
    """
    if len(of) != count:
        raise InputError(f"{count} facts came with the writes of {len(of)}")
    for number, write in enumerate(of, start=1):
        where = f"the write of fact {number}"
        targets, gates = write.targets, write.gates
        if targets.dtype != np.int64 or gates.dtype != np.float32:
            raise InputError(
                f"{where} has {targets.dtype} targets and {gates.dtype} gates, expected int64 and float32"
            )
        if targets.ndim != 1 or targets.shape != gates.shape:
            raise InputError(
                f"{where} has targets of shape {targets.shape} and gates of shape {gates.shape}, "
                "expected one gate per target"
            )
        if not len(targets):
            continue
        inside = (gates >= 0) & (gates <= 1)
        if not inside.all():
            raise InputError(f"{where} has a gate of {gates[np.argmin(inside)]}, expected 0 to 1")
        # Most come ascending.
        if not (targets[1:] > targets[:-1]).all() and len(np.unique(targets)) != len(targets):
            raise InputError(f"{where} names a target twice")


def check_targets(view: View, new: NewFacts, of: Sequence[Write]) -> None:
    """Make sure that new facts write to live facts before them, or to one another in order.

    Raises:
        InputError: They do not.
    """
    counts = [len(write.targets) for write in of]
    if not any(counts):
        return
    targets = np.concatenate([write.targets for write in of])
    writers = np.repeat(new.seqs, counts)
    held = np.concatenate([view.seqs, new.seqs])
    # Ascending, and never empty: there are new facts.
    places = np.minimum(np.searchsorted(held, targets), len(held) - 1)
    wrong = np.flatnonzero((targets >= writers) | (held[places] != targets))
    if len(wrong):
        writer, target = writers[wrong[0]], targets[wrong[0]]
        raise InputError(f"fact {writer} cannot supersede fact {target}, only live facts before it")


def check_unmoved(computed: Writes, revision: int, name: str, memory_id: int, epoch: tuple[str, int]) -> None:
    """Make sure that nothing happened to a memory since writes were computed.

    Raises:
        MemoryMoved: Something did.
    """
    if computed.revision != revision:
        raise MemoryMoved(
            f"the writes were computed from revision {computed.revision} of memory '{name}', "
            f"which is at revision {revision}"
        )
    if computed.view not in (None, (memory_id, epoch)):
        raise MemoryMoved(f"the writes were computed from what memory '{name}' was before it was replaced")


def append(
    connection: Connection, memory_id: int, model_id: int, name: str, seqs: Sequence[int], computed: Writes
) -> None:
    """Store what new facts do.

    Args:
        connection: A write transaction that holds the memory's row lock.
        memory_id: Which memory.
        model_id: The model that computed the gates.
        name: The memory's name, for the message.
        seqs: The new facts.
        computed: One write each, checked.

    Raises:
        InputError: A target that is not before its writer.
        FactNotFound: A target that does not live.
    """
    of = computed.of
    if computed.view is None:
        _check_live(connection, memory_id, name, seqs, of)
    _insert(connection, _INSERT, memory_id, model_id, seqs, of)


def _check_live(
    connection: Connection, memory_id: int, name: str, seqs: Sequence[int], of: Sequence[Write]
) -> None:
    old = set().union(*(write.targets.tolist() for write in of)) - set(seqs)
    for seq, write in zip(seqs, of, strict=True):
        if len(write.targets) and int(write.targets.max()) >= seq:
            raise InputError(
                f"fact {seq} cannot supersede fact {int(write.targets.max())}, only facts before it"
            )
    live: set[int] = set()
    for some in batched(sorted(seq for seq in old if 1 <= seq <= MAX_SEQ), _PER_STATEMENT):
        alive = select(facts.c.seq).where(
            facts.c.memory_id == memory_id, facts.c.seq.in_(some), facts.c.deleted_revision.is_(None)
        )
        live |= set(connection.execute(alive).scalars())
    if old - live:
        raise FactNotFound(name, str(min(old - live)))


def fill(
    connection: Connection, memory_id: int, model_id: int, seqs: Sequence[int], of: Sequence[Write]
) -> None:
    """Store what facts do that are there already; what is stored stays.

    Args:
        connection: A write transaction that holds the memory's row lock.
        memory_id: Which memory.
        model_id: The model that computed the gates.
        seqs: The facts.
        of: One write each, checked, of targets that have rows.
    """
    _insert(connection, insert_if_absent(connection, writes), memory_id, model_id, seqs, of)


def of_writers(
    connection: Connection, memory_id: int, model_id: int, seqs: Sequence[int]
) -> tuple[Int64[np.ndarray, " rows"], Float32[np.ndarray, " rows"]]:
    """Targets and gates of some writers."""
    rows: list[tuple[int, float]] = []
    for some in batched(list(seqs), _PER_STATEMENT):
        statement = select(writes.c.target_seq, writes.c.gate).where(
            writes.c.memory_id == memory_id, writes.c.model_id == model_id, writes.c.writer_seq.in_(some)
        )
        rows += numbers(connection, statement)
    return np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.float32)


def erase(connection: Connection, memory_id: int, seqs: Sequence[int]) -> None:
    """Remove what facts did and what was done to them, of every model."""
    # With its models named, the writer is found by the primary key.
    of_any_model = writes.c.model_id.in_(select(models.c.model_id))
    for whose in (and_(of_any_model, writes.c.writer_seq.in_(seqs)), writes.c.target_seq.in_(seqs)):
        connection.execute(delete(writes).where(writes.c.memory_id == memory_id, whose))


def superseded(
    connection: Connection,
    head: Head,
    model_id: int | None,
    seqs: Iterable[int],
    *,
    at_least: float = 0.0,
    most: int | None = None,
) -> Iterator[Superseded]:
    """The writes of facts, one after the other; see `FactStore.superseded` and `superseded_of`."""
    # Made once: a statement takes longer to make than to run.
    sides = []
    for here, there, nearest in (
        (writes.c.writer_seq, writes.c.target_seq, writes.c.target_seq.desc()),
        (writes.c.target_seq, writes.c.writer_seq, writes.c.writer_seq),
    ):
        other = and_(facts.c.memory_id == writes.c.memory_id, facts.c.seq == there)
        sides.append(
            select(there, writes.c.gate)
            .select_from(writes.join(facts, other))
            .where(
                writes.c.memory_id == head.memory_id,
                writes.c.model_id == model_id,
                here == bindparam("seq"),
                writes.c.gate >= at_least,
                live_at(head.revision),
            )
            .order_by(nearest)
            .limit(most)
        )
    for seq in seqs:
        found = [sorted(connection.execute(side, {"seq": seq}).all()) for side in sides]
        yield Superseded(head.revision, *(tuple(Gate(*row) for row in rows) for rows in found))


def written_by(
    connection: Connection, memory_id: int, model_id: int, seqs: Sequence[int]
) -> dict[int, tuple[Gate, ...]]:
    """What facts superseded when they were told, by writer; see `FactStore.written_by`."""
    found: dict[int, list[Gate]] = {seq: [] for seq in seqs}
    for some in batched(list(seqs), _PER_STATEMENT):
        of_these = (
            select(writes.c.writer_seq, writes.c.target_seq, writes.c.gate)
            .where(
                writes.c.memory_id == memory_id,
                writes.c.model_id == model_id,
                writes.c.writer_seq.in_(some),
            )
            .order_by(writes.c.writer_seq, writes.c.target_seq)
        )
        for writer, target, gate in numbers(connection, of_these):
            # A server says the shortest number that float32 cannot tell from the one that was written.
            found[writer].append(Gate(target, float(np.float32(gate))))
    return {seq: tuple(gates) for seq, gates in found.items()}


def gates_of(seqs: Sequence[int], of: Sequence[Write]) -> dict[int, tuple[Gate, ...]]:
    """The same of writes that were computed just now."""
    writers, targets, gates = _flat(seqs, of)
    ends = np.searchsorted(writers, seqs, side="right").tolist()
    rows = tuple(map(Gate._make, zip(targets.tolist(), gates.tolist(), strict=True)))
    return {seq: rows[start:end] for seq, start, end in zip(seqs, [0, *ends], ends, strict=False)}


def count_below(connection: Connection, head: Head, model_id: int, least: float) -> int:
    """How many facts that live as of `head.revision` have less left than `least`, a logarithm."""
    target, writer = facts.alias("target"), facts.alias("writer")
    gate = cast(writes.c.gate, Double)
    took = case((gate < 1, func.ln(1 - gate)), else_=_EVERYTHING)
    its_writer = and_(writer.c.memory_id == writes.c.memory_id, writer.c.seq == writes.c.writer_seq)
    its_target = and_(target.c.memory_id == writes.c.memory_id, target.c.seq == writes.c.target_seq)
    below = (
        select(writes.c.target_seq)
        .select_from(writes.join(writer, its_writer).join(target, its_target))
        .where(
            writes.c.memory_id == head.memory_id,
            writes.c.model_id == model_id,
            live_at(head.revision, writer),
            live_at(head.revision, target),
        )
        .group_by(writes.c.target_seq)
        .having(func.sum(took) < least)
        .subquery()
    )
    return connection.execute(select(func.count()).select_from(below)).scalar_one()


def _flat(
    seqs: Sequence[int], of: Sequence[Write]
) -> tuple[Int64[np.ndarray, " rows"], Int64[np.ndarray, " rows"], Float32[np.ndarray, " rows"]]:
    """Writers, targets and gates of all writes, without those that do nothing, in order."""
    writers = np.repeat(np.array(seqs, np.int64), [len(write.targets) for write in of])
    targets = np.concatenate([np.empty(0, np.int64), *(write.targets for write in of)])
    gates = np.concatenate([np.empty(0, np.float32), *(write.gates for write in of)])
    kept = np.lexsort((targets, writers))
    kept = kept[gates[kept] > 0]
    return writers[kept], targets[kept], gates[kept]


def _insert(
    connection: Connection,
    statement: Insert,
    memory_id: int,
    model_id: int,
    seqs: Sequence[int],
    of: Sequence[Write],
) -> None:
    writers, targets, gates = (each.tolist() for each in _flat(seqs, of))
    insert_rows(connection, statement, memory_id, model_id, writers, targets, gates)
