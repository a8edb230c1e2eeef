"""`memnet migrate`: the schema of the store."""

from __future__ import annotations

import click

from memnet.cli.options import database_option
from memnet.store import migrate as migrations


@click.command()
@database_option
def migrate(database_url: str) -> None:
    """Bring the database's schema up to date; creates an embedded database."""
    migrations.upgrade(database_url)
    click.echo("schema is up to date")
