"""A checkpoint on the test files: errors, what needs no network to get right, evidence; and in which data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from jaxtyping import Bool
from torch import Tensor

from memnet.babi.dataset import TaskFile, load_task
from memnet.errors import BabiDataMissing, InputError
from memnet.evaluation.answers import FAILED
from memnet.evaluation.baselines import lexical_error, majority_error, seen_in_training
from memnet.evaluation.changes import Change
from memnet.evaluation.evidence import EvidenceReport, evidence
from memnet.evaluation.exams import exam_of
from memnet.evaluation.labels import official_tasks, training_labels
from memnet.story import Story
from memnet.training.checkpoint import Checkpoint

ENGLISH = ("en", "en-10k")
"""Splits whose words the changes know."""


@dataclass(frozen=True, slots=True)
class TaskReport:
    """One task's test file, answered. Errors are shares of wrong answers, in [0, 1]."""

    questions: int
    error: float
    duplicates: int | None
    """Questions that occur in training verbatim, with all the facts before them; None without that file."""
    error_without_duplicates: float | None
    """Of the other questions; None without the training file, or when there are no others."""
    majority_error: float | None
    """Of always giving the most frequent training answer."""
    lexical_error: float | None
    """Of taking the answer from the fact that shares most with the question."""
    evidence: EvidenceReport | None
    """None when the file names no supporting facts."""
    unchanged_error: float | None
    """Of the same questions before the changes; None without changes."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A checkpoint, evaluated."""

    checkpoint: Checkpoint
    split: str
    files: Mapping[int, TaskFile]
    """The test files, as they are on disk."""
    tasks: Mapping[int, TaskReport]
    changes: tuple[Change, ...] = ()
    without_training: tuple[int, ...] = ()
    """Tasks whose training file was not found."""

    @property
    def mean_error(self) -> float:
        return fmean(each.error for each in self.tasks.values())

    @property
    def failed(self) -> list[int]:
        return [task for task, each in self.tasks.items() if each.error > FAILED]

    @property
    def trained_on(self) -> str | None:
        """The split of the training data."""
        return _training_data(self.checkpoint).get("split")

    @property
    def official(self) -> list[int]:
        """The evaluated tasks that were trained on official files, as published results were."""
        return [task for task in official_tasks(_training_data(self.checkpoint)) if task in self.tasks]

    @property
    def official_mean_error(self) -> float | None:
        """The mean over those tasks; None when there are none."""
        return fmean(self.tasks[task].error for task in self.official) if self.official else None

    @property
    def notes(self) -> list[str]:
        """What a reader of the numbers must know."""
        record = self.checkpoint.training
        trained = _training_data(self.checkpoint).get("files", {})
        others = [task for task in self.tasks if str(task) not in trained]
        notes = [*_training_data(self.checkpoint).get("notes", [])]
        if self.official_mean_error is not None and len(self.official) < len(self.tasks):
            share = f"{len(self.official)} of {len(self.tasks)} tasks"
            notes.append(
                f"mean error over the {share} trained on official files: {self.official_mean_error:.1%}"
            )
        if others:
            notes.append(f"tasks {_listed(others)} were not trained on")
        if self.without_training:
            notes.append(
                f"tasks {_listed(self.without_training)}: the training file is not among the data, so "
                "duplicates and the majority and lexical answers are not known"
            )
        notes += [change.note for change in self.changes]
        run = f"one run, seed {record.get('recipe', {}).get('seed')}"
        if mixed := record.get("mixed"):
            share = f"{mixed['share']:.0%} of its weights mixed with those it began from"
            notes.append(f"{run}, {share}, by validation error")
        else:
            notes.append(f"{run}, nothing selected")
        return notes

    def to_dict(self) -> dict[str, Any]:
        """As JSON; shares are rounded to six decimals."""
        tasks = {str(task): _task(report) for task, report in self.tasks.items()}
        result: dict[str, Any] = {
            "model": {"name": self.checkpoint.name, "sha256": self.checkpoint.digest},
            "tasks": tasks,
            "mean_error": round(self.mean_error, 6),
            "mean_error_without_duplicates": mean_of(
                each.error_without_duplicates for each in self.tasks.values()
            ),
            "official": {"tasks": self.official, "mean_error": _rounded(self.official_mean_error)},
            "failed": self.failed,
            "data": {
                "split": self.split,
                "part": "test",
                "files": {str(task): file.sha256 for task, file in self.files.items()},
                "trained_on": self.trained_on,
                "training": {
                    str(task): label
                    for task, label in training_labels(_training_data(self.checkpoint)).items()
                    if task in self.tasks
                },
                "changes": [dict(change.record) for change in self.changes],
            },
            "notes": self.notes,
        }
        unchanged = mean_of(each.unchanged_error for each in self.tasks.values())
        if unchanged is not None:
            result["unchanged"] = {"mean_error": unchanged, "gap": round(self.mean_error - unchanged, 6)}
        return result


