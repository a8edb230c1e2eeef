"""Who a change is made for, as the log names them.

A context variable and not an argument: every write has an actor or none, none behaves otherwise because of
it, and the functions between the one who knows it and the log have nothing to do with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_actor: ContextVar[str | None] = ContextVar("memnet_actor", default=None)


def current() -> str | None:
    """The name that the log gives to what is changed now; None for nobody in particular."""
    return _actor.get()


@contextmanager
def acting_as(name: str | None) -> Iterator[None]:
    """Changes that are made within, in this context and threads that copy it, are made for this name."""
    token = _actor.set(name)
    try:
        yield
    finally:
        _actor.reset(token)
