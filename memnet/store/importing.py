"""Facts of a file into a memory: all of them, or none.

The file is read twice: first only to check every line, then to store. The facts go in batches into a memory
of another name, `importing-…`, which gets its real name in one transaction when all of them are there.
Whoever is killed before leaves the named memory untouched, so that running the import again duplicates
nothing; the remains are in no list and are removed by a later import. That takes a memory that is new or
never held a fact. Appending to another one is a single transaction instead, and therefore bounded in size.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import IO

from sqlalchemy import Connection, Engine, select, update

from memnet.errors import InputError, MemoryNotFound, StoreError
from memnet.store import memories
from memnet.store.database import reading, writing
from memnet.store.facts import FactStore
from memnet.store.schema import memories as memories_table
from memnet.store.transfer import Problem, TransferError, read_facts, read_header

MAX_APPENDED = 10_000
"""Most facts that an import appends to facts already there: they are held in memory, for one transaction."""

_BATCH_FACTS = 500
_BATCH_CHARACTERS = 1_000_000
"""Bound on facts times longest text: a batch is encoded as one array as wide as its longest sentence."""

_ABANDONED = timedelta(hours=1)
"""An import commits a batch every few seconds; one that did not for so long is dead."""

Remember = Callable[[str, Sequence[str]], object]
"""Stores texts as the newest facts of a memory, all or none: `Memory.remember`."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    stored: int
    """Facts stored."""
    problems: int
    """Lines that could not be used, a wrong count included."""


def import_facts(
    engine: Engine,
    remember: Remember,
    name: str,
    file: IO[bytes],
    *,
    append: bool = False,
    skip_bad: bool = False,
    report: Callable[[Problem], None] = lambda problem: None,
) -> Imported:
    """Store the facts of a file: all of them, or none.

    Args:
        engine: The database.
        remember: Stores texts in a memory; it makes the vectors.
        name: A memory that does not exist, or never held a fact.
        file: Seekable; it is read twice and must not change meanwhile.
        append: Any memory will do; at most `MAX_APPENDED` facts.
        skip_bad: Store the others when some lines cannot be used.
        report: Called with each problem, in the order of the file.

    Raises:
        TransferError: Lines that cannot be used; nothing is stored.
        InputError: Not a memory's name; facts in the memory, or too many to append; nothing is stored.
        StoreError: The store could not; nothing is stored.
    """
    memories.check_name(name)
    begin = file.tell()
    header = read_header(file)
    good, bad = 0, 0
    for item in read_facts(file, header):
        if isinstance(item, Problem):
            bad += 1
            report(item)
        else:
            good += 1
    if bad and not skip_bad:
        raise TransferError(
            f"{'one problem' if bad == 1 else f'{bad} problems'} in the file; nothing is stored",
            hint="mend the file, or store the other facts with --skip-bad",
        )
    file.seek(begin)
    texts = (item for item in read_facts(file, read_header(file)) if isinstance(item, str))
    if append:
        _append(engine, remember, name, texts, good)
    else:
        _store_anew(engine, remember, name, texts, good)
    return Imported(good, bad)


def _append(engine: Engine, remember: Remember, name: str, texts: Iterator[str], count: int) -> None:
    if count > MAX_APPENDED:
        raise InputError(
            f"the file holds {count} facts; at most {MAX_APPENDED} can be appended in one transaction",
            hint="import them into a memory of their own, or in several files",
        )
    FactStore(engine).put_memory(name)
    if count:
        remember(name, list(texts))


def _store_anew(engine: Engine, remember: Remember, name: str, texts: Iterator[str], count: int) -> None:
    store = FactStore(engine)
    with reading(engine) as connection:
        _refuse_facts(connection, name, lock=False)
    _remove_abandoned(store, engine)
    unfinished = f"{memories.IMPORTING}{secrets.token_hex(8)}"
    try:
        store.put_memory(unfinished, description=memories.UNFINISHED)
        for batch in _batches(texts):
            remember(unfinished, batch)
        _give_name(engine, unfinished, name, count)
    except BaseException:
        with suppress(StoreError, MemoryNotFound):
            store.delete_memory(unfinished)
        raise


def _give_name(engine: Engine, unfinished: str, name: str, count: int) -> None:
    """Put an imported memory in the place of one without facts, in one transaction."""
    with writing(engine) as connection:
        stored = memories.get(connection, unfinished)
        if stored.live_count != count:
            raise StoreError(
                f"the file held {count} facts when it was checked and {stored.live_count} when it was read",
                hint="import it again, and leave it alone meanwhile",
            )
        description = _refuse_facts(connection, name, lock=True)
        with suppress(MemoryNotFound):
            memories.remove(connection, name)
        connection.execute(
            update(memories_table)
            .where(memories_table.c.memory_id == stored.memory_id)
            .values(name=name, description=description)
        )


def _refuse_facts(connection: Connection, name: str, *, lock: bool) -> str | None:
    """Make sure that a memory never held a fact: its description, None when there is no such memory.

    With `lock`, in a write transaction, it stays so until the end of that transaction.
    """
    try:
        if lock:
            memories.lock(connection, name)
        memory = memories.get(connection, name)
    except MemoryNotFound:
        return None
    if memory.revision > 0:
        raise InputError(
            f"memory '{name}' is at revision {memory.revision}, expected one that never held a fact",
            hint="import under a new name, or add to its facts with --append",
        )
    return memory.description


def _remove_abandoned(store: FactStore, engine: Engine) -> None:
    with reading(engine) as connection:
        names = connection.execute(
            select(memories_table.c.name).where(
                memories.BEING_IMPORTED,
                memories_table.c.updated_at < datetime.now(UTC) - _ABANDONED,
            )
        ).scalars()
        abandoned = list(names)
    for name in abandoned:
        with suppress(MemoryNotFound):
            store.delete_memory(name)


def _batches(texts: Iterator[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    longest = 0
    for text in texts:
        longest = max(longest, len(text))
        if batch and (len(batch) == _BATCH_FACTS or (len(batch) + 1) * longest > _BATCH_CHARACTERS):
            yield batch
            batch, longest = [], len(text)
        batch.append(text)
    if batch:
        yield batch
