"""The progress of a training run of the multi-head network, in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from memnet.training.multihead.run import MultiHeadReport, MultiHeadRun


def train_multihead(run: MultiHeadRun) -> None:
    """Train to the end of the recipe, with a bar of the questions trained on."""
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %  {task.fields[questions_per_s]:>6.0f} questions/s"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    bar = progress.add_task(
        "epoch 1", total=run.spec.recipe.questions, completed=run.questions, questions_per_s=0.0
    )

    def on_progress(count: int) -> None:
        progress.update(bar, advance=count, questions_per_s=progress.tasks[0].speed or 0.0)

    def on_epoch(report: MultiHeadReport) -> None:
        said = f"epoch {report.epoch}  loss {report.loss:.3f}  validation error {report.validation_error:.1%}"
        progress.update(bar, description=said)

    with progress:
        run.train(on_progress=on_progress, on_epoch=on_epoch)
