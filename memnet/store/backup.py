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

import os
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    Table,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)

from memnet.errors import InputError, SchemaMismatch, StoreUnavailable
from memnet.store import migrate
from memnet.store.database import BUSY_TIMEOUT_S, open_database, reading, sqlite_file, writing
from memnet.store.schema import facts, memories, metadata, models, store_meta

_PAGE = 1000
"""Rows of a table held in memory at a time."""

_SIDECARS = ("-wal", "-shm", "-journal")
"""Files that belong to a SQLite file; a log of the old one would be played back into the new one."""


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
        with _replacing(file, force=force) as copy:
            source = sqlite_file(engine)
            if source is None:
                _copy_server(engine, copy)
            else:
                _copy_pages(source, copy, "rw")
            _verify(copy)
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
    occupied = [path for path in (target, *_sidecars(target)) if path.exists()]
    if occupied and not force:
        raise InputError(
            f"{occupied[0]} exists",
            hint="--force replaces it; what it holds is kept aside under another name",
        )
    with _disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    with _work_folder(target.parent) as folder:
        fresh = folder / "restored.db"
        contents = _prepare(file, fresh)
        kept = _aside(target) if occupied else None
        if occupied and _usable(engine, target):
            assert kept is not None
            _replace_rows(engine, fresh, kept)
            return Restored(contents, kept)
        # No process can work with what is there, if anything is: renaming does no harm.
        with _disk_errors(target):
            for path in (target, *_sidecars(target)):
                if path.exists():
                    path.rename(f"{kept}{path.name.removeprefix(target.name)}")
            _flush(fresh)
            assert not any(path.exists() for path in _sidecars(fresh)), "committed pages left in a log"
            fresh.rename(target)
            _flush(target.parent)
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
        kept = _aside(file) if occupied else None
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
        _copy_pages(file, fresh, "ro")
        _verify(fresh)
        with closing(sqlite3.connect(fresh)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    except StoreUnavailable as error:
        raise InputError(f"{file} is damaged: {error}", hint="restore another backup") from None
    if not {"alembic_version", "store_meta", "memories", "facts"} <= tables:
        raise InputError(f"{file} is not a backup of memnet", hint="make one with `memnet backup FILE`")
    migrate.upgrade(_file_url(fresh))
    engine = open_database(_file_url(fresh))
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
        with closing(_connect(target, "ro")) as connection:
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
    origin = open_database(_file_url(fresh))
    try:
        with writing(engine) as connection, reading(origin) as source:
            if connection.dialect.name == "postgresql":
                # Readers go on; writers wait, and then find the restored rows.
                names = ", ".join(table.name for table in metadata.sorted_tables)
                connection.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))
                if kept is None and _occupied(connection):
                    raise _holds_something()
            if kept is not None:
                with _replacing(kept, force=False) as copy:
                    file = sqlite_file(engine)
                    if file is None:
                        _write_rows(connection, copy)
                    else:
                        # No other writer until this transaction ends: this is the very last state.
                        _copy_pages(file, copy, "rw")
                    _verify(copy)
            numbers = _model_numbers(source, connection)
            for table in reversed(metadata.sorted_tables):
                if table is not models:
                    connection.execute(delete(table))
            _copy_rows(source, connection, numbers)
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
        _write_rows(connection, copy)


def _write_rows(source: Connection, copy: Path) -> None:
    """A SQLite file with all rows of another database."""
    migrate.upgrade(_file_url(copy))
    engine = open_database(_file_url(copy), migrating=True)
    try:
        with writing(engine) as connection:
            connection.execute(delete(store_meta))
            _copy_rows(source, connection, {})
    finally:
        engine.dispose()
    _single_file(copy)


def _copy_rows(source: Connection, target: Connection, numbers: Mapping[int, int]) -> None:
    """Insert every row of one database into another.

    Args:
        source: Where from.
        target: Where to; the tables are empty, `models` perhaps not.
        numbers: What to call models in the target that have another number there.
    """
    for table in metadata.sorted_tables:
        renumbered = [column.name for column in table.columns if _is_model_number(column)]
        there: set[int] = set()
        if table is models:
            there = set(target.execute(select(models.c.model_id)).scalars())
        rows = source.execute(
            select(table).order_by(*table.primary_key).execution_options(yield_per=_PAGE)
        ).mappings()
        for page in rows.partitions():
            new: list[dict[str, Any]] = [dict(row) for row in page]
            for row in new:
                for name in renumbered:
                    row[name] = numbers.get(row[name], row[name])
            new = [row for row in new if table is not models or row["model_id"] not in there]
            if new:
                target.execute(insert(table), new)
    for table in metadata.sorted_tables:
        if table.dialect_options["sqlite"]["autoincrement"]:
            _count_on(target, table, _last_number(source, table))


def _is_model_number(column: Column[Any]) -> bool:
    return column is models.c.model_id or any(key.column is models.c.model_id for key in column.foreign_keys)


