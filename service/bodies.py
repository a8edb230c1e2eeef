"""Bodies that are too long, refused before the application runs.

The framework answers some of these in its own shape, and runs the handler of a route that reads no body
before it notices that the body was too long.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import problems
from service.errors import ProblemResponse


class Bodies:
    """Reads the body of every request up to a limit."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = await self._body(Headers(scope=scope), receive)
        if body is None:
            refusal = ProblemResponse(
                scope,
                problems.BODY_TOO_LARGE,
                f"at most {self.max_body_bytes} bytes",
                # What is left of the body is not read, so the connection cannot carry another request.
                headers={"Connection": "close"},
            )
            await refusal(scope, receive, send)
            return
        await self.app(scope, _replay(body, receive), send)

    async def _body(self, headers: Headers, receive: Receive) -> list[Message] | None:
        """The messages of the whole body, or None when it is too long.

        A declared length is refused unread. A body sent in chunks is read here up to the limit, so that a
        handler that never asks for its body does not run either.
        """
        declared = headers.get("content-length", "0")
        if declared.isascii() and declared.isdigit() and int(declared[:20]) > self.max_body_bytes:
            return None
        messages: list[Message] = []
        size_bytes = 0
        while True:
            message = await receive()
            messages.append(message)
            size_bytes += len(message.get("body", b""))
            if size_bytes > self.max_body_bytes:
                return None
            if not message.get("more_body", False):
                return messages


def _replay(messages: list[Message], receive: Receive) -> Receive:
    """First what was read already, then what comes."""
    pending = iter(messages)

    async def replay() -> Message:
        for message in pending:
            return message
        return await receive()

    return replay
