"""`memnet babi`: train, evaluate and ask on the 20 bAbI tasks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from statistics import fmean
from typing import Any, TypeVar

import click
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from memnet.babi.dataset import SPLITS, TaskFile, data_dir, load_task, load_tasks
from memnet.babi.tasks import TASK_NAMES, parse_tasks
from memnet.cli.attention import attention_table
from memnet.errors import InputError
from memnet.evaluation.answers import FAILED, error_per_task
from memnet.models import SHIPPED
from memnet.reader import Reader
from memnet.story import Question, Story
from memnet.training.checkpoint import CONFIG, Checkpoint, load_checkpoint
from memnet.training.loop import EpochReport
from memnet.training.recipe import PAPER_JOINT, PAPER_SINGLE, Recipe
from memnet.training.run import Run, RunSpec
from memnet.training.vectorise import examples_of

_T = TypeVar("_T")

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder with en/, en-10k/ …; MEMNET_BABI_DIR by default.",
)
split_option = click.option(
    "--split", type=click.Choice(SPLITS), default="en", show_default=True, help="Folder of the archive."
)
tasks_option = click.option(
    "--tasks", default="all", show_default=True, help="`all`, `1`, `1,2,5`, `1-5,19`."
)
run_argument = click.argument(
    "run", type=click.Path(path_type=Path, file_okay=False), default=SHIPPED, required=False
)


@click.group()
def babi() -> None:
    """Train, evaluate and ask on the bAbI tasks."""


@babi.command()
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the run."
)
@click.option("--resume", is_flag=True, help="Go on with the interrupted run in --out.")
@data_option
@split_option
@tasks_option
@click.option(
    "--train-file",
    "train_files",
    multiple=True,
    metavar="TASK=FILE",
    help="Train a task on another file than the official one; results say so.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help=f"Change a setting of the recipe: {', '.join(f.name for f in fields(Recipe))}.",
)
def train(
    out: Path,
    resume: bool,
    data: Path | None,
    split: str,
    tasks: str,
    train_files: tuple[str, ...],
    seed: int,
    settings: tuple[str, ...],
) -> None:
    """Train a MemN2N on one task or on several jointly, with the paper's settings.

    Ctrl-C stops after the last whole epoch; the same command with --resume goes on, and ends with the
    very weights of a run that was not stopped.
    """
    torch.set_num_threads(1)  # tiny matrices: a second thread costs more than it brings
    if resume:
        if (out / CONFIG).is_file():
            click.echo(f"{out} has finished already")
            return
        run = Run.resume(out)
    else:
        numbers = parse_tasks(tasks)
        recipe = replace(PAPER_SINGLE if len(numbers) == 1 else PAPER_JOINT, seed=seed)
        recipe = Recipe.from_dict(recipe.to_dict() | _settings(settings))
        spec = RunSpec(data_dir(data), split, numbers, _train_files(train_files, numbers), recipe)
        run = Run.start(out, spec)
    try:
        _train_with_progress(run)
    except KeyboardInterrupt:
        click.echo(
            f"stopped after epoch {run.epochs_done} of {run.spec.recipe.total_epochs}\n"
            f"hint: go on with `memnet babi train --resume --out {out}`",
            err=True,
        )
        raise click.exceptions.Exit(130) from None
    click.echo(f"{out}: {run.epochs_done} epochs in {run.elapsed_s:.1f} s")
    for note in run.data["notes"]:
        click.echo(f"note: {note}")


def _train_with_progress(run: Run) -> None:
    recipe = run.spec.recipe
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[questions_per_s]:>7.0f} questions/s"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    bar = progress.add_task(
        _describe(None, recipe),
        total=recipe.total_epochs * run.batches_per_epoch,
        completed=run.epochs_done * run.batches_per_epoch,
        questions_per_s=0.0,
    )

    def on_batches(count: int) -> None:
        speed = progress.tasks[0].speed or 0.0
        progress.update(bar, advance=count, questions_per_s=speed * recipe.batch_size)

    def on_epoch(report: EpochReport) -> None:
        progress.update(bar, description=_describe(report, recipe))

    with progress:
        run.train(on_batches=on_batches, on_epoch=on_epoch)


def _describe(report: EpochReport | None, recipe: Recipe) -> str:
    if report is None:
        return f"epoch 0/{recipe.total_epochs}"
    parts = [f"epoch {report.epoch}/{recipe.total_epochs}", f"loss {report.loss:.3f}"]
    if report.validation_error is not None:
        parts.append(f"validation error {report.validation_error:.1%}")
    return "  ".join(parts) + ("  (linear start)" if report.linear else "")


def _settings(given: Sequence[str]) -> dict[str, Any]:
    """`NAME=VALUE` pairs; a value is read as the type of the setting's default."""
    defaults = asdict(Recipe())
    values: dict[str, Any] = {}
    for item in given:
        name, equals, text = item.partition("=")
        if not equals or name not in defaults:
            raise InputError(f"--set needs NAME=VALUE with a setting of the recipe; got '{item}'")
        kind = type(defaults[name])
        try:
            values[name] = text.lower() in ("1", "true", "yes") if kind is bool else kind(text)
        except ValueError:
            raise InputError(f"--set {name} needs a value of type {kind.__name__}; got '{text}'") from None
    return values


