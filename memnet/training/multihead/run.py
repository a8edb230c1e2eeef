"""A run of the multi-head memory network: interrupted at any moment, resumed to the very update."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from memnet.nn.multihead import MultiHeadMemory
from memnet.training.checkpoint import (
    TRAINING,
    Checkpoint,
    TrainingState,
    load_state,
    save_checkpoint,
    save_state,
)
from memnet.training.multihead.data import MultiHeadRunSpec, load_multihead_data
from memnet.training.multihead.episodes import Episodes, Targets, right
from memnet.training.multihead.gradients import gradients
from memnet.training.multihead.lessons import task_of
from memnet.training.multihead.recipe import LEAD_IN_TASKS, MultiHeadRecipe
from memnet.training.multihead.transfer import take_over
from memnet.training.spec import TrainingRun

SAVE_EVERY_S = 60.0
"""Seconds between two saved states; an interrupt saves at once."""

READ_EVERY = 32
"""Updates between two looks at their losses: a GPU computes ahead meanwhile."""

STRANGERS_PER_BATCH = 6_000
"""Where its stories would have more strangers than this together, a batch has fewer stories."""

FIRST_SHARE, LEAST, MOST, PER_NAT = 1.0, 0.1, 2.0, 2.0
"""Of each pool's lessons so many are taken per epoch: 0.1 and twice its mean loss in nats more, at most 2.
What is mastered is repeated now and then; what is not gets the time."""


@dataclass(frozen=True, slots=True)
class MultiHeadReport:
    """What an epoch came to."""

    epoch: int
    """Counted from 1."""
    updates: int
    questions: int
    """Trained on so far."""
    learning_rate: float
    loss: float
    """Mean over the epoch's questions, in nats."""
    loss_by_task: dict[int, float]
    validation_error: float
    """Of the averaged weights: mean over the tasks of the share of wrong answers."""
    validation_by_task: dict[int, float]
    elapsed_s: float
    """Of the clock, since the run began, without the time that it stood still."""
    cpu_s: float
    """Of this process."""


