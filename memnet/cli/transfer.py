"""`memnet facts export`, `memnet facts import`: facts as lines of JSON, out of a memory and into another."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

from memnet.cli.options import checkpoint_option, database_option
from memnet.cli.store import opened
from memnet.errors import InputError
from memnet.store import exporting, importing, migrate, open_database


@click.command("export")
@click.argument("memory_id")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    default="-",
    help="Where to; replaced in one step when it exists. '-' for stdout, the default.",
)
@database_option
def export_facts(memory_id: str, out: Path, database_url: str) -> None:
    """Write the facts of MEMORY_ID as lines of JSON, behind a header."""
    engine = open_database(database_url)
    try:
        migrate.check(engine)
        if str(out) == "-":
            exporting.export_facts(engine, memory_id, sys.stdout.buffer)
            return
        with _replacing(out) as file:
            header = exporting.export_facts(engine, memory_id, file)
    finally:
        engine.dispose()
    click.echo(f"{_facts(header.count)} of memory '{memory_id}' at revision {header.revision} to {out}")


@click.command("import")
@click.argument("memory_id")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@click.option("--append", is_flag=True, help="Add to a memory that has facts; at most 10000 at a time.")
@click.option("--skip-bad", is_flag=True, help="Store the other facts when some lines cannot be used.")
@database_option
@checkpoint_option
def import_facts(
    memory_id: str, file: Path, append: bool, skip_bad: bool, database_url: str, checkpoint: Path | None
) -> None:
    """Remember the facts of FILE, written by `memnet facts export`, in MEMORY_ID: all or none.

    MEMORY_ID must be new or never have held a fact, unless --append is given. '-' reads stdin. Lines that
    cannot be used are named on stderr; nothing is stored then, unless --skip-bad is given: the other facts
    are stored and the exit code is 1.
    """
    with _seekable(file) as source, opened(database_url, checkpoint) as memory:
        engine = open_database(database_url)
        try:
            done = importing.import_facts(
                engine,
                memory.remember,
                memory_id,
                source,
                append=append,
                skip_bad=skip_bad,
                report=lambda problem: click.echo(str(problem), err=True),
            )
        finally:
            engine.dispose()
    click.echo(f"{_facts(done.stored)} into memory '{memory_id}'")
    if done.problems:
        raise click.exceptions.Exit(1)


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of another one when the block is done, and never by half."""
    try:
        number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror})") from None
    try:
        with os.fdopen(number, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise


@contextmanager
def _seekable(path: Path) -> Iterator[IO[bytes]]:
    """A file that can be read twice: a pipe goes to a temporary file first."""
    opened_file: IO[bytes] = sys.stdin.buffer if str(path) == "-" else path.open("rb")
    with opened_file as file:
        if path.is_file():
            yield file
            return
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(file, copy)
            copy.seek(0)
            yield copy


def _facts(count: int) -> str:
    return "1 fact" if count == 1 else f"{count} facts"