def _train_files(given: Sequence[str], tasks: Sequence[int]) -> Mapping[int, Path]:
    files = {}
    for item in given:
        task, equals, path = item.partition("=")
        if not equals or not task.isdigit() or int(task) not in tasks:
            raise InputError(f"--train-file needs TASK=FILE with one of the chosen tasks; got '{item}'")
        files[int(task)] = Path(path)
    return files


@babi.command()
@run_argument
@data_option
@split_option
@tasks_option
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def evaluate(run: Path, data: Path | None, split: str, tasks: str, as_json: bool) -> None:
    """Errors of RUN (the shipped model by default) on the test files, per task."""
    torch.set_num_threads(1)
    checkpoint = load_checkpoint(run)
    files = load_tasks(data_dir(data), split, parse_tasks(tasks), "test")
    report = _evaluation(checkpoint, files, split)
    if as_json:
        click.echo(json.dumps(report))
    else:
        Console().print(_evaluation_table(report))


def _evaluation(checkpoint: Checkpoint, files: Mapping[int, TaskFile], split: str) -> dict[str, Any]:
    stories = [story for file in files.values() for story in file.stories]
    examples = examples_of(stories, checkpoint.vocabulary, checkpoint.network.memory_size)
    errors = error_per_task(checkpoint.network, examples)
    training = checkpoint.training
    trained = training.get("data", {}).get("files", {})
    others = [str(task) for task in files if str(task) not in trained]
    return {
        "model": {"name": checkpoint.name, "sha256": checkpoint.digest},
        "tasks": {str(task): {"error": round(value, 6)} for task, value in errors.items()},
        "mean_error": round(fmean(errors.values()), 6),
        "failed": [task for task, value in errors.items() if value > FAILED],
        "data": {
            "split": split,
            "part": "test",
            "files": {str(task): file.sha256 for task, file in files.items()},
            "trained_on": training.get("data", {}).get("split"),
        },
        "notes": [
            *training.get("data", {}).get("notes", []),
            *([f"tasks {', '.join(others)} were not trained on"] if others else []),
            f"one run, seed {training.get('recipe', {}).get('seed')}, nothing selected",
        ],
    }


def _evaluation_table(report: Mapping[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", caption="; ".join(report["notes"]))
    table.add_column("task", justify="right")
    table.add_column("")
    table.add_column("error %", justify="right")
    for task, result in report["tasks"].items():
        style = "red" if int(task) in report["failed"] else ""
        table.add_row(task, TASK_NAMES[int(task)], f"{100 * result['error']:.1f}", style=style)
    failed = len(report["failed"])
    table.add_row(
        "", f"mean; {failed} failed (> {FAILED:.0%})", f"{100 * report['mean_error']:.1f}", style="bold"
    )
    return table


@babi.command()
@run_argument
@data_option
@split_option
@click.option("--task", type=click.IntRange(1, 20), required=True)
@click.option(
    "--story", type=click.IntRange(0), default=0, show_default=True, help="Which story of the file, from 0."
)
@click.option("--question", type=click.IntRange(0), help="Which of its questions, from 0; all by default.")
@click.option("--part", type=click.Choice(["test", "train"]), default="test", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For machines: one record per question.")
def ask(
    run: Path,
    data: Path | None,
    split: str,
    task: int,
    story: int,
    question: int | None,
    part: str,
    as_json: bool,
) -> None:
    """Answer the questions of a real story with RUN, and show what each hop attended to.

    A star marks the facts that bAbI calls supporting.
    """
    torch.set_num_threads(1)
    reader = Reader(load_checkpoint(run))
    file = load_task(data_dir(data), split, task, part)
    told = _pick(file.stories, story, "story", f"{file.path.name} holds {{}} stories")
    questions = told.questions
    if question is not None:
        questions = (_pick(questions, question, "question", "the story holds {} questions"),)
    console = Console()
    for asked in questions:
        _ask(console, reader, told, asked, as_json)


def _ask(console: Console, reader: Reader, told: Story, asked: Question, as_json: bool) -> None:
    texts = [fact.text for fact in told.facts[: asked.facts_before]]
    answer = reader.ask_facts(texts, asked.text, limit=None)
    if as_json:
        record = {"answer": asdict(answer), "gold": {"answer": asked.answer, "supporting": asked.supporting}}
        click.echo(json.dumps(record))
        return
    verdict = "right" if answer.text == asked.answer else f"wrong: {asked.answer}"
    console.rule(f"{asked.text}  ({verdict})", align="left")
    console.print(attention_table(answer, gold=asked.supporting))
    console.print()


def _pick(items: Sequence[_T], index: int, what: str, holds: str) -> _T:
    if index >= len(items):
        raise InputError(f"there is no {what} {index}: {holds.format(len(items))}, counted from 0")
    return items[index]
