"""Reading views: check the revision, catch up, publish.

One select tells where a memory stands. A view at that revision is used as it is, an older one is brought
up to date by the log, and anything else is loaded anew. So what is committed anywhere is seen by the next
read everywhere, without messages between processes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from threading import Lock

from sqlalchemy import Connection, Engine, select

from memnet.errors import MemoryTooLarge
from memnet.stages import staged, tell
from memnet.store import history, loading
from memnet.store.cache import LATEST, Cached, ViewCache
from memnet.store.database import reading
from memnet.store.epoch import STORE_EPOCH
from memnet.store.failpoints import hit
from memnet.store.memories import Head
from memnet.store.rows import ModelRow
from memnet.store.schema import memories
from memnet.store.statements import batched
from memnet.store.view import View
from memnet.store.writes import NewFacts, Write

LOAD_TIMEOUT_S = 30.0
"""How long a reader waits for another one that loads the same memory."""

_SHARE = 200
"""Memories that are looked after by one read while a sweep is going on: some milliseconds."""

_NAMES = 10_000
"""Memories whose numbers are remembered, so that a write need not ask for them."""

SWEEP_S = 60.0
"""How often readers look whether other processes have erased what is cached here."""


class Views:
    """The views of a database's memories. Thread-safe."""

    def __init__(
        self,
        engine: Engine,
        *,
        cache_bytes: int,
        max_view_bytes: int | None = None,
        half: bool = False,
        load_timeout_s: float = LOAD_TIMEOUT_S,
    ) -> None:
        """Keep views.

        Args:
            engine: The database.
            cache_bytes: Bound on the views that are kept.
            max_view_bytes: Refuse to load a memory whose vectors are larger; None for no bound.
            half: Keep vectors as float16.
            load_timeout_s: How long to wait for another reader that loads the same memory.
        """
        self._engine = engine
        self._cache = ViewCache(cache_bytes)
        self._max_view_bytes = max_view_bytes
        self._half = half
        self._load_timeout_s = load_timeout_s
        self._swept_at = time.monotonic()
        self._unswept: list[tuple[int, set[tuple[str, int]]]] = []
        self._sweeping = Lock()
        self._numbers: dict[str, int] = {}

    @property
    def size_bytes(self) -> int:
        """Estimated size of the views that are kept."""
        return self._cache.size_bytes

    def __len__(self) -> int:
        """How many views are kept."""
        return len(self._cache)

    def drop(self, memory_id: int) -> None:
        """Let go of the views of a memory."""
        self._cache.drop_memory(memory_id)
        tell("cached_bytes", self._cache.size_bytes)

    @staged("view")
    def read(
        self,
        name: str,
        model: ModelRow,
        *,
        as_of_revision: int | None = None,
        recorded_at: datetime | None = None,
    ) -> tuple[Head, View]:
        """Where a memory stands, and the memory as of a revision; see `FactStore.view`."""
        head, cached = self._read(name, model, as_of_revision, recorded_at)
        return head, cached.view

    def basis(self, name: str, model: ModelRow) -> Cached:
        """The memory as it stands, for what is to be written to it."""
        return self._read(name, model, None, None)[1]

    def kept(self, name: str, model_id: int) -> Cached | None:
        """What is kept of a memory of this name, unseen whether it is that still; None if nothing."""
        memory_id = self._numbers.get(name)
        return None if memory_id is None else self._cache.get((memory_id, model_id, LATEST))

    def follow(self, basis: Cached, revision: int, new: NewFacts, of: Sequence[Write]) -> Cached:
        """The view that what is told leads to, with the bits that reading it would give.

        Args:
            basis: What the memory was one revision before.
            revision: The one that tells it.
            new: The facts of it.
            of: What they do.
        """
        return Cached(loading.told(basis.view, revision, new, of, half=self._half), basis.epoch)

    def keep(self, cached: Cached, model: ModelRow, drops: int) -> None:
        """Keep the view of a memory as it stands.

        Args:
            cached: The view.
            model: Whose vectors.
            drops: What `drops` was before the view was begun.
        """
        view = cached.view
        size_bytes = len(view) * model.spaces * model.dim * (2 if self._half else 4)
        if self._max_view_bytes is None or size_bytes <= self._max_view_bytes:
            self._cache.put((view.memory_id, model.model_id, LATEST), cached, drops)
            tell("cached_bytes", self._cache.size_bytes)

    @property
    def drops(self) -> int:
        """See `ViewCache.drops`."""
        return self._cache.drops

    def _read(
        self, name: str, model: ModelRow, as_of_revision: int | None, recorded_at: datetime | None
    ) -> tuple[Head, Cached]:
        self._sweep_some()

        def pin(connection: Connection) -> tuple[Head, tuple[int, int, int]]:
            head = history.pinned(connection, name, as_of_revision=as_of_revision, recorded_at=recorded_at)
            return head, (head.memory_id, model.model_id, head.revision if head.past else LATEST)

        with reading(self._engine, one_statement=recorded_at is None) as connection:
            head, key = pin(connection)
        self._note(name, head.memory_id)
        hit("read.head")
        cached = self._cache.get(key)
        if cached is not None and cached.is_at(head):
            tell("view", 1, "as it was")
            return head, cached
        with self._cache.turn(key, self._load_timeout_s), reading(self._engine) as connection:
            drops = self._cache.drops
            # Read again: while this thread waited for its turn, another may have loaded what is needed.
            head, key = pin(connection)
            cached = self._cache.get(key)
            if cached is not None and cached.is_at(head):
                tell("view", 1, "as it was")
                return head, cached
            view = self._load(connection, name, head, model, cached)
            cached = Cached(view, head.epoch)
            self._cache.put(key, cached, drops)
        tell("cached_bytes", self._cache.size_bytes)
        hit("read.published")
        return head, cached

    def _note(self, name: str, memory_id: int) -> None:
        if len(self._numbers) > _NAMES:
            self._numbers.clear()
        self._numbers[name] = memory_id

    def sweep(self) -> int:
        """Let go of views that must not be used again because another process erased facts, restored the
        database or deleted the memory. No answer would use them; but they hold what should be gone.

        Returns:
            Of how many memories views were dropped.
        """
        return sum(self._drop_stale(dict(some)) for some in batched(self._cache.memories().items(), _SHARE))

    def _sweep_some(self) -> None:
        """A read's share of sweeping: a whole sweep would hold it up for seconds when much is cached."""
        if not self._unswept and time.monotonic() - self._swept_at < SWEEP_S:
            return
        if not self._sweeping.acquire(blocking=False):
            return
        try:
            if not self._unswept:
                self._swept_at = time.monotonic()
                self._unswept = list(self._cache.memories().items())
            some, self._unswept = self._unswept[:_SHARE], self._unswept[_SHARE:]
            if some:
                self._drop_stale(dict(some))
        finally:
            self._sweeping.release()

    def _drop_stale(self, held: dict[int, set[tuple[str, int]]]) -> int:
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(memories.c.memory_id, memories.c.epoch, STORE_EPOCH.label("store_epoch")).where(
                    memories.c.memory_id.in_(held)
                )
            ).all()
        current = {row.memory_id: {(row.store_epoch, row.epoch)} for row in rows}
        stale = [memory_id for memory_id, epochs in held.items() if epochs != current.get(memory_id)]
        for memory_id in stale:
            self._cache.drop_memory(memory_id)
        return len(stale)

    def _load(
        self, connection: Connection, name: str, head: Head, model: ModelRow, cached: Cached | None
    ) -> View:
        if cached is not None and cached.leads_to(head):
            view = loading.catch_up(connection, name, head, model, cached.view, half=self._half)
            if view is not None:
                tell("index_lag", head.revision - cached.view.revision)
                tell("view", 1, "caught up")
                return view
        size_bytes = head.live_count * model.spaces * model.dim * (2 if self._half else 4)
        if self._max_view_bytes is not None and size_bytes > self._max_view_bytes:
            raise MemoryTooLarge(
                f"the vectors of memory '{name}' take {size_bytes} bytes, "
                f"more than the {self._max_view_bytes} that are allowed",
                hint="raise the bound, or keep vectors as float16",
            )
        tell("view", 1, "loaded")
        return loading.load(connection, name, head, model, half=self._half)
