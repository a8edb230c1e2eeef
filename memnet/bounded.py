"""Functions that remember what they made, within a bound of bytes.

A bound on how many things are remembered bounds nothing where a thing is a caller's text: it may have five
words or five hundred.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from threading import Lock
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")

_ENTRY_BYTES = 200
"""Of a key and its places in the tables, whatever they are, roughly."""


def remembered(max_bytes: int, size_bytes: Callable[..., int]) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Have a function make each thing once.

    When things come to more than the bound, all are forgotten but the last: what is in use is soon made
    again, and to find something costs as little as it can, for nobody notes when it was last used.

    Args:
        max_bytes: The bound.
        size_bytes: What a thing takes, roughly: called with it and what it was made of.
    """

    def of(make: Callable[P, T]) -> Callable[P, T]:
        lock = Lock()
        held_bytes = 0

        @cache
        def made(*args: Any) -> T:
            nonlocal held_bytes
            thing = make(*args)  # type: ignore[call-arg]
            size = _ENTRY_BYTES + size_bytes(thing, *args)
            with lock:
                held_bytes += size
                if held_bytes > max_bytes:
                    made.cache_clear()
                    held_bytes = size
            return thing

        return cast("Callable[P, T]", wraps(make)(made))

    return of
