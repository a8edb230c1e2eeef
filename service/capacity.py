"""How many requests may use the network at once; how many wait for it, and how long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import copy_context
from typing import Annotated, Literal, TypeVar

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

    def __init__(
        self,
        *,
        running: int,
        waiting: int,
        longest_s: float,
        asking: int | None = None,
        telling: int | None = None,
    ) -> None:
        """Begin with every place free.

        Args:
            running: Requests that use the network at once, beside those below; at least 1.
            waiting: Requests of all kinds that may wait for that.
            longest_s: Seconds that one waits at most.
            asking: Short ones at once: single questions and searches. They wait for none of the others, which
                may take seconds or wait for the database. None for as many as `running`.
            telling: Posts of facts at once, which wait for the disk together. None for as many as `running`.
        """
        self.running = running
        self.asking = asking or running
        self.telling = telling or running
        self.waiting = waiting
        self.longest_s = longest_s
        self._places = asyncio.Semaphore(running)
        self._asking = asyncio.Semaphore(self.asking)
        self._telling = asyncio.Semaphore(self.telling)
        self._in_line = 0
        self._asking_threads = ThreadPoolExecutor(self.asking, thread_name_prefix="asking")
        self._telling_threads = ThreadPoolExecutor(self.telling, thread_name_prefix="telling")

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a place and hold it.

        Raises:
            Refused: so many wait already, or it was not its turn within the time (503 `overloaded`).
        """
        await self._await_turn(self._places)
        try:
            yield
        finally:
            self._places.release()

    async def run(self, work: Callable[[], T], *, tells: bool = False) -> T:
        """Do short work, or what tells facts, when it is its turn, in a thread that does nothing else.

        What a thread has begun cannot be stopped: it keeps its place until it is done.

        Raises:
            Refused: as `turn`; and whatever the work raises.
        """
        places, threads = (
            (self._telling, self._telling_threads) if tells else (self._asking, self._asking_threads)
        )
        await self._await_turn(places)
        loop = asyncio.get_running_loop()
        # In the caller's context: the log names who asked.
        done = loop.run_in_executor(threads, copy_context().run, work)
        done.add_done_callback(lambda _: places.release())
        return await asyncio.shield(done)

    async def _await_turn(self, places: asyncio.Semaphore) -> None:
        if not places.locked():
            await places.acquire()  # at once
            metrics.WAITED.observe(0)
            return
        if self._in_line >= self.waiting:
            raise Refused(problems.OVERLOADED, f"{self._in_line} requests wait for the network already")
        self._in_line += 1
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self.longest_s):
                await places.acquire()
        except TimeoutError:
            raise Refused(
                problems.OVERLOADED, f"it was not this request's turn within {self.longest_s:g} s"
            ) from None
        finally:
            self._in_line -= 1
            metrics.WAITED.observe(time.perf_counter() - began)


async def _capacity(request: Request) -> Capacity:
    capacity: Capacity = request.app.state.capacity
    return capacity


CapacityDep = Annotated[Capacity, Depends(_capacity)]


async def _turn(request: Request) -> AsyncIterator[None]:
    capacity: Capacity = request.app.state.capacity
    async with capacity.turn():
        yield


async def in_turn(
    request: Request, work: Callable[[], T], *, kind: Literal["short", "tells", "long"] = "short"
) -> T:
    """What an `async` route does with the network: one trip to a thread, where the answer is also written
    as JSON. The framework makes two for a route that is not `async`, and writes it on the event loop.

    Args:
        request: Whose turn it is.
        work: What is to be done.
        kind: `short` is a matter of milliseconds, and writes nothing; `tells` facts; all else is `long`.
    """
    capacity: Capacity = request.app.state.capacity
    if kind != "long":
        return await capacity.run(work, tells=kind == "tells")
    async with capacity.turn():
        return await run_in_threadpool(work)


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
