"""The outermost layer: what holds for every request, before the application and around its errors.

It stands outside of the framework's own layers, because those answer some errors in their own shape, and run
the handler of a route that reads no body before they notice that the body was too long.
"""

from __future__ import annotations

import logging
import re
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import problems
from service.errors import ProblemResponse

log = logging.getLogger("memnet.service")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


class Edge:
    """Name the request, refuse a long body before anything runs, log what nobody expected."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int, hosts: frozenset[str] | None = None) -> None:
        """Stand around an application.

        Args:
            app: The application.
            max_body_bytes: Longest body.
            hosts: Names that the service may be called by; None for any.
        """
        self.app = app
        self.max_body_bytes = max_body_bytes
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _checked(headers.get("x-request-id"))
        scope.setdefault("state", {})["request_id"] = request_id
        started = False

        async def send_named(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        if self.hosts is not None and not _is_named(headers, self.hosts):
            refusal = ProblemResponse(
                scope,
                problems.HOST_NOT_ALLOWED,
                "call the service as localhost",
                headers={"Connection": "close"},
            )
            await refusal(scope, receive, send_named)
            return
        body = await self._body(headers, receive)
        if body is None:
            refusal = ProblemResponse(
                scope,
                problems.BODY_TOO_LARGE,
                f"at most {self.max_body_bytes} bytes",
                # What is left of the body is not read, so the connection cannot carry another request.
                headers={"Connection": "close"},
            )
            await refusal(scope, receive, send_named)
            return
        try:
            await self.app(scope, _replay(body, receive), send_named)
        except Exception as error:
            # The framework has answered 500 and lets the error pass on; here the log learns which request.
            log.error("request %s failed: %s %s", request_id, scope["method"], scope["path"], exc_info=error)
            if not started:
                raise

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


def _is_named(headers: Headers, hosts: frozenset[str]) -> bool:
    """Whether the request calls the service by one of its names.

    A page of another site can have its own name resolve to this machine, and then its scripts are of the
    same origin as the service for the browser: only the name in `Host` tells them apart. Two names are none.
    """
    names = headers.getlist("host")
    if not names:
        return True  # HTTP/1.0, which no browser speaks
    host = names[0].strip().lower()
    name = host if host.endswith("]") else re.sub(r":\d*\Z", "", host)
    return len(names) == 1 and name.rstrip(".") in hosts


def _checked(request_id: str | None) -> str:
    """The caller's id for the request if it is a plain name, else one of our own."""
    if request_id is not None and _REQUEST_ID.fullmatch(request_id):
        return request_id
    return uuid.uuid4().hex


def _replay(messages: list[Message], receive: Receive) -> Receive:
    """First what was read already, then what comes."""
    pending = iter(messages)

    async def replay() -> Message:
        for message in pending:
            return message
        return await receive()

    return replay
