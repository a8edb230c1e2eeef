"""After a fork: what the child has inherited, and must not use.

Connections belong to the parent. SQLite even remembers its locks per process and does not notice the fork: a
child that opened the same file again would believe that it holds locks which only the parent has, and could
lose what it commits. OpenMP's threads are the parent's too; see `flat`. Start workers by `spawn` instead.
"""

from __future__ import annotations

import os
from pathlib import Path
from weakref import WeakSet

from sqlalchemy import Engine, Pool, QueuePool

from memnet.errors import StoreUnavailable

_engines: WeakSet[Engine] = WeakSet()
_inherited: list[Pool] = []
"""Kept for ever: to close the connections in them would be to use them."""
_held: set[Path] = set()
"""SQLite files that the parent had open when it forked."""


def watch(engine: Engine) -> None:
    """Have an engine begin without connections in a child; those to a server are made anew."""
    _engines.add(engine)


def check_own(file: Path) -> None:
    """Make sure that a SQLite file was not open when this process was forked from another one.

    Raises:
        StoreUnavailable: It was.
    """
    if file in _held:
        raise StoreUnavailable(
            "the database file was open in the process that this one was forked from",
            hint="start processes by spawn, or close the store before the fork and open one in each",
        )


def _begin_anew() -> None:
    for engine in list(_engines):
        pool = engine.pool
        if isinstance(pool, QueuePool) and pool.checkedin() + pool.checkedout() > 0:
            _inherited.append(pool)
            if engine.dialect.name == "sqlite":
                _held.add(Path(engine.url.database or ""))
        engine.dispose(close=False)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
