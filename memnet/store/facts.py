"""The store: facts, their vectors, what they supersede and the log, written together and read as views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any
from uuid import UUID

import numpy as np
from jaxtyping import Float32
from sqlalchemy import Connection, Engine

from memnet.errors import InputError
from memnet.stages import staged
from memnet.store import changes, compacting, erasing, memories
from memnet.store import writes as written
from memnet.store.adopting import Adopting
from memnet.store.answers import Answers
from memnet.store.cache import Cached
from memnet.store.compacting import Compacted
from memnet.store.database import reading, sqlite_file, writing
from memnet.store.failpoints import hit
from memnet.store.idempotency import Once, once_only
from memnet.store.ids import MAX_SEQ
from memnet.store.reads import Reads, Seen, check_unmoved
from memnet.store.rows import Added, Erased, FactRow, MemoryRow, ModelRow
from memnet.store.texts import check_text
from memnet.store.together import Leads, Together, Told
from memnet.store.vectors import check_vectors, encode
from memnet.store.watches import Watches
from memnet.store.writes import (
    Gates,
    NewFacts,
    Restoring,
    Write,
    Writes,
    check_targets,
    check_writes,
    gates_of,
)

__all__ = ["Added", "FactRow", "FactStore", "MemoryRow"]


class FactStore(Reads, Adopting, Answers, Watches):
    """Memories and their facts in one database. Threads may share it; so may processes, each with its own.

    Every method raises StoreUnavailable when the database does not answer or cannot do its work; a write
    that raises has stored nothing, unless the connection was lost in the middle of the commit itself.
    """

    def __init__(self, engine: Engine, **options: Any) -> None:
        """Use a database; see `StoreBase`."""
        super().__init__(engine, **options)
        self._together = Together(engine, self._keep)

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

    def put_memory_if(
        self, name: str, *, description: str | None = None, allowed: Callable[[MemoryRow | None], None]
    ) -> tuple[MemoryRow, bool]:
        """Create a memory or change its description, if its state allows it; see `put_memory`.

        Args:
            name: Which memory.
            description: None leaves it as it is.
            allowed: Is given the memory, locked, or None when there is none; raises to prevent the change.

        Raises:
            InputError: The name is not a slug, or the description cannot be stored.
        """
        with writing(self._engine) as connection:
            found = memories.find(connection, name)
            allowed(found)
            row, created = memories.put(connection, name, description)
            if found is None and not created:
                # Made since by another transaction, which was committed first.
                allowed(row)
            return row, created

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
        writes: Writes | None = None,
    ) -> Added:
        """Append facts with their vectors and what they supersede: all of them in one revision, or none.

        Args:
            name: Which memory.
            texts: In narrative order. A text that the memory holds already becomes another fact.
            model_id: Whose vectors these are.
            vectors: float32, shape (len(texts), spaces, dim), finite.
            once: Names the request, so that sending it again adds nothing; None for one that is not named.
            writes: How far each new fact supersedes those before it; None for not at all. See also
                `add_gated`.

        Raises:
            MemoryNotFound: There is no such memory.
            KeyReused: Another request has that name.
            ModelNotActive: The memory's facts are encoded by another model.
            MemoryMoved: The writes were computed from another revision than the last one.
            FactNotFound: A write to a fact that does not live.
            InputError: No text at all, a text that cannot be stored (TextError), vectors that do not fit
                the texts or the model (DimensionMismatch for the width), or writes that are none.
        """
        append = self._appending(texts, model_id, vectors)
        if writes is not None:
            check_writes(writes.of, len(texts))
        hit("write.checked")
        with writing(self._engine) as connection:
            added = self._append(connection, name, once, partial(append, writes=writes))
        hit("write.committed")
        return added

    def add_gated(
        self,
        name: str,
        texts: Sequence[str],
        *,
        model_id: int,
        vectors: Float32[np.ndarray, "facts spaces dim"],
        gates: Gates,
        once: Once | None = None,
    ) -> Added:
        """Append facts that supersede others by what they find in the memory; see `add`.

        Writers of one memory take turns, so the gates are those of writers who came one after the other.
        Threads that come at once to a file are committed together.

        Args:
            name: Which memory.
            texts: In narrative order.
            model_id: Whose vectors and gates these are.
            vectors: float32, shape (len(texts), spaces, dim), finite.
            gates: Computes what the facts do to the memory before them.
            once: Names the request.

        Raises:
            MemoryNotFound: There is no such memory.
            KeyReused: Another request has that name.
            ModelNotActive: The memory's facts are encoded by another model.
            InputError: See `add`.
        """
        append = self._appending(texts, model_id, vectors)
        model = self._model(model_id)
        if self._views.kept(name, model_id) is None:
            # What takes long is not done while others wait for their turn.
            changes.check_model(name, self.get_memory(name).active_model_id, model_id)
            self._views.basis(name, model)
        hit("write.checked")

        def write(connection: Connection, told: Told) -> Added:
            drops = self._views.drops
            basis: Cached
            new: NewFacts
            of: Sequence[Write] = ()

            def computed(memory: changes.Bumped) -> Writes:
                nonlocal basis, new, of
                before = told.get(memory.memory_id)
                basis = before.view() if before else self._basis(name, memory, model)
                seqs = np.arange(memory.last_seq + 1 - len(texts), memory.last_seq + 1, dtype=np.int64)
                new = NewFacts(seqs, texts, vectors)
                of = gates(basis.view, new)
                check_writes(of, len(texts))
                check_targets(basis.view, new, of)
                return Writes(basis.view.revision, of, (basis.view.memory_id, basis.epoch))

            added = self._append(connection, name, once, partial(append, writes=computed))
            if added.repeated:
                return added
            # The next one who reads or writes need not look for what was told here.
            view = cache(lambda: self._views.follow(basis, added.revision, new, of))
            told[basis.view.memory_id] = Leads(view, model, drops)
            return replace(added, superseded=gates_of(added.seqs, of))

        added = self._together.write(write)
        hit("write.committed")
        return added

    def _basis(self, name: str, memory: changes.Bumped, model: ModelRow) -> Cached:
        """A memory whose row lock is held, as it was before: nobody changes it, so anybody may read it."""
        kept = self._views.kept(name, model.model_id)
        if kept is not None and (kept.view.memory_id, kept.view.revision, kept.epoch) == (
            memory.memory_id,
            memory.revision - 1,
            memory.epoch,
        ):
            return kept
        return self._views.basis(name, model)

    def _keep(self, told: Told) -> None:
        for leads in told.values():
            self._views.keep(leads.view(), leads.model, leads.drops)

    def forget(
        self, name: str, seq: int, *, uid: UUID | None = None, restoring: Restoring | None = None
    ) -> int:
        """Forget a fact: from the returned revision on no view holds it. Its history stays.

        Args:
            name: Which memory.
            seq: Which fact.
            uid: The memory that the fact was seen in; another one of the same name has no such fact.
            restoring: For a model that does not write to every fact: what to write to those that come back.

        Raises:
            MemoryNotFound: There is no such memory.
            FactNotFound: No such fact, or it was forgotten before.
            VectorDamaged: A stored vector fails its checksum, and facts come back.
        """
        with writing(self._engine) as connection:
            restore = self._restore(connection, name, [seq], restoring)
            revision = changes.forget(connection, memories.known_name(name), seq, uid)
            restore()
        hit("forget.committed")
        return revision

    def _restore(
        self, connection: Connection, name: str, gone: Sequence[int], restoring: Restoring | None
    ) -> Callable[[], None]:
        """Look at what comes back when facts go, and return what writes to it when they have gone."""
        if restoring is None:
            return lambda: None
        model_id = restoring.model_id
        # Behind the lock nobody changes the memory: the view that anybody may read stays the last one.
        memory_id = memories.lock(connection, name)
        known = [seq for seq in gone if 1 <= seq <= MAX_SEQ]
        targets, taken = written.of_writers(connection, memory_id, model_id, known)
        if not len(targets) or memories.get(connection, name).active_model_id != model_id:
            return lambda: None
        view = self._views.basis(name, self._model(model_id)).view
        writers, of = restoring.of(view, known, targets, taken)
        check_writes(of, len(writers))
        return partial(written.fill, connection, memory_id, model_id, writers, of)

    def erase(
        self,
        name: str,
        seqs: Sequence[int],
        *,
        seen: Seen | None = None,
        restoring: Restoring | None = None,
    ) -> Erased:
        """Remove facts as if they had never been told: text and vectors leave every table, view and file.

        Kept answers go with them: those read from a state that held one of them, and those with added facts.
        What the memory held before cannot be read any more, in whole: an answer without these facts would
        be one that was never given. Backups and exports made before keep them.

        Args:
            name: Which memory.
            seqs: Which facts, live or forgotten.
            seen: The state that the caller has seen; nothing is erased when it is not the last one.
            restoring: See `forget`.

        Raises:
            MemoryNotFound: There is no such memory.
            MemoryMoved: It is not as it was seen; nothing is erased.
            FactNotFound: No such fact, or it was erased before; nothing is erased.
            VectorDamaged: See `forget`; nothing is erased.
            InputError: No fact at all.
        """
        if not seqs:
            raise InputError("there is no fact to erase")
        with writing(self._engine) as connection:
            if seen is not None:
                check_unmoved(connection, name, seen)
            restore = self._restore(connection, name, [int(seq) for seq in seqs], restoring)
            memory_id, revision, answers = erasing.erase(connection, memories.known_name(name), seqs)
            restore()
        hit("erase.committed")
        self._views.drop(memory_id)
        hit("erase.dropped")
        scrubbed = sqlite_file(self._engine) is not None and self.scrub()
        hit("erase.scrubbed")
        return Erased(revision, answers, scrubbed)

    def compact(self, name: str, revision: int, *, forgotten: bool = False) -> Compacted:
        """Remove what leads up to a revision: the log, so that it leads on from there.

        Changes no revision and no answer: from the floor on, every state is read as before. Whoever follows
        the log and is behind reads the memory whole. A moment before the log cannot be read any more.

        Args:
            name: Which memory.
            revision: The floor; everything below goes. A floor that is higher already stays.
            forgotten: Remove facts that were forgotten at or below it as well, with vectors and writes, and
                kept answers of states below it: no such state can be read then. The files may keep traces:
                see `erase`.

        Raises:
            MemoryNotFound: There is no such memory.
            RevisionNotFound: It has no such revision.
        """
        with writing(self._engine) as connection:
            compacted = compacting.compact(connection, name, revision, forgotten=forgotten)
        hit("compact.committed")
        return compacted

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

    def _appending(
        self, texts: Sequence[str], model_id: int, vectors: Float32[np.ndarray, "facts spaces dim"]
    ) -> Callable[..., Added]:
        """What appends facts, after all has been checked that can be without the database."""
        if not texts:
            raise InputError("there is no fact to add")
        for number, text in enumerate(texts, start=1):
            check_text(text, f"fact {number}")
        check_vectors(vectors, len(texts), self._model(model_id))
        encoded = [encode(vector) for vector in vectors]
        return partial(changes.append, texts=texts, model_id=model_id, encoded=encoded)

    @staticmethod
    def _append(connection: Connection, name: str, once: Once | None, append: Callable[..., Added]) -> Added:
        bound = partial(append, connection, memories.known_name(name))
        return bound() if once is None else once_only(connection, name, once, bound)
