"""`memnet babi calibrate`."""

from __future__ import annotations

import json
from pathlib import Path

import click
import torch

from memnet.babi.dataset import data_dir
from memnet.babi.tasks import parse_tasks
from memnet.cli.babi.options import data_option, parse_train_files, run_argument, train_files_option
from memnet.evaluation.calibrate import calibrate as calibrate_checkpoint
from memnet.models import find
from memnet.training.checkpoint import load_checkpoint, save_calibration


@click.command()
@run_argument
@data_option
@train_files_option
@click.option(
    "--questions", type=click.IntRange(1), default=100, show_default=True, help="Of each bAbI task, at most."
)
@click.option("--stories", type=click.IntRange(1), default=1000, show_default=True, help="Generated ones.")
@click.option("--dry-run", is_flag=True, help="Say what would be kept; change nothing.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def calibrate(
    run: Path,
    data: Path | None,
    train_files: tuple[str, ...],
    questions: int,
    stories: int,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Fit the probabilities of RUN, and when it declines, to validation stories, and keep the fit with it.

    The stories are those of the training files that training set aside, and generated ones that it did not
    see; test files are not read. The checkpoint gets another digest: measure it anew.
    """
    torch.set_num_threads(1)
    fitted = calibrate_checkpoint(
        load_checkpoint(run),
        data_dir(data),
        train_files=parse_train_files(train_files, parse_tasks("all")),
        questions=questions,
        stories=stories,
        on_step=lambda step: click.echo(f"fitting: {step}", err=True),
    )
    if not dry_run:
        save_calibration(find(run), fitted)
    if as_json:
        click.echo(json.dumps(fitted.to_json()))
        return
    click.echo(
        f"temperature {fitted.temperature:g}, least gate {fitted.least_gate:g} nats, "
        f"sharpening {fitted.sharpening:g}"
    )
    before, after = (
        fitted.record[name]["expected_calibration_error"] for name in ("uncalibrated", "calibrated")
    )
    click.echo(f"expected calibration error {before:.1%} before, {after:.1%} after")
    if fitted.doubt:
        click.echo(f"declines where doubt is above {fitted.doubt.limit:g}:")
        for name in ("babi", "worded", "unanswerable"):
            if name in fitted.record:
                each = fitted.record[name]
                click.echo(
                    f"  {name}: {each['abstained']:.1%} of {each['questions']:,}, "
                    f"right answers lost {each['right_answers_lost']:.1%}"
                )
