"""Streams of events: who listens to which watch, and when they should look again.

A memory may be changed by any process. So one task of each process asks the database, a few times per second
and in one statement for all listeners, how far their memories have come; it rests while nobody listens.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from starlette.concurrency import run_in_threadpool

from memnet.errors import StoreError
from memnet.memory import Memory
from service import problems
from service.errors import Refused

log = logging.getLogger("memnet.service")


class Listener:
    """One stream that waits for changes of the memory of a watch."""

    def __init__(self, watch_id: UUID) -> None:
        self.watch_id = watch_id
        self.gone = False
        """Whether the watch or its memory is."""
        self.closing = False
        """Whether the service is about to stop."""
        self._revision: int | None = None
        self._news = asyncio.Event()

    async def moved_on(self, revision: int | None) -> None:
        """Wait until the memory is at another revision than this one, gone, or the service stops."""
        while not self.gone and not self.closing:
            # What was seen before it began to wait may be older than what it knows.
            self._news.clear()
            await self._news.wait()
            if self._revision != revision:
                return

    def look(self, revision: int | None) -> None:
        """Tell it where the memory is; None for a watch that is gone."""
        self.gone = self.gone or revision is None
        self._revision = revision
        self._news.set()

    def close(self) -> None:
        """Tell it that the service is about to stop."""
        self.closing = True
        self._news.set()


class Streams:
    """The listeners of this process."""

    def __init__(self, *, most: int, every_s: float, longest_s: float) -> None:
        """Begin without listeners.

        Args:
            most: Most streams at once.
            every_s: Seconds from one look at the database to the next.
            longest_s: Seconds after which a stream ends, to be opened again by who may.
        """
        self.most = most
        self.longest_s = longest_s
        self.every_s = every_s
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    def __len__(self) -> int:
        return len(self._listeners)

    @contextmanager
    def listening(self, memory: Memory, watch_id: UUID) -> Iterator[Listener]:
        """Listen, as long as the block lasts.

        Raises:
            Refused: so many listen already (503 `overloaded`).
        """
        self.check_room()
        listener = Listener(watch_id)
        listener.closing = self._closing
        self._listeners.add(listener)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look(memory))
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def check_room(self) -> None:
        """Make sure that one more may listen.

        Raises:
            Refused: so many listen already (503 `overloaded`).
        """
        if len(self._listeners) >= self.most:
            raise Refused(problems.OVERLOADED, f"{self.most} streams are open already")

    def close(self) -> None:
        """End all streams, and every new one at once: the service is about to stop."""
        self._closing = True
        for listener in self._listeners:
            listener.close()

    async def _look(self, memory: Memory) -> None:
        failing = False
        while self._listeners:
            wanted = {listener.watch_id for listener in self._listeners}
            try:
                found = await run_in_threadpool(memory.store.watch_revisions, wanted)
            except StoreError as error:
                if not failing:
                    log.warning("streams wait for the database: %s", error)
                failing = True
            else:
                failing = False
                for listener in [each for each in self._listeners if each.watch_id in wanted]:
                    listener.look(found.get(listener.watch_id))
            await asyncio.sleep(self.every_s)
