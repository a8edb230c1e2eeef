"""Backup and restore: one file for either database, complete, consistent and checked before it counts.

A backup is a SQLite database with our schema, whichever database it was made from, so a backup of one kind
of database can be restored into the other. SQLite is copied page by page through its online backup; the
rows of PostgreSQL are read in one REPEATABLE READ transaction. Both see one committed state and hold up no
writer. Needed are neither PostgreSQL's client programs nor their version.

Every file is written under a temporary name beside its own, checked, flushed to disk and then renamed: a
backup that exists is a complete one. A restore never touches the backup itself.

What a restore replaces is kept aside. A database that is in use is replaced row by row in one transaction,
because a process that has a file open does not notice that another one took its name; running processes
see the old state before the commit and the new one after it. The restored store has a new `store_epoch`,
which no cache survives, and models keep the numbers that running processes know them by.
"""

from __future__ import annotations

import sqlite3
import tempfile
import uuid
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    delete,
    func,
    inspect,
    select,
    text,
    update,
)

from memnet.errors import InputError, SchemaMismatch, StoreUnavailable
from memnet.store import copying, files, migrate
from memnet.store.database import open_database, reading, sqlite_file, writing
from memnet.store.schema import facts, memories, metadata, models, store_meta


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup holds."""

    memories: int
    facts: int
    """Live ones and forgotten ones."""
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did."""

    contents: Contents
    kept: Path | None
    """Where the state before the restore is; None when there was none."""


def backup(database: str | URL, file: Path, *, force: bool = False) -> Contents:
    """Copy a database into a file, as of one committed state, while others read and write.

    Args:
        database: URL of the store.
        file: Where to; readable by its owner alone.
        force: Replace an existing file.

    Raises:
        InputError: The file exists, is the database itself, or cannot be where it should be.
        SchemaMismatch: Not a schema of this memnet.
        StoreUnavailable: The database does not answer, the copy is damaged, or the disk is full; an
            existing file is as it was.
    """
    engine = open_database(database, migrating=True)
    try:
        migrate.check(engine)
        _refuse_same(engine, file)
        with files.replacing(file, force=force) as copy:
            source = sqlite_file(engine)
            if source is None:
                _copy_server(engine, copy)
            else:
                files.copy_pages(source, copy, "rw")
            files.verify(copy)
            return _contents(copy)
    finally:
        engine.dispose()


def restore(database: str | URL, file: Path, *, force: bool = False) -> Restored:
    """Make a database what a backup holds. A backup of an older schema is brought up to date.

    Args:
        database: URL of the store.
        file: The backup.
        force: Replace a store that holds something; its state is kept aside, in a file that can be
            restored, beside the SQLite file or else beside the backup.

    Raises:
        InputError: The backup does not exist, is damaged or is none; or there is a store already.
        SchemaMismatch: The backup or the PostgreSQL database does not have a schema that fits this memnet.
        StoreUnavailable: The database does not answer or could not do its work; it is as it was.
    """
    engine = open_database(database, migrating=True)
    try:
        _refuse_same(engine, file)
        target = sqlite_file(engine)
        if target is None:
            return _restore_server(engine, file, force=force)
        return _restore_file(engine, target, file, force=force)
    finally:
        engine.dispose()


def new_epoch(connection: Connection) -> None:
    """Make every cache of every process reload before its next answer."""
    connection.execute(
        update(store_meta).where(store_meta.c.key == "store_epoch").values(value=str(uuid.uuid4()))
    )


def _restore_file(engine: Engine, target: Path, file: Path, *, force: bool) -> Restored:
    occupied = [path for path in (target, *files.sidecars(target)) if path.exists()]
    if occupied and not force:
        raise InputError(
            f"{occupied[0]} exists",
            hint="--force replaces it; what it holds is kept aside under another name",
        )
    with files.disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    with files.work_folder(target.parent) as folder:
        fresh = folder / "restored.db"
        contents = _prepare(file, fresh)
        kept = files.aside(target) if occupied else None
        if occupied and _usable(engine, target):
            assert kept is not None
            _replace_rows(engine, fresh, kept)
            return Restored(contents, kept)
        # No process can work with what is there, if anything is: renaming does no harm.
        with files.disk_errors(target):
            for path in (target, *files.sidecars(target)):
                if path.exists():
                    path.rename(f"{kept}{path.name.removeprefix(target.name)}")
            files.flush(fresh)
            assert not any(path.exists() for path in files.sidecars(fresh)), "committed pages left in a log"
            fresh.rename(target)
            files.flush(target.parent)
        return Restored(contents, kept)


