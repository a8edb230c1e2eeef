"""How many requests may use the network at once, and how many may wait for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from service import problems
from service.errors import Refused


class Capacity:
    """Bounds the work of the network: so many at a time, so many waiting, and the rest are told at once.

    Waiting requests hold threads of the server's pool (40 of them); the bound keeps some free for the
    requests that only read.
    """

    def __init__(self, *, running: int, waiting: int) -> None:
        self.running = running
        self.waiting = waiting
        self._admitted = threading.BoundedSemaphore(running + waiting)
        self._running = threading.BoundedSemaphore(running)

    @contextmanager
    def use(self) -> Iterator[None]:
        """Wait for a place and hold it.

        Raises:
            Refused: so many wait already (503 `overloaded`).
        """
        if not self._admitted.acquire(blocking=False):
            raise Refused(problems.OVERLOADED, "as many requests as may wait are waiting already")
        try:
            with self._running:
                yield
        finally:
            self._admitted.release()
