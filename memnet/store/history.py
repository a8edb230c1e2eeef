"""Which revision a read is about: the last one, an earlier one, or that of a moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from memnet.errors import HistoryErased, InputError, RevisionNotFound
from memnet.store.memories import Head, head
from memnet.store.schema import changes


def pinned(
    connection: Connection,
    name: str,
    *,
    as_of_revision: int | None = None,
    recorded_at: datetime | None = None,
) -> Head:
    """Where a memory stood.

    Args:
        connection: A read transaction.
        name: Which memory.
        as_of_revision: The revision to read; None for the last one.
        recorded_at: Read the last revision that was recorded at or before this moment, by the clock that
            recorded it. Clocks may jump; the order of revisions is never theirs.

    Returns:
        The memory's head, with `revision` set to the one to read.

    Raises:
        MemoryNotFound: There is no such memory.
        RevisionNotFound: It has no such revision (yet).
        HistoryErased: Facts of that revision were erased since, or the moment is before the log.
        InputError: Both a revision and a moment, or a moment without a time zone.
    """
    now = head(connection, name)
    if recorded_at is not None:
        if as_of_revision is not None:
            raise InputError("name a revision or a moment, not both")
        if recorded_at.tzinfo is None:
            raise InputError("a moment needs a time zone", hint="write 2026-01-31T12:00:00Z")
        revision = _recorded(connection, now, recorded_at)
        what = f"as of {recorded_at.isoformat()}"
        if revision == 0 and now.log_floor > now.history_floor:
            raise HistoryErased(name, what, now.log_floor, undated=True)
    elif as_of_revision is not None:
        revision, what = as_of_revision, f"as of revision {as_of_revision}"
    else:
        return now
    if not 0 <= revision <= now.revision:
        raise RevisionNotFound(
            f"memory '{name}' has no revision {revision}", hint=f"its last revision is {now.revision}"
        )
    if revision < now.history_floor:
        raise HistoryErased(name, what, now.history_floor)
    return now if revision == now.revision else replace(now, revision=revision, past=True)


def _recorded(connection: Connection, now: Head, moment: datetime) -> int:
    # Walks the log from its end; moments of interest are mostly near, and an index would cost every write.
    newest = (
        select(changes.c.revision)
        .where(changes.c.memory_id == now.memory_id, changes.c.created_at <= moment)
        .order_by(changes.c.revision.desc())
        .limit(1)
    )
    return connection.execute(newest).scalar_one_or_none() or 0
