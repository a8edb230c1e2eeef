"""The outermost layer: what holds for every request, before the application and around its errors.

It stands outside of the framework's own layers, because those answer some errors in their own shape.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from service import metrics, problems
from service.access import Access
from service.errors import ProblemResponse
from service.gate import ALWAYS

log = logging.getLogger("memnet.service")
access_log = logging.getLogger("memnet.access")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


class Edge:
    """Name the request, count and log it, refuse one by a name that is not the service's."""

    def __init__(
        self, app: ASGIApp, *, hosts: frozenset[str] | None = None, templates: Mapping[Any, str] | None = None
    ) -> None:
        """Stand around an application.

        Args:
            app: The application.
            hosts: Names that the service may be called by; None for any.
            templates: Paths of the endpoints as they were declared, for counting.
        """
        self.app = app
        self.hosts = hosts
        self.templates = templates or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _checked(Headers(scope=scope).get("x-request-id"))
        scope.setdefault("state", {})["request_id"] = request_id
        visit = _Visit(scope, send, request_id, self.templates)
        with bound_contextvars(request_id=request_id):
            try:
                await self._answer(scope, receive, visit.send)
            except Exception as error:
                # The framework has answered 500 and lets the error pass on; the log says of which request.
                log.error(
                    "request %s failed: %s %s", request_id, scope["method"], scope["path"], exc_info=error
                )
                if not visit.status:
                    raise
            finally:
                visit.end()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.hosts is None or _is_named(Headers(scope=scope), self.hosts):
            await self.app(scope, receive, send)
            return
        refusal = ProblemResponse(
            scope,
            problems.HOST_NOT_ALLOWED,
            "call the service as localhost",
            headers={"Connection": "close"},
        )
        await refusal(scope, receive, send)


class _Visit:
    """One request: named in its answer, counted and logged."""

    def __init__(self, scope: Scope, send: Send, request_id: str, templates: Mapping[Any, str]) -> None:
        self.status = 0
        self._templates = templates
        self._scope = scope
        self._send = send
        self._request_id = request_id
        self._started = time.perf_counter()
        self._elapsed_s = 0.0
        self._route = ""
        metrics.INSIDE.inc()

    async def send(self, message: Message) -> None:
        """Pass on what is answered."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            # Before it is sent: a worker that is killed right after has counted what it acknowledged.
            self._count()
            MutableHeaders(scope=message)["X-Request-ID"] = self._request_id
        await self._send(message)

    def _count(self) -> None:
        scope = self._scope
        self._elapsed_s = time.perf_counter() - self._started
        self._route = self._templates.get(scope.get("endpoint"), "")
        problem = scope["state"].get("problem")
        metrics.count(scope["method"], self._route, self.status, self._elapsed_s, problem=problem)

    def end(self) -> None:
        """The answer has been sent, or the caller has gone."""
        metrics.INSIDE.dec()
        if not self.status:
            self._count()
        scope = self._scope
        state = scope["state"]
        level = logging.DEBUG if scope["path"] in ALWAYS else logging.INFO
        if not access_log.isEnabledFor(level):
            return
        access: Access | None = state.get("access")
        access_log.log(
            level,
            "%s %s %s",
            scope["method"],
            scope["path"],
            self.status,
            extra={
                "method": scope["method"],
                # Never the query: a filter may hold the words of a fact.
                "path": scope["path"],
                "route": self._route,
                "status": self.status,
                "elapsed_ms": round(self._elapsed_s * 1000, 2),
                "problem": state.get("problem"),
                "key": access.key.name if access and access.key else None,
                "client": scope["client"][0] if scope.get("client") else None,
            },
        )


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
