"""`memnet babi train`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import click
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from memnet.babi.dataset import data_dir
from memnet.babi.tasks import parse_tasks
from memnet.cli.babi.options import (
    data_option,
    parse_train_files,
    split_option,
    tasks_option,
    train_files_option,
)
from memnet.cli.babi.train_multihead import train_multihead
from memnet.errors import InputError
from memnet.nn.memn2n import MemN2N
from memnet.nn.multihead import MultiHeadMemory
from memnet.training.checkpoint import CONFIG, load_checkpoint
from memnet.training.data import RunSpec
from memnet.training.loop import EpochReport
from memnet.training.multihead.data import MultiHeadRunSpec
from memnet.training.multihead.recipe import MultiHeadRecipe
from memnet.training.multihead.run import MultiHeadRun, is_multihead
from memnet.training.recipe import PAPER_JOINT, PAPER_SINGLE, Recipe
from memnet.training.run import Run


@click.command()
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the run."
)
@click.option("--resume", is_flag=True, help="Go on with the interrupted run in --out.")
@data_option
@split_option
@tasks_option
@train_files_option
@click.option(
    "--network",
    type=click.Choice([MemN2N.family, MultiHeadMemory.family]),
    default=MemN2N.family,
    show_default=True,
    help="The paper's network, or the multi-head one over roles and symbols.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--from",
    "begin_from",
    type=click.Path(path_type=Path),
    metavar="CHECKPOINT",
    help="multi-head: begin with the weights of a trained network of the same shape.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Change a setting of the recipe. "
    f"memn2n: {', '.join(f.name for f in fields(Recipe))}. "
    f"multi-head: {', '.join(f.name for f in fields(MultiHeadRecipe))}.",
)
def train(
    out: Path,
    resume: bool,
    data: Path | None,
    split: str,
    tasks: str,
    train_files: tuple[str, ...],
    network: str,
    seed: int,
    begin_from: Path | None,
    settings: tuple[str, ...],
) -> None:
    """Train a network on one task or on several jointly: a MemN2N with the paper's settings, or the
    multi-head network.

    Ctrl-C stops a MemN2N after the last whole epoch, the multi-head network after the last update; the same
    command with --resume goes on, and ends with the very weights of a run that was not stopped.
    """
    torch.set_num_threads(1)  # tiny matrices: a second thread costs more than it brings
    if resume and (out / CONFIG).is_file():
        click.echo(f"{out} has finished already")
        return
    run: Run | MultiHeadRun
    if resume:
        run = MultiHeadRun.resume(out) if is_multihead(out) else Run.resume(out)
    else:
        numbers = parse_tasks(tasks)
        files = parse_train_files(train_files, numbers)
        if network == MultiHeadMemory.family:
            defaults = MultiHeadRecipe(seed=seed).to_dict()
            recipe = MultiHeadRecipe.from_dict(defaults | _settings(settings, defaults))
            trained = load_checkpoint(begin_from) if begin_from else None
            run = MultiHeadRun.start(out, MultiHeadRunSpec(data_dir(data), split, numbers, files, recipe))
            if trained:
                run.begin_from(trained)
        elif begin_from:
            raise InputError(f"--from is for the multi-head network; got --network {network}")
        else:
            defaults = replace(PAPER_SINGLE if len(numbers) == 1 else PAPER_JOINT, seed=seed).to_dict()
            paper = Recipe.from_dict(defaults | _settings(settings, defaults))
            run = Run.start(out, RunSpec(data_dir(data), split, numbers, files, paper))
    try:
        if isinstance(run, MultiHeadRun):
            train_multihead(run)
        else:
            _train_with_progress(run)
    except KeyboardInterrupt:
        done = f"update {run.updates}" if isinstance(run, MultiHeadRun) else _epochs(run)
        click.echo(
            f"stopped after {done}\nhint: go on with `memnet babi train --resume --out {out}`", err=True
        )
        raise click.exceptions.Exit(130) from None
    count = run.epoch if isinstance(run, MultiHeadRun) else run.epochs_done
    click.echo(f"{out}: {count} epochs in {run.elapsed_s:.1f} s")
    for note in run.data.record["notes"]:
        click.echo(f"note: {note}")


def _epochs(run: Run) -> str:
    return f"epoch {run.epochs_done} of {run.spec.recipe.total_epochs}"


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


def _settings(given: Sequence[str], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """`NAME=VALUE` pairs; a value is read as the type of the setting's default."""
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
