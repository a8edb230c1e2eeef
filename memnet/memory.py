"""Memory: remember, ask, forget. Here network and store meet, and for what is asked, in `memory_at`.

The store keeps a fact's text and its vectors; the network's attention reads those vectors as
inner products from the index. What an answer needs beyond them (the age of a fact, the answer
words) is computed at the moment of asking, so nothing stored ever has to be rewritten.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TypeVar
from uuid import UUID

import numpy as np
from jaxtyping import Float32

from memnet.errors import ModelNotActive, VectorDamaged
from memnet.memory_at import MemoryAt, told
from memnet.models import SHIPPED, find
from memnet.reader import Reader
from memnet.store import (
    DEFAULT_CACHE_BYTES,
    DEFAULT_DATABASE_URL,
    Added,
    Erased,
    FactStore,
    Gate,
    Gates,
    Head,
    MemoryRow,
    MissingVectors,
    Once,
    Restoring,
    Seen,
    View,
    fact_id,
    migrate,
    open_database,
)
from memnet.story import Answer, ReadAs
from memnet.training.checkpoint import load_checkpoint
from memnet.viewed import restored, settled_below, writes_of

T = TypeVar("T")

ENCODE_AT_ONCE = 10_000
"""Facts of another model, or with damaged vectors, that are encoded while the caller waits: a third of a
second."""

log = logging.getLogger("memnet")


@dataclass(frozen=True, slots=True)
class RememberedFact:
    """A fact that is now in the memory."""

    seq: int
    fact_id: UUID
    unknown_words: tuple[str, ...]
    """Words the network never saw in training; they do not help an answer."""
    superseded: tuple[Gate, ...] = ()
    """Earlier facts that it supersedes, and how far; without those that are settled."""
    read_as: tuple[ReadAs, ...] = ()
    """Words the network never held, and the nearest ones that it read for them."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a call of `remember` stored."""

    revision: int
    facts: tuple[RememberedFact, ...]
    repeated: bool = False
    """Whether an earlier call with the same idempotency key stored it, and this one nothing."""


