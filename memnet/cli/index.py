"""`memnet index check`, `memnet index rebuild`: is the store what it says it is?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click
from sqlalchemy import Engine

from memnet.cli.options import checkpoint_option, database_option
from memnet.errors import MemoryNotFound
from memnet.models import SHIPPED
from memnet.reader import Reader
from memnet.store import FactStore, checking, mending, migrate, open_database
from memnet.training.checkpoint import load_checkpoint

_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON record per memory.")


@click.group()
def index() -> None:
    """Check logs, vectors and indexes; make damaged vectors again."""


@index.command()
@click.argument("memory_id", required=False)
@click.option("--repair", is_flag=True, help="Make damaged and missing vectors again where there are any.")
@_json_option
@database_option
@checkpoint_option
def check(
    memory_id: str | None, repair: bool, as_json: bool, database_url: str, checkpoint: Path | None
) -> None:
    """Check MEMORY_ID, or every memory; changes nothing without --repair.

    The log has no gap, the counts are right, every vector is whole, every live fact has one, and the index
    finds what is in the database. The exit code is 1 when something is not so, and was not repaired.
    """
    with _opened(database_url) as engine:
        digest, rebuild_memory = _loaded(engine, checkpoint) if repair else (_digest(checkpoint), None)

        def checked(name: str) -> bool:
            report = checking.check(engine, name, digest)
            if rebuild_memory is None or not any(p.kind.startswith("vector") for p in report.problems):
                return _show(report, as_json=as_json)
            rebuilt = rebuild_memory(name)
            return _show(checking.check(engine, name, digest), as_json=as_json, rebuilt=rebuilt)

        sound = _every(engine, memory_id, checked)
    if not sound:
        if not as_json:
            click.echo(
                "hint: `memnet index rebuild` makes vectors again; for anything else restore a backup",
                err=True,
            )
        raise click.exceptions.Exit(1)


@index.command()
@click.argument("memory_id", required=False)
@_json_option
@database_option
@checkpoint_option
def rebuild(memory_id: str | None, as_json: bool, database_url: str, checkpoint: Path | None) -> None:
    """Make damaged and missing vectors of MEMORY_ID, or of every memory, again from the texts.

    Every process drops its cached views before its next answer. Then everything is checked, as by
    `memnet index check`.
    """
    with _opened(database_url) as engine:
        digest, rebuild_memory = _loaded(engine, checkpoint)

        def rebuilt(name: str) -> bool:
            done = rebuild_memory(name)
            return _show(checking.check(engine, name, digest), as_json=as_json, rebuilt=done)

        sound = _every(engine, memory_id, rebuilt)
    if not sound:
        raise click.exceptions.Exit(1)


@contextmanager
def _opened(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    try:
        migrate.check(engine)
        yield engine
    finally:
        engine.dispose()


def _digest(checkpoint: Path | None) -> str:
    return load_checkpoint(checkpoint or SHIPPED).digest


def _loaded(engine: Engine, checkpoint: Path | None) -> tuple[str, Callable[[str], mending.Rebuilt]]:
    """The digest of a checkpoint, and what makes its vectors of a memory again."""
    reader = Reader(load_checkpoint(checkpoint or SHIPPED))
    model = reader.model
    model_id = FactStore(engine).register_model(
        model.sha256, family=model.family, spaces=model.spaces, dim=model.dim
    )
    return model.sha256, lambda name: mending.rebuild(engine, name, model.sha256, model_id, reader.encode)


def _every(engine: Engine, memory_id: str | None, look: Callable[[str], bool]) -> bool:
    """Look at one memory, or at all of them: whether all are sound."""
    sound = True
    for name in _names(engine, memory_id):
        try:
            sound &= look(name)
        except MemoryNotFound:
            if memory_id is not None:
                raise
            continue  # deleted since its name was read
    return sound


def _names(engine: Engine, memory_id: str | None) -> Iterable[str]:
    return [memory_id] if memory_id is not None else checking.names(engine)


def _show(report: checking.Report, *, as_json: bool, rebuilt: mending.Rebuilt | None = None) -> bool:
    """Print what was found in a memory: whether it is sound."""
    sound = not report.problems
    if as_json:
        record = {**asdict(report), "sound": sound}
        if rebuilt is not None:
            record |= {"encoded": rebuilt.encoded, "removed": rebuilt.removed}
        click.echo(json.dumps(record, ensure_ascii=False))
        return sound
    if rebuilt is not None:
        removed = f", {rebuilt.removed} of other models removed" if rebuilt.removed else ""
        click.echo(f"{report.memory}: {rebuilt.encoded} vectors made again{removed}")
    said = "sound" if sound else f"{len(report.problems)} problems"
    unchecked = "" if report.index_checked or not report.facts else ", index not compared"
    click.echo(
        f"{report.memory}: {report.facts} facts at revision {report.revision}, {report.vectors} vectors: "
        f"{said}{unchecked}"
    )
    for problem in report.problems:
        model = f" (model {problem.model[:12]})" if problem.model else ""
        click.echo(f"  {problem.kind}: {problem.message}{model}")
    return sound
