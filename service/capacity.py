"""How many requests may use the network at once; how many wait for it, and how long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from service import metrics, problems
from service.errors import Refused


T = TypeVar("T")


class Capacity:
    """Bounds the work of the network: so many at a time, the others in their order, none without end.

    Who waits does so on the event loop and holds no thread, so that requests which only read find one. For
    one event loop.
    """

    def __init__(self, *, running: int, waiting: int, longest_s: float) -> None:
        """Begin with every place free.

        Args:
            running: Requests that use the network at once; at least 1.
            waiting: Requests that may wait for that.
            longest_s: Seconds that one waits at most.
        """
        self.running = running
        self.waiting = waiting
        self.longest_s = longest_s
        self._places = asyncio.Semaphore(running)
        self._in_line = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a place and hold it.

        Raises:
            Refused: so many wait already, or it was not its turn within the time (503 `overloaded`).
        """
        await self._await_turn()
        try:
            yield
        finally:
            self._places.release()

    async def run(self, work: Callable[[], T]) -> T:
        """Do work in a thread when it is its turn; see `turn`."""
        async with self.turn():
            return await run_in_threadpool(work)

    async def _await_turn(self) -> None:
        if not self._places.locked():
            await self._places.acquire()  # at once
            metrics.WAITED.observe(0)
            return
        if self._in_line >= self.waiting:
            raise Refused(problems.OVERLOADED, f"{self._in_line} requests wait for the network already")
        self._in_line += 1
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self.longest_s):
                await self._places.acquire()
        except TimeoutError:
            raise Refused(
                problems.OVERLOADED, f"it was not this request's turn within {self.longest_s:g} s"
            ) from None
        finally:
            self._in_line -= 1
            metrics.WAITED.observe(time.perf_counter() - began)


async def _turn(request: Request) -> AsyncIterator[None]:
    capacity: Capacity = request.app.state.capacity
    async with capacity.turn():
        yield


async def in_turn(request: Request, work: Callable[[], T]) -> T:
    """What an `async` route does with the network: one trip to a thread, where the answer is also written
    as JSON. The framework makes two for a route that is not `async`, and writes it on the event loop.
    """
    capacity: Capacity = request.app.state.capacity
    return await capacity.run(work)


async def _turn_for_writes(request: Request) -> AsyncIterator[None]:
    if "writes" not in request.query_params:
        yield
        return
    capacity: Capacity = request.app.state.capacity
    async with capacity.turn():
        yield


# Given back when the route is done, before its answer is sent: a slow reader holds up nobody.
TURN = Depends(_turn, scope="function")
"""For the `dependencies` of a route that uses the network."""

TURN_FOR_WRITES = Depends(_turn_for_writes, scope="function")
"""For one that uses it only when asked what facts supersede."""
