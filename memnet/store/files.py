"""SQLite files on disk: copied whole, checked, and given their name only when they are complete."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL

from memnet.errors import InputError, StoreUnavailable
from memnet.store.database import BUSY_TIMEOUT_S

_SIDECARS = ("-wal", "-shm", "-journal")
"""Files that belong to a SQLite file; a log of the old one would be played back into the new one."""


def copy_pages(source: Path, copy: Path, mode: str) -> None:
    """Copy a SQLite database as of one committed state into one file.

    Only a connection that may write (`rw`) clears away the log that it opened; a backup is read with `ro`.
    """
    try:
        with closing(connect(source, mode)) as origin, closing(connect(copy, "rwc")) as target:
            # All pages in one step are one read transaction: in WAL mode no writer waits for it.
            origin.backup(target)
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{source} could not be copied ({error})") from error
    single_file(copy)


def single_file(path: Path) -> None:
    """Leave no write-ahead log beside a file."""
    try:
        with closing(connect(path, "rw")) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{path.name} could not be written ({error})") from error


def verify(path: Path) -> None:
    """Make sure that a database is sound.

    Raises:
        StoreUnavailable: It is not, or cannot be read.
    """
    try:
        with closing(connect(path, "ro")) as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if found != "ok":
                raise StoreUnavailable(f"the copy fails its integrity check ({found})")
            if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
                raise StoreUnavailable("the copy has rows without the rows they refer to")
    except sqlite3.Error as error:
        raise StoreUnavailable(f"the copy cannot be read ({error})") from error


@contextmanager
def replacing(path: Path, *, force: bool) -> Iterator[Path]:
    """A file that gets its name when the block is done, and is gone when the block raises."""
    refuse_existing(path, force=force)
    with work_folder(path.parent) as folder:
        new = folder / path.name
        # SQLite would make it readable for everybody.
        new.touch(mode=0o600)
        yield new
        with disk_errors(path):
            flush(new)
            refuse_existing(path, force=force)
            new.replace(path)
            flush(path.parent)


@contextmanager
def work_folder(parent: Path) -> Iterator[Path]:
    """A folder for temporary files, on the disk of the file to be."""
    if not parent.is_dir():
        raise InputError(f"there is no folder {parent}")
    with disk_errors(parent):
        folder = tempfile.TemporaryDirectory(prefix=".memnet-", dir=parent, ignore_cleanup_errors=True)
    with folder as name:
        yield Path(name)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """The system's errors in our words."""
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be written ({error.strerror})") from error


def refuse_existing(path: Path, *, force: bool) -> None:
    """Raise InputError for a name that is taken."""
    if path.is_dir():
        raise InputError(f"{path} is a folder, expected a file")
    if path.exists() and not force:
        raise InputError(f"{path} exists", hint="choose another name, or replace it with --force")


def aside(path: Path) -> Path:
    """A free name for what a restore replaces."""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    return path.with_name(f"{path.name}.before-{moment}")


def sidecars(path: Path) -> list[Path]:
    """The files that may lie beside a SQLite file and belong to it."""
    return [path.with_name(path.name + suffix) for suffix in _SIDECARS]


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """A connection in SQLite's mode `ro`, `rw` or `rwc`."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None
    )


def file_url(path: Path) -> URL:
    """The address of a SQLite file."""
    return URL.create("sqlite", database=str(path.absolute()))


def flush(path: Path) -> None:
    """Make sure that a file, or the names in a folder, are on disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