def evaluate(
    checkpoint: Checkpoint,
    directory: Path,
    split: str,
    tasks: Sequence[int],
    *,
    changes: Sequence[Change] = (),
    train_files: Mapping[int, Path] | None = None,
    on_task: Callable[[int], None] | None = None,
) -> Evaluation:
    """Answer the test files of some tasks.

    Args:
        checkpoint: What answers.
        directory: The folder that holds the splits.
        split: Whose test files.
        tasks: Which.
        changes: What is done to the test stories, in this order.
        train_files: Where the training files are that are not the official ones, by task.
        on_task: Called with each task when it is done.

    Raises:
        BabiDataMissing, BabiFormatError: A test file cannot be read.
        InputError: A training file that is named is not the one of the run, or a change that does not
            know the language.
    """
    if changes and split not in ENGLISH:
        raise InputError(
            f"changed stories are English; got --split {split}", hint=f"choose {' or '.join(ENGLISH)}"
        )
    files, reports, missing = {}, {}, []
    for task in tasks:
        files[task] = file = load_task(directory, split, task, "test")
        training = _training_stories(checkpoint, directory, split, task, (train_files or {}).get(task))
        if training is None:
            missing.append(task)
        reports[task] = _report(checkpoint, file.stories, training, changes)
        if on_task:
            on_task(task)
    return Evaluation(checkpoint, split, files, reports, tuple(changes), tuple(missing))


def _report(
    checkpoint: Checkpoint,
    original: Sequence[Story],
    training: Sequence[Story] | None,
    changes: Sequence[Change],
) -> TaskReport:
    stories = original
    for change in changes:
        stories = change.apply(stories)
    exam = exam_of(checkpoint, stories)
    right = exam.right(exam.sit().answers)
    seen = seen_in_training(stories, training) if training else None
    return TaskReport(
        questions=len(right),
        error=_error(right),
        duplicates=None if seen is None else int(seen.sum()),
        error_without_duplicates=None if seen is None or seen.all() else _error(right[~seen]),
        majority_error=majority_error(stories, training) if training else None,
        lexical_error=lexical_error(stories, training) if training else None,
        evidence=evidence(exam, stories),
        unchanged_error=_unchanged(checkpoint, original) if changes else None,
    )


def _unchanged(checkpoint: Checkpoint, stories: Sequence[Story]) -> float:
    exam = exam_of(checkpoint, stories)
    return _error(exam.right(exam.sit().answers))


def _error(right: Bool[Tensor, " questions"]) -> float:
    return 1.0 - float(right.double().mean())


def _training_stories(
    checkpoint: Checkpoint, directory: Path, split: str, task: int, named: Path | None
) -> tuple[Story, ...] | None:
    """What the task was trained on or, if it was not, the split's training file; None if not there."""
    data = _training_data(checkpoint)
    record = data.get("files", {}).get(str(task))
    try:
        file = load_task(directory, data["split"] if record else split, task, "train", override=named)
    except BabiDataMissing:
        if named:
            raise
        return None
    if record is None or record["sha256"] == file.sha256:
        return file.stories
    if named:
        other = f"{record['name']} with sha256 {record['sha256']}"
        raise InputError(f"{checkpoint.name} was not trained on {named}, but on {other}")
    return None


def _training_data(checkpoint: Checkpoint) -> Mapping[str, Any]:
    data: Mapping[str, Any] = checkpoint.training.get("data", {})
    return data


def _task(report: TaskReport) -> dict[str, Any]:
    values: dict[str, Any] = _rounded(asdict(report))
    if report.unchanged_error is None:
        del values["unchanged_error"]
    return values


def _rounded(value: Any) -> Any:
    match value:
        case float():
            return round(value, 6)
        case dict():
            return {name: _rounded(each) for name, each in value.items()}
        case list() | tuple():
            return [_rounded(each) for each in value]
    return value


def mean_of(values: Iterable[float | None]) -> float | None:
    """The mean, to six decimals; None when one is not known."""
    known = list(values)
    whole = [value for value in known if value is not None]
    return round(fmean(whole), 6) if len(whole) == len(known) else None


def _listed(tasks: Iterable[int]) -> str:
    return ", ".join(str(task) for task in tasks)
