"""What goes on inside, for those who measure: how long each stage took, and a few numbers.

Nobody listens by default; a stage is then two looks at the clock. Whoever listens is called in the thread
that does the work, and gets no text.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

Listener = Callable[[str, float, str], None]
"""Is told what was measured, how much, and of which kind it is.

    stage           seconds     encode, view, infer, write
    answer          1           answered, or the reason why not
    index_lag       revisions   how far a cached view was behind the database before it caught up
    view            1           as it was, caught up, loaded
    cached_bytes    bytes       of all views that this process keeps
"""

_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Be told of everything from now on."""
    _listeners.append(listener)


def tell(what: str, value: float, kind: str = "") -> None:
    """Tell those who listen."""
    for listener in _listeners:
        listener(what, value, kind)


def staged(
    name: str, tells: Callable[[Any], str] | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A function that is a stage: how long it took is told, also when it raises.

    Args:
        name: Of the stage.
        tells: What kind of answer the result is; None for a function that does not answer.
    """

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def timed(*args: P.args, **kwargs: P.kwargs) -> R:
            started = time.perf_counter()
            try:
                result = function(*args, **kwargs)
            finally:
                tell("stage", time.perf_counter() - started, name)
            if tells is not None:
                tell("answer", 1, tells(result))
            return result

        return timed

    return decorated
