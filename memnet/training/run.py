"""A run: data, recipe and folder in, checkpoint out; interrupted at any moment, resumed exactly."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from memnet.babi.dataset import TaskFile, load_tasks, split_validation
from memnet.errors import CheckpointError, InputError
from memnet.evaluation.answers import error
from memnet.nn.memn2n import MemN2N, MemN2NConfig
from memnet.story import Story
from memnet.training.checkpoint import (
    CONFIG,
    TRAINING,
    TrainingState,
    copy_weights,
    load_state,
    save_checkpoint,
    save_state,
)
from memnet.training.loop import EpochReport, train_epoch
from memnet.training.recipe import Recipe
from memnet.training.vectorise import Examples, examples_of, vocabulary_of
from memnet.vocabulary import Vocabulary

_SAVE_EVERY_S = 5.0
"""Seconds between two saved states; an interrupt saves at once."""

_GENUINE_PARTIAL = "82096130c5043a794a9879bfebb5c1b84f6989bdde36f0fe5d613cfff23d1672"
"""sha256 of the 1,925 genuine questions of the 10k training file of task 3."""


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What a run is asked to do."""

    directory: Path
    """Folder that holds the splits."""
    split: str
    tasks: tuple[int, ...]
    train_files: Mapping[int, Path]
    """Training files that stand in for official ones, by task."""
    recipe: Recipe

    def to_dict(self) -> dict[str, Any]:
        return {
            "directory": str(self.directory.resolve()),
            "split": self.split,
            "tasks": list(self.tasks),
            "train_files": {str(task): str(path.resolve()) for task, path in self.train_files.items()},
            "recipe": self.recipe.to_dict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RunSpec:
        return cls(
            directory=Path(values["directory"]),
            split=values["split"],
            tasks=tuple(values["tasks"]),
            train_files={int(task): Path(path) for task, path in values["train_files"].items()},
            recipe=Recipe.from_dict(values["recipe"]),
        )


class Run:
    """One training run in one folder.

    Attributes:
        history: A report of every epoch done.
        epochs_done: Whole epochs, over both phases.
    """

    def __init__(self, folder: Path, spec: RunSpec) -> None:
        self.folder = folder
        self.spec = spec
        recipe = spec.recipe
        files = load_tasks(spec.directory, spec.split, spec.tasks, "train", overrides=spec.train_files)
        self.data = _identity(spec, files)
        training, validation = _split(files, recipe)
        self.vocabulary: Vocabulary = vocabulary_of([*training, *validation])
        longest = max(question.facts_before for story in training for question in story.questions)
        memory_size = max(1, min(recipe.memory_size, longest))
        self.training: Examples = examples_of(training, self.vocabulary, memory_size)
        self.validation: Examples = examples_of(validation, self.vocabulary, memory_size)
        if len(self.training) < recipe.batch_size:
            raise InputError(
                f"{len(self.training)} training questions do not fill a batch of {recipe.batch_size}"
            )
        config = MemN2NConfig(
            vocab_size=len(self.vocabulary),
            longest_sentence=max(self.training.facts.words.shape[1], self.training.questions.words.shape[1]),
            memory_size=memory_size,
            dim=recipe.dim,
            num_hops=recipe.num_hops,
            encoding=recipe.encoding,
            tying=recipe.tying,
            relu=recipe.relu,
        )
        self.network = MemN2N(config, generator=torch.Generator().manual_seed(recipe.seed))
        self.history: list[dict[str, Any]] = []
        self.epochs_done = 0
        self.elapsed_s = 0.0

    @classmethod
    def start(cls, folder: Path, spec: RunSpec) -> Run:
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
    def resume(cls, folder: Path) -> Run:
        """Go on with an interrupted run.

        Raises:
            CheckpointError: There is none, it is damaged, or the data have changed since.
        """
        state = load_state(folder)
        run = cls(folder, RunSpec.from_dict(state.record["spec"]))
        if run.data != state.record["data"]:
            raise CheckpointError(
                f"the data in {run.spec.directory} are not those that the run in {folder} began with",
                hint="bring the same files back, or start again in another --out",
            )
        run.network.load_state_dict(state.weights)
        run.epochs_done = state.epochs_done
        run.history = state.record["history"]
        run.elapsed_s = state.record["elapsed_s"]
        return run

    @property
    def batches_per_epoch(self) -> int:
        return max(1, len(self.training) // self.spec.recipe.batch_size)

    def train(
        self,
        *,
        on_batches: Callable[[int], None] | None = None,
        on_epoch: Callable[[EpochReport], None] | None = None,
    ) -> None:
        """Train to the end of the recipe and write the checkpoint.

        A KeyboardInterrupt leaves the state after the last whole epoch in the folder.
        """
        recipe = self.spec.recipe
        self.folder.mkdir(parents=True, exist_ok=True)
        whole = copy_weights(self.network)
        saved_at = began = time.monotonic()
        before = self.elapsed_s
        self._save(whole)
        try:
            while self.epochs_done < recipe.total_epochs:
                report = self._epoch(on_batches)
                whole = copy_weights(self.network)
                self.history.append(asdict(report))
                self.epochs_done += 1
                self.elapsed_s = before + time.monotonic() - began
                if time.monotonic() - saved_at > _SAVE_EVERY_S:
                    self._save(whole)
                    saved_at = time.monotonic()
                if on_epoch:
                    on_epoch(report)
        except KeyboardInterrupt:
            self._save(whole)
            raise
        save_checkpoint(self.folder, self.network, self.vocabulary, self._record())
        (self.folder / TRAINING).unlink()

    def _epoch(self, on_batches: Callable[[int], None] | None) -> EpochReport:
        recipe, epoch = self.spec.recipe, self.epochs_done
        loss = train_epoch(self.network, self.training, recipe, epoch, on_batches=on_batches)
        return EpochReport(
            epoch=epoch + 1,
            linear=epoch < recipe.linear_epochs,
            learning_rate=recipe.rate(epoch),
            loss=loss,
            validation_error=error(self.network, self.validation) if len(self.validation) else None,
        )

    def _save(self, weights: dict[str, torch.Tensor]) -> None:
        record = {
            "spec": self.spec.to_dict(),
            "data": self.data,
            "history": self.history,
            "elapsed_s": self.elapsed_s,
        }
        save_state(self.folder, TrainingState(weights, self.epochs_done, record))

    def _record(self) -> dict[str, Any]:
        """What goes into the checkpoint: no path of this machine."""
        return {
            "recipe": self.spec.recipe.to_dict(),
            "data": self.data,
            "selection": "none: the weights after the last epoch",
            "training_error": error(self.network, self.training),
            "validation_error": self.history[-1]["validation_error"],
            "elapsed_s": round(self.elapsed_s, 1),
            "torch": torch.__version__,
            "history": self.history,
        }


def _split(files: Mapping[int, TaskFile], recipe: Recipe) -> tuple[list[Story], list[Story]]:
    training: list[Story] = []
    validation: list[Story] = []
    for file in files.values():
        kept, held_out = split_validation(file.stories, recipe.validation, seed=recipe.seed)
        training.extend(kept)
        validation.extend(held_out)
    return training, validation


def _identity(spec: RunSpec, files: Mapping[int, TaskFile]) -> dict[str, Any]:
    """Which files were trained on, and in words what is not the official data."""
    return {
        "split": spec.split,
        "files": {
            str(task): {"name": file.path.name, "sha256": file.sha256, "questions": file.num_questions}
            for task, file in files.items()
        },
        "notes": [_note(task, files[task]) for task in sorted(spec.train_files)],
    }


def _note(task: int, file: TaskFile) -> str:
    if file.sha256 == _GENUINE_PARTIAL:
        return f"task {task}: 1,925 of 10,000 official questions"
    return (
        f"task {task}: {file.num_questions:,} training questions from {file.path.name}, not the official file"
    )
