"""What a report is about: a checkpoint with its evaluation, or the results of a benchmark."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from memnet import recipes
from memnet.babi.dataset import TaskFile, load_task
from memnet.babi.published import Published
from memnet.babi.tasks import TASK_NAMES
from memnet.errors import CheckpointError, InputError
from memnet.evaluation import plots, table
from memnet.evaluation.evaluate import Evaluation, evaluate
from memnet.evaluation.labels import SIZES, training_labels
from memnet.evaluation.plots import Curves
from memnet.nn.memn2n import MemN2N
from memnet.reader import Reader
from memnet.recipes import BenchmarkRecipe
from memnet.story import Answer, Question
from memnet.training.benchmark import units
from memnet.training.checkpoint import Checkpoint
from memnet.training.multihead.halving import seeds_of
from memnet.training.results import Restart, Unit, UnitResult, read_result

BENCHMARK = "benchmark.json"
"""The file that makes a folder the results of a benchmark."""


@dataclass(frozen=True, slots=True)
class StoryChoice:
    """A question of a test file; stories and questions are counted from 0."""

    task: int
    story: int
    question: int
    """-1 for the last one."""

    @classmethod
    def parse(cls, text: str) -> StoryChoice:
        """Read `TASK:STORY:QUESTION`.

        Raises:
            InputError: Not of this form.
        """
        parts = text.split(":")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
            raise InputError(f"a story is chosen as TASK:STORY:QUESTION, such as 2:0:4; got '{text}'")
        return cls(*map(int, parts))

    def __str__(self) -> str:
        return f"{self.task}:{self.story}:{self.question}"


@dataclass(frozen=True, slots=True)
class AskedStory:
    """A question of a test file, answered."""

    choice: StoryChoice
    question: Question
    answer: Answer


@dataclass(frozen=True, slots=True)
class CheckpointRun:
    """One trained network on the test files."""

    evaluation: Evaluation
    asked: tuple[AskedStory, ...]
    published: tuple[Published, ...]
    """Columns of the same training size and mode."""

    @property
    def name(self) -> str:
        return self.evaluation.checkpoint.name

    @property
    def history(self) -> list[dict[str, Any]]:
        """A report of every epoch, as training wrote it; empty when it wrote none."""
        history: list[dict[str, Any]] = self.evaluation.checkpoint.training.get("history", [])
        return history

    @property
    def course(self) -> plots.Course | None:
        """Validation error against CPU time; None for a run that did not count it or validated nothing."""
        points = [
            (each["cpu_s"], each["validation_error"])
            for each in self.history
            if each.get("validation_error") is not None and "cpu_s" in each
        ]
        return plots.Course(self.name, [points], 0) if points else None

    def to_dict(self) -> dict[str, Any]:
        training = self.evaluation.checkpoint.training
        return {
            "kind": "checkpoint",
            "name": self.name,
            **self.evaluation.to_dict(),
            "recipe": training.get("recipe"),
            "selection": training.get("selection"),
            "training_error": training.get("training_error"),
            "training_s": training.get("elapsed_s"),
            "history": self.history,
            "stories": [
                {
                    "choice": str(each.choice),
                    "question": each.question.text,
                    "gold_answer": each.question.answer,
                    "gold_facts": list(each.question.supporting),
                    "answer": each.answer.text,
                    "probability": round(each.answer.probability, 6),
                    "facts": [
                        {
                            "seq": fact.seq,
                            "text": fact.text,
                            "per_hop": [round(weight, 6) for weight in fact.per_hop],
                        }
                        for fact in sorted(each.answer.evidence, key=lambda fact: fact.seq)
                    ],
                    "null_mass": [round(hop.null_mass, 6) for hop in each.answer.hops],
                }
                for each in self.asked
            ],
            "published": [_column(each) for each in self.published],
        }


@dataclass(frozen=True, slots=True)
class BenchmarkRun:
    """Every restart of every task of a recipe."""

    recipe: BenchmarkRecipe
    rows: tuple[table.Row, ...]
    results: tuple[tuple[Unit, UnitResult], ...]

    @property
    def name(self) -> str:
        return self.recipe.name

    @property
    def published(self) -> tuple[Published, ...]:
        return (self.recipe.published,) if self.recipe.published else ()

    @property
    def seeds(self) -> list[int]:
        """Of all networks that were trained to the end."""
        return sorted({restart.seed for _, result in self.results for restart in result.restarts})

    @property
    def notes(self) -> list[str]:
        return sorted({note for _, result in self.results for note in result.data["notes"]})

    @property
    def labels(self) -> dict[int, str]:
        """What each task was trained on."""
        return {
            task: label for _, result in self.results for task, label in training_labels(result.data).items()
        }

    @property
    def elapsed_s(self) -> float:
        return round(sum(result.elapsed_s for _, result in self.results), 1)

    @property
    def curves(self) -> list[Curves]:
        """Training losses: of each task's restarts, or of all joint ones; none where they were not kept."""
        restarts = [(unit, each) for unit, result in self.results for each in result.restarts]
        if not all(each.losses for _, each in restarts):
            return []
        panels: dict[str, list[Restart]] = {}
        for unit, each in restarts:
            panels.setdefault(_panel(unit), []).append(each)
        return [
            Curves(
                name,
                [each.losses for each in found],
                min(range(len(found)), key=lambda index: found[index].chosen_by),
            )
            for name, found in panels.items()
        ]

    @property
    def courses(self) -> list[plots.Course]:
        """Validation error against time, a panel as in `curves`; none where it was not kept."""
        panels: dict[str, list[Restart]] = {}
        for unit, result in self.results:
            panels.setdefault(_panel(unit), []).extend(each for each in result.restarts if each.course)
        return [
            plots.Course(
                name,
                [[(moment.cpu_s, moment.validation_error) for moment in each.course] for each in found],
                min(range(len(found)), key=lambda index: found[index].chosen_by),
            )
            for name, found in panels.items()
            if found
        ]

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": "benchmark",
            "name": self.name,
            "benchmark": self.recipe.to_dict(),
            "tasks": {
                str(each.task): {
                    "selected": round(each.selected, 6),
                    "mean": round(each.mean, 6),
                    "deviation": round(each.deviation, 6),
                    "published": each.published,
                }
                for each in self.rows
            },
            "summary": dict(table.summary(self.rows)),
            "restarts": [
                _restart(unit, restart) for unit, result in self.results for restart in result.restarts
            ],
            "data": {
                "split": self.recipe.split,
                "training": {str(task): label for task, label in self.labels.items()},
            },
            "notes": self.notes,
            "training_s": self.elapsed_s,
            "published": [_column(each) for each in self.published],
        }


