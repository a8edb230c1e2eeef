"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

from memnet.store import DEFAULT_DATABASE_URL

database_option = click.option(
    "--database-url",
    envvar="MEMNET_DATABASE_URL",
    default=DEFAULT_DATABASE_URL,
    show_default=True,
    help="SQLAlchemy URL of the store.",
)
checkpoint_option = click.option(
    "--checkpoint",
    envvar="MEMNET_CHECKPOINT",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of a checkpoint; the shipped model by default.",
)
