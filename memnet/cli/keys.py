"""`memnet keys create`, `list`, `revoke`: who may use the service."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from memnet.cli.options import database_option
from memnet.store import DEFAULT_DATABASE_URL, VERBS, KeyRow, Keys, migrate, open_database

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}

_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON record per key.")


class _Moment(click.ParamType[datetime]):
    """`90d`, `12h`, `4w`, or a date or time in RFC 3339."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        span = re.fullmatch(r"(\d{1,5})([hdw])", value)
        if span:
            return datetime.now(UTC) + int(span[1]) * _UNITS[span[2]]
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is neither 12h, 90d or 4w, nor a date like 2027-01-31", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.group()
def keys() -> None:
    """Make, list and revoke keys to the service."""


@keys.command()
@click.argument("name")
@click.option(
    "--memory",
    "memories",
    multiple=True,
    required=True,
    metavar="NAME",
    help="A memory the key is for, or a beginning of names with a '*' behind it; '*' is every memory. "
    "Repeat it for more.",
)
@click.option(
    "--may",
    "verbs",
    multiple=True,
    required=True,
    type=click.Choice([*VERBS, "all"]),
    help="What the key allows: read facts and the log; ask and search; write: make memories, tell and "
    "forget; erase facts and delete memories; admin: read the metrics. Repeat it for more.",
)
@click.option("--expires", type=_Moment(), help="12h, 90d, 4w, or a date.  [default: never]")
@_json_option
@database_option
def create(
    name: str,
    memories: tuple[str, ...],
    verbs: tuple[str, ...],
    expires: datetime | None,
    as_json: bool,
    database_url: str,
) -> None:
    """Make a key called NAME and print it: this once, since only a hash of it is kept.

    The first key of a database closes the service: from then on every request needs one.
    """
    with _opened(database_url) as stored:
        row, key = stored.create(
            name, memories=memories, verbs=VERBS if "all" in verbs else verbs, expires_at=expires
        )
    if as_json:
        click.echo(json.dumps({**_record(row), "key": key}))
        return
    click.echo(key)
    click.echo(f"{row.name} may {_told(row)}; the key is not shown again", err=True)


@keys.command("list")
@_json_option
@database_option
def list_keys(as_json: bool, database_url: str) -> None:
    """List every key there ever was, without its secret."""
    with _opened(database_url) as stored:
        rows = stored.list()
    if as_json:
        for row in rows:
            click.echo(json.dumps(_record(row)))
        return
    now = datetime.now(UTC)
    table = [("name", "key", "state", "expires", "last used", "may", "memories")]
    table += [
        (
            row.name,
            f"mn_{row.prefix}_…",
            row.state(now),
            _when(row.expires_at),
            _when(row.last_used_at),
            " ".join(row.verbs),
            " ".join(row.memories),
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        click.echo("  ".join(map(str.ljust, line, widths)).rstrip())


@keys.command()
@click.argument("name")
@database_option
def revoke(name: str, database_url: str) -> None:
    """Make the key called NAME open nothing any more, within seconds and for ever."""
    with _opened(database_url) as stored:
        row = stored.revoke(name)
    click.echo(f"{row.name} is revoked since {_when(row.revoked_at)}")


@contextmanager
def _opened(database_url: str) -> Iterator[Keys]:
    if database_url == DEFAULT_DATABASE_URL and "MEMNET_DATABASE_URL" not in os.environ:
        migrate.upgrade(database_url)  # the embedded database of a single user needs no ceremony
    engine = open_database(database_url)
    try:
        migrate.check(engine)
        yield Keys(engine)
    finally:
        engine.dispose()


def _record(row: KeyRow) -> dict[str, Any]:
    record = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(row).items()
        if name != "key_id"
    }
    return {**record, "state": row.state(datetime.now(UTC))}


def _told(row: KeyRow) -> str:
    until = f", until {_when(row.expires_at)}" if row.expires_at else ""
    return f"{', '.join(row.verbs)} in {', '.join(row.memories)}{until}"


def _when(moment: datetime | None) -> str:
    return "-" if moment is None else moment.strftime("%Y-%m-%d %H:%M UTC")