class MultiHeadRun(TrainingRun[MultiHeadRecipe]):
    """One training run in one folder."""

    recipe = MultiHeadRecipe

    def __init__(self, folder: Path, spec: MultiHeadRunSpec) -> None:
        self.folder, self.spec = folder, spec
        self.data = load_multihead_data(spec)
        torch.manual_seed(spec.recipe.seed)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        # Made on the processor, so that a seed begins with the same weights everywhere.
        self.network = MultiHeadMemory(self.data.config).to(self.device)
        self.optimiser = _optimiser(self.network, spec.recipe.learning_rate, spec.recipe.weight_decay)
        self.averaged = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        self.history: list[dict[str, Any]] = []
        pools = np.unique(self.data.training.q_pool).tolist()
        self.shares = {pool: FIRST_SHARE * self._share(pool) for pool in pools}
        self.epoch, self.batches_done, self.updates, self.questions = 0, 0, 0, 0
        self.elapsed_s, self.cpu_s = 0.0, 0.0
        self._sums: dict[int, list[float]] = {}
        self._unread: list[tuple[Tensor, Targets]] = []
        self.begun_from: dict[str, Any] | None = None
        self._set_leads_in(spec.recipe.lead_in > 0 and not set(pools).isdisjoint(LEAD_IN_TASKS))

    def begin_from(self, checkpoint: Checkpoint) -> None:
        """Start with the weights of a trained network, not with chance.

        Raises:
            InputError: It has another shape.
        """
        take_over(self.network, self.data.lexicon, checkpoint)
        self.averaged = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        self.begun_from = {
            "checkpoint": checkpoint.digest,
            "questions": checkpoint.training["questions"],
            "recipe": checkpoint.training["recipe"],
            "begun_from": checkpoint.training.get("begun_from"),
        }

    @property
    def data_record(self) -> dict[str, Any]:
        return self.data.record

    def train(
        self,
        *,
        until: int | None = None,
        on_progress: Callable[[int], None] | None = None,
        on_epoch: Callable[[MultiHeadReport], None] | None = None,
    ) -> None:
        """Train to the end of the recipe and write the checkpoint, of the averaged weights.

        A KeyboardInterrupt leaves the state after the last update in the folder.

        Args:
            until: Stop before, at the end of the first epoch after so many questions; the state stays in the
                folder, as after an interrupt.
            on_progress: Called after every update with the questions trained on since the last call.
            on_epoch: Called after every epoch.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._save()
        tick = self.clock()
        saved_at = time.monotonic()
        try:
            # A run may have been stopped between its last update and the end of the epoch.
            while self.questions < self.spec.recipe.questions or self.batches_done:
                if until is not None and self.questions >= until and not self.batches_done:
                    self._save()
                    return
                plan = self.plan()
                while self.batches_done < len(plan) and self.questions < self.spec.recipe.questions:
                    count = self.update(plan[self.batches_done])
                    tick()
                    if on_progress:
                        on_progress(count)
                    if time.monotonic() - saved_at > SAVE_EVERY_S:
                        self._save()
                        saved_at = time.monotonic()
                report = self._end_epoch()
                tick()
                if on_epoch:
                    on_epoch(report)
        except KeyboardInterrupt:
            self._save()
            raise
        self.network.load_state_dict(self.averaged)
        self.network.eval()
        save_checkpoint(self.folder, self.network, self.data.lexicon, self._record())
        (self.folder / TRAINING).unlink()

    def plan(self) -> list[np.ndarray]:
        """The batches of the current epoch; the same whenever it is asked for."""
        rng = np.random.default_rng([self.spec.recipe.seed, self.epoch])
        shares = self.shares
        if self._leads_in:
            shares = {pool: share * (pool in LEAD_IN_TASKS) for pool, share in shares.items()}
        return self.data.training.schedule(rng, self.spec.recipe.batch_size, shares)

    def update(self, lessons: np.ndarray) -> int:
        """One step of the optimiser on a batch of the plan; says how many questions it had."""
        recipe, training = self.spec.recipe, self.data.training
        rng = np.random.default_rng([recipe.seed, self.epoch, self.batches_done, 1])
        rename = rng.random() < recipe.rename
        strangers = 0 if self._leads_in else _strangers(rng, recipe.strangers)
        if strangers:
            lessons = lessons[: max(2, STRANGERS_PER_BATCH // strangers)]
        batch, targets = training.batch(
            lessons,
            rename=rename,
            rng=rng,
            alike=recipe.alike,
            gaps=0.0 if self._leads_in else recipe.gaps,
            late=0.0 if self._leads_in else recipe.late,
            strangers=strangers,
        )
        for group in self.optimiser.param_groups:
            group["lr"] = recipe.rate(self.updates, self.questions / recipe.questions)
        losses = self.gradients(batch, targets)
        nn.utils.clip_grad_norm_(self.network.parameters(), recipe.max_norm)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self._average()
        self._unread.append((losses, targets))
        if len(self._unread) >= READ_EVERY:
            self._read_losses()
        self.batches_done += 1
        self.updates += 1
        self.questions += len(targets.rows)
        return len(targets.rows)

    def _set_leads_in(self, leads_in: bool) -> None:
        """Whether the lead-in lasts, and with it whether the network writes."""
        self._leads_in = leads_in
        writes = self.data.config.write and (self.spec.recipe.lead_in_writes or not leads_in)
        self.network.config = replace(self.data.config, write=writes)
        # What a GPU has recorded is the computation of before.
        self.gradients = gradients(self.network, self.data.training.num_answers)

    def _read_losses(self) -> None:
        """Add the losses of the last updates to the epoch's sums."""
        for losses, targets in self._unread:
            per_question = losses.cpu()[targets.asked].numpy()
            pools = self.data.training.q_pool[targets.rows]
            for pool in np.unique(pools).tolist():
                here = pools == pool
                sums = self._sums.setdefault(pool, [0.0, 0.0])
                sums[0] += float(per_question[here].sum())
                sums[1] += float(here.sum())
        self._unread.clear()

    def _share(self, pool: int) -> float:
        return self.data.shares.get(task_of(pool), 1.0)

    @torch.no_grad()
    def _average(self) -> None:
        """Follow the weights; faster at the beginning, when they move most."""
        decay = min(self.spec.recipe.average, (self.updates + 1) / (self.updates + 100))
        names, current = zip(*self.network.state_dict().items(), strict=True)
        torch._foreach_lerp_([self.averaged[name] for name in names], list(current), 1 - decay)

    def _end_epoch(self) -> MultiHeadReport:
        self._read_losses()
        losses = {pool: total / count for pool, (total, count) in self._sums.items()}
        by_task = self.validation_errors()
        report = MultiHeadReport(
            epoch=self.epoch + 1,
            updates=self.updates,
            questions=self.questions,
            learning_rate=self.optimiser.param_groups[0]["lr"],
            loss=sum(t for t, _ in self._sums.values()) / max(1.0, sum(n for _, n in self._sums.values())),
            loss_by_task=_by_task(self._sums),
            validation_error=sum(by_task.values()) / max(1, len(by_task)),
            validation_by_task={task: round(error, 5) for task, error in by_task.items()},
            elapsed_s=round(self.elapsed_s, 1),
            cpu_s=round(self.cpu_s, 1),
        )
        self.history.append(asdict(report))
        for pool, loss in losses.items():
            self.shares[pool] = min(MOST, LEAST + PER_NAT * loss) * self._share(pool)
        self._sums = {}
        if self._leads_in and self.questions >= self.spec.recipe.lead_in:
            self._set_leads_in(False)
        self.epoch += 1
        self.batches_done = 0
        return report

    def validation_errors(self) -> dict[int, float]:
        """Share of wrong answers of the averaged weights, per task; 0 is robust wording."""
        network = MultiHeadMemory(self.data.config).to(self.device)
        network.load_state_dict(self.averaged)
        network.config = self.network.config
        return errors_by_task(network.eval(), self.data.validation)

    def _save(self) -> None:
        self._read_losses()
        tensors = {f"network/{name}": tensor for name, tensor in self.network.state_dict().items()}
        tensors |= {f"averaged/{name}": tensor for name, tensor in self.averaged.items()}
        for name, parameter in self.network.named_parameters():
            state = self.optimiser.state.get(parameter, {})
            tensors |= {f"optimiser/{name}/{key}": value for key, value in state.items()}
        record = {
            "spec": self.spec.to_dict(),
            "data": self.data.record,
            "begun_from": self.begun_from,
            "history": self.history,
            "shares": self.shares,
            "sums": self._sums,
            "leads_in": self._leads_in,
            "epoch": self.epoch,
            "batches_done": self.batches_done,
            "updates": self.updates,
            "questions": self.questions,
            "elapsed_s": self.elapsed_s,
            "cpu_s": self.cpu_s,
        }
        save_state(self.folder, TrainingState(tensors, record))

    def _restore(self, tensors: dict[str, Tensor], record: dict[str, Any]) -> None:
        self.network.load_state_dict(
            {k.removeprefix("network/"): v for k, v in tensors.items() if k.startswith("network/")}
        )
        self.averaged = {
            k.removeprefix("averaged/"): v.to(self.device)
            for k, v in tensors.items()
            if k.startswith("averaged/")
        }
        for name, parameter in self.network.named_parameters():
            prefix = f"optimiser/{name}/"
            state = {
                k.removeprefix(prefix): v.to(self.device) for k, v in tensors.items() if k.startswith(prefix)
            }
            if state:
                self.optimiser.state[parameter] = state
        self.begun_from = record.get("begun_from")
        self.history, self.elapsed_s = record["history"], record["elapsed_s"]
        # Runs that began under an older memnet did not count it.
        self.cpu_s = record.get("cpu_s", self.elapsed_s)
        self.shares = {int(task): share for task, share in record["shares"].items()}
        self._sums = {int(task): sums for task, sums in record["sums"].items()}
        self._set_leads_in(record["leads_in"])
        self.epoch, self.batches_done = record["epoch"], record["batches_done"]
        self.updates, self.questions = record["updates"], record["questions"]

    def _record(self) -> dict[str, Any]:
        """What goes into the checkpoint: no path of this machine."""
        last = self.history[-1]
        return {
            "recipe": self.spec.recipe.to_dict(),
            "begun_from": self.begun_from,
            "data": self.data.record,
            "selection": "none: the averaged weights after the last update",
            "validation_error": last["validation_error"],
            "validation_by_task": last["validation_by_task"],
            "updates": self.updates,
            "questions": self.questions,
            "elapsed_s": round(self.elapsed_s, 1),
            "cpu_s": round(self.cpu_s, 1),
            "torch": torch.__version__,
            "device": torch.cuda.get_device_name() if self.device.type == "cuda" else "cpu",
            "history": self.history,
        }


