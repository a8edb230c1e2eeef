"""Connections to PostgreSQL that do not wait for ever on a server that has fallen silent.

The server's own limits, `statement_timeout` and `lock_timeout`, end nothing when it is the server that is
gone: a machine without power, a network that drops packets, a process that is stopped. The driver would wait
for a reply as long as the connection stands, and one thread of a web server after the other with it.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg

R = TypeVar("R")


class Listening(psycopg.Connection[Any]):
    """A connection that is closed when the server says nothing for too long while it is waited for."""

    silence_s: float | None = None
    """Longest silence in seconds; None for any. A reply that is still coming in is none, however long."""

    def wait(self, gen: Generator[Any, Any, R], *arguments: Any, **options: Any) -> R:
        """Wait for the server; what it replied.

        Raises:
            psycopg.OperationalError: It was silent for too long; the connection is closed.
        """
        limit_s = self.silence_s
        watched = gen if limit_s is None else self._watched(gen, limit_s)
        return super().wait(watched, *arguments, **options)

    def _watched(self, gen: Generator[Any, Any, R], limit_s: float) -> Generator[Any, Any, R]:
        """The driver's own steps; in between it tells whether the socket has become ready."""
        try:
            wanted = next(gen)
            last = time.monotonic()
            while True:
                ready = yield wanted
                now = time.monotonic()
                if ready:
                    last = now
                elif now - last > limit_s:
                    # Whatever it may say later belongs to a statement that nobody waits for.
                    self.pgconn.finish()
                    raise psycopg.OperationalError(f"the server said nothing for {limit_s:g} s")
                wanted = gen.send(ready)
        except StopIteration as done:
            result: R = done.value
            return result
