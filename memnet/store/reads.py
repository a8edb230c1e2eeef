"""Reads that belong together: a memory, and its facts or its log, from one snapshot of the database.

A name can be given to another memory at any time. What is read here with its memory in one transaction never
mixes the two: the ids of facts are made with the uid of the memory that the facts are from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy import Connection, func, select

from memnet.errors import FactErased, FactNotFound, LogCompacted, MemoryMoved
from memnet.store import listing, memories, writes
from memnet.store.answers import with_facts
from memnet.store.base import StoreBase
from memnet.store.database import reading
from memnet.store.history import pinned
from memnet.store.ids import seq_of
from memnet.store.rows import FactRow, Gate, MemoryRow
from memnet.store.schema import answers, changes, fact_vectors, facts
from memnet.store.statements import batched
from memnet.store.writes import Superseded

_PER_STATEMENT = 500


@dataclass(frozen=True, slots=True)
class FactsRead:
    """Facts as of a revision, and their memory as it is."""

    memory: MemoryRow
    revision: int
    """The one that was read."""
    facts: tuple[FactRow, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What one revision did."""

    revision: int
    op: str
    """`add`, `delete`, `erase` or `model`."""
    seqs: tuple[int, ...]
    """To which facts; none for `model`."""
    created_at: datetime
    """Aware, UTC."""
    actor: str | None
    """The name of the key that asked for it; None where no key was asked for."""


@dataclass(frozen=True, slots=True)
class Log:
    """A part of the log, and its memory as it is."""

    memory: MemoryRow
    changes: tuple[Change, ...]
    """In order, one per revision, without gaps."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The state of a memory that somebody has seen."""

    uid: UUID
    revision: int


@dataclass(frozen=True, slots=True)
class Traces:
    """What there is of some facts."""

    memory: MemoryRow
    facts: int
    """Rows with their text."""
    forgotten: int
    """How many of these were forgotten before."""
    vectors: int
    """Vectors, of all models."""
    answers: int
    """Kept answers that may hold something of them."""