class Memory:
    """Named memories in one store, answered from by one network. Threads may share it."""

    def __init__(self, reader: Reader, store: FactStore, checkpoint: Path | None = None) -> None:
        self.reader = reader
        self.checkpoint = checkpoint
        self.store = store
        self.model = reader.model
        self.model_id = store.register_model(
            self.model.sha256, family=self.model.family, spaces=self.model.spaces, dim=self.model.dim
        )

    @classmethod
    def open(
        cls,
        database_url: str | None = None,
        checkpoint: Path | None = None,
        *,
        cache_bytes: int = DEFAULT_CACHE_BYTES,
    ) -> Memory:
        """Open a database with a checkpoint.

        Args:
            database_url: SQLAlchemy URL; None for `MEMNET_DATABASE_URL`, else an embedded SQLite
                database under `var/`.
            checkpoint: Folder of a checkpoint, or the name of a shipped one; None for the one that
                answers when none is named.
            cache_bytes: Bound on the indexes kept in memory.

        Raises:
            SchemaMismatch: The database has no schema, or not the one needed. Nothing is changed.
            StoreUnavailable: The database does not answer.
            CheckpointError: The checkpoint cannot be loaded.
        """
        folder = find(checkpoint or SHIPPED)
        reader = Reader(load_checkpoint(folder))
        engine = open_database(database_url or os.environ.get("MEMNET_DATABASE_URL", DEFAULT_DATABASE_URL))
        try:
            migrate.check(engine)
            return cls(reader, FactStore(engine, cache_bytes=cache_bytes), folder)
        except BaseException:
            engine.dispose()
            raise

    def close(self) -> None:
        """Give the database connections back."""
        self.store.close()

    def __enter__(self) -> Memory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def remember(self, memory_id: str, texts: Sequence[str], *, once: Once | None = None) -> Remembered:
        """Append facts in narrative order, all or none; they are durable and searchable on return.

        A small memory that another model encoded is changed to this one first; see `adopt`.

        Args:
            memory_id: Which memory.
            texts: The facts.
            once: Names the request, so that sending it again stores nothing and returns the same.

        Raises:
            MemoryNotFound: There is no such memory.
            KeyReused: Another request has that name; none of the facts is stored.
            TextError: A text without a word; none of the facts is stored.
            ModelNotActive: A large memory, encoded by another model.
            StoreError: The store could not; none of the facts is stored.
        """
        vectors = self.reader.encode(texts)
        try:
            added = self._add(memory_id, texts, vectors, once)
        except ModelNotActive:
            if self.store.get_memory(memory_id).live_count > ENCODE_AT_ONCE:
                raise
            self.adopt(memory_id)
            added = self._add(memory_id, texts, vectors, once)
        gates = added.superseded
        if gates is None and self._gates is not None:
            gates = self.store.written_by(memory_id, self.model_id, added.seqs)
        facts = tuple(
            RememberedFact(
                seq,
                fact_id(added.uid, seq),
                self.reader.unknown_words(text),
                gates.get(seq, ()) if gates else (),
                self.reader.read_as(text),
            )
            for seq, text in zip(added.seqs, texts, strict=True)
        )
        return Remembered(added.revision, facts, added.repeated)

    def _add(
        self,
        memory_id: str,
        texts: Sequence[str],
        vectors: Float32[np.ndarray, "facts spaces dim"],
        once: Once | None,
    ) -> Added:
        if self._gates is None:
            return self.store.add(memory_id, texts, model_id=self.model_id, vectors=vectors, once=once)
        gates = partial(
            writes_of,
            gates=self.reader.gates,
            settled_below=settled_below(self.model.retire_below),
        )
        return self.store.add_gated(
            memory_id, texts, model_id=self.model_id, vectors=vectors, gates=gates, once=once
        )

    @property
    def _gates(self) -> Gates | None:
        """What new facts do to a memory, all of it: for one whose past has still to be told to this network,
        in which facts are forgotten that retired others. None for a network without gates."""
        if not self.model.has_gates:
            return None
        return partial(writes_of, gates=self.reader.gates)

    @property
    def _restoring(self) -> Restoring | None:
        """What becomes of facts when those are forgotten that retired them."""
        below = self.model.retire_below
        if below is None:
            return None
        return Restoring(self.model_id, partial(restored, gates=self.reader.gates, retire_below=below))

    def describe(self, memory_id: str) -> tuple[MemoryRow, int | None]:
        """A memory, and how many of its facts are retired; None with a network without gates.

        Raises:
            MemoryNotFound: There is no such memory.
        """
        least = self.model.retire_below
        if least is None:
            return self.store.get_memory(memory_id), None
        return self.store.read_memory(memory_id, self.model_id, least)

    def forget(self, memory_id: str, seq: int, *, uid: UUID | None = None) -> int:
        """Forget a fact: no answer uses it from the returned revision on. Its history stays.

        Args:
            memory_id: Which memory.
            seq: Which fact.
            uid: The memory that the fact was seen in; another one of the same name has no such fact.

        Raises:
            MemoryNotFound: There is no such memory.
            FactNotFound: No such fact, or it was forgotten before.
        """
        return self._mending(
            memory_id, lambda: self.store.forget(memory_id, seq, uid=uid, restoring=self._restoring)
        )

    def erase(self, memory_id: str, seqs: Sequence[int], *, seen: Seen | None = None) -> Erased:
        """Erase facts: text and vectors leave every table, view and file, and so does the memory's past.

        Args:
            memory_id: Which memory.
            seqs: Which facts.
            seen: The state that the caller has seen; nothing is erased when it is not the last one.

        Raises:
            MemoryNotFound: There is no such memory.
            MemoryMoved: It is not as it was seen; nothing is erased.
            FactNotFound: No such fact, or it was erased before; nothing is erased.
        """
        return self._mending(
            memory_id, lambda: self.store.erase(memory_id, seqs, seen=seen, restoring=self._restoring)
        )

    def _mending(self, memory_id: str, change: Callable[[], T]) -> T:
        """Do what reads vectors; damaged ones are made again first if that is in its way."""
        try:
            return change()
        except VectorDamaged:
            self._read(memory_id)
            return change()

    def at(
        self, memory_id: str, *, as_of_revision: int | None = None, recorded_at: datetime | None = None
    ) -> MemoryAt:
        """A memory as of its last committed change or an earlier one, to ask it more than once.

        Raises:
            MemoryNotFound: There is no such memory.
            RevisionNotFound: It has no such revision.
            HistoryErased: Facts of that revision were erased since.
            StoreError: The store could not be read.
        """
        head, view = self._read(memory_id, as_of_revision, recorded_at)
        return MemoryAt(head.uid, memory_id, head.last_revision, head.last_seq, self.reader, view)

    def ask(
        self,
        memory_id: str,
        question: str,
        *,
        limit: int | None = 10,
        top_answers: int = 2,
        as_of_revision: int | None = None,
        recorded_at: datetime | None = None,
        heads: bool = False,
    ) -> Answer:
        """Answer a question from the facts of a memory, as of its last committed change or an earlier one.

        Args:
            memory_id: Which memory.
            question: One question.
            limit: Most facts to list per hop, per head and as evidence; None for all.
            top_answers: How many alternatives to list.
            as_of_revision: Answer as it would have been answered at this revision.
            recorded_at: Instead of a revision: the last one recorded at or before this moment.
            heads: Say of every hop what each of its heads read.

        Raises:
            MemoryNotFound: There is no such memory.
            RevisionNotFound: It has no such revision.
            HistoryErased: Facts of that revision were erased since.
            TextError: A question without a word.
            StoreError: The store could not be read.
        """
        _, view = self._read(memory_id, as_of_revision, recorded_at)
        facts = told(view, self.reader.attended(len(view)))
        return self.reader.answer(question, facts, limit=limit, top_answers=top_answers, heads=heads)

    def ask_facts(
        self,
        texts: Sequence[str],
        question: str,
        *,
        limit: int | None = 10,
        top_answers: int = 2,
        heads: bool = False,
    ) -> Answer:
        """Answer a question from facts given with it; nothing is stored. See `Reader.ask_facts`."""
        return self.reader.ask_facts(texts, question, limit=limit, top_answers=top_answers, heads=heads)

    def adopt(
        self, memory_id: str, *, pause_s: float = 0.0, on_facts: Callable[[int], None] = lambda count: None
    ) -> int | None:
        """Encode a memory with this model and let it take the place of the one it has.

        Readers with the old model go on answering. Can be interrupted; calling again goes on.

        Args:
            memory_id: Which memory.
            pause_s: Rest after every few hundred facts, for those who answer questions meanwhile.
            on_facts: Told how many facts were encoded, whenever some were.

        Returns:
            The revision of the switch; None when the memory has this model already.

        Raises:
            MemoryNotFound: There is no such memory.
        """

        def encode(texts: Sequence[str]) -> np.ndarray:
            vectors = self.reader.encode(texts)
            on_facts(len(texts))
            return vectors

        return self.store.change_model(memory_id, self.model_id, encode, gates=self._gates, pause_s=pause_s)

    def of_other_models(self) -> Iterator[str]:
        """The names of memories that another model answers, in order."""
        last = None
        while names := self.store.memories_of_other_models(self.model_id, after=last):
            yield from names
            last = names[-1]

    def _read(
        self, memory_id: str, as_of_revision: int | None = None, recorded_at: datetime | None = None
    ) -> tuple[Head, View]:
        """Where the memory stands, and the memory as of then; facts that another model stored are encoded
        for this one first.

        Damaged vectors are made again from the texts, once: what is damaged again is broken underneath.
        """
        mended = False
        while True:
            try:
                return self.store.read(
                    memory_id, self.model_id, as_of_revision=as_of_revision, recorded_at=recorded_at
                )
            except VectorDamaged:
                if mended:
                    raise
                count = self.store.mend(memory_id, self.model_id, self.reader.encode, limit=ENCODE_AT_ONCE)
                if not count:
                    raise
                log.warning("memory '%s': %d damaged vectors made again from the texts", memory_id, count)
                mended = True
            except MissingVectors as error:
                if error.count > ENCODE_AT_ONCE:
                    raise ModelNotActive(
                        f"{error.count} facts of memory '{memory_id}' are encoded by another model only",
                        hint=f"load that model, or let this one take over: `memnet model switch {memory_id}`",
                    ) from error
                if self._gates is not None:
                    self.store.encode_missing(memory_id, self.model_id, self.reader.encode, self._gates)
                    continue
                missing = self.store.missing_vectors(
                    memory_id, self.model_id, as_of_revision=as_of_revision, recorded_at=recorded_at
                )
                vectors = self.reader.encode([fact.text for fact in missing])
                self.store.add_vectors(memory_id, self.model_id, [fact.seq for fact in missing], vectors)
