"""`memnet babi report`."""

from __future__ import annotations

from pathlib import Path

import click
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from memnet.babi.dataset import SPLITS, data_dir
from memnet.babi.tasks import parse_tasks
from memnet.cli.babi.options import data_option, parse_train_files, tasks_option, train_files_option
from memnet.evaluation import plots
from memnet.evaluation import report as reports
from memnet.evaluation.runs import (
    BenchmarkRun,
    CheckpointRun,
    StoryChoice,
    evaluate_checkpoint,
    is_benchmark,
    read_benchmark,
)
from memnet.training.checkpoint import load_checkpoint


@click.command()
@click.argument(
    "runs", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path, file_okay=False)
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to fill."
)
@data_option
@click.option(
    "--split", type=click.Choice(SPLITS), help="Whose test files; those of the training data by default."
)
@tasks_option
@train_files_option
@click.option(
    "--story",
    "stories",
    multiple=True,
    metavar="TASK:STORY:QUESTION",
    help="A question whose attention is drawn, counted from 0; repeat for more.",
)
@click.option("--no-plots", is_flag=True, help="Markdown and JSON only; needs no matplotlib.")
def report(
    runs: tuple[Path, ...],
    out: Path,
    data: Path | None,
    split: str | None,
    tasks: str,
    train_files: tuple[str, ...],
    stories: tuple[str, ...],
    no_plots: bool,
) -> None:
    """Write a report of each RUN: a checkpoint, which is tested, or results of `benchmark`.

    Errors per task beside the published ones, evidence, learning curves and the attention of some stories, as
    report.md, report.json and PNG plots.
    """
    torch.set_num_threads(1)
    if not no_plots:
        plots.require_matplotlib()
    numbers = parse_tasks(tasks)
    choices = [StoryChoice.parse(each) for each in stories]
    console = Console(stderr=True)
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    read: list[CheckpointRun | BenchmarkRun] = []
    with progress:
        for folder in runs:
            if is_benchmark(folder):
                read.append(read_benchmark(folder))
                continue
            checkpoint = load_checkpoint(folder)
            bar = progress.add_task(checkpoint.name, total=len(numbers))
            read.append(
                evaluate_checkpoint(
                    checkpoint,
                    data_dir(data),
                    split or checkpoint.training.get("data", {}).get("split", "en"),
                    numbers,
                    choices=choices,
                    train_files=parse_train_files(train_files, numbers),
                    on_task=lambda _, bar=bar: progress.advance(bar),  # type: ignore[misc]
                )
            )
    for path in reports.write(read, out, with_plots=not no_plots):
        click.echo(path)