def _model_numbers(source: Connection, target: Connection) -> dict[int, int]:
    """What models of a backup are to be called in a database: what it calls them now, else as is, else anew.

    Running processes remember the numbers of models; under a known number they must never find the vectors
    of another model.
    """
    known = {digest: number for number, digest in target.execute(select(models.c.model_id, models.c.digest))}
    taken = max([_last_number(target, models), _last_number(source, models), *known.values()])
    numbers: dict[int, int] = {}
    for number, digest in source.execute(select(models.c.model_id, models.c.digest)).all():
        if digest in known:
            numbers[number] = known[digest]
        elif number in known.values() or number <= _last_number(target, models):
            taken += 1
            numbers[number] = taken
    return numbers


def _last_number(connection: Connection, table: Table) -> int:
    """The largest number that a table's counter ever gave; also of rows that are gone."""
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = ?", (table.name,))
        return int(found.scalar_one_or_none() or 0)
    sequence = _sequence(connection, table)
    return int(
        connection.execute(
            # The name comes from PostgreSQL, quoted where it must be.
            text(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}")  # noqa: S608
        ).scalar_one()
    )


def _count_on(connection: Connection, table: Table, number: int) -> None:
    """Let a table's counter go on behind its rows and behind `number`: numbers are never used again."""
    key = next(iter(table.primary_key))
    largest = connection.execute(select(func.max(key))).scalar_one() or 0
    number = max(number, largest, _last_number(connection, table))
    if number == 0:
        return
    if connection.dialect.name == "sqlite":
        row = {"name": table.name, "number": number}
        changed = connection.execute(
            text("UPDATE sqlite_sequence SET seq = :number WHERE name = :name"), row
        ).rowcount
        if not changed:
            connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)"), row)
    else:
        connection.execute(select(func.setval(_sequence(connection, table), number)))


def _sequence(connection: Connection, table: Table) -> str:
    key = next(iter(table.primary_key)).name
    name = connection.execute(select(func.pg_get_serial_sequence(table.name, key))).scalar_one()
    return str(name)


def _copy_pages(source: Path, copy: Path, mode: str) -> None:
    """Copy a SQLite database as of one committed state into one file.

    Only a connection that may write (`rw`) clears away the log that it opened; a backup is read with `ro`.
    """
    try:
        with closing(_connect(source, mode)) as origin, closing(_connect(copy, "rwc")) as target:
            # All pages in one step are one read transaction: in WAL mode no writer waits for it.
            origin.backup(target)
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{source} could not be copied ({error})") from error
    _single_file(copy)


def _single_file(path: Path) -> None:
    """Leave no write-ahead log beside a file."""
    try:
        with closing(_connect(path, "rw")) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{path.name} could not be written ({error})") from error


def _verify(path: Path) -> None:
    try:
        with closing(_connect(path, "ro")) as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if found != "ok":
                raise StoreUnavailable(f"the copy fails its integrity check ({found})")
            if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
                raise StoreUnavailable("the copy has rows without the rows they refer to")
    except sqlite3.Error as error:
        raise StoreUnavailable(f"the copy cannot be read ({error})") from error


def _contents(path: Path) -> Contents:
    engine = open_database(_file_url(path))
    try:
        with reading(engine) as connection:
            counts = [
                connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (memories, facts)
            ]
    finally:
        engine.dispose()
    return Contents(counts[0], counts[1], path.stat().st_size)


@contextmanager
def _replacing(path: Path, *, force: bool) -> Iterator[Path]:
    """A file that gets its name when the block is done, and is gone when the block raises."""
    _refuse_existing(path, force=force)
    with _work_folder(path.parent) as folder:
        new = folder / path.name
        # SQLite would make it readable for everybody.
        new.touch(mode=0o600)
        yield new
        with _disk_errors(path):
            _flush(new)
            _refuse_existing(path, force=force)
            new.replace(path)
            _flush(path.parent)


@contextmanager
def _work_folder(parent: Path) -> Iterator[Path]:
    """A folder for temporary files, on the disk of the file to be."""
    if not parent.is_dir():
        raise InputError(f"there is no folder {parent}")
    with _disk_errors(parent):
        folder = tempfile.TemporaryDirectory(prefix=".memnet-", dir=parent, ignore_cleanup_errors=True)
    with folder as name:
        yield Path(name)


@contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be written ({error.strerror})") from error


def _refuse_existing(path: Path, *, force: bool) -> None:
    if path.is_dir():
        raise InputError(f"{path} is a folder, expected a file")
    if path.exists() and not force:
        raise InputError(f"{path} exists", hint="choose another name, or replace it with --force")


def _refuse_same(engine: Engine, file: Path) -> None:
    target = sqlite_file(engine)
    with suppress(OSError):
        if target is not None and target.samefile(file):
            raise InputError(f"{file} is the database itself", hint="name another file")


def _aside(path: Path) -> Path:
    """A free name for what a restore replaces."""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    return path.with_name(f"{path.name}.before-{moment}")


def _sidecars(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in _SIDECARS]


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None
    )


def _file_url(path: Path) -> URL:
    return URL.create("sqlite", database=str(path.absolute()))


def _flush(path: Path) -> None:
    """Make sure that a file, or the names in a folder, are on disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
