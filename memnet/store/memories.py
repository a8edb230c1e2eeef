"""The rows of memories: create, read, list, delete."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    false,
    func,
    or_,
    select,
    update,
)

from memnet.errors import InputError, MemoryNotFound
from memnet.store.epoch import STORE_EPOCH
from memnet.store.prepared import Prepared
from memnet.store.rows import MemoryRow
from memnet.store.schema import changes, check_version, fact_vectors, facts, memories, version_found, writes
from memnet.store.statements import insert_if_absent
from memnet.store.texts import check_text

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
"""What a memory may be called."""

IMPORTING = "importing-"
UNFINISHED = "an unfinished import; a later import removes it"
"""Name and description of a memory while its facts are being imported."""

BEING_IMPORTED = and_(
    memories.c.name.startswith(IMPORTING, autoescape=True),
    func.coalesce(memories.c.description, "") == UNFINISHED,
)
"""Memories that nobody has made and that are not whole yet."""

# Built once: putting it together would take longer than asking SQLite.
_HEAD = Prepared(
    select(
        memories.c.memory_id,
        memories.c.uid,
        memories.c.revision,
        memories.c.last_seq,
        memories.c.live_count,
        memories.c.log_floor,
        memories.c.history_floor,
        memories.c.epoch,
        STORE_EPOCH.label("store_epoch"),
        version_found.label("version"),
    ).where(memories.c.name == bindparam("called"))
)

_ROW = [memories.c[field.name] for field in fields(MemoryRow)]


@dataclass(frozen=True, slots=True)
class Head:
    """Where a memory stands."""

    memory_id: int
    uid: uuid.UUID
    revision: int
    """The one to read."""
    last_revision: int
    last_seq: int
    live_count: int
    log_floor: int
    history_floor: int
    epoch: tuple[str, int]
    """Of the store, new when the database is restored or its server started, and of the memory, raised when
    facts are erased. What was cached in another epoch must not be used."""
    past: bool = False
    """Whether `revision` is not the last one; the other numbers are always those of the last one."""


def put(connection: Connection, name: str, description: str | None) -> tuple[MemoryRow, bool]:
    """Create a memory, or change the description of an existing one unless None is given.

    Returns:
        The memory, and whether it is new.

    Raises:
        InputError: A name or description that cannot be.
    """
    check_name(name)
    if description is not None:
        check_text(description, "the description")
    now = datetime.now(UTC)
    new = {
        "uid": uuid.uuid4(),
        "name": name,
        "description": description,
        "revision": 0,
        "last_seq": 0,
        "live_count": 0,
        "created_at": now,
        "updated_at": now,
    }
    while True:
        inserted = connection.execute(
            insert_if_absent(connection, memories).values(**new).returning(*_ROW)
        ).one_or_none()
        if inserted is not None:
            return _memory(inserted), True
        found = connection.execute(_named(name).with_for_update()).one_or_none()
        # Neither: it existed at the insert and another transaction deleted it since.
        if found is not None:
            break
    if description is None or description == found.description:
        return _memory(found), False
    changed = connection.execute(
        update(memories)
        .where(memories.c.memory_id == found.memory_id)
        .values(description=description, updated_at=now)
        .returning(*_ROW)
    ).one()
    return _memory(changed), False


def get(connection: Connection, name: str) -> MemoryRow:
    """The memory of this name.

    Raises:
        MemoryNotFound: There is none.
    """
    row = connection.execute(_named(known_name(name))).one_or_none()
    if row is None:
        raise MemoryNotFound(name)
    return _memory(row)


def find(connection: Connection, name: str) -> MemoryRow | None:
    """The memory of this name, locked until the end of the write transaction; None when there is none."""
    row = connection.execute(_named(name).with_for_update()).one_or_none() if NAME.fullmatch(name) else None
    return None if row is None else _memory(row)


def page(
    connection: Connection, after: str | None, limit: int, within: Sequence[str] | None = None
) -> list[MemoryRow]:
    """Memories by name, those behind `after`, of these names and prefixes only; without those that are being
    imported.

    Raises:
        InputError: `after` is not a name.
    """
    statement = select(*_ROW).where(~BEING_IMPORTED).order_by(memories.c.name).limit(limit)
    if after is not None:
        check_name(after)
        statement = statement.where(memories.c.name > after)
    if within is not None:
        statement = statement.where(or_(false(), *map(_is_called, within)))
    return [_memory(row) for row in connection.execute(statement)]


def remove(connection: Connection, name: str) -> int:
    """Delete a memory with all of its rows.

    Returns:
        Its internal number, which is never used again.

    Raises:
        MemoryNotFound: There is none.
    """
    memory_id = lock(connection, name)
    for table in (writes, fact_vectors, changes, facts, memories):
        connection.execute(delete(table).where(table.c.memory_id == memory_id))
    return int(memory_id)


def lock(connection: Connection, name: str) -> int:
    """Hold a memory's row until the end of the transaction: writers of one memory take turns.

    Raises:
        MemoryNotFound: There is none.
    """
    statement = select(memories.c.memory_id).where(memories.c.name == known_name(name)).with_for_update()
    memory_id = connection.execute(statement).scalar_one_or_none()
    if memory_id is None:
        raise MemoryNotFound(name)
    return int(memory_id)


def head(connection: Connection, name: str) -> Head:
    """Where a memory stands: the one select that every read makes.

    Raises:
        MemoryNotFound: There is none.
        SchemaMismatch: The database was migrated since this process began.
    """
    rows = _HEAD.rows(connection, called=known_name(name))
    if not rows:
        raise MemoryNotFound(name)
    memory_id, uid, revision, last_seq, live_count, log_floor, history_floor, *epoch, version = rows[0]
    check_version(version)
    own, of_store = epoch
    return Head(
        memory_id,
        uid,
        revision,
        revision,
        last_seq,
        live_count,
        log_floor,
        history_floor,
        (of_store, own),
    )


def check_name(name: str) -> None:
    """Make sure that a memory may be called so.

    Raises:
        InputError: It may not.
    """
    if not NAME.fullmatch(name):
        raise InputError(
            "a memory's name is 1 to 63 lower-case letters, digits, '-' and '_', and begins with a "
            f"letter or digit; got {name[:80]!r}"
        )


def known_name(name: str) -> str:
    """The name, if a memory can have it; not every database accepts every string in a query.

    Raises:
        MemoryNotFound: No memory can be called so.
    """
    if not NAME.fullmatch(name):
        raise MemoryNotFound(name)
    return name


def _is_called(pattern: str) -> ColumnElement[bool]:
    """A name, or with a `*` at its end the names that begin so: a range, which the index answers."""
    if not pattern.endswith("*"):
        return memories.c.name == pattern
    prefix = pattern[:-1]
    # Names have no character behind `z`, so all that begin with the prefix come before this one.
    return and_(memories.c.name >= prefix, memories.c.name < f"{prefix}~")


def _named(name: str) -> Select[Any]:
    return select(*_ROW).where(memories.c.name == name)


def _memory(row: Row[*tuple[Any, ...]]) -> MemoryRow:
    return MemoryRow(**row._mapping)
