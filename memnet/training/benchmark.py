"""A benchmark: every restart of every task of a recipe, trained and tested, resumable unit by unit.

A unit is what is trained together: all restarts of one task, or one network for all tasks. Its result is
one JSON file, written when the unit is done; a unit whose file is there is not trained again. Multi-head
networks are kept too, and a unit of theirs goes on in the middle.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from memnet.babi.dataset import load_tasks
from memnet.errors import InputError
from memnet.evaluation.answers import error, error_per_task
from memnet.nn.memn2n import MemN2N
from memnet.recipes import BenchmarkRecipe
from memnet.training.checkpoint import write_atomically
from memnet.training.data import RunSpec, load_run_data
from memnet.training.multihead.benchmark import train_unit
from memnet.training.multihead.data import MultiHeadRunSpec
from memnet.training.multihead.halving import Rung, check, halve, seeds_of
from memnet.training.multihead.recipe import MultiHeadRecipe
from memnet.training.restarts import train_restarts
from memnet.training.results import Restart, Unit, UnitResult, read_result, to_json
from memnet.training.vectorise import examples_of


def units(recipe: BenchmarkRecipe, tasks: tuple[int, ...], seeds: Sequence[int] | None = None) -> list[Unit]:
    """The units of a recipe, in the order in which they are trained; its seeds, or these."""
    seeds = tuple(range(recipe.restarts) if seeds is None else seeds)
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
    candidates: int | None = None,
    on_work: Callable[[int], None] | None = None,
    on_rung: Callable[[Rung], None] | None = None,
) -> Iterator[tuple[Unit, UnitResult]]:
    """Train and test unit by unit; results that are in the folder already are read.

    Args:
        recipe: What to train.
        tasks: On which tasks.
        directory: The folder that holds the splits.
        folder: Where results go.
        train_files: Training files that stand in for official ones, by task.
        candidates: Seeds that begin, of which successive halving keeps as many as the recipe has restarts;
            None trains those from the start. For multi-head networks, all tasks jointly.
        on_work: Called with the work done since the last call, counted as `BenchmarkRecipe.work` counts it.
        on_rung: Called with every comparison of candidates.

    Raises:
        InputError: The folder holds results of another recipe or other tasks, or candidates cannot be.
    """
    if candidates is not None:
        if not isinstance(recipe.recipe, MultiHeadRecipe) or recipe.mode != "joint":
            raise InputError(
                f"candidates are for joint recipes of the multi-head network; {recipe.name} is none"
            )
        check(recipe.recipe, candidates, recipe.restarts)
    folder.mkdir(parents=True, exist_ok=True)
    settings = recipe.to_dict() | {"tasks": list(tasks)} | ({"candidates": candidates} if candidates else {})
    about = folder / "benchmark.json"
    # Results from before there were two families do not say which one.
    if about.exists() and {"network": MemN2N.family} | json.loads(about.read_text()) != settings:
        raise InputError(f"{folder} holds results of another recipe", hint="choose another --out")
    write_atomically(about, json.dumps(settings, indent=2).encode())
    disclosed: list[str] = []
    if candidates is not None and isinstance(recipe.recipe, MultiHeadRecipe):
        spec = MultiHeadRunSpec(directory, recipe.split, tasks, train_files, recipe.recipe)
        halve(spec, candidates, recipe.restarts, folder, on_rung=on_rung)
        disclosed.append(
            f"means are over seeds that validation kept, not over all: of {candidates} that began, "
            f"{recipe.restarts} were trained to the end"
        )
    for unit in units(recipe, tasks, seeds_of(folder, recipe.restarts)):
        path = folder / f"{unit.name}.json"
        if path.exists():
            result = read_result(path)
            if on_work:
                on_work(recipe.work * len(unit.seeds))
        else:
            asked = (directory, recipe.split, unit.tasks, train_files)
            if isinstance(recipe.recipe, MultiHeadRecipe):
                result = train_unit(MultiHeadRunSpec(*asked, recipe.recipe), unit, folder, on_work)
                result.data["notes"] += disclosed
            else:
                result = _train(RunSpec(*asked, recipe.recipe), unit, on_work)
            write_atomically(path, to_json(result))
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
