"""What a run is asked to do, and how it begins and goes on, whatever it trains."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from torch import Tensor

from memnet.errors import CheckpointError, InputError
from memnet.training.checkpoint import CONFIG, TRAINING, load_state
from memnet.training.settings import Settings

R = TypeVar("R", bound=Settings)
T = TypeVar("T", bound="TrainingRun[Any]")


@dataclass(frozen=True)  # with slots, typing could not make one of a `Spec[Recipe]`
class Spec(Generic[R]):
    """What a run is asked to do."""

    directory: Path
    """Folder that holds the splits."""
    split: str
    tasks: tuple[int, ...]
    train_files: Mapping[int, Path]
    """Training files that stand in for official ones, by task."""
    recipe: R

    def to_dict(self) -> dict[str, Any]:
        return {
            "directory": str(self.directory.resolve()),
            "split": self.split,
            "tasks": list(self.tasks),
            "train_files": {str(task): str(path.resolve()) for task, path in self.train_files.items()},
            "recipe": self.recipe.to_dict(),
        }

    @classmethod
    def read(cls, values: Mapping[str, Any], recipe: type[R]) -> Spec[R]:
        """The spec that `to_dict` wrote, with a recipe of this kind."""
        return cls(
            directory=Path(values["directory"]),
            split=values["split"],
            tasks=tuple(values["tasks"]),
            train_files={int(task): Path(path) for task, path in values["train_files"].items()},
            recipe=recipe.from_dict(values["recipe"]),
        )


class TrainingRun(ABC, Generic[R]):
    """One training run in one folder.

    Attributes:
        folder: Where its state, and in the end its checkpoint, is kept.
        spec: What it does.
        history: A report of every epoch done.
        elapsed_s: Seconds of the clock, without the time that the run stood still.
        cpu_s: Seconds of this process.
    """

    recipe: ClassVar[type[Any]]
    """The kind of recipe that it follows."""

    folder: Path
    spec: Spec[R]
    history: list[dict[str, Any]]
    elapsed_s: float
    cpu_s: float

    @abstractmethod
    def __init__(self, folder: Path, spec: Spec[R]) -> None:
        """Read the data and make a fresh network; nothing is written."""

    @property
    @abstractmethod
    def data_record(self) -> dict[str, Any]:
        """Which files were read, as JSON, and in words what is not the official data."""

    @abstractmethod
    def _restore(self, tensors: dict[str, Tensor], record: dict[str, Any]) -> None:
        """Stand where a saved state stood."""

    @classmethod
    def start(cls: type[T], folder: Path, spec: Spec[Any]) -> T:
        """Begin a run in a folder that holds none.

        Raises:
            InputError: The folder already holds a run.
            BabiDataMissing, BabiFormatError: The data cannot be read. Nothing is written.
        """
        for name, advice in ((CONFIG, "choose another --out"), (TRAINING, "go on with --resume")):
            if (folder / name).exists():
                raise InputError(f"{folder} already holds a run", hint=f"{advice}, or remove the folder")
        return cls(folder, spec)

    @classmethod
    def resume(cls: type[T], folder: Path) -> T:
        """Go on with an interrupted run.

        Raises:
            CheckpointError: There is none, it is damaged, or the data have changed since.
        """
        state = load_state(folder)
        run = cls(folder, Spec.read(state.record["spec"], cls.recipe))
        if run.data_record != state.record["data"]:
            raise CheckpointError(
                f"the data in {run.spec.directory} are not those that the run in {folder} began with",
                hint="bring the same files back, or start again in another --out",
            )
        run._restore(state.tensors, state.record)
        return run

    def clock(self) -> Callable[[], None]:
        """What to call so that the run's times go on from what they are now."""
        began, cpu_began = time.monotonic() - self.elapsed_s, time.process_time() - self.cpu_s

        def tick() -> None:
            self.elapsed_s, self.cpu_s = time.monotonic() - began, time.process_time() - cpu_began

        return tick
