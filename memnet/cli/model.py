"""`memnet model`: the networks that a store knows, and another one for its memories."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from memnet.cli.options import checkpoint_option, database_option
from memnet.cli.store import opened
from memnet.errors import InputError, MemoryNotFound
from memnet.store import FactStore, ModelUse

_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON record per line.")
_all_option = click.option("--all", "every", is_flag=True, help="Every memory.")


@click.group()
def model() -> None:
    """List the models of a store, and let another checkpoint take memories over."""


@model.command("list")
@_json_option
@database_option
@checkpoint_option
def list_models(as_json: bool, database_url: str, checkpoint: Path | None) -> None:
    """List the models that facts are encoded with; '*' marks the checkpoint that is given."""
    with opened(database_url, checkpoint) as memory:
        for used in memory.store.models():
            _print(used, loaded=used.model.digest == memory.model.sha256, as_json=as_json)


@model.command()
@click.argument("digest", required=False)
@_json_option
@database_option
@checkpoint_option
def show(digest: str | None, as_json: bool, database_url: str, checkpoint: Path | None) -> None:
    """Show one model and its memories: DIGEST, or its beginning; the given checkpoint without one."""
    with opened(database_url, checkpoint) as memory:
        used = _find(memory.store, digest or memory.model.sha256)
        names = list(_memories(memory.store, used))
        if as_json:
            click.echo(json.dumps({**_record(used, memory.model.sha256), "names": names}))
            return
        _print(used, loaded=used.model.digest == memory.model.sha256, as_json=False)
        click.echo(f"  digest {used.model.digest}")
        click.echo(f"  since {used.created_at:%Y-%m-%d %H:%M:%S} UTC")
        for name in names:
            click.echo(f"  {name}")


@model.command()
@click.argument("memory_ids", metavar="MEMORY_ID…", nargs=-1)
@_all_option
@click.option("--pause", default=0.0, metavar="SECONDS", help="Rest after every few hundred facts.")
@click.option("--drop-old", is_flag=True, help="Drop the vectors of the model before; there is no way back.")
@_json_option
@database_option
@checkpoint_option
def switch(
    memory_ids: tuple[str, ...],
    every: bool,
    pause: float,
    drop_old: bool,
    as_json: bool,
    database_url: str,
    checkpoint: Path | None,
) -> None:
    """Encode memories with the given checkpoint, which then takes the place of the model they have.

    Questions are answered by the old model meanwhile, and facts are added with it. A memory changes in one
    step when all its facts are encoded. Stop at any time; the same command goes on.
    """
    if bool(memory_ids) == every:
        raise InputError("name the memories, or say --all")
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    with opened(database_url, checkpoint) as memory, progress:
        names = memory.of_other_models() if every else iter(memory_ids)
        for name in names:
            try:
                before = memory.store.get_memory(name)
                bar = progress.add_task(name, total=before.live_count)
                revision = memory.adopt(name, pause_s=pause, on_facts=partial(progress.advance, bar))
            except MemoryNotFound:
                if not every:
                    raise
                continue  # deleted since its name was read
            dropped = 0
            if drop_old and revision is not None and before.active_model_id is not None:
                dropped = memory.store.drop_vectors(name, before.active_model_id)
            progress.remove_task(bar)
            if as_json:
                click.echo(json.dumps({"memory": name, "revision": revision, "dropped": dropped}))
            elif revision is None:
                click.echo(f"{name}: has this model already")
            else:
                removed = f", {dropped} old vectors dropped" if drop_old else ""
                click.echo(f"{name}: {before.live_count} facts, changed at revision {revision}{removed}")


@model.command()
@click.argument("digest")
@click.argument("memory_ids", metavar="MEMORY_ID…", nargs=-1)
@_all_option
@database_option
@checkpoint_option
def drop(
    digest: str, memory_ids: tuple[str, ...], every: bool, database_url: str, checkpoint: Path | None
) -> None:
    """Drop the vectors of a model that memories have no use for any more: DIGEST, or its beginning."""
    if bool(memory_ids) == every:
        raise InputError("name the memories, or say --all")
    with opened(database_url, checkpoint) as memory:
        used = _find(memory.store, digest)
        names = memory.store.memories_with_vectors(used.model.model_id) if every else list(memory_ids)
        for name in names:
            dropped = memory.store.drop_vectors(name, used.model.model_id)
            click.echo(f"{name}: {dropped} vectors dropped")


def _memories(store: FactStore, used: ModelUse) -> Iterator[str]:
    after = None
    while names := store.memories_of_model(used.model.model_id, after=after):
        yield from names
        after = names[-1]


def _find(store: FactStore, digest: str) -> ModelUse:
    """The one model whose digest begins so."""
    found = [used for used in store.models() if used.model.digest.startswith(digest)]
    if len(found) != 1:
        many = (
            f"{len(found)} models have digests that begin" if found else "no model has a digest that begins"
        )
        raise InputError(f"{many} with '{digest}'", hint="`memnet model list` names them")
    return found[0]


def _record(used: ModelUse, loaded: str) -> dict[str, object]:
    row = used.model
    return {
        "digest": row.digest,
        "family": row.family,
        "spaces": row.spaces,
        "dim": row.dim,
        "memories": used.memories,
        "facts": used.facts,
        "changing": used.changing,
        "created_at": used.created_at.isoformat(),
        "loaded": row.digest == loaded,
    }


def _print(used: ModelUse, *, loaded: bool, as_json: bool) -> None:
    row = used.model
    if as_json:
        click.echo(json.dumps(_record(used, row.digest if loaded else "")))
        return
    changing = f", {used.changing} more are changing to it" if used.changing else ""
    click.echo(
        f"{'*' if loaded else ' '} {row.digest[:12]} {row.family}, {row.spaces} vectors of {row.dim}: "
        f"{used.facts} facts in {used.memories} memories{changing}"
    )