def _restore_server(engine: Engine, file: Path, *, force: bool) -> Restored:
    with reading(engine) as connection:
        new = not inspect(connection).has_table(store_meta.name)
    occupied = False
    if not new:
        migrate.check(engine)
        with reading(engine) as connection:
            occupied = _occupied(connection)
    if occupied and not force:
        raise _holds_something()
    with tempfile.TemporaryDirectory(prefix="memnet-restore-") as folder:
        fresh = Path(folder) / "restored.db"
        contents = _prepare(file, fresh)
        if new:
            migrate.upgrade(engine)
        kept = files.aside(file) if occupied else None
        _replace_rows(engine, fresh, kept)
    return Restored(contents, kept)


def _prepare(file: Path, fresh: Path) -> Contents:
    """A checked copy of a backup, with our newest schema and an epoch of its own."""
    try:
        with file.open("rb") as opened:
            begin = opened.read(16)
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror})") from None
    if begin != b"SQLite format 3\0":
        raise InputError(f"{file} is not a backup of memnet", hint="make one with `memnet backup FILE`")
    try:
        files.copy_pages(file, fresh, "ro")
        files.verify(fresh)
        with closing(sqlite3.connect(fresh)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    except StoreUnavailable as error:
        raise InputError(f"{file} is damaged: {error}", hint="restore another backup") from None
    if not {"alembic_version", "store_meta", "memories", "facts"} <= tables:
        raise InputError(f"{file} is not a backup of memnet", hint="make one with `memnet backup FILE`")
    migrate.upgrade(files.file_url(fresh))
    engine = open_database(files.file_url(fresh))
    try:
        with writing(engine) as connection:
            new_epoch(connection)
    finally:
        engine.dispose()
    return _contents(fresh)


def _usable(engine: Engine, target: Path) -> bool:
    """Whether a SQLite file is a sound store with our schema, so that processes may be working with it."""
    if not target.exists():
        return False
    try:
        # Looking must not change what may have to be looked at again: `rw` would clear away a damaged log.
        with closing(files.connect(target, "ro")) as connection:
            if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                return False
        migrate.check(engine)
    except SchemaMismatch:
        return False
    except sqlite3.OperationalError as error:
        raise StoreUnavailable(f"{target} cannot be opened ({error})") from error
    except sqlite3.DatabaseError:
        return False
    return True


def _replace_rows(engine: Engine, fresh: Path, kept: Path | None) -> None:
    """Make the tables those of a backup, in one transaction that first keeps what it replaces."""
    origin = open_database(files.file_url(fresh))
    try:
        with writing(engine) as connection, reading(origin) as source:
            if connection.dialect.name == "postgresql":
                # Readers go on; writers wait, and then find the restored rows.
                names = ", ".join(table.name for table in metadata.sorted_tables)
                connection.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))
                if kept is None and _occupied(connection):
                    raise _holds_something()
            if kept is not None:
                with files.replacing(kept, force=False) as copy:
                    file = sqlite_file(engine)
                    if file is None:
                        copying.write_rows(connection, copy)
                    else:
                        # No other writer until this transaction ends: this is the very last state.
                        files.copy_pages(file, copy, "rw")
                    files.verify(copy)
            numbers = copying.model_numbers(source, connection)
            for table in reversed(metadata.sorted_tables):
                if table is not models:
                    connection.execute(delete(table))
            copying.copy_rows(source, connection, numbers)
            new_epoch(connection)
    finally:
        origin.dispose()


def _occupied(connection: Connection) -> bool:
    """Whether there is anything to lose: models alone are not, any process registers its own."""
    return any(
        connection.execute(select(next(iter(table.columns))).limit(1)).first() is not None
        for table in metadata.sorted_tables
        if table is not store_meta and table is not models
    )


def _holds_something() -> InputError:
    return InputError(
        "the database is not empty", hint="--force replaces what it holds, and keeps it aside in a file"
    )


def _copy_server(engine: Engine, copy: Path) -> None:
    with reading(engine) as connection:
        copying.write_rows(connection, copy)


def _contents(path: Path) -> Contents:
    engine = open_database(files.file_url(path))
    try:
        with reading(engine) as connection:
            counts = [
                connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (memories, facts)
            ]
    finally:
        engine.dispose()
    return Contents(counts[0], counts[1], path.stat().st_size)


def _refuse_same(engine: Engine, file: Path) -> None:
    target = sqlite_file(engine)
    with suppress(OSError):
        if target is not None and target.samefile(file):
            raise InputError(f"{file} is the database itself", hint="name another file")
