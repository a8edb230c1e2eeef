"""The keys as the service looks them up: from the database, and for a moment from memory."""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from starlette.concurrency import run_in_threadpool

from memnet.errors import StoreError
from memnet.store import KeyRow, Keys

REMEMBERED_S = 2.0
"""How long a key is taken for what it was when it was looked up: a revoked one works so long at most."""

USE_NOTED_EVERY = timedelta(minutes=5)

_MOST = 1024


class Keyring:
    """Looks up keys. For one thread, the event loop's; the database is asked in others."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._found: OrderedDict[str, tuple[float, KeyRow | None]] = OrderedDict()
        self._exist_at: float | None = None
        self._exist = False

    async def exist(self, keys: Keys) -> bool:
        """Whether there are keys. Where there were once, there are: nothing opens a service again.

        Raises:
            StoreUnavailable: The database does not answer.
        """
        now = self._clock()
        if not self._exist and (self._exist_at is None or now - self._exist_at >= REMEMBERED_S):
            self._exist = await run_in_threadpool(keys.exist)
            self._exist_at = now
        return self._exist

    async def find(self, keys: Keys, key: str) -> KeyRow | None:
        """The row of a key; None for what is none.

        Raises:
            StoreUnavailable: The database does not answer.
        """
        now = self._clock()
        remembered = self._found.get(key)
        if remembered is not None and now - remembered[0] < REMEMBERED_S:
            return remembered[1]
        row = await run_in_threadpool(_look_up, keys, key)
        self._found[key] = now, row
        self._found.move_to_end(key)
        if len(self._found) > _MOST:
            self._found.popitem(last=False)
        return row


def _look_up(keys: Keys, key: str) -> KeyRow | None:
    row = keys.find(key)
    now = datetime.now(UTC)
    if (
        row is not None
        and row.state(now) == "active"
        and (row.last_used_at is None or now - row.last_used_at >= USE_NOTED_EVERY)
    ):
        # The request is not about this: where nothing can be written, it may still read.
        with contextlib.suppress(StoreError):
            keys.note_use({row.key_id: now})
    return row
