"""What was worked out of things that never change, kept with them for the next question.

Whatever is kept here goes when its owner goes: nothing outlives a memory that was erased or changed. How much
all owners keep together is bounded; those that were not used for the longest lose it first.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

KEPT_BYTES = 64 << 20
"""What all owners of a process keep together: a small memory of 50 facts takes a quarter of a megabyte."""

T = TypeVar("T")


class Worked:
    """What one owner keeps: a name for each thing, and how many bytes it takes, roughly."""

    __slots__ = ("__weakref__", "things")

    def __init__(self) -> None:
        self.things: dict[Hashable, tuple[Any, int]] = {}


class Shelf:
    """Bounds what many owners keep together. Thread-safe."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held: OrderedDict[int, tuple[weakref.ref[Worked], int]] = OrderedDict()
        # An owner may go at any moment, also in the middle of a change that holds the lock: it is only noted.
        self._gone: deque[int] = deque()
        self._size_bytes = 0
        self._lock = Lock()

    @property
    def size_bytes(self) -> int:
        """What is kept now, roughly."""
        with self._lock:
            self._forget_gone()
            return self._size_bytes

    def once(
        self, worked: Worked, name: Hashable, make: Callable[[], T], size_bytes: Callable[[T], int]
    ) -> T:
        """What was made before under this name, or what `make` makes now.

        Threads that come at once may each make it; what they make is the same.
        """
        found = worked.things.get(name)
        if found is None:
            made = make()
            found = made, size_bytes(made)
            worked.things[name] = found
            self._keep(worked, found[1])
        else:
            with self._lock:
                if id(worked) in self._held:
                    self._held.move_to_end(id(worked))
        thing: T = found[0]
        return thing

    def _keep(self, worked: Worked, size_bytes: int) -> None:
        key = id(worked)
        with self._lock:
            self._forget_gone()
            before = self._held.pop(key, None)
            reference = before[0] if before else weakref.ref(worked, lambda _: self._gone.append(key))
            self._held[key] = reference, size_bytes + (before[1] if before else 0)
            self._size_bytes += size_bytes
            while self._size_bytes > self._max_bytes and self._held:
                reference, size = self._held.popitem(last=False)[1]
                self._size_bytes -= size
                owner = reference()
                if owner is not None:
                    owner.things.clear()

    def _forget_gone(self) -> None:
        while self._gone:
            held = self._held.get(key := self._gone.popleft())
            # Another owner may have the place in memory of the one that went.
            if held is not None and held[0]() is None:
                self._size_bytes -= self._held.pop(key)[1]


SHELF = Shelf(KEPT_BYTES)
"""That of this process."""
