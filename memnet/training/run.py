"""A run: data, recipe and folder in, checkpoint out; interrupted at any moment, resumed exactly."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from memnet.evaluation.answers import error
from memnet.nn.memn2n import MemN2N
from memnet.training.checkpoint import (
    TRAINING,
    TrainingState,
    copy_weights,
    save_checkpoint,
    save_state,
)
from memnet.training.data import RunSpec, load_run_data
from memnet.training.loop import EpochReport, train_epoch
from memnet.training.recipe import Recipe
from memnet.training.spec import TrainingRun

_SAVE_EVERY_S = 5.0
"""Seconds between two saved states; an interrupt saves at once."""


class Run(TrainingRun[Recipe]):
    """One training run in one folder.

    Attributes:
        epochs_done: Whole epochs, over both phases.
    """

    recipe = Recipe

    def __init__(self, folder: Path, spec: RunSpec) -> None:
        self.folder = folder
        self.spec = spec
        self.data = load_run_data(spec)
        generator = torch.Generator().manual_seed(spec.recipe.seed)
        self.network = MemN2N(self.data.config, generator=generator)
        self.history: list[dict[str, Any]] = []
        self.epochs_done = 0
        self.elapsed_s = self.cpu_s = 0.0

    @property
    def data_record(self) -> dict[str, Any]:
        return self.data.record

    def _restore(self, tensors: dict[str, Tensor], record: dict[str, Any]) -> None:
        self.network.load_state_dict(tensors)
        self.epochs_done, self.history = record["epochs_done"], record["history"]
        self.elapsed_s = record["elapsed_s"]
        # Runs that began under an older memnet did not count it.
        self.cpu_s = record.get("cpu_s", self.elapsed_s)

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
        tick = self.clock()
        saved_at = time.monotonic()
        self._save(whole)
        try:
            while self.epochs_done < recipe.total_epochs:
                report = self._epoch(on_batches)
                tick()
                whole = copy_weights(self.network)
                trained_on = (self.epochs_done + 1) * self.batches_per_epoch * recipe.batch_size
                times = {"elapsed_s": round(self.elapsed_s, 2), "cpu_s": round(self.cpu_s, 2)}
                self.history.append(asdict(report) | {"questions": trained_on} | times)
                self.epochs_done += 1
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

    def _save(self, weights: dict[str, Tensor]) -> None:
        record = {
            "spec": self.spec.to_dict(),
            "data": self.data.record,
            "history": self.history,
            "epochs_done": self.epochs_done,
            "elapsed_s": self.elapsed_s,
            "cpu_s": self.cpu_s,
        }
        save_state(self.folder, TrainingState(weights, record))

    def _record(self) -> dict[str, Any]:
        """What goes into the checkpoint: no path of this machine."""
        return {
            "recipe": self.spec.recipe.to_dict(),
            "data": self.data.record,
            "selection": "none: the weights after the last epoch",
            "training_error": error(self.network, self.data.training),
            "validation_error": self.history[-1]["validation_error"],
            "elapsed_s": round(self.elapsed_s, 1),
            "cpu_s": round(self.cpu_s, 1),
            "torch": torch.__version__,
            "history": self.history,
        }
