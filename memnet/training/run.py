"""A run: data, recipe and folder in, checkpoint out; interrupted at any moment, resumed exactly."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from memnet.errors import CheckpointError, InputError
from memnet.evaluation.answers import error
from memnet.nn.memn2n import MemN2N
from memnet.training.checkpoint import (
    CONFIG,
    TRAINING,
    TrainingState,
    copy_weights,
    load_state,
    save_checkpoint,
    save_state,
)
from memnet.training.data import RunSpec, load_run_data
from memnet.training.loop import EpochReport, train_epoch

_SAVE_EVERY_S = 5.0
"""Seconds between two saved states; an interrupt saves at once."""


class Run:
    """One training run in one folder.

    Attributes:
        history: A report of every epoch done.
        epochs_done: Whole epochs, over both phases.
    """

    def __init__(self, folder: Path, spec: RunSpec) -> None:
        self.folder = folder
        self.spec = spec
        self.data = load_run_data(spec)
        generator = torch.Generator().manual_seed(spec.recipe.seed)
        self.network = MemN2N(self.data.config, generator=generator)
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
        if run.data.record != state.record["data"]:
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
        return max(1, len(self.data.training) // self.spec.recipe.batch_size)

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
        save_checkpoint(self.folder, self.network, self.data.vocabulary, self._record())
        (self.folder / TRAINING).unlink()

    def _epoch(self, on_batches: Callable[[int], None] | None) -> EpochReport:
        recipe, epoch = self.spec.recipe, self.epochs_done
        loss = train_epoch(self.network, self.data.training, recipe, epoch, on_batches=on_batches)
        return EpochReport(
            epoch=epoch + 1,
            linear=epoch < recipe.linear_epochs,
            learning_rate=recipe.rate(epoch),
            loss=loss,
            validation_error=error(self.network, self.data.validation) if len(self.data.validation) else None,
        )

    def _save(self, weights: dict[str, torch.Tensor]) -> None:
        record = {
            "spec": self.spec.to_dict(),
            "data": self.data.record,
            "history": self.history,
            "elapsed_s": self.elapsed_s,
        }
        save_state(self.folder, TrainingState(weights, self.epochs_done, record))

    def _record(self) -> dict[str, Any]:
        """What goes into the checkpoint: no path of this machine."""
        return {
            "recipe": self.spec.recipe.to_dict(),
            "data": self.data.record,
            "selection": "none: the weights after the last epoch",
            "training_error": error(self.network, self.data.training),
            "validation_error": self.history[-1]["validation_error"],
            "elapsed_s": round(self.elapsed_s, 1),
            "torch": torch.__version__,
            "history": self.history,
        }
