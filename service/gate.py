"""The gate: so many requests inside, none for longer than it may take, and the others are told at once."""

from __future__ import annotations

import asyncio
import logging

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import problems
from service.errors import ProblemResponse

log = logging.getLogger("memnet.service")

ALWAYS = frozenset({"/livez", "/readyz", "/metrics"})
"""What has to be answered when nothing else is."""


class Gate:
    """Bounds how many requests are inside, and how long a caller waits for one.

    What a thread has begun cannot be stopped: when the time is over the caller is told, and the work goes on
    and keeps its place until it is done. A stream of events has a place until it begins, and no end.
    """

    def __init__(self, app: ASGIApp, *, places: int, timeout_s: float) -> None:
        """Stand before an application.

        Args:
            app: The application.
            places: Most requests inside at once.
            timeout_s: Longest time, in seconds, from a request's head to the head of its answer.
        """
        self.app = app
        self.places = places
        self.timeout_s = timeout_s
        self.inside = 0
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in ALWAYS:
            await self.app(scope, receive, send)
            return
        if self.inside >= self.places:
            refusal = ProblemResponse(
                scope,
                problems.OVERLOADED,
                f"{self.places} requests are being answered already",
                headers={"Connection": "close"},
            )
            await refusal(scope, receive, send)
            return
        visit = _Visit(self, send)
        task = asyncio.create_task(self._answer(scope, receive, visit.send))
        task.add_done_callback(lambda _: visit.leave())
        try:
            await asyncio.wait({task}, timeout=self.timeout_s)
            if task.done() or visit.started:
                await task
                return
        except asyncio.CancelledError:
            task.cancel()
            raise
        visit.late = True
        self._late.add(task)
        task.add_done_callback(self._came_late)
        refusal = ProblemResponse(
            scope,
            problems.TIMED_OUT,
            f"not done within {self.timeout_s:g} s",
            headers={"Connection": "close"},
        )
        await refusal(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    def _came_late(self, task: asyncio.Task[None]) -> None:
        self._late.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a request failed after its caller was told that it takes too long", exc_info=error)


class _Visit:
    """One request inside."""

    def __init__(self, gate: Gate, send: Send) -> None:
        self.started = False
        self.late = False
        self._gate = gate
        self._send = send
        self._inside = True
        gate.inside += 1

    def leave(self) -> None:
        """Give the place back; once."""
        if self._inside:
            self._inside = False
            self._gate.inside -= 1

    async def send(self, message: Message) -> None:
        """Pass on what is answered, unless the caller was told something else meanwhile."""
        if self.late:
            return
        if message["type"] == "http.response.start":
            self.started = True
            kind = Headers(raw=message.get("headers", [])).get("content-type", "")
            if kind.startswith("text/event-stream"):
                self.leave()
        await self._send(message)
