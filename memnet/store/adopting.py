"""The part of the store that gives a memory the vectors of another model."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from functools import partial

import numpy as np
from jaxtyping import Float32
from sqlalchemy import Connection, and_, exists, func

from memnet.errors import FactNotFound
from memnet.store import listing, memories, mending, models, remodelling
from memnet.store.base import StoreBase
from memnet.store.database import reading, writing
from memnet.store.failpoints import hit
from memnet.store.history import pinned
from memnet.store.replaying import Encode, Replay
from memnet.store.rows import FactRow, ModelRow, ModelUse
from memnet.store.schema import fact_vectors
from memnet.store.schema import memories as table
from memnet.store.vectors import check_vectors
from memnet.store.writes import Gates


class Adopting(StoreBase):
    """Missing vectors, filled in; and the switch from one model to the next."""

    def missing_vectors(
        self,
        name: str,
        model_id: int,
        *,
        after_seq: int = 0,
        limit: int | None = None,
        as_of_revision: int | None = None,
        recorded_at: datetime | None = None,
    ) -> list[FactRow]:
        """Live facts that have no vectors of this model, in order; `add_vectors` fills them in.

        Raises:
            MemoryNotFound: There is no such memory.
            RevisionNotFound: The memory has no such revision.
            HistoryErased: Facts of that revision were erased since.
        """
        with reading(self._engine) as connection:
            head = pinned(connection, name, as_of_revision=as_of_revision, recorded_at=recorded_at)
            return listing.without_vectors(connection, head, model_id, after_seq=after_seq, limit=limit)

    def add_vectors(
        self,
        name: str,
        model_id: int,
        seqs: Sequence[int],
        vectors: Float32[np.ndarray, "facts spaces dim"],
    ) -> None:
        """Store a model's vectors of facts that have none; facts that have them keep them.

        Vectors are a function of text and model, so this changes no revision and may be repeated.

        Args:
            name: Which memory.
            model_id: Whose vectors these are.
            seqs: Which facts; forgotten ones are welcome.
            vectors: float32, shape (len(seqs), spaces, dim), finite.

        Raises:
            MemoryNotFound: There is no such memory.
            FactNotFound: A number that no fact of the memory ever had; nothing is stored.
            InputError: Vectors that do not fit the facts or the model.
        """
        numbers = [int(seq) for seq in seqs]
        check_vectors(vectors, len(numbers), self._model(model_id))
        with writing(self._engine) as connection:
            memory_id = memories.lock(connection, name)
            if numbers:
                listing.fill_vectors(connection, memory_id, name, model_id, numbers, vectors)

    def mend(self, name: str, model_id: int, encode: Encode, *, limit: int) -> int:
        """Make damaged vectors of a model again from the texts: how many; 0 when there are more than `limit`.

        Facts, revisions and views stay: a damaged vector is in no view.

        Raises:
            MemoryNotFound: There is no such memory.
            InputError: There is no such model, or the vectors are not those of it.
        """
        with reading(self._engine) as connection:
            memory_id = memories.head(connection, name).memory_id
            damaged = [found.seq for found in mending.scan(connection, memory_id, model_id) if found]
        if len(damaged) > limit:
            return 0
        checked = self._checked(encode, self._model(model_id))
        return mending.encode_again(self._engine, name, model_id, damaged, checked)

    def encode_missing(
        self, name: str, model_id: int, encode: Encode, gates: Gates, *, page: int = 256, pause_s: float = 0.0
    ) -> None:
        """Give facts the vectors and writes that they would have, had this model been there from the start.

        Of all facts, also forgotten ones, so that the past can be read with the model as well. The memory
        keeps the model it has. Can be interrupted; calling again goes on.

        Args:
            name: Which memory.
            model_id: Whose vectors and gates.
            encode: Makes its vectors.
            gates: Computes its gates.
            page: About how many facts to do before each rest.
            pause_s: Rest, for those who answer questions meanwhile.

        Raises:
            MemoryNotFound: There is no such memory.
            InputError: There is no such model, or the vectors or writes are not those of it.
        """
        model = self._model(model_id)
        checked = self._checked(encode, model)
        read, write = partial(reading, self._engine), partial(writing, self._engine)
        done = 0
        complete = False
        while not complete:
            replay = Replay(name, model, checked, gates, read, write)
            for told in replay.steps():
                done += told
                if done >= page:
                    done = 0
                    hit("model.page")
                    time.sleep(pause_s)
            complete = replay.complete

    def change_model(
        self,
        name: str,
        model_id: int,
        encode: Encode,
        *,
        gates: Gates | None = None,
        page: int = 256,
        pause_s: float = 0.0,
    ) -> int | None:
        """Encode a memory with another model, which then takes the place of the one it has.

        Readers and writers go on with the old model until the switch, which is one transaction. What was
        done survives a crash; calling again goes on from there. The old vectors stay: see `drop_vectors`.

        Args:
            name: Which memory.
            model_id: The model to come.
            encode: Makes its vectors.
            gates: Computes its gates: all facts, also forgotten ones, are then told to it again in the order
                in which they were told. None for a model without them.
            page: Facts to encode at a time.
            pause_s: Rest after each page, for those who answer questions meanwhile.

        Returns:
            The revision of the switch; None when the memory has this model already.

        Raises:
            MemoryNotFound: There is no such memory.
            InputError: There is no such model, or the vectors or writes are not those of it.
        """
        checked = self._checked(encode, self._model(model_id))
        with writing(self._engine) as connection:
            if not remodelling.begin(connection, name, model_id):
                return None
        hit("model.begun")
        for patient in (True, True, True, False):
            if gates is None:
                self._encode_missing(name, model_id, checked, page, pause_s)
            else:
                self.encode_missing(name, model_id, encode, gates, page=page, pause_s=pause_s)
            with writing(self._engine) as connection:
                # Writers who are always faster are held up the last time, for what they added since.
                complete = None if patient else self._completing(name, model_id, checked, gates)
                revision = remodelling.switch(
                    connection, name, model_id, complete, forgotten=gates is not None
                )
            if revision is not None:
                hit("model.committed")
                return revision
        raise AssertionError("the last switch completes what is missing")

    def _completing(
        self, name: str, model_id: int, encode: Encode, gates: Gates | None
    ) -> Callable[[Connection], None]:
        """What gives the last facts their vectors, in the transaction of the switch."""
        if gates is None:
            return partial(remodelling.encode_rest, name=name, model_id=model_id, encode=encode)

        def complete(connection: Connection) -> None:
            def here() -> AbstractContextManager[Connection]:
                return nullcontext(connection)

            replay = Replay(name, self._model(model_id), encode, gates, reading=here, writing=here)
            for _ in replay.steps():
                pass

        return complete

    @staticmethod
    def _checked(encode: Encode, model: ModelRow) -> Encode:
        def checked(texts: Sequence[str]) -> np.ndarray:
            vectors = encode(texts)
            check_vectors(vectors, len(texts), model)
            return vectors

        return checked

    def _encode_missing(self, name: str, model_id: int, encode: Encode, page: int, pause_s: float) -> None:
        last = 0
        while missing := self.missing_vectors(name, model_id, after_seq=last, limit=page):
            vectors = encode([fact.text for fact in missing])
            try:
                self.add_vectors(name, model_id, [fact.seq for fact in missing], vectors)
            except FactNotFound:
                # Erased since; what is left of the page is read again.
                continue
            last = missing[-1].seq
            hit("model.page")
            time.sleep(pause_s)

    def memories_of_other_models(
        self, model_id: int, *, after: str | None = None, limit: int = 50
    ) -> list[str]:
        """Names of memories whose facts are encoded by another model, in order, those behind `after`."""
        with reading(self._engine) as connection:
            return remodelling.named(connection, table.c.active_model_id != model_id, after, limit)

    def memories_of_model(self, model_id: int, *, after: str | None = None, limit: int = 50) -> list[str]:
        """Names of memories that are answered with a model, in order, those behind `after`."""
        with reading(self._engine) as connection:
            return remodelling.named(connection, table.c.active_model_id == model_id, after, limit)

    def memories_with_vectors(self, model_id: int) -> list[str]:
        """Names of memories that keep vectors of a model without being answered with it or about to be."""
        kept = exists().where(
            fact_vectors.c.memory_id == table.c.memory_id, fact_vectors.c.model_id == model_id
        )
        unused = [
            func.coalesce(column, 0) != model_id
            for column in (table.c.active_model_id, table.c.building_model_id)
        ]
        with reading(self._engine) as connection:
            return remodelling.named(connection, and_(kept, *unused), None, None)

    def models(self) -> list[ModelUse]:
        """Every model that is registered, in order, and what is encoded with it."""
        with reading(self._engine) as connection:
            return models.used(connection)

    def drop_vectors(self, name: str, model_id: int) -> int:
        """Delete the vectors of a model that a memory has no use for any more: how many.

        Raises:
            MemoryNotFound: There is no such memory.
            InputError: The memory is read with this model, or about to be.
        """
        with writing(self._engine) as connection:
            dropped = remodelling.drop(connection, name, model_id)
            memory_id = memories.head(connection, name).memory_id
        self._views.drop(memory_id)
        return dropped
