"""`memnet babi card`."""

from __future__ import annotations

import json
from pathlib import Path

import click
import torch

from memnet.babi.dataset import data_dir
from memnet.babi.tasks import parse_tasks
from memnet.cli.babi.options import (
    data_option,
    parse_train_files,
    run_argument,
    split_option,
    tasks_option,
    train_files_option,
)
from memnet.evaluation import card as cards
from memnet.evaluation import plots
from memnet.models import find
from memnet.scorecard import SCORECARD
from memnet.training.checkpoint import write_atomically

_QUICK = cards.Extent((0, 10), 5, 20, 20, 5, 20)


@click.command()
@run_argument
@data_option
@split_option
@tasks_option
@train_files_option
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Another folder than RUN's.")
@click.option("--quick", is_flag=True, help="A few questions of each kind: to see that it works.")
def card(
    run: Path,
    data: Path | None,
    split: str,
    tasks: str,
    train_files: tuple[str, ...],
    out: Path | None,
    quick: bool,
) -> None:
    """Measure RUN, and write its scorecard, the measured part of its card, and the picture of reliability.

    Errors plain, renamed, swapped and among strangers; evidence; wording beyond bAbI by relation; declining;
    whether probabilities hold; size and speed. What people wrote in README.md stays as it is.
    """
    torch.set_num_threads(1)
    plots.require_matplotlib()
    folder = find(run)
    numbers = parse_tasks(tasks)
    scorecard, curves = cards.measure(
        folder,
        data_dir(data),
        split,
        numbers,
        extent=_QUICK if quick else None,
        train_files=parse_train_files(train_files, numbers),
        on_step=lambda step: click.echo(f"measuring: {step}", err=True),
    )
    out = out or folder
    out.mkdir(parents=True, exist_ok=True)
    page = next((at for at in (out / "README.md", folder / "README.md") if at.is_file()), None)
    written = page.read_text(encoding="utf-8") if page else f"# {folder.resolve().name}\n"
    contents = {
        SCORECARD: json.dumps(scorecard, ensure_ascii=False).encode() + b"\n",
        cards.RELIABILITY: plots.png(plots.reliability_figure(curves)),
        "README.md": cards.insert(written, cards.render(scorecard)).encode(),
    }
    for name, content in contents.items():
        write_atomically(out / name, content)
        click.echo(out / name)
