"""A benchmark: every restart of every task of a recipe, trained and tested, resumable unit by unit.

A unit is what is trained together: all restarts of one task, or one network for all tasks. Its result is
one JSON file, written when the unit is done; a unit whose file is there is not trained again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memnet.babi.dataset import load_tasks
from memnet.errors import InputError
from memnet.evaluation.answers import error, error_per_task
from memnet.recipes import BenchmarkRecipe
from memnet.training.checkpoint import write_atomically
from memnet.training.data import RunSpec, load_run_data
from memnet.training.restarts import train_restarts
from memnet.training.vectorise import examples_of


@dataclass(frozen=True, slots=True)
class Restart:
    """One trained network and its errors, all in [0, 1]."""

    seed: int
    training_error: float
    validation_error: float
    test_errors: dict[int, float]
    """Per task."""
    losses: tuple[float, ...] = ()
    """Mean cross-entropy per training question of every epoch, in nats, linear ones first; empty in results
    of a memnet that did not keep them."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What is trained together."""

    name: str
    tasks: tuple[int, ...]
    seeds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class UnitResult:
    """What a unit came to."""

    restarts: tuple[Restart, ...]
    data: dict[str, Any]
    elapsed_s: float


def units(recipe: BenchmarkRecipe, tasks: tuple[int, ...]) -> list[Unit]:
    """The units of a recipe, in the order in which they are trained."""
    seeds = tuple(range(recipe.restarts))
    if recipe.mode == "single":
        return [Unit(f"task-{task}", (task,), seeds) for task in tasks]
    return [Unit(f"seed-{seed}", tasks, (seed,)) for seed in seeds]


def run(
    recipe: BenchmarkRecipe,
    tasks: tuple[int, ...],
    directory: Path,
    folder: Path,
    *,
    train_files: Mapping[int, Path],
    on_epochs: Callable[[int], None] | None = None,
) -> Iterator[tuple[Unit, UnitResult]]:
    """Train and test unit by unit; results that are in the folder already are read.

    Args:
        recipe: What to train.
        tasks: On which tasks.
        directory: The folder that holds the splits.
        folder: Where results go.
        train_files: Training files that stand in for official ones, by task.
        on_epochs: Called with the number of network-epochs done since the last call.

    Raises:
        InputError: The folder holds results of another recipe or other tasks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = recipe.to_dict() | {"tasks": list(tasks)}
    about = folder / "benchmark.json"
    if about.exists() and json.loads(about.read_text()) != settings:
        raise InputError(f"{folder} holds results of another recipe", hint="choose another --out")
    write_atomically(about, json.dumps(settings, indent=2).encode())
    for unit in units(recipe, tasks):
        path = folder / f"{unit.name}.json"
        if path.exists():
            result = read_result(path)
            if on_epochs:
                on_epochs(recipe.recipe.total_epochs * len(unit.seeds))
        else:
            spec = RunSpec(directory, recipe.split, unit.tasks, train_files, recipe.recipe)
            result = _train(spec, unit, on_epochs)
            write_atomically(path, _to_json(result))
        yield unit, result


def _train(spec: RunSpec, unit: Unit, on_epochs: Callable[[int], None] | None) -> UnitResult:
    began = time.monotonic()
    data = load_run_data(spec)
    losses: dict[int, list[float]] = {seed: [] for seed in unit.seeds}
    networks = train_restarts(
        data,
        spec.recipe,
        unit.seeds,
        on_epoch=on_epochs,
        on_loss=lambda seed, loss: losses[seed].append(loss),
    )
    elapsed_s = time.monotonic() - began
    test = load_tasks(spec.directory, spec.split, unit.tasks, "test")
    stories = [story for file in test.values() for story in file.stories]
    examples = examples_of(stories, data.vocabulary, data.training.memory_size)
    restarts = tuple(
        Restart(
            seed=seed,
            training_error=error(network, data.training),
            validation_error=error(network, data.validation),
            test_errors=error_per_task(network, examples),
            losses=tuple(losses[seed]),
        )
        for seed, network in zip(unit.seeds, networks, strict=True)
    )
    return UnitResult(restarts, data.record, round(elapsed_s, 1))


def _to_json(result: UnitResult) -> bytes:
    restarts = [
        {
            "seed": each.seed,
            "training_error": round(each.training_error, 6),
            "validation_error": round(each.validation_error, 6),
            "test_errors": {str(task): round(value, 6) for task, value in each.test_errors.items()},
            "losses": [round(loss, 4) for loss in each.losses],
        }
        for each in result.restarts
    ]
    return json.dumps({"restarts": restarts, "data": result.data, "elapsed_s": result.elapsed_s}).encode()


def read_result(path: Path) -> UnitResult:
    """The result of a unit, from the file that `run` wrote."""
    values = json.loads(path.read_text())
    restarts = tuple(
        Restart(
            seed=each["seed"],
            training_error=each["training_error"],
            validation_error=each["validation_error"],
            test_errors={int(task): value for task, value in each["test_errors"].items()},
            losses=tuple(each.get("losses", ())),
        )
        for each in values["restarts"]
    )
    return UnitResult(restarts, values["data"], values["elapsed_s"])
