"""A PostgreSQL server of the tests' own: started on a socket in a temporary folder, gone afterwards."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql


@dataclass(frozen=True)
class PostgresServer:
    """A running server that trusts whoever can reach its socket."""

    folder: Path
    """Holds the socket."""
    binaries: Path
    """PostgreSQL's programs."""

    def url(self, database: str = "postgres") -> str:
        """The address of a database, for `open_database`."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def execute(self, statement: sql.Composable) -> None:
        """Run one statement outside a transaction."""
        address = f"host={self.folder} user=postgres dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement)

    def control(self, *command: str) -> None:
        """Have `pg_ctl` do something to it."""
        _run(self.binaries / "pg_ctl", "-D", self.folder / "data", "-w", "-t", "60", *command)

    def crash(self) -> None:
        """End every process of it at once; nothing is written any more."""
        self.control("stop", "-m", "immediate")

    def promote(self) -> None:
        """Make a server that follows another one take its place."""
        self.control("promote")

    def limit_files(self, pid: int, size: int | None) -> None:
        """Let one of the server's processes write no file beyond a size in bytes; None lifts the limit."""
        _run("prlimit", f"--pid={pid}", f"--fsize={'unlimited' if size is None else size}:")

    def ask(self, statement: sql.Composable) -> list[tuple[object, ...]]:
        """The rows of one statement."""
        with psycopg.connect(f"host={self.folder} user=postgres dbname=postgres") as connection:
            return connection.execute(statement).fetchall()

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """A new database, copied from a template and dropped at the end: its name."""
        name = f"test_{uuid.uuid4().hex}"
        self.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        try:
            yield name
        finally:
            self.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def find_binaries() -> Path | None:
    """The folder of PostgreSQL's programs: the newest of Debian's, else the one on PATH."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]), reverse=True
    )
    found = str(debian[0]) if debian else shutil.which("initdb")
    return Path(found).parent if found else None


@contextmanager
def running_server(binaries: Path, following: PostgresServer | None = None) -> Iterator[PostgresServer]:
    """Start a server, and stop it at the end.

    Args:
        binaries: PostgreSQL's programs.
        following: The server whose copy it becomes, and whose changes it takes over; None for a new one.
    """
    # The path of a socket has room for 107 bytes, so pytest's own long folders will not do.
    folder = Path(tempfile.mkdtemp(prefix="memnet-pg-"))
    data = folder / "data"
    server = PostgresServer(folder, binaries)
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        if following is None:
            _run(
                binaries / "initdb",
                *("-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"),
            )
        else:
            source = ("-h", following.folder, "-U", "postgres", "-D", data)
            _run(binaries / "pg_basebackup", *source, "-R", "-c", "fast", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        options += " -c shared_buffers=32MB"
        server.control("-l", str(folder / "log"), "-o", options, "start")
        try:
            yield server
        finally:
            # Gone already when a test has let it crash.
            if (data / "postmaster.pid").exists():
                server.crash()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A server for the session; skips where PostgreSQL is not installed.

    With MEMNET_REQUIRE_POSTGRES=1 that is a failure instead.
    """
    binaries = find_binaries()
    if binaries is None:
        reason = "PostgreSQL is not installed: no initdb in /usr/lib/postgresql or on PATH"
        if os.environ.get("MEMNET_REQUIRE_POSTGRES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with running_server(binaries) as server:
        yield server


def _run(*command: str | Path) -> None:
    """Run a program of PostgreSQL, which refuses to be root."""
    arguments = [str(part) for part in command]
    if os.geteuid() == 0:
        arguments = [*_become("postgres"), *arguments]
    # The server inherits what is open here, so its output must not be a pipe that someone waits for.
    with tempfile.TemporaryFile() as output:
        result = subprocess.run(
            arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", check=False
        )
        if result.returncode != 0:
            output.seek(0)
            said = output.read().decode(errors="replace")
            raise RuntimeError(f"{arguments} failed as {getpass.getuser()}:\n{said}")


def _become(user: str) -> list[str]:
    if shutil.which("runuser"):
        return ["runuser", "-u", user, "--"]
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--"]
