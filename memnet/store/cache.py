"""Views kept in memory: the least recently used leave first, and each is loaded by one thread at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from memnet.errors import StoreUnavailable
from memnet.store.memories import Head
from memnet.store.view import View

Key = tuple[int, int, int]
"""Memory, model and revision: LATEST for the view that follows the log, else a state of the past."""

LATEST = -1


@dataclass(frozen=True, slots=True)
class Cached:
    """A view, and the store it was read from."""

    view: View
    epoch: tuple[str, int]
    """`Head.epoch` at the load: after a restore, equal revisions may mean different facts."""

    def is_at(self, head: Head) -> bool:
        """Whether the view is the memory at this head."""
        return (self.view.memory_id, self.view.revision, self.epoch) == (
            head.memory_id,
            head.revision,
            head.epoch,
        )

    def leads_to(self, head: Head) -> bool:
        """Whether the log may lead from the view to where the memory stands."""
        return (self.view.memory_id, self.epoch) == (head.memory_id, head.epoch) and (
            self.view.revision < head.revision
        )


@dataclass(slots=True)
class _Turn:
    lock: Lock = field(default_factory=Lock)
    users: int = 0


class ViewCache:
    """A bounded cache; it may lose any view at any time and nothing but time is lost. Thread-safe."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[Key, tuple[Cached, int]] = OrderedDict()
        self._turns: dict[Key, _Turn] = {}
        self._size_bytes = 0
        self._drops = 0
        self._lock = Lock()

    @property
    def size_bytes(self) -> int:
        """Estimated size of the views it holds."""
        return self._size_bytes

    def __len__(self) -> int:
        """How many views it holds."""
        return len(self._entries)

    @property
    def drops(self) -> int:
        """Raised by every `drop_memory`; read it before what is to be kept is read."""
        return self._drops

    def memories(self) -> dict[int, set[tuple[str, int]]]:
        """The memories whose views it holds, and the epochs they were read in."""
        with self._lock:
            held: dict[int, set[tuple[str, int]]] = {}
            for (memory_id, _, _), (cached, _) in self._entries.items():
                held.setdefault(memory_id, set()).add(cached.epoch)
            return held

    def get(self, key: Key) -> Cached | None:
        """The view of a key, which counts as used now."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries.move_to_end(key)
            return entry[0]

    def put(self, key: Key, cached: Cached, drops: int) -> None:
        """Keep a view in the place of the older one; others leave while it is over the limit.

        Args:
            key: Whose view.
            cached: The view.
            drops: What `drops` was before the view was read. What was dropped since may be what it holds,
                and nobody would drop it again.
        """
        size_bytes = cached.view.size_bytes
        with self._lock:
            kept = self._entries.get(key)
            if (
                kept is not None
                and kept[0].epoch == cached.epoch
                and kept[0].view.revision > cached.view.revision
            ):
                # Of two who come at once, the one that has seen more may be the first.
                return
            self._remove(key)
            if size_bytes > self._max_bytes or drops != self._drops:
                # Too large: it would push out everything else and then itself.
                return
            self._entries[key] = cached, size_bytes
            self._size_bytes += size_bytes
            while self._size_bytes > self._max_bytes:
                self._remove(next(iter(self._entries)))

    def drop_memory(self, memory_id: int) -> None:
        """Forget the views of a memory, for every model."""
        with self._lock:
            self._drops += 1
            for key in [key for key in self._entries if key[0] == memory_id]:
                self._remove(key)

    @contextmanager
    def turn(self, key: Key, timeout_s: float) -> Iterator[None]:
        """The right to load a key: others who want the same key wait, other keys do not.

        Raises:
            StoreUnavailable: Whoever loads it took too long.
        """
        with self._lock:
            turn = self._turns.setdefault(key, _Turn())
            turn.users += 1
        try:
            if not turn.lock.acquire(timeout=timeout_s):
                raise StoreUnavailable(
                    f"the memory is still being loaded after {timeout_s:g} s", hint="try again"
                )
            try:
                yield
            finally:
                turn.lock.release()
        finally:
            with self._lock:
                turn.users -= 1
                if turn.users == 0:
                    del self._turns[key]

    def _remove(self, key: Key) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._size_bytes -= entry[1]
