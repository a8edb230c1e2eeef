"""Engines and transactions: SQLite for one host, PostgreSQL for more."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from memnet.errors import InputError, StoreUnavailable
from memnet.store import forking
from memnet.store.silence import Listening

DEFAULT_DATABASE_URL = "sqlite:///var/memnet.db"
"""An embedded database under the working folder."""

BUSY_TIMEOUT_S = 10.0
"""How long a writer waits for the one before it."""

_LOOKS_AGAIN_S = 0.001

_POOL = {"pool_size": 10, "max_overflow": 30, "pool_timeout": BUSY_TIMEOUT_S}
"""Up to as many connections as a web server has threads, 40, so that no request waits for one."""

_STATEMENT_TIMEOUT_S = 60

_SILENCE_S = _STATEMENT_TIMEOUT_S + 10.0
"""A server that is there has said by then that a statement took too long."""


def open_database(url: str | URL, *, migrating: bool = False) -> Engine:
    """Open a database; the connection is made at the first use.

    Args:
        url: `sqlite:///path/to/file.db` or `postgresql://user:password@host/name`.
        migrating: For the migration runner alone: a missing SQLite file is created, foreign keys are not
            enforced while tables are rebuilt, and statements may take any time.

    Raises:
        InputError: Not the URL of a database that memnet can use.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        # The URL may hold a password, so it is not repeated.
        raise InputError(
            "the database URL cannot be read", hint="write sqlite:///memnet.db or postgresql://host/name"
        ) from None
    match parsed.get_backend_name():
        case "sqlite":
            return _open_sqlite(parsed, migrating=migrating)
        case "postgresql" | "postgres":
            return _open_postgresql(parsed, migrating=migrating)
        case other:
            raise InputError(
                f"the database is '{other}', expected sqlite or postgresql",
                hint="write sqlite:///memnet.db or postgresql://host/name",
            )


@contextmanager
def reading(engine: Engine, *, one_statement: bool = False) -> Iterator[Connection]:
    """One snapshot: every statement sees the same committed state.

    Args:
        engine: The database.
        one_statement: There will be no second one, so that a transaction need not be begun for it.

    Raises:
        StoreUnavailable: The database does not answer, or could not do its work.
    """
    options: dict[str, Any] = {"memnet_one_statement": one_statement}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with _transaction(engine, options) as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that commits at the end of the block, or leaves nothing when the block raises.

    Raises:
        StoreUnavailable: The database does not answer, or could not do its work.
    """
    with _transaction(engine, {"memnet_writing": True}) as connection:
        yield connection


@contextmanager
def alone(engine: Engine) -> Iterator[Callable[[str], list[Any]]]:
    """A connection outside any transaction, for the statements that want none: a function that runs one.

    They may take any time.

    Raises:
        StoreUnavailable: The database does not answer, or could not do its work.
    """
    try:
        connection = engine.raw_connection()
    except PoolTimeout as error:
        raise _unavailable("no connection became free") from error
    except DBAPIError as error:
        raise _unavailable(type(error.orig or error).__name__) from error
    driver: Any = connection.driver_connection
    on_server = engine.dialect.name == "postgresql"
    try:
        if on_server:
            driver.autocommit = True
            silence_s, driver.silence_s = driver.silence_s, None

        def execute(statement: str) -> list[Any]:
            cursor = driver.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []

        yield execute
    except engine.dialect.loaded_dbapi.Error as error:
        connection.invalidate()
        raise _unavailable(type(error).__name__) from error
    finally:
        if on_server and not driver.closed:
            driver.silence_s = silence_s
            driver.autocommit = False
        connection.close()


@contextmanager
def _transaction(engine: Engine, options: dict[str, Any]) -> Iterator[Connection]:
    try:
        with engine.connect() as connection:
            connection.execution_options(**options)
            with connection.begin():
                yield connection
    except DBAPIError as error:
        raise _unavailable(type(error.orig or error).__name__) from error
    except PoolTimeout as error:
        raise _unavailable("no connection became free") from error


def _unavailable(reason: str) -> StoreUnavailable:
    return StoreUnavailable(
        f"the database does not answer or cannot do its work ({reason})",
        hint="check that it runs, can be reached and has room, then try again",
    )


def sqlite_file(engine: Engine) -> Path | None:
    """The file of a SQLite database; None for a server."""
    return Path(engine.url.database or "") if engine.dialect.name == "sqlite" else None


def _open_sqlite(url: URL, *, migrating: bool) -> Engine:
    if not url.database or url.database == ":memory:" or url.query:
        raise InputError(
            "the SQLite URL must name a file and nothing else", hint="write sqlite:///path/to/memnet.db"
        )
    # Absolute, so that the same engine means the same file after a change of the working folder.
    path = Path(url.database).absolute()
    address = f"{path.as_uri()}?mode={'rwc' if migrating else 'rw'}"

    def connect() -> sqlite3.Connection:
        forking.check_own(path)
        # The default mode would create an empty file for a misspelt path.
        connection = sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_S, check_same_thread=False)
        # The driver's own transactions would begin deferred; the `begin` event below decides.
        connection.isolation_level = None
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA foreign_keys={'OFF' if migrating else 'ON'}")
        connection.execute("PRAGMA secure_delete=ON")
        # Not every build of SQLite can take logarithms.
        connection.create_function("ln", 1, math.log, deterministic=True)
        return connection

    pool: dict[str, Any] = {"poolclass": NullPool} if migrating else _POOL
    engine = create_engine(url.set(database=str(path)), creator=connect, hide_parameters=True, **pool)
    forking.watch(engine)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("memnet_writing"):
            _begin_writing(connection)
        elif not options.get("memnet_one_statement"):
            connection.exec_driver_sql("BEGIN")

    return engine


def _begin_writing(connection: Connection) -> None:
    """Begin to write when the writer before has finished.

    A transaction that begins with reading would fail at its first write when another writer was faster.
    SQLite itself would look less and less often, after a while ten times a second: too seldom to meet the
    moment between two transactions of a process that writes all the time.
    """
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA busy_timeout=0")
    try:
        deadline = time.monotonic() + BUSY_TIMEOUT_S
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                return
            except OperationalError as error:
                code = getattr(error.orig, "sqlite_errorcode", 0)
                if code & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(_LOOKS_AGAIN_S)
    finally:
        driver.execute(f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_S * 1000)}")


def _open_postgresql(url: URL, *, migrating: bool) -> Engine:
    arguments: dict[str, Any] = {}
    silence_s = None
    if "connect_timeout" not in url.query:
        arguments["connect_timeout"] = 5
    if "options" not in url.query and not migrating:
        arguments["options"] = (
            f"-c lock_timeout={int(BUSY_TIMEOUT_S)}s -c statement_timeout={_STATEMENT_TIMEOUT_S}s"
        )
        silence_s = _SILENCE_S
    pool: dict[str, Any] = {"poolclass": NullPool} if migrating else {**_POOL, "pool_pre_ping": True}
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args=arguments,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        **pool,
    )
    forking.watch(engine)

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, positional: list[Any], named: dict[str, Any]) -> Listening:
        connection = Listening.connect(*positional, **named)
        connection.silence_s = silence_s
        return connection

    return engine
