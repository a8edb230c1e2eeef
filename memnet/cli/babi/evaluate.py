"""`memnet babi evaluate`."""

from __future__ import annotations

import json
from pathlib import Path

import click
import torch
from rich.console import Console
from rich.table import Table

from memnet.babi.dataset import data_dir
from memnet.babi.tasks import TASK_NAMES, parse_tasks
from memnet.cli.babi.options import (
    data_option,
    parse_train_files,
    run_argument,
    split_option,
    tasks_option,
    train_files_option,
)
from memnet.errors import InputError
from memnet.evaluation import changes
from memnet.evaluation.answers import FAILED
from memnet.evaluation.changes import Change
from memnet.evaluation.evaluate import Evaluation, TaskReport, mean_of
from memnet.evaluation.evaluate import evaluate as evaluate_checkpoint
from memnet.training.checkpoint import Checkpoint, load_checkpoint


@click.command()
@run_argument
@data_option
@split_option
@tasks_option
@train_files_option
@click.option("--name-swap", is_flag=True, help="Swap names between tasks, as sys-bAbI does.")
@click.option(
    "--rename-symbols",
    "seed",
    type=click.IntRange(0),
    metavar="SEED",
    help="Rename every name, place, thing, shape … to words that training never saw.",
)
@click.option(
    "--pad",
    "padding",
    type=click.IntRange(1, 10_000),
    metavar="N",
    help="Put N unrelated facts before each story.",
)
@click.option("--evidence", is_flag=True, help="Show how attention finds the gold supporting facts.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def evaluate(
    run: Path,
    data: Path | None,
    split: str,
    tasks: str,
    train_files: tuple[str, ...],
    name_swap: bool,
    seed: int | None,
    padding: int | None,
    evidence: bool,
    as_json: bool,
) -> None:
    """Errors and evidence of RUN (the shipped model by default) on the test files, per task."""
    torch.set_num_threads(1)
    checkpoint = load_checkpoint(run)
    numbers = parse_tasks(tasks)
    result = evaluate_checkpoint(
        checkpoint,
        data_dir(data),
        split,
        numbers,
        changes=_changes(checkpoint, name_swap, seed, padding),
        train_files=parse_train_files(train_files, numbers),
    )
    if as_json:
        click.echo(json.dumps(result.to_dict()))
    else:
        Console().print(_evidence_table(result) if evidence else _error_table(result))


def _changes(checkpoint: Checkpoint, name_swap: bool, seed: int | None, padding: int | None) -> list[Change]:
    """In an order in which the later ones see what the earlier ones wrote: padding is renamed too."""
    if name_swap and seed is not None:
        raise InputError("--name-swap and --rename-symbols change the same words", hint="choose one of them")
    chosen = [changes.name_swap()] if name_swap else []
    chosen += [changes.pad(padding)] if padding else []
    return chosen + ([changes.rename_symbols(seed, checkpoint.vocabulary.words)] if seed is not None else [])


def _error_table(result: Evaluation) -> Table:
    columns = ["error %", "new stories", "majority", "lexical"]
    if result.changes:
        columns.insert(1, "unchanged")

    def cells(each: TaskReport) -> list[float | None]:
        shown = [each.error, each.error_without_duplicates, each.majority_error, each.lexical_error]
        return shown[:1] + ([each.unchanged_error] if result.changes else []) + shown[1:]

    return _table(result, columns, {task: cells(each) for task, each in result.tasks.items()}, names=True)


def _evidence_table(result: Evaluation) -> Table:
    columns = ["error %", "R-prec.", "lexical", "recency", "top 5", "null", "suffic.", "compr."]

    def cells(each: TaskReport) -> list[float | None]:
        if (found := each.evidence) is None:
            return [each.error, *[None] * 7]
        return [
            each.error,
            found.r_precision,
            found.lexical.r_precision,
            found.recency.r_precision,
            found.all_gold_in_top5,
            found.null_mass,
            found.sufficiency,
            found.comprehensiveness,
        ]

    return _table(result, columns, {task: cells(each) for task, each in result.tasks.items()}, names=False)


def _table(
    result: Evaluation, columns: list[str], rows: dict[int, list[float | None]], *, names: bool
) -> Table:
    """Shares in %, a row per task and their means; a dash for what is not known."""
    failed = f"{len(result.failed)} failed (> {FAILED:.0%})"
    table = Table(box=None, pad_edge=False, header_style="bold", caption="; ".join(result.notes))
    table.add_column("task", justify="right")
    if names:
        table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    for task, cells in rows.items():
        name = [TASK_NAMES[task]] if names else []
        style = "red" if task in result.failed else ""
        table.add_row(str(task), *name, *map(_percent, cells), style=style)
    means = map(_percent, (mean_of(column) for column in zip(*rows.values(), strict=True)))
    table.add_row(*(["", f"mean; {failed}"] if names else ["mean"]), *means, style="bold")
    return table


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"
