"""The door: whose key a request has, and whether they have asked too often; before anything of it is read."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from functools import partial

from starlette.datastructures import Headers, MutableHeaders, State
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from memnet.errors import MemnetError
from memnet.memory import Memory
from memnet.store.actors import acting_as
from service import problems
from service.access import Access, Classes, guarded
from service.errors import ProblemResponse, memnet_error
from service.keyring import Keyring
from service.rates import Caller, Counted, Counter, Rates
from service.settings import Settings

WRONG_KEYS_PER_MINUTE = 300
"""Requests with a key that opens nothing, from one address; more are told to wait."""


class Door:
    """Lets requests to guarded paths in with a key, or, where nobody is asked for one, without."""

    def __init__(self, app: ASGIApp, *, state: State, settings: Settings, classes: Classes) -> None:
        """Stand before an application.

        Args:
            app: The application.
            state: Its state; `memory` is there when the first request comes.
            settings: Whether a key is asked for even where there are none, and how often one may ask.
            classes: By which rate a request is counted.
        """
        self.app = app
        self.state = state
        self.closed = settings.always_asks_for_keys
        self.classes = classes
        self.counter = Counter(settings)
        self.keyring = Keyring()
        self.wrong = Rates(WRONG_KEYS_PER_MINUTE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not guarded(scope["path"]):
            await self.app(scope, receive, send)
            return
        try:
            found = await self._access(scope)
        except MemnetError as error:
            response = await memnet_error(Request(scope), error)
            await response(scope, receive, send)
            return
        if isinstance(found, ProblemResponse):
            await found(scope, receive, send)
            return
        key = found.key
        scope["state"]["access"] = found
        caller = Caller(key.name if key else _address(scope), has_key=key is not None)
        # A tool is counted as what it does, when it is called: which one that is stands in the body.
        scope["state"]["count"] = partial(self.counter.count, caller)
        scope["state"]["caller"] = caller
        counted = self.counter.count(caller, self.classes.of(scope["method"], scope["path"]))
        if counted is not None:
            send = _with(counted.headers, send)
            if counted.taken.wait_s:
                refusal = _too_often(scope, caller.too_often(counted), counted.taken.wait_s, counted)
                await refusal(scope, receive, send)
                return
        with acting_as(key.name if key else None):
            await self.app(scope, receive, send)

    async def _access(self, scope: Scope) -> Access | ProblemResponse:
        memory: Memory = self.state.memory
        keys = memory.store.keys
        if not self.closed and not await self.keyring.exist(keys):
            return Access()
        kind, _, key = Headers(scope=scope).get("authorization", "").partition(" ")
        key = key.strip()
        if kind.lower() != "bearer" or not key:
            return _unauthenticated(scope, "a key is needed: Authorization: Bearer mn_…", "Bearer")
        row = await self.keyring.find(keys, key)
        state = None if row is None else row.state(datetime.now(UTC))
        if row is not None and state == "active":
            return Access(row)
        taken = self.wrong.take(_address(scope))
        if taken.wait_s:
            return _too_often(scope, "too many requests with keys that open nothing", taken.wait_s)
        detail = {"expired": "the key has expired", "revoked": "the key was revoked"}.get(
            state or "", "there is no such key"
        )
        return _unauthenticated(scope, detail, 'Bearer error="invalid_token"')


def _unauthenticated(scope: Scope, detail: str, challenge: str) -> ProblemResponse:
    return ProblemResponse(
        scope,
        problems.UNAUTHENTICATED,
        detail,
        # The body is not read, so the connection cannot carry another request.
        headers={"WWW-Authenticate": challenge, "Connection": "close"},
    )


def _too_often(scope: Scope, detail: str, wait_s: float, counted: Counted | None = None) -> ProblemResponse:
    return ProblemResponse(
        scope,
        problems.RATE_LIMITED,
        detail,
        rate_class=counted.rate_class if counted else None,
        headers={"Retry-After": str(math.ceil(wait_s)), "Connection": "close"},
    )


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else "unknown"


def _with(headers: dict[str, str], send: Send) -> Send:
    """Say with the answer how many requests are left."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return send_with_headers
