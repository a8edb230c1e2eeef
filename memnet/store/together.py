"""Writers of one process that come at once, committed together.

A file has room for one writer at a time, and every commit waits for the disk, longer than all else that a
writer of one fact does. So whoever has the turn also does what those behind have brought, each within a
savepoint of its own, and all of it is durable before any of them is told. What each wrote is a revision of
its own, as if they had come one after the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from copy import copy
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from memnet.store.cache import Cached
from memnet.store.database import writing
from memnet.store.rows import ModelRow

MOST = 16
"""Writers that are committed together: the first of them waits for all, and so does everybody else."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Leads:
    """Where a write leads a memory."""

    view: Callable[[], Cached]
    """What the memory holds then; made when somebody asks."""
    model: ModelRow
    drops: int
    """See `Views.keep`."""


Told = dict[int, Leads]
"""The memories that were written to in a transaction, by number."""


@dataclass(slots=True, eq=False)
class _Writer:
    work: Callable[[Connection, Told], Any]
    context: Context = field(default_factory=copy_context)
    is_done: bool = False
    result: Any = None
    error: BaseException | None = None

    def do(self, connection: Connection, told: Told) -> None:
        """In its own context: the log names who asked."""
        self.result = self.context.run(self.work, connection, told)

    def fail(self, error: BaseException) -> None:
        """Nothing was written."""
        if self.error is None:
            # The same error is raised in several threads, each of which adds where it was.
            self.error = copy(error) if isinstance(error, Exception) else error


class Together:
    """Commits what several threads write. Thread-safe."""

    def __init__(self, engine: Engine, committed: Callable[[Told], None]) -> None:
        """Write to a database.

        Args:
            engine: The database.
            committed: Is given what was told, before the next one has the turn.
        """
        self._engine, self._committed = engine, committed
        self._waiting: deque[_Writer] = deque()
        self._turn = Lock()

    def write(self, work: Callable[[Connection, Told], T]) -> T:
        """Do what writes, in a transaction that is committed on return.

        When it raises, it has written nothing.

        Args:
            work: Is given the transaction, and what was told in it so far, to which it adds.

        Raises:
            StoreUnavailable: The database does not answer, or could not do its work.
        """
        one = _Writer(work)
        if self._engine.dialect.name != "sqlite":
            # A server has many writers at a time, and commits what they wrote together itself.
            self._commit(one, deque())
        else:
            self._waiting.append(one)
            with self._turn:
                while not one.is_done:
                    self._commit(self._waiting.popleft(), self._waiting)
        if one.error is not None:
            raise one.error
        result: T = one.result
        return result

    def _commit(self, first: _Writer, others: deque[_Writer]) -> None:
        """Let a writer write, and then, before the disk is waited for, whoever has come meanwhile."""
        told: Told = {}
        writers = [first]
        try:
            with writing(self._engine) as connection:
                first.do(connection, told)
                while others and len(writers) < MOST:
                    writers.append(others.popleft())
                    _attempt(writers[-1], connection, told)
        except BaseException as error:
            for each in writers:
                each.fail(error)
        else:
            self._committed(told)
        finally:
            for each in writers:
                each.is_done = True


def _attempt(writer: _Writer, connection: Connection, told: Told) -> None:
    """Let one of several write; when it may not, it leaves nothing, and what the others wrote stays."""
    connection.exec_driver_sql("SAVEPOINT memnet")
    try:
        writer.do(connection, told)
    except DBAPIError:
        # The database may have given up the whole transaction.
        raise
    except Exception as error:
        writer.error = error
        connection.exec_driver_sql("ROLLBACK TO memnet")
    connection.exec_driver_sql("RELEASE memnet")