def _panel(unit: Unit) -> str:
    return "all tasks" if len(unit.tasks) > 1 else f"{unit.tasks[0]} {TASK_NAMES[unit.tasks[0]]}"


def is_benchmark(folder: Path) -> bool:
    """Whether a folder holds results of a benchmark rather than a checkpoint."""
    return (folder / BENCHMARK).is_file()


def read_benchmark(folder: Path) -> BenchmarkRun:
    """Read the results of a benchmark; nothing is trained.

    Raises:
        InputError: It is not finished.
        CheckpointError: A file of it is damaged.
    """
    path = folder / BENCHMARK
    try:
        settings = json.loads(path.read_text())
        name, split, mode = settings["name"], settings["split"], settings["mode"]
        recipe = BenchmarkRecipe(
            name=name,
            split=split,
            mode=mode,
            restarts=settings["restarts"],
            # Results from before there were two families do not say which one.
            recipe=recipes.recipe_of(settings.get("network", MemN2N.family), settings["recipe"]),
            published=_column_of_recipe(name, split, mode),
        )
        work = units(recipe, tuple(settings["tasks"]), seeds_of(folder, recipe.restarts))
        done = []
        for unit in work:
            path = folder / f"{unit.name}.json"
            if path.is_file():
                done.append((unit, read_result(path)))
    except (ValueError, KeyError, TypeError):
        raise CheckpointError(f"{path} is damaged", hint="run the benchmark again in another --out") from None
    if len(done) < len(work):
        raise InputError(
            f"{folder} holds {len(done)} of the benchmark's {len(work)} results",
            hint="the `memnet babi benchmark` command that began it goes on where it stopped",
        )
    rows = table.rows(settings["tasks"], done, recipe.published)
    return BenchmarkRun(recipe, tuple(rows), tuple(done))


