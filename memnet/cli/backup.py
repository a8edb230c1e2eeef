"""`memnet backup`, `memnet restore`: the whole store in one file."""

from __future__ import annotations

from pathlib import Path

import click

from memnet.cli.options import database_option
from memnet.store import backup as backups

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@database_option
def backup(file: Path, force: bool, database_url: str) -> None:
    """Copy the whole store into FILE, while others read and write; checked before it counts."""
    contents = backups.backup(database_url, file, force=force)
    click.echo(f"{_told(contents)} to {file}")


@click.command()
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help="Replace a store that exists; what it holds is kept aside.")
@database_option
def restore(file: Path, force: bool, database_url: str) -> None:
    """Make the store what FILE, a backup, holds. FILE may come from the other kind of database."""
    restored = backups.restore(database_url, file, force=force)
    click.echo(f"{_told(restored.contents)} from {file}")
    if restored.kept is not None:
        click.echo(f"what was there before is in {restored.kept}")


def _told(contents: backups.Contents) -> str:
    memories = "1 memory" if contents.memories == 1 else f"{contents.memories} memories"
    facts = "1 fact" if contents.facts == 1 else f"{contents.facts} facts"
    return f"{memories}, {facts}, {contents.size_bytes / 1e6:.1f} MB"
