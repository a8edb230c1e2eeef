"""Whether the service can do what it is asked: the database answers, as it should be, and takes a write."""

from __future__ import annotations

import threading
import time

from memnet.store import FactStore
from service import problems
from service.errors import Refused

WRITTEN_EVERY_S = 5.0
"""A write that was stored so lately is believed: anybody may ask, and a write is a sync to disk."""


class Readiness:
    """Asks the store. Threads may share it."""

    def __init__(self) -> None:
        self._written_at: float | None = None
        self._lock = threading.Lock()

    def check(self, store: FactStore, *, draining: bool) -> None:
        """Make sure that the service is ready.

        Raises:
            Refused: It was told to stop (503 `draining`).
            StoreError: The database does not answer, has another schema, or would not store a write.
        """
        if draining:
            raise Refused(problems.DRAINING, "told to stop")
        store.ping()
        store.check_schema()
        with self._lock:
            now = time.monotonic()
            if self._written_at is None or now - self._written_at >= WRITTEN_EVERY_S:
                self._written_at = None
                store.check_writable()
                self._written_at = now
