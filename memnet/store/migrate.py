"""The schema: bring it up to date, or say why it does not fit."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, func, inspect, select, text

import memnet
from memnet.errors import SchemaMismatch, StoreUnavailable
from memnet.store.database import BUSY_TIMEOUT_S, open_database, reading, sqlite_file, writing

_PAGE_SIZE = 8192
"""Vectors of 1 KB take 15 % less room than on pages of 4096 bytes."""

_ADVISORY_LOCK = 0x6D656D6E6574
"""The letters `memnet`: one migration runner at a time on PostgreSQL."""


def upgrade(database: str | URL | Engine) -> None:
    """Bring the schema up to date; creates a SQLite file and its missing parent folders.

    Does nothing to a schema that is current. All of it happens in one transaction.

    Raises:
        SchemaMismatch: The schema is newer than this memnet; nothing is changed.
        StoreUnavailable: The database does not answer, or could not do its work.
    """
    with migrating(database) as connection:
        command.upgrade(alembic_config(connection), "head")


def downgrade(database: str | URL | Engine, revision: str = "base") -> None:
    """Take the schema back to an older revision; `base` drops every table and all data.

    Raises:
        SchemaMismatch: The schema is newer than this memnet; nothing is changed.
        StoreUnavailable: The database does not answer, or could not do its work.
    """
    with migrating(database) as connection:
        command.downgrade(alembic_config(connection), revision)


def check(engine: Engine) -> None:
    """Make sure that the database has exactly the schema this memnet needs. Changes nothing.

    Raises:
        SchemaMismatch: No schema, an older or a newer one; the hint says what to do.
        StoreUnavailable: The database does not answer.
    """
    file = sqlite_file(engine)
    found: frozenset[str] = frozenset()
    if file is None or file.exists():
        with reading(engine) as connection:
            found = _revisions(connection)
    scripts = _scripts()
    if not found:
        raise SchemaMismatch("the database has no schema yet", hint="create it with `memnet migrate`")
    _refuse_newer(found)
    if found != {scripts.head}:
        raise SchemaMismatch(
            f"the database has schema {_names(found)}, this memnet needs {scripts.head}",
            hint="bring it up to date with `memnet migrate`",
        )


@contextmanager
def migrating(database: str | URL | Engine) -> Iterator[Connection]:
    """The one transaction that may change the schema; a second runner waits for the first.

    Raises:
        SchemaMismatch: The schema is newer than this memnet; nothing is changed.
        StoreUnavailable: The database does not answer, or could not do its work.
    """
    engine = open_database(database.url if isinstance(database, Engine) else database, migrating=True)
    try:
        file = sqlite_file(engine)
        if file is not None:
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreUnavailable(f"the folder {file.parent} cannot be created") from error
        with reading(engine) as connection:
            _refuse_newer(_revisions(connection))
        if file is not None:
            _prepare_sqlite(engine)
        with writing(engine) as connection:
            if file is None:
                connection.execute(select(func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
            _refuse_newer(_revisions(connection))
            yield connection
            if file is not None and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise StoreUnavailable("the migration would leave rows without the rows they refer to")
    finally:
        engine.dispose()


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file; `connection` is the one to migrate on."""
    config = Config()
    config.set_main_option("script_location", str(_location()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@dataclass(frozen=True, slots=True)
class _Scripts:
    head: str
    known: frozenset[str]


@cache
def _scripts() -> _Scripts:
    directory = ScriptDirectory.from_config(alembic_config())
    head = directory.get_current_head()
    assert head is not None
    return _Scripts(head, frozenset(script.revision for script in directory.walk_revisions()))


def _location() -> Path:
    package = Path(memnet.__file__).parent
    installed = package / "migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


def _revisions(connection: Connection) -> frozenset[str]:
    """Alembic's mark in the database; empty without a schema."""
    if not inspect(connection).has_table("alembic_version"):
        return frozenset()
    return frozenset(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())


def _refuse_newer(found: frozenset[str]) -> None:
    scripts = _scripts()
    unknown = found - scripts.known
    if unknown:
        raise SchemaMismatch(
            f"the database has schema {_names(unknown)}, newer than this memnet's {scripts.head}",
            hint="upgrade memnet; nothing on disk is changed",
        )


def _names(revisions: frozenset[str]) -> str:
    return ", ".join(sorted(revisions))


def _prepare_sqlite(engine: Engine) -> None:
    """Settings that live in the file, so that only the migration runner may write them."""
    connection = engine.raw_connection()
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    try:
        cursor = connection.cursor()
        # Set after the switch to WAL, or after the first table, the page size would stay without an error.
        cursor.execute(f"PRAGMA page_size={_PAGE_SIZE}")
        while True:
            try:
                cursor.execute("PRAGMA journal_mode=WAL")
                break
            except sqlite3.OperationalError as error:
                # SQLite does not wait by itself when two runners switch a new file at once.
                if time.monotonic() > deadline:
                    raise StoreUnavailable("the database file is in use and cannot be prepared") from error
                time.sleep(0.02)
        cursor.close()
    finally:
        connection.close()
