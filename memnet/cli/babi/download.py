"""`memnet babi download`."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from memnet.babi.archive import ARCHIVES
from memnet.babi.cache import cache_dir
from memnet.babi.download import download as fetch


@click.command()
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to put the tasks into; a cache of your own by default, where every command looks.",
)
@click.option(
    "--archive",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Unpack this copy of the official archive instead of fetching one.",
)
def download(to: Path | None, archive: Path | None) -> None:
    """Fetch the official bAbI tasks, check every file, and put them where the other commands find them.

    Ctrl-C stops; the same command goes on where it stopped.
    """
    folder = to or cache_dir()
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    bar = progress.add_task("", total=None, visible=False)

    def on_progress(host: str, done: int, total: int | None) -> None:
        progress.update(bar, description=host, completed=done, total=total, visible=True)

    try:
        with progress:
            done = fetch(
                folder,
                archives=ARCHIVES,
                local=archive,
                on_progress=on_progress,
            )
    except KeyboardInterrupt:
        click.echo(
            f"stopped; what was fetched is kept in {folder}\nhint: run the same command to go on", err=True
        )
        raise click.exceptions.Exit(130) from None
    if done.fetched:
        click.echo(f"{done.directory}: {done.checked} files checked")
    else:
        click.echo(f"{done.directory} is there already: {done.checked} files checked")
    click.echo("bAbI v1.2, Weston et al. 2015, (c) Facebook, Inc., CC BY 3.0")
    if to is not None:
        click.echo(f"use it with --data {done.directory}, or MEMNET_BABI_DIR")
