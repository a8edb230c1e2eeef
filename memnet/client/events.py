"""Following a watch: server-sent events, gone on with after every loss of the connection."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx2

from memnet.client.errors import Unavailable
from memnet.client.transport import CANNOT_NOW, AsyncTransport, Transport, refusal
from memnet.client.types import WatchEvent

QUIET_S = 60.0
"""A stream that says nothing for so long is dead: the service pings every 15 seconds."""


@dataclass(frozen=True, slots=True)
class Event:
    """What one is told."""

    name: str
    """`answer`, `answer_changed`, or `gone`, the last one."""
    id: str | None
    """Hand it back as `last_event_id` to go on behind it."""
    data: WatchEvent
    """What there is to tell; of `gone` only the `watch_id`."""


class Lines:
    """Puts the lines of a stream together to events."""

    def __init__(self, last_event_id: str | None) -> None:
        self.last_event_id = last_event_id
        self.retry_s = 2.0
        self._id = last_event_id
        self._name = ""
        self._data: list[str] = []

    def take(self, line: str) -> Event | None:
        """Take the next line; the event that it completes."""
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "event":
                self._name = value
            case "data":
                self._data.append(value)
            case "id":
                self._id = value
            case "retry" if value.isascii() and value.isdigit():
                self.retry_s = int(value) / 1000
            case "" if not line:
                # As a whole: of an event that was cut off, the id does not count either.
                self.last_event_id = self._id
                data, kind, self._data, self._name = self._data, self._name, [], ""
                if data:
                    return Event(kind, self.last_event_id, json.loads("\n".join(data)))
        return None

    def drop(self) -> None:
        """Forget half an event, of a connection that was lost."""
        self._name, self._data, self._id = "", [], self.last_event_id

    def request(self, memory_id: str, watch_id: str) -> dict[str, Any]:
        """What httpx2 is given."""
        headers = {"Accept": "text/event-stream"}
        if self.last_event_id is not None:
            headers["Last-Event-ID"] = self.last_event_id
        return {
            "method": "GET",
            "url": f"/v1/memories/{quote(memory_id, safe='')}/watches/{quote(watch_id, safe='')}/events",
            "headers": headers,
            "timeout": httpx2.Timeout(10.0, read=QUIET_S),
        }


class Following(Transport):
    """Adds `follow_watch`."""

    def follow_watch(
        self, memory_id: str, watch_id: str, *, last_event_id: str | None = None
    ) -> Iterator[Event]:
        """What a watch has to tell, for ever, or until it is gone. Lost connections are made again.

        Args:
            memory_id: The memory's name.
            watch_id: The watch.
            last_event_id: The `id` of the last event that was received; None to begin.

        Raises:
            ProblemError: The service refused: no such watch, no key for it.
        """
        lines = Lines(last_event_id)
        while True:
            try:
                with self._http.stream(**lines.request(memory_id, watch_id)) as response:
                    if response.status_code not in CANNOT_NOW | {429}:
                        if not response.is_success:
                            response.read()
                            raise refusal(response)
                        for line in response.iter_lines():
                            event = lines.take(line)
                            if event is not None:
                                yield event
                                if event.name == "gone":
                                    return
            except (httpx2.TransportError, Unavailable):
                pass
            lines.drop()
            time.sleep(lines.retry_s)


class AsyncFollowing(AsyncTransport):
    """Adds `follow_watch`, for asynchronous callers."""

    async def follow_watch(
        self, memory_id: str, watch_id: str, *, last_event_id: str | None = None
    ) -> AsyncIterator[Event]:
        """What a watch has to tell; see `Client.follow_watch`."""
        lines = Lines(last_event_id)
        while True:
            try:
                async with self._http.stream(**lines.request(memory_id, watch_id)) as response:
                    if response.status_code not in CANNOT_NOW | {429}:
                        if not response.is_success:
                            await response.aread()
                            raise refusal(response)
                        async for line in response.aiter_lines():
                            event = lines.take(line)
                            if event is not None:
                                yield event
                                if event.name == "gone":
                                    return
            except (httpx2.TransportError, Unavailable):
                pass
            lines.drop()
            await asyncio.sleep(lines.retry_s)