def is_multihead(folder: Path) -> bool:
    """Whether the run in progress in a folder is one of these.

    Raises:
        CheckpointError: There is none, or it is damaged.
    """
    return "questions" in load_state(folder).record


@torch.inference_mode()
def errors_by_task(network: MultiHeadMemory, episodes: Episodes) -> dict[int, float]:
    """Share of wrong answers per task, in [0, 1]; the whole answer must be right."""
    correct = np.zeros(len(episodes), bool)
    where = next(network.parameters()).device
    for lessons in episodes.schedule(np.random.default_rng(0), 256):
        batch, targets = episodes.batch(lessons, rename=False)
        logits = network(batch.to(where)).logits.cpu()
        correct[targets.rows] = right(logits, targets, episodes.num_answers).numpy()
    tasks = episodes.q_task
    return {task: 1 - float(correct[tasks == task].mean()) for task in np.unique(tasks).tolist()}


def _by_task(sums: dict[int, list[float]]) -> dict[int, float]:
    """Mean loss per task, of the sums and counts of pools."""
    totals: dict[int, list[float]] = {}
    for pool, (total, count) in sums.items():
        mine = totals.setdefault(task_of(pool), [0.0, 0.0])
        mine[0] += total
        mine[1] += count
    return {task: round(total / count, 5) for task, (total, count) in sorted(totals.items())}


def _optimiser(network: nn.Module, rate: float, decay: float) -> torch.optim.AdamW:
    """AdamW; only matrices decay, not biases, gains, steps and the vectors of words."""
    matrices = [
        p
        for name, p in network.named_parameters()
        if p.ndim > 1 and "embedding" not in name and name != "step"
    ]
    chosen = {id(p) for p in matrices}
    rest = [p for p in network.parameters() if id(p) not in chosen]
    groups = [{"params": matrices, "weight_decay": decay}, {"params": rest, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98), fused=True)


def _strangers(rng: np.random.Generator, most: int) -> int:
    """Facts of other stories for a batch: none in three quarters of them, else 1 to `most`."""
    return int((most + 1) ** rng.random()) if most and rng.random() < 0.25 else 0
