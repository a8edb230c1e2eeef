"""The store: facts, their vectors and the log, written together and read as views."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

import numpy as np
from jaxtyping import Float32
from sqlalchemy import Engine, select, update

from memnet.errors import FactNotFound, InputError
from memnet.stages import staged
from memnet.store import changes, erasing, listing, memories, migrate, models, remodelling
from memnet.store.answers import Answers
from memnet.store.database import reading, sqlite_file, writing
from memnet.store.failpoints import hit
from memnet.store.history import pinned
from memnet.store.idempotency import Once, once_only
from memnet.store.keys import Keys
from memnet.store.reads import Reads, Seen, check_unmoved
from memnet.store.remodelling import Encode
from memnet.store.rows import Added, Erased, FactRow, MemoryRow, ModelRow
from memnet.store.schema import store_meta
from memnet.store.texts import check_text
from memnet.store.vectors import check_vectors, encode
from memnet.store.view import View
from memnet.store.views import LOAD_TIMEOUT_S, Views
from memnet.store.watches import Watches

__all__ = ["Added", "FactRow", "FactStore", "MemoryRow"]

DEFAULT_CACHE_BYTES = 1 << 30
"""Views kept in memory: about a million facts of four vectors of 64 with short texts."""


class FactStore(Reads, Answers, Watches):
    """Memories and their facts in one database. Threads may share it; so may processes, each with its own.

    Every method raises StoreUnavailable when the database does not answer or cannot do its work; a write
    that raises has stored nothing, unless the connection was lost in the middle of the commit itself.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        cache_bytes: int = DEFAULT_CACHE_BYTES,
        max_view_bytes: int | None = None,
        half: bool = False,
        load_timeout_s: float = LOAD_TIMEOUT_S,
    ) -> None:
        """Use a database.

        Args:
            engine: From `open_database`, with a schema that `migrate.check` accepts.
            cache_bytes: Bound on the views kept in memory.
            max_view_bytes: Refuse to load a memory whose vectors are larger; None for no bound.
            half: Keep vectors in memory as float16: half the room, scores with 11 bits. SQL keeps float32.
            load_timeout_s: How long a reader waits for another one that loads the same memory.
        """
        self._engine = engine
        self.keys = Keys(engine)
        """Who may do what; the store itself asks nobody."""
        self._views = Views(
            engine,
            cache_bytes=cache_bytes,
            max_view_bytes=max_view_bytes,
            half=half,
            load_timeout_s=load_timeout_s,
        )
        # Models never change once registered.
        self._models: dict[int, ModelRow] = {}

    def close(self) -> None:
        """Give the database connections back."""
        self._engine.dispose()

    def ping(self) -> None:
        """Make sure that the database answers.

        Raises:
            StoreUnavailable: It does not.
        """
        with reading(self._engine) as connection:
            connection.execute(select(1))

    def check_writable(self) -> None:
        """Make sure that a write would be stored, by storing what is there already.

        Raises:
            StoreUnavailable: It would not: no room, read-only, locked for too long, or no answer.
        """
        epoch = store_meta.c.key == "store_epoch"
        with writing(self._engine) as connection:
            connection.execute(update(store_meta).where(epoch).values(value=store_meta.c.value))

    def check_schema(self) -> None:
        """Make sure that the schema is the one this memnet needs; see `migrate.check`."""
        migrate.check(self._engine)

    def register_model(self, digest: str, *, family: str, spaces: int, dim: int) -> int:
        """The id of a model, registered at the first call.

        Args:
            digest: SHA-256 of its checkpoint.
            family: The kind of network.
            spaces: Vectors per fact.
            dim: Columns per vector.

        Raises:
            InputError: The digest is registered with other properties.
        """
        with writing(self._engine) as connection:
            model = models.register(connection, digest, family=family, spaces=spaces, dim=dim)
        self._models[model.model_id] = model
        return model.model_id

    def put_memory(self, name: str, *, description: str | None = None) -> tuple[MemoryRow, bool]:
        """Create a memory, or change the description of an existing one; None leaves it as it is.

        A description is not a change of the facts: the revision stays.

        Returns:
            The memory, and whether it is new.

        Raises:
            InputError: The name is not a slug, or the description cannot be stored.
        """
        with writing(self._engine) as connection:
            return memories.put(connection, name, description)

    def get_memory(self, name: str) -> MemoryRow:
        """The memory of this name.

        Raises:
            MemoryNotFound: There is none.
        """
        with reading(self._engine) as connection:
            return memories.get(connection, name)

    def list_memories(
        self, *, after: str | None = None, limit: int = 50, within: Sequence[str] | None = None
    ) -> list[MemoryRow]:
        """Memories in the order of their names, at most `limit`, from the one behind `after` on.

        Args:
            after: A memory's name.
            limit: Most memories to return.
            within: Only those of these names; one that ends in `*` stands for all that begin so.

        Raises:
            InputError: `after` is not a memory's name.
        """
        with reading(self._engine) as connection:
            return memories.page(connection, after, limit, within)

    def delete_memory(self, name: str) -> None:
        """Delete a memory with all its facts, vectors and history. A new one of this name is another one.

        Raises:
            MemoryNotFound: There is none.
        """
        with writing(self._engine) as connection:
            memory_id = memories.remove(connection, name)
        self._views.drop(memory_id)

    @staged("write")
    def add(
        self,
        name: str,
        texts: Sequence[str],
        *,
        model_id: int,
        vectors: Float32[np.ndarray, "facts spaces dim"],
        once: Once | None = None,
    ) -> Added:
        """Append facts with their vectors: all of them in one revision, or none.

        Args:
            name: Which memory.
            texts: In narrative order. A text that the memory holds already becomes another fact.
            model_id: Whose vectors these are.
            vectors: float32, shape (len(texts), spaces, dim), finite.
            once: Names the request, so that sending it again adds nothing; None for one that is not named.

        Raises:
            MemoryNotFound: There is no such memory.
            KeyReused: Another request has that name.
            ModelNotActive: The memory's facts are encoded by another model.
            InputError: No text at all, a text that cannot be stored (TextError), or vectors that do not
                fit the texts or the model (DimensionMismatch for the width).
        """
        if not texts:
            raise InputError("there is no fact to add")
        for number, text in enumerate(texts, start=1):
            check_text(text, f"fact {number}")
        check_vectors(vectors, len(texts), self._model(model_id))
        encoded = [encode(vector) for vector in vectors]
        hit("write.checked")
        with writing(self._engine) as connection:
            append = partial(changes.append, connection, memories.known_name(name), texts, model_id, encoded)
            added = append() if once is None else once_only(connection, name, once, append)
        hit("write.committed")
        return added

    def forget(self, name: str, seq: int, *, uid: UUID | None = None) -> int:
        """Forget a fact: from the returned revision on no view holds it. Its history stays.

        Args:
            name: Which memory.
            seq: Which fact.
            uid: The memory that the fact was seen in; another one of the same name has no such fact.

        Raises:
            MemoryNotFound: There is no such memory.
            FactNotFound: No such fact, or it was forgotten before.
        """
        with writing(self._engine) as connection:
            revision = changes.forget(connection, memories.known_name(name), seq, uid)
        hit("forget.committed")
        return revision

    def erase(self, name: str, seqs: Sequence[int], *, seen: Seen | None = None) -> Erased:
        """Remove facts as if they had never been told: text and vectors leave every table, view and file.

        Kept answers go with them: those read from a state that held one of them, and those with added facts.
        What the memory held before cannot be read any more, in whole: an answer without these facts would
        be one that was never given. Backups and exports made before keep them.

        Args:
            name: Which memory.
            seqs: Which facts, live or forgotten.
            seen: The state that the caller has seen; nothing is erased when it is not the last one.

        Raises:
            MemoryNotFound: There is no such memory.
            MemoryMoved: It is not as it was seen; nothing is erased.
            FactNotFound: No such fact, or it was erased before; nothing is erased.
            InputError: No fact at all.
        """
        if not seqs:
            raise InputError("there is no fact to erase")
        with writing(self._engine) as connection:
            if seen is not None:
                check_unmoved(connection, name, seen)
            memory_id, revision, answers = erasing.erase(connection, memories.known_name(name), seqs)
        hit("erase.committed")
        self._views.drop(memory_id)
        hit("erase.dropped")
        scrubbed = sqlite_file(self._engine) is not None and self.scrub()
        hit("erase.scrubbed")
        return Erased(revision, answers, scrubbed)

    def scrub(self) -> bool:
        """Remove from the database's files what is no longer in its tables.

        On SQLite this moves the write-ahead log into the file and empties it. On PostgreSQL it rewrites the
        tables (`VACUUM FULL`), during which nobody reads or writes them; its own write-ahead log keeps old
        pages until they are recycled.

        Returns:
            False when a reader still needs the write-ahead log; try again when it is done.

        Raises:
            StoreUnavailable: The database does not answer, or could not do its work.
        """
        return erasing.scrub(self._engine)

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

    def change_model(
        self, name: str, model_id: int, encode: Encode, *, page: int = 256, pause_s: float = 0.0
    ) -> int | None:
        """Encode a memory with another model, which then takes the place of the one it has.

        Readers and writers go on with the old model until the switch, which is one transaction. What was
        done survives a crash; calling again goes on from there. The old vectors stay: see `drop_vectors`.

        Args:
            name: Which memory.
            model_id: The model to come.
            encode: Makes its vectors.
            page: Facts to encode at a time.
            pause_s: Rest after each page, for those who answer questions meanwhile.

        Returns:
            The revision of the switch; None when the memory has this model already.

        Raises:
            MemoryNotFound: There is no such memory.
            InputError: There is no such model, or the vectors are not those of it.
        """
        model = self._model(model_id)
        with writing(self._engine) as connection:
            if not remodelling.begin(connection, name, model_id):
                return None
        hit("model.begun")

        def checked(texts: Sequence[str]) -> np.ndarray:
            vectors = encode(texts)
            check_vectors(vectors, len(texts), model)
            return vectors

        for patient in (True, True, True, False):
            self._encode_missing(name, model_id, checked, page, pause_s)
            with writing(self._engine) as connection:
                # Writers who are always faster are held up the last time, for what they added since.
                revision = remodelling.switch(connection, name, model_id, None if patient else checked)
            if revision is not None:
                hit("model.committed")
                return revision
        raise AssertionError("the last switch completes what is missing")

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
            return remodelling.others(connection, model_id, after, limit)

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

    def view(
        self,
        name: str,
        model_id: int,
        *,
        as_of_revision: int | None = None,
        recorded_at: datetime | None = None,
    ) -> View:
        """The memory as of its last committed change, by whichever process; or as of an earlier one.

        Costs one select when nothing has changed since the last view.

        Args:
            name: Which memory.
            model_id: Whose vectors.
            as_of_revision: The state to read; None for the last one.
            recorded_at: Instead of a revision: the last one that was recorded at or before this moment.

        Raises:
            MemoryNotFound: There is no such memory.
            RevisionNotFound: It has no such revision.
            HistoryErased: Facts of that revision were erased since.
            MissingVectors: Live facts have no vectors of this model; fill them in and ask again.
            VectorDamaged: A stored vector fails its checksum.
            MemoryTooLarge: The memory's vectors would take more than `max_view_bytes`.
            InputError: There is no such model; a revision and a moment at once.
        """
        return self._views.view(
            name, self._model(model_id), as_of_revision=as_of_revision, recorded_at=recorded_at
        )

    @property
    def cached_bytes(self) -> int:
        """Estimated size of the views kept in memory."""
        return self._views.size_bytes

    def sweep(self) -> int:
        """Let go of cached views of what other processes erased or deleted. Reads do this once a minute.

        Returns:
            Of how many memories views were dropped.
        """
        return self._views.sweep()

    def _model(self, model_id: int) -> ModelRow:
        model = self._models.get(model_id)
        if model is None:
            with reading(self._engine) as connection:
                model = models.get(connection, model_id)
            self._models[model_id] = model
        return model