def evaluate_checkpoint(
    checkpoint: Checkpoint,
    directory: Path,
    split: str,
    tasks: Sequence[int],
    *,
    choices: Sequence[StoryChoice] = (),
    train_files: Mapping[int, Path] | None = None,
    on_task: Callable[[int], None] | None = None,
) -> CheckpointRun:
    """Evaluate a checkpoint and ask it some questions of the test files.

    Args:
        checkpoint: What answers.
        directory: The folder that holds the splits.
        split: Whose test files.
        tasks: Which.
        choices: Which questions; by default the last one of the first story of the first three tasks.
        train_files: As for `evaluate`.
        on_task: Called with each task when it is done.

    Raises:
        InputError: A story that is not there.
        BabiDataMissing, BabiFormatError: A test file cannot be read.
    """
    for choice in choices:
        if choice.task not in tasks:
            raise InputError(f"story {choice} is of task {choice.task}, which is not one of the chosen tasks")
    reader = Reader(checkpoint)
    chosen = choices or [StoryChoice(task, 0, -1) for task in tasks[:3]]
    asked = tuple(_ask(reader, load_task(directory, split, each.task, "test"), each) for each in chosen)
    evaluation = evaluate(checkpoint, directory, split, tasks, train_files=train_files, on_task=on_task)
    return CheckpointRun(evaluation, asked, comparable(checkpoint.training.get("data", {})))


def comparable(data: dict[str, Any]) -> tuple[Published, ...]:
    """The paper's columns of a run's training size and mode."""
    mode = "joint" if len(data.get("files", {})) > 1 else "single"
    brought = [recipes.load(name) for name in recipes.names()]
    beside = [each.published for each in brought if each.network == MemN2N.family]
    asked = (SIZES.get(data.get("split", "")), mode)
    return tuple(each for each in beside if each and (each.train_size, each.mode) == asked)


def _ask(reader: Reader, file: TaskFile, choice: StoryChoice) -> AskedStory:
    if choice.story >= len(file.stories) or choice.question >= len(file.stories[choice.story].questions):
        raise InputError(f"there is no story {choice} in {file.path.name}")
    story = file.stories[choice.story]
    if choice.question < 0:
        choice = replace(choice, question=len(story.questions) + choice.question)
    question = story.questions[choice.question]
    texts = [fact.text for fact in story.facts[: question.facts_before]]
    return AskedStory(choice, question, reader.ask_facts(texts, question.text, limit=None))


def _column_of_recipe(name: str, split: str, mode: str) -> Published | None:
    """The published column of a recipe that memnet brings; one's own recipe of the same name has none."""
    if name not in recipes.names():
        return None
    recipe = recipes.load(name)
    return recipe.published if (recipe.split, recipe.mode) == (split, mode) else None


def _restart(unit: Unit, restart: Restart) -> dict[str, Any]:
    return {
        "unit": unit.name,
        "seed": restart.seed,
        "training_error": restart.training_error,
        "validation_error": _known(restart.validation_error),
        "test_errors": {str(task): error for task, error in restart.test_errors.items()},
        "losses": list(restart.losses),
        "course": [
            asdict(moment) | {"validation_error": _known(moment.validation_error)}
            for moment in restart.course
        ],
    }


def _known(error: float) -> float | None:
    """JSON has no NaN, which is the error where there are no validation stories."""
    return None if math.isnan(error) else error


def _column(column: Published) -> dict[str, Any]:
    return asdict(column) | {"errors": {str(task): error for task, error in column.errors.items()}}
