"""Sending requests: headers, retries, errors. The same rules for waiting and for asynchronous callers.

A request is sent again when no answer came or the service said that it cannot now (502, 503, 504), if sending
it twice does the same as once: reads and questions, `PUT`, `DELETE`, and facts, which are posted under an
idempotency key. Other requests are sent again only when they cannot have been received (no connection) or
were refused before anything was done (429).
"""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx2

import memnet
from memnet.client.errors import Unreachable, problem_error

CANNOT_NOW = frozenset({502, 503, 504})

LONGEST_WAIT_S = 30.0
"""However long the service says to wait."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request."""

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str | None] = field(default_factory=dict)
    """Names in small letters."""
    body: Mapping[str, Any] | None = None
    """Without fields that are None: omitting them means the same."""
    repeatable: bool = True
    """Whether sending it twice does the same as once."""
    named: bool = False
    """Whether it takes an idempotency key; without one it gets one of its own."""

    def arguments(self) -> dict[str, Any]:
        """What httpx2 is given."""
        headers = {name: value for name, value in self.headers.items() if value is not None}
        if self.named:
            headers.setdefault("idempotency-key", str(uuid.uuid4()))
        arguments: dict[str, Any] = {
            "method": self.method,
            "url": self.path,
            "params": {name: _text(value) for name, value in self.query.items() if value is not None},
            "headers": headers,
        }
        if self.body is not None:
            arguments["json"] = {name: value for name, value in self.body.items() if value is not None}
        return arguments


@dataclass(frozen=True, slots=True)
class Retries:
    """How often, and how long to wait in between."""

    tries: int = 4
    """In all; 1 for no second one."""
    first_wait_s: float = 0.2
    """Doubled each time, of which half is random; a `Retry-After` is waited for in full."""

    def wait_s(self, attempt: int, response: httpx2.Response | None) -> float:
        """How long to wait behind an attempt, counted from 1."""
        told = response.headers.get("Retry-After", "") if response is not None else ""
        if told.isascii() and told.isdigit():
            return min(float(told), LONGEST_WAIT_S)
        longest: float = min(self.first_wait_s * 2 ** (attempt - 1), LONGEST_WAIT_S)
        return longest * (0.5 + random.random() / 2)

    def again(self, call: Call, attempt: int, outcome: httpx2.Response | httpx2.TransportError) -> bool:
        """Whether to send a request once more."""
        if attempt >= self.tries:
            return False
        if isinstance(outcome, httpx2.Response):
            cannot_now = outcome.status_code in CANNOT_NOW and call.repeatable
            return outcome.status_code == 429 or cannot_now
        return call.repeatable or isinstance(outcome, httpx2.ConnectError | httpx2.ConnectTimeout)


def read(call: Call, attempt: int, response: httpx2.Response) -> Any:
    """The body of an answer; None when it has none.

    Raises:
        ProblemError: The service refused.
    """
    if response.status_code == 404 and call.method == "DELETE" and attempt > 1:
        return None  # The attempt before did it, and its answer was lost.
    if not response.is_success:
        raise refusal(response)
    return response.json() if response.content else None


def refusal(response: httpx2.Response) -> Exception:
    """The error that a response stands for; its body has been read."""
    try:
        problem = response.json()
    except ValueError:
        problem = {}  # Something between here and the service answered in words of its own.
    return problem_error(
        response.status_code,
        problem if isinstance(problem, dict) else {},
        response.headers.get("X-Request-ID"),
    )


def unreachable(error: httpx2.TransportError, address: str) -> Unreachable:
    """The error for an answer that did not come."""
    return Unreachable(f"no answer from {address}: {error or type(error).__name__}")


def headers_of(key: str | None) -> dict[str, str]:
    """What every request is sent with."""
    headers = {"Accept": "application/json", "User-Agent": f"memnet-client/{memnet.__version__}"}
    return headers if key is None else {**headers, "Authorization": f"Bearer {key}"}


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


class Transport:
    """Sends requests and waits for the answers. Threads may share it."""

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:8000",
        *,
        key: str | None = None,
        timeout_s: float = 30.0,
        retries: Retries | None = None,
        http: httpx2.Client | None = None,
    ) -> None:
        """Connect at the first request.

        Args:
            base_url: Where the service is.
            key: From `memnet keys create`; None where nobody is asked for one.
            timeout_s: Longest wait for an answer.
            retries: How often to try.
            http: Sends the requests, in place of a client of our own; it is closed with this one.
        """
        self.base_url = base_url
        self._retries = retries or Retries()
        self._http = http or httpx2.Client(timeout=timeout_s)
        self._http.base_url = httpx2.URL(base_url)
        self._http.headers.update(headers_of(key))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, call: Call) -> Any:
        arguments = call.arguments()
        attempt = 1
        while True:
            outcome: httpx2.Response | httpx2.TransportError
            try:
                outcome = self._http.request(**arguments)
            except httpx2.TransportError as error:
                outcome = error
            if not self._retries.again(call, attempt, outcome):
                if isinstance(outcome, httpx2.TransportError):
                    raise unreachable(outcome, self.base_url) from outcome
                return read(call, attempt, outcome)
            response = outcome if isinstance(outcome, httpx2.Response) else None
            time.sleep(self._retries.wait_s(attempt, response))
            attempt += 1


class AsyncTransport:
    """Sends requests for asynchronous callers; see `Transport`."""

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:8000",
        *,
        key: str | None = None,
        timeout_s: float = 30.0,
        retries: Retries | None = None,
        http: httpx2.AsyncClient | None = None,
    ) -> None:
        """Connect at the first request; see `Transport`."""
        self.base_url = base_url
        self._retries = retries or Retries()
        self._http = http or httpx2.AsyncClient(timeout=timeout_s)
        self._http.base_url = httpx2.URL(base_url)
        self._http.headers.update(headers_of(key))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _send(self, call: Call) -> Any:
        arguments = call.arguments()
        attempt = 1
        while True:
            outcome: httpx2.Response | httpx2.TransportError
            try:
                outcome = await self._http.request(**arguments)
            except httpx2.TransportError as error:
                outcome = error
            if not self._retries.again(call, attempt, outcome):
                if isinstance(outcome, httpx2.TransportError):
                    raise unreachable(outcome, self.base_url) from outcome
                return read(call, attempt, outcome)
            response = outcome if isinstance(outcome, httpx2.Response) else None
            await asyncio.sleep(self._retries.wait_s(attempt, response))
            attempt += 1