class Reads(StoreBase):
    """The part of the store that reads rows."""

    def fact_by_id(
        self,
        name: str,
        fact_id: UUID,
        *,
        as_of_revision: int | None = None,
        recorded_at: datetime | None = None,
    ) -> FactsRead:
        """The one live fact with this id.

        Raises:
            MemoryNotFound: There is no such memory.
            FactNotFound: No such fact, or it was forgotten, as of then.
            FactErased: It was erased.
            RevisionNotFound: The memory has no such revision.
            HistoryErased: Facts of that revision were erased since.
        """
        with reading(self._engine) as connection:
            memory = memories.get(connection, name)
            seq = seq_of(memory.uid, fact_id)
            if seq is None:
                raise FactNotFound(name, "with this id")
            if seq <= memory.last_seq and not _is_stored(connection, memory.memory_id, seq):
                raise FactErased(name, str(seq))
            head = pinned(connection, name, as_of_revision=as_of_revision, recorded_at=recorded_at)
            fact = listing.fact(connection, head, name, seq)
        return FactsRead(memory, head.revision, (fact,))

    def fact(self, name: str, seq: int, *, as_of_revision: int | None = None) -> FactRow:
        """One live fact.

        Raises:
            MemoryNotFound: There is no such memory.
            FactNotFound: No such fact, or it was forgotten, as of that revision.
            RevisionNotFound: The memory has no such revision.
            HistoryErased: Facts of that revision were erased since.
        """
        with reading(self._engine) as connection:
            head = pinned(connection, name, as_of_revision=as_of_revision)
            return listing.fact(connection, head, name, seq)

    def facts(
        self,
        name: str,
        *,
        after_seq: int = 0,
        limit: int = 50,
        descending: bool = False,
        as_of_revision: int | None = None,
        recorded_at: datetime | None = None,
    ) -> list[FactRow]:
        """Live facts in order, at most `limit`.

        Args:
            name: Which memory.
            after_seq: Where the page before ended; 0 for the first page, in either direction.
            limit: Most facts to return.
            descending: Newest first.
            as_of_revision: The facts that lived then; None for now.
            recorded_at: Those that lived at this moment; see `view`.

        Raises:
            MemoryNotFound: There is no such memory.
            RevisionNotFound: The memory has no such revision.
            HistoryErased: Facts of that revision were erased since.
        """
        with reading(self._engine) as connection:
            head = pinned(connection, name, as_of_revision=as_of_revision, recorded_at=recorded_at)
            return listing.page(connection, head, after_seq=after_seq, limit=limit, descending=descending)

    def read_facts(
        self,
        name: str,
        *,
        after_seq: int = 0,
        limit: int = 50,
        descending: bool = False,
        as_of_revision: int | None = None,
        recorded_at: datetime | None = None,
    ) -> FactsRead:
        """Live facts in order, with their memory; see `FactStore.facts`."""
        with reading(self._engine) as connection:
            head = pinned(connection, name, as_of_revision=as_of_revision, recorded_at=recorded_at)
            memory = memories.get(connection, name)
            page = listing.page(connection, head, after_seq=after_seq, limit=limit, descending=descending)
        return FactsRead(memory, head.revision, tuple(page))

    def read_memory(self, name: str, model_id: int, least: float) -> tuple[MemoryRow, int]:
        """A memory, and of how many of its facts later ones left less than `least`.

        Args:
            name: Which memory.
            model_id: Whose gates.
            least: A logarithm.

        Raises:
            MemoryNotFound: There is no such memory.
        """
        with reading(self._engine) as connection:
            head = memories.head(connection, name)
            return memories.get(connection, name), writes.count_below(connection, head, model_id, least)

    def superseded(
        self, name: str, seq: int, *, model_id: int | None = None, as_of_revision: int | None = None
    ) -> Superseded:
        """What a fact supersedes, and what it is superseded by.

        Args:
            name: Which memory.
            seq: Which fact.
            model_id: Whose gates; None for the model that the memory has now.
            as_of_revision: The facts that lived then; None for now.

        Raises:
            MemoryNotFound: There is no such memory.
            FactNotFound: No such fact, or it was forgotten, as of that revision.
            RevisionNotFound: The memory has no such revision.
            HistoryErased: Facts of that revision were erased since.
        """
        with reading(self._engine) as connection:
            head = pinned(connection, name, as_of_revision=as_of_revision)
            listing.fact(connection, head, name, seq)
            if model_id is None:
                model_id = memories.get(connection, name).active_model_id
            return next(writes.superseded(connection, head, model_id, [seq]))

    def superseded_of(
        self,
        name: str,
        seqs: Sequence[int],
        *,
        model_id: int,
        as_of_revision: int | None = None,
        at_least: float = 0.0,
        most: int | None = None,
    ) -> dict[int, Superseded]:
        """What several facts supersede and are superseded by; see `superseded`. Unknown ones have no writes.

        Args:
            name: Which memory.
            seqs: Which facts.
            model_id: Whose gates.
            as_of_revision: The facts that lived then; None for now.
            at_least: Leave out gates under this one.
            most: Of each fact only so many to either side: those nearest to it; None for all.

        Raises:
            MemoryNotFound: There is no such memory.
            RevisionNotFound: The memory has no such revision.
            HistoryErased: Facts of that revision were erased since.
        """
        with reading(self._engine) as connection:
            head = pinned(connection, name, as_of_revision=as_of_revision)
            found = writes.superseded(connection, head, model_id, seqs, at_least=at_least, most=most)
            return dict(zip(seqs, found, strict=True))

    def written_by(self, name: str, model_id: int, seqs: Sequence[int]) -> dict[int, tuple[Gate, ...]]:
        """What facts superseded when they were told, whether it lives or not: gates by writer.

        Args:
            name: Which memory.
            model_id: Whose gates.
            seqs: The writers.

        Raises:
            MemoryNotFound: There is no such memory.
        """
        with reading(self._engine) as connection:
            memory_id = memories.head(connection, name).memory_id
            return writes.written_by(connection, memory_id, model_id, seqs)

    def log(self, name: str, *, after_revision: int = 0, limit: int = 50) -> Log:
        """What the revisions behind one did, at most `limit` of them.

        Raises:
            MemoryNotFound: There is no such memory.
            LogCompacted: The log does not lead on from that revision.
        """
        with reading(self._engine) as connection:
            head = memories.head(connection, name)
            if after_revision < head.log_floor:
                raise LogCompacted(name, after_revision, head.log_floor)
            memory = memories.get(connection, name)
            # Revisions are counted without gaps, so the last one of the page is known before reading it.
            last = min(after_revision + limit, memory.revision)
            rows = connection.execute(
                select(
                    changes.c.revision,
                    changes.c.op,
                    changes.c.seq,
                    changes.c.created_at,
                    changes.c.actor,
                )
                .where(
                    changes.c.memory_id == head.memory_id,
                    changes.c.revision > min(after_revision, memory.revision),
                    changes.c.revision <= last,
                )
                .order_by(changes.c.revision, changes.c.seq)
            ).all()
        return Log(
            memory,
            tuple(
                Change(revision, op, tuple(row.seq for row in of_one if row.seq), created_at, actor)
                for (revision, op, created_at, actor), of_one in groupby(
                    rows, key=lambda row: (row.revision, row.op, row.created_at, row.actor)
                )
            ),
        )

    def revision_at(self, name: str, moment: datetime) -> int:
        """The last revision that was recorded at or before a moment.

        Raises:
            MemoryNotFound: There is no such memory.
            HistoryErased: Facts of then were erased since, or the moment is before the log.
            InputError: A moment without a time zone.
        """
        with reading(self._engine) as connection:
            return pinned(connection, name, recorded_at=moment).revision

    def traces(self, name: str, seqs: Sequence[int]) -> Traces:
        """What erasing facts would remove.

        Raises:
            MemoryNotFound: There is no such memory.
            FactErased: One of them was erased before.
            FactNotFound: A number that no fact of the memory ever had.
        """
        found: dict[int, bool] = {}
        vectors = 0
        answered: set[UUID] = set()
        with reading(self._engine) as connection:
            memory = memories.get(connection, name)
            wanted = sorted({int(seq) for seq in seqs})
            for seq in wanted:
                if not 1 <= seq <= memory.last_seq:
                    raise FactNotFound(name, str(seq))
            for some in batched(wanted, _PER_STATEMENT):
                rows = connection.execute(
                    select(facts.c.seq, facts.c.deleted_revision).where(
                        facts.c.memory_id == memory.memory_id, facts.c.seq.in_(some)
                    )
                )
                found |= {row.seq: row.deleted_revision is not None for row in rows}
                vectors += connection.execute(
                    select(func.count()).where(
                        fact_vectors.c.memory_id == memory.memory_id, fact_vectors.c.seq.in_(some)
                    )
                ).scalar_one()
                answered.update(
                    connection.execute(
                        select(answers.c.answer_id).where(with_facts(memory.memory_id, some))
                    ).scalars()
                )
        for seq in wanted:
            if seq not in found:
                raise FactErased(name, str(seq))
        return Traces(
            memory, facts=len(found), forgotten=sum(found.values()), vectors=vectors, answers=len(answered)
        )


def check_unmoved(connection: Connection, name: str, seen: Seen) -> None:
    """Hold the memory's row lock, and make sure that it is still as it was seen.

    Raises:
        MemoryNotFound: There is no such memory.
        MemoryMoved: It is not.
    """
    memories.lock(connection, name)
    memory = memories.get(connection, name)
    if (memory.uid, memory.revision) != (seen.uid, seen.revision):
        raise MemoryMoved(f"memory '{name}' was seen at revision {seen.revision} and has moved on")


def _is_stored(connection: Connection, memory_id: int, seq: int) -> bool:
    """Whether a fact has a row, live or forgotten: one that has none any more was erased."""
    statement = select(facts.c.seq).where(facts.c.memory_id == memory_id, facts.c.seq == seq)
    return connection.execute(statement).one_or_none() is not None
