"""The outermost layer: what holds for every request, before the application and around its errors.

It stands outside of the framework's own layers, because those answer some errors in their own shape.
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
    """Name the request, refuse one by a name that is not the service's, log what nobody expected."""

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str] | None = None) -> None:
        """Stand around an application.

        Args:
            app: The application.
            hosts: Names that the service may be called by; None for any.
        """
        self.app = app
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
        try:
            await self.app(scope, receive, send_named)
        except Exception as error:
            # The framework has answered 500 and lets the error pass on; here the log learns which request.
            log.error("request %s failed: %s %s", request_id, scope["method"], scope["path"], exc_info=error)
            if not started:
                raise


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
