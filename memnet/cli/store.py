"""`memnet facts`, `memnet ask`: a memory from the terminal."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console

from memnet.cli.attention import answer_line, attention_table, heads_tables
from memnet.cli.lazy import LazyGroup
from memnet.cli.options import checkpoint_option, database_option
from memnet.memory import Memory
from memnet.store import DEFAULT_DATABASE_URL
from memnet.store import migrate as migrations


@contextmanager
def opened(database_url: str, checkpoint: Path | None) -> Iterator[Memory]:
    """A memory as commands use it: the embedded database is made at its first use."""
    if database_url == DEFAULT_DATABASE_URL and "MEMNET_DATABASE_URL" not in os.environ:
        migrations.upgrade(database_url)  # the embedded database of a single user needs no ceremony
    with Memory.open(database_url, checkpoint) as memory:
        yield memory


@click.group(
    "facts",
    cls=LazyGroup,
    targets={
        "add": "memnet.cli.store:add",
        "export": "memnet.cli.transfer:export_facts",
        "import": "memnet.cli.transfer:import_facts",
        "list": "memnet.cli.store:list_facts",
    },
)
def facts() -> None:
    """Post, list, export and import facts."""


@click.command("add")
@click.argument("memory_id")
@click.argument("texts", nargs=-1, required=True)
@database_option
@checkpoint_option
def add(memory_id: str, texts: tuple[str, ...], database_url: str, checkpoint: Path | None) -> None:
    """Remember TEXTS in MEMORY_ID, in the given order; the memory is created if need be."""
    with opened(database_url, checkpoint) as memory:
        memory.store.put_memory(memory_id)
        remembered = memory.remember(memory_id, texts)
        for fact, text in zip(remembered.facts, texts, strict=True):
            notes = [f"{each.word} read as {each.taught}" for each in fact.read_as]
            notes += [f"unknown: {', '.join(fact.unknown_words)}"] if fact.unknown_words else []
            noted = f"  ({'; '.join(notes)})" if notes else ""
            click.echo(f"{fact.seq} {text}{noted}")


@click.command("list")
@click.argument("memory_id")
@click.option("--json", "as_json", is_flag=True, help="One JSON record per line.")
@database_option
@checkpoint_option
def list_facts(memory_id: str, as_json: bool, database_url: str, checkpoint: Path | None) -> None:
    """List the facts of MEMORY_ID."""
    with opened(database_url, checkpoint) as memory:
        last = 0
        while page := memory.store.facts(memory_id, after_seq=last, limit=500):
            for fact in page:
                click.echo(
                    json.dumps({"seq": fact.seq, "text": fact.text}, ensure_ascii=False)
                    if as_json
                    else f"{fact.seq} {fact.text}"
                )
            last = page[-1].seq


@click.command("ask")
@click.argument("memory_id")
@click.argument("question")
@click.option("--explain", is_flag=True, help="Show the attention of every hop on every fact.")
@click.option("--heads", is_flag=True, help="Show it head by head too, a table per hop.")
@click.option(
    "--as-of", "as_of_revision", type=click.IntRange(0), help="Answer as it would have been at this revision."
)
@click.option("--json", "as_json", is_flag=True, help="The whole answer as JSON.")
@database_option
@checkpoint_option
def ask(
    memory_id: str,
    question: str,
    explain: bool,
    heads: bool,
    as_of_revision: int | None,
    as_json: bool,
    database_url: str,
    checkpoint: Path | None,
) -> None:
    """Answer QUESTION from the facts of MEMORY_ID, and name the facts that were read for it."""
    with opened(database_url, checkpoint) as memory:
        answer = memory.ask(memory_id, question, limit=None, as_of_revision=as_of_revision, heads=heads)
    if as_json:
        click.echo(json.dumps(asdict(answer), ensure_ascii=False))
    else:
        shown = heads_tables if heads else attention_table if explain else answer_line
        Console().print(shown(answer))
