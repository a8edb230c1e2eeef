"""The door: whose key a request has, and whether they have asked too often; before anything of it is read."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from starlette.datastructures import Headers, MutableHeaders, State
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from memnet.errors import MemnetError
from memnet.memory import Memory
from memnet.store.actors import acting_as
from service import problems
from service.access import Access, guarded
from service.errors import ProblemResponse, memnet_error
from service.keyring import Keyring
from service.rates import Rates, per_minute
from service.settings import Settings

WRONG_KEYS_PER_MINUTE = 300
"""Requests with a key that opens nothing, from one address; more are told to wait."""


class Door:
    """Lets requests to guarded paths in with a key, or, where nobody is asked for one, without."""

    def __init__(self, app: ASGIApp, *, state: State, settings: Settings) -> None:
        """Stand before an application.

        Args:
            app: The application.
            state: Its state; `memory` is there when the first request comes.
            settings: Whether a key is asked for even where there are none, and how often one may ask.
        """
        self.app = app
        self.state = state
        self.closed = settings.always_asks_for_keys
        self.chosen = settings.rate_limit_per_minute
        self.keyring = Keyring()
        self.wrong = Rates(WRONG_KEYS_PER_MINUTE)
        self.rates: Rates | None = None

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
        allowed = per_minute(self.chosen, asked=key is not None)
        if allowed:
            if self.rates is None or self.rates.per_minute != allowed:
                self.rates = Rates(allowed)  # The first request, or the first key.
            taken = self.rates.take(f"key {key.name}" if key else f"address {_address(scope)}")
            if taken.wait_s:
                whose = "this key" if key else "this address"
                await _too_often(scope, f"{allowed} requests per minute for {whose}", taken.wait_s)(
                    scope, receive, send
                )
                return
            send = _with_rate(send, allowed, taken.left)
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


def _too_often(scope: Scope, detail: str, wait_s: float) -> ProblemResponse:
    return ProblemResponse(
        scope,
        problems.RATE_LIMITED,
        detail,
        headers={"Retry-After": str(math.ceil(wait_s)), "Connection": "close"},
    )


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else "unknown"


def _with_rate(send: Send, allowed: int, left: int) -> Send:
    """Say with the answer how many requests are left."""

    async def send_with_rate(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["RateLimit-Policy"] = f'"requests";q={allowed};w=60'
            headers["RateLimit"] = f'"requests";r={left}'
        await send(message)

    return send_with_rate
