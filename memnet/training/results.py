"""What came of a benchmark's units of work, and the JSON file that keeps it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a training run stood after an epoch."""

    questions: int
    """Trained on so far."""
    elapsed_s: float
    cpu_s: float
    validation_error: float
    """Share of wrong answers, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Restart:
    """One trained network and its errors, all in [0, 1]."""

    seed: int
    training_error: float | None
    """None for a network that is chosen by validation: nothing needs it there."""
    validation_error: float
    test_errors: dict[int, float]
    """Per task."""
    losses: tuple[float, ...] = ()
    """Mean cross-entropy per training question of every epoch, in nats, linear ones first; empty in results
    of a memnet that did not keep them."""
    course: tuple[Moment, ...] = ()
    """Every epoch's moment; empty for networks that are trained stacked, whose time is not their own."""

    @property
    def chosen_by(self) -> float:
        """What selects among restarts, the lowest: training error as in the paper, else validation error."""
        return self.validation_error if self.training_error is None else self.training_error


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


def to_json(result: UnitResult) -> bytes:
    """A unit's result, as it is kept."""
    restarts = [
        {
            "seed": each.seed,
            "training_error": None if each.training_error is None else round(each.training_error, 6),
            "validation_error": round(each.validation_error, 6),
            "test_errors": {str(task): round(value, 6) for task, value in each.test_errors.items()},
            "losses": [round(loss, 4) for loss in each.losses],
            "course": [asdict(moment) for moment in each.course],
        }
        for each in result.restarts
    ]
    return json.dumps({"restarts": restarts, "data": result.data, "elapsed_s": result.elapsed_s}).encode()


def read_result(path: Path) -> UnitResult:
    """The result of a unit, from the file that a benchmark wrote."""
    values = json.loads(path.read_text())
    restarts = tuple(
        Restart(
            seed=each["seed"],
            training_error=each["training_error"],
            validation_error=each["validation_error"],
            test_errors={int(task): value for task, value in each["test_errors"].items()},
            losses=tuple(each.get("losses", ())),
            course=tuple(Moment(**moment) for moment in each.get("course", ())),
        )
        for each in values["restarts"]
    )
    return UnitResult(restarts, values["data"], values["elapsed_s"])
