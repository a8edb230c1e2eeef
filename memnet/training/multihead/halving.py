"""Successive halving: which of several seeds are worth training to the end.

Some seeds leave a plateau early and some never do. All are trained for a part of the recipe, the better half,
by validation error, for twice as long, and so on until as many are left as were asked for (Jamieson and
Talwalkar 2016, "Non-stochastic Best Arm Identification and Hyperparameter Optimization", figure 3). The
learning rate falls as it would without: a seed that is kept ends with the weights it would have had anyway.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from memnet.errors import InputError
from memnet.training.checkpoint import CONFIG, load_checkpoint, write_atomically
from memnet.training.multihead.benchmark import begun, validation_error
from memnet.training.multihead.data import MultiHeadRunSpec
from memnet.training.multihead.recipe import MultiHeadRecipe

FILE = "halving.json"


@dataclass(frozen=True, slots=True)
class Rung:
    """One comparison."""

    questions: int
    """That every seed was trained on, at least: to the end of the epoch."""
    errors: dict[int, float]
    """Validation error of each seed, in [0, 1]."""
    kept: tuple[int, ...]
    """The better half, best first."""


def check(recipe: MultiHeadRecipe, candidates: int, keep: int) -> None:
    """Say whether seeds of a recipe can be halved.

    Raises:
        InputError: Nothing is to be dropped, or nothing is set aside to compare by.
    """
    if candidates <= keep:
        raise InputError(f"candidates must be more than the {keep} to keep; got {candidates}")
    if not recipe.validation:
        raise InputError("candidates are compared on validation stories; the recipe sets none aside")


def halve(
    spec: MultiHeadRunSpec,
    candidates: int,
    keep: int,
    folder: Path,
    *,
    on_rung: Callable[[Rung], None] | None = None,
) -> list[Rung]:
    """Train seeds 0 to `candidates` - 1 as far as each is worth it; what was found before is read.

    Args:
        spec: What to train; its recipe's own seed does not matter.
        candidates: How many seeds begin.
        keep: How many are left.
        folder: Where the runs are kept, `seed-N` each, and what was found: `halving.json`.
        on_rung: Called with every comparison that is made.

    Raises:
        InputError: What `check` raises; or the folder holds a run of another recipe.
    """
    check(spec.recipe, candidates, keep)
    rungs = read_rungs(folder)
    left = list(rungs[-1].kept) if rungs else list(range(candidates))
    while len(left) > keep:
        # The last comparison comes half-way, those before it at a half of that each.
        halvings = _halvings(len(left), keep)
        questions = spec.recipe.questions >> halvings
        errors = {}
        for seed in left:
            own = replace(spec, recipe=replace(spec.recipe, seed=seed))
            errors[seed] = validation_error(_trained(folder / f"seed-{seed}", own, questions), spec.tasks)
        best = sorted(left, key=lambda seed: (errors[seed], seed))
        left = best[: max(keep, -(-len(left) // 2))]
        rungs.append(Rung(questions, errors, tuple(left)))
        write_atomically(folder / FILE, json.dumps([asdict(rung) for rung in rungs], indent=2).encode())
        if on_rung:
            on_rung(rungs[-1])
    return rungs


def read_rungs(folder: Path) -> list[Rung]:
    """The comparisons that were made in a folder; none if there was no halving."""
    path = folder / FILE
    if not path.is_file():
        return []
    return [
        Rung(each["questions"], {int(s): e for s, e in each["errors"].items()}, tuple(each["kept"]))
        for each in json.loads(path.read_text())
    ]


def seeds_of(folder: Path, restarts: int) -> Sequence[int]:
    """The seeds that are trained to the end in a folder: those that halving kept, or all."""
    rungs = read_rungs(folder)
    return sorted(rungs[-1].kept) if rungs else range(restarts)


def _trained(folder: Path, spec: MultiHeadRunSpec, questions: int) -> dict[str, Any]:
    """Train one seed so far; the report of the epoch in which it came there."""
    if (folder / CONFIG).is_file():  # it was trained further before
        history: list[dict[str, Any]] = load_checkpoint(folder).training["history"]
    else:
        run = begun(folder, spec)
        run.train(until=questions)
        history = run.history
    return next(report for report in history if report["questions"] >= questions)


def _halvings(left: int, keep: int) -> int:
    count = 0
    while left > keep:
        left, count = max(keep, -(-left // 2)), count + 1
    return count
