"""`memnet compact`: less of a memory's past."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime

import click

from memnet.cli.options import database_option
from memnet.errors import InputError
from memnet.store import FactStore, migrate, open_database


@click.command()
@click.argument("memory_id")
@click.option("--keep", type=click.IntRange(min=0), metavar="N", help="Keep the log of the last N revisions.")
@click.option(
    "--before",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d"]),
    metavar="MOMENT",
    help="Keep the log since a moment: 2026-01-31T12:00:00+00:00, or a day in UTC.",
)
@click.option("--history", is_flag=True, help="Remove what was forgotten by then, too, for good.")
@click.option("--json", "as_json", is_flag=True, help="One JSON record.")
@database_option
def compact(
    memory_id: str,
    keep: int | None,
    before: datetime | None,
    history: bool,
    as_json: bool,
    database_url: str,
) -> None:
    """Shorten the log of MEMORY_ID; answers and revisions stay as they are.

    Whoever follows the log and is further behind reads the memory whole. Every past revision can still be
    read, unless --history is given: then forgotten facts go, and with them the past before the log.
    """
    if (keep is None) == (before is None):
        raise InputError("say how much to keep", hint="either --keep N or --before MOMENT")
    engine = open_database(database_url)
    try:
        migrate.check(engine)
        store = FactStore(engine)
        if before is None:
            revision = max(0, store.get_memory(memory_id).revision - (keep or 0))
        else:
            revision = store.revision_at(memory_id, before if before.tzinfo else before.replace(tzinfo=UTC))
        done = store.compact(memory_id, revision, forgotten=history)
    finally:
        engine.dispose()
    if as_json:
        click.echo(json.dumps({"memory": memory_id, **asdict(done)}))
        return
    facts = f", {done.facts} forgotten facts and {done.answers} kept answers removed" if history else ""
    click.echo(
        f"{memory_id}: the log begins at revision {done.log_floor}, the history at {done.history_floor}; "
        f"{done.log_rows} entries removed{facts}"
    )
