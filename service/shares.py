"""Connections, spread evenly over workers.

All workers wait on one socket, and all wake when somebody connects. An event loop then takes whatever waits:
the first one awake has every connection that came at once, and since callers keep their connections, it has
all the work too, and the others none. So a worker takes one connection at a time, and none while another
worker has fewer.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import time
from collections.abc import Callable
from typing import Any

import uvicorn

log = logging.getLogger("memnet.service")

STEP_BACK_S = 0.001
"""How long a worker leaves a connection to those that have fewer."""

STEPS_BACK = 20
"""How often in a row; then it takes the connection, for the others may be stuck."""

_RETRY_S = 1.0
"""After an error that does not go at once: too many open files."""

_ABSENT = 1 << 30


class Shares:
    """How many connections each worker has, and when it was last heard of: in memory that all share."""

    def __init__(self, context: Any, workers: int) -> None:
        # Each number is written by one process, and read whole by the others: nothing to lock.
        self._open = context.RawArray("l", [_ABSENT] * workers)
        self._beats = context.RawArray("d", workers)

    def set(self, place: int, connections: int) -> None:
        """Say how many connections a worker has."""
        self._open[place] = connections

    def leave(self, place: int) -> None:
        """A worker takes no connections any more."""
        self._open[place] = _ABSENT
        self._beats[place] = 0.0

    def others_have_fewer(self, place: int) -> bool:
        """Whether the next connection is rather another worker's."""
        return bool(min(self._open) < self._open[place])

    def beat(self, place: int) -> None:
        """A worker is alive."""
        self._beats[place] = time.monotonic()

    def silent_s(self, place: int) -> float:
        """For how long a worker was not heard of; 0 for one that starts or stops."""
        last = self._beats[place]
        return time.monotonic() - last if last else 0.0


class _Counted(set[Any]):
    """Connections of a worker, counted where the others see it."""

    def __init__(self, changed: Callable[[int], None]) -> None:
        super().__init__()
        self._changed = changed

    def add(self, connection: Any) -> None:
        super().add(connection)
        self._changed(len(self))

    def discard(self, connection: Any) -> None:
        super().discard(connection)
        self._changed(len(self))


class FairServer(uvicorn.Server):
    """A worker that takes its share of the connections."""

    def __init__(self, config: uvicorn.Config, shares: Shares, place: int) -> None:
        super().__init__(config)
        self._shares, self._place = shares, place
        self._open = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept."""
        # Without sockets it starts everything else.
        await super().startup(sockets=[])
        # What was loaded stays: to look through it for what can go would hold up requests.
        gc.collect()
        gc.freeze()
        self.server_state.connections = _Counted(self._count)
        self._open = True
        self._shares.set(self._place, 0)
        self._doors = [_Door(each, self._protocol, self._passes_on) for each in sockets or ()]

    async def on_tick(self, counter: int) -> bool:
        """Say that this worker is alive."""
        self._shares.beat(self._place)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, and finish what was begun."""
        self._open = False
        self._shares.leave(self._place)
        for door in self._doors:
            door.close()
        await super().shutdown(sockets)

    def _count(self, connections: int) -> None:
        if self._open:
            self._shares.set(self._place, connections)

    def _passes_on(self) -> bool:
        return self._shares.others_have_fewer(self._place)

    def _protocol(self) -> asyncio.Protocol:
        protocol: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol


class _Door:
    """Accepts connections on a listening socket, one at a time."""

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        passes_on: Callable[[], bool],
    ) -> None:
        self._listener, self._protocol, self._passes_on = listener, protocol, passes_on
        self._loop = asyncio.get_running_loop()
        self._steps_back = 0
        self._waiting: asyncio.TimerHandle | None = None
        self._connecting: set[asyncio.Task[Any]] = set()
        listener.setblocking(False)
        self._open()

    def close(self) -> None:
        """Accept no more."""
        self._loop.remove_reader(self._listener)
        if self._waiting is not None:
            self._waiting.cancel()

    def _open(self) -> None:
        self._waiting = None
        self._loop.add_reader(self._listener, self._accept)

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener)
        self._waiting = self._loop.call_later(seconds, self._open)

    def _accept(self) -> None:
        if self._steps_back < STEPS_BACK and self._passes_on():
            self._steps_back += 1
            self._pause(STEP_BACK_S)
            return
        self._steps_back = 0
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # Another worker was faster, or the caller has gone.
        except OSError as error:
            log.error("cannot accept a connection: %s", error)
            self._pause(_RETRY_S)
            return
        connection.setblocking(False)
        task = self._loop.create_task(self._loop.connect_accepted_socket(self._protocol, connection))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)
