"""Routes whose functions may wait: each runs in a thread of the server's pool, and makes the trip there once.

The framework makes a second trip with what a function returned, to have it checked. It is checked already
when the model is made; to look again takes a microsecond, and the trip the better part of a question.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from inspect import iscoroutinefunction
from typing import Any

from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool


class Threaded(APIRoute):
    """A route that awaits its function where that runs in a thread."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **settings: Any) -> None:
        super().__init__(path, endpoint if iscoroutinefunction(endpoint) else _awaited(endpoint), **settings)


def _awaited(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    async def awaited(**given: Any) -> Any:
        return await run_in_threadpool(partial(function, **given))

    return awaited
