"""`memnet babi evaluate`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

import click
import torch
from rich.console import Console
from rich.table import Table

from memnet.babi.dataset import TaskFile, data_dir, load_tasks
from memnet.babi.tasks import TASK_NAMES, parse_tasks
from memnet.cli.babi.options import data_option, run_argument, split_option, tasks_option
from memnet.evaluation.answers import FAILED, error_per_task
from memnet.training.checkpoint import Checkpoint, load_checkpoint
from memnet.training.vectorise import examples_of


@click.command()
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
