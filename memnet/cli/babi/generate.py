"""`memnet babi generate`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from memnet.babi.synthetic import TASK, generate_file
from memnet.errors import InputError


@click.command()
@click.option(
    "--task", type=click.IntRange(1, 20), default=TASK, show_default=True, help="Only task 3 so far."
)
@click.option(
    "--stories",
    type=click.IntRange(1),
    default=2000,
    show_default=True,
    help="Stories, of five questions each.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Which stories.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write; its name contains `synthetic`.",
)
@click.option(
    "--avoid",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Leave out stories that repeat a question of this bAbI file with all its facts; the test file, say.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def generate(task: int, stories: int, seed: int, out: Path, avoid: tuple[Path, ...], as_json: bool) -> None:
    """Write new stories like those of task 3, "three supporting facts".

    The same seed gives the same file. Results that were trained on it name it: "task 3: synthetic training
    stories, original test".
    """
    if task != TASK:
        raise InputError(f"stories can be generated for task {TASK} only; got task {task}")
    file = generate_file(out, num_stories=stories, seed=seed, avoid=avoid)
    if as_json:
        click.echo(json.dumps(asdict(file) | {"path": str(file.path)}))
        return
    click.echo(f"{file.path}: {file.num_stories:,} stories, {file.num_questions:,} questions")
    click.echo(f"generator {file.generator}, seed {file.seed}, sha256 {file.sha256}")
    if avoid:
        click.echo(f"left out, because they repeat a file to avoid: {file.avoided:,}")
