"""A benchmark's unit of multi-head networks: one run per seed, each resumed to the very update."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

from memnet.babi.dataset import load_tasks
from memnet.errors import InputError
from memnet.evaluation.exams import MultiHeadExam
from memnet.nn.multihead import MultiHeadMemory
from memnet.training.checkpoint import CONFIG, TRAINING, Checkpoint, load_checkpoint
from memnet.training.multihead.data import MultiHeadRunSpec
from memnet.training.multihead.run import MultiHeadRun
from memnet.training.results import Moment, Restart, Unit, UnitResult


def train_unit(
    spec: MultiHeadRunSpec, unit: Unit, folder: Path, on_questions: Callable[[int], None] | None = None
) -> UnitResult:
    """Train and test a network per seed; finished ones in the folder are read.

    Args:
        spec: What to train; its recipe's own seed does not matter.
        unit: On which tasks, from which seeds.
        folder: Where the runs are kept: a checkpoint of each, to be evaluated and reported like any other.
        on_questions: Called with the questions trained on since the last call.

    Raises:
        InputError: A folder holds a run of another recipe.
    """
    restarts, checkpoints = [], []
    for seed in unit.seeds:
        own = folder / (unit.name if len(unit.seeds) == 1 else f"{unit.name}-seed-{seed}")
        checkpoint = _trained(own, replace(spec, recipe=replace(spec.recipe, seed=seed)), on_questions)
        checkpoints.append(checkpoint)
        restarts.append(_tested(checkpoint, spec, seed))
    elapsed_s = sum(each.training["elapsed_s"] for each in checkpoints)
    data = checkpoints[0].training["data"]
    used = sorted({each.training.get("device", "cpu") for each in checkpoints} - {"cpu"})
    notes = data["notes"] + [f"trained on {device}" for device in used]
    return UnitResult(tuple(restarts), data | {"notes": notes}, round(elapsed_s, 1))


def begun(folder: Path, spec: MultiHeadRunSpec) -> MultiHeadRun:
    """The run of a folder, resumed if there is one.

    Raises:
        InputError: It follows another recipe.
    """
    resumed = (folder / TRAINING).is_file()
    run = MultiHeadRun.resume(folder) if resumed else MultiHeadRun.start(folder, spec)
    _check(folder, run.spec.recipe.to_dict(), spec)
    return run


def _trained(folder: Path, spec: MultiHeadRunSpec, on_questions: Callable[[int], None] | None) -> Checkpoint:
    tell = on_questions or (lambda _: None)
    if (folder / CONFIG).is_file():
        checkpoint = load_checkpoint(folder)
        _check(folder, checkpoint.training["recipe"], spec)
        tell(spec.recipe.questions)
        return checkpoint
    run = begun(folder, spec)
    tell(run.questions)
    run.train(on_progress=tell)
    return load_checkpoint(folder)


def _check(folder: Path, recipe: dict[str, Any], spec: MultiHeadRunSpec) -> None:
    if recipe != spec.recipe.to_dict():
        raise InputError(f"{folder} holds a run of another recipe", hint="choose another --out")


def _tested(checkpoint: Checkpoint, spec: MultiHeadRunSpec, seed: int) -> Restart:
    assert isinstance(checkpoint.network, MultiHeadMemory)
    errors = {}
    for task, file in load_tasks(spec.directory, spec.split, spec.tasks, "test").items():
        exam = MultiHeadExam(checkpoint.network, checkpoint.vocabulary, file.stories)  # type: ignore[arg-type]
        errors[task] = 1 - float(exam.right(exam.sit().answers).double().mean())
    history = checkpoint.training["history"]
    return Restart(
        seed=seed,
        training_error=None,
        validation_error=validation_error(history[-1], spec.tasks),
        test_errors=errors,
        losses=tuple(each["loss"] for each in history),
        course=tuple(
            Moment(each["questions"], each["elapsed_s"], each["cpu_s"], validation_error(each, spec.tasks))
            for each in history
        ),
    )


def validation_error(report: dict[str, Any], tasks: Sequence[int]) -> float:
    """Mean over bAbI's tasks alone, whatever else was trained on; not a number without validation stories."""
    by_task = {int(task): error for task, error in report["validation_by_task"].items()}
    known = [by_task[task] for task in tasks if task in by_task]
    return fmean(known) if known else float("nan")
