"""The training loop: stochastic gradient descent as the paper describes it, resumable to the epoch.

All randomness of an epoch comes from the seed and the epoch's number, so a run that was stopped
and resumed computes the very numbers of one that was not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from memnet.nn.memn2n import MemN2N
from memnet.nn.network import MemoryNetwork
from memnet.training.noise import jittered_ages
from memnet.training.recipe import Recipe
from memnet.training.vectorise import Examples

_CHUNK = 64
"""Batches whose random choices are drawn together, so that the inner loop only computes."""


@dataclass(frozen=True, slots=True)
class EpochReport:
    """What an epoch came to."""

    epoch: int
    """Counted from 1 over both phases."""
    linear: bool
    learning_rate: float
    loss: float
    """Mean cross-entropy per question, in nats, over the epoch's own batches."""
    validation_error: float | None
    """Share of wrong answers, in [0, 1]; None without validation stories."""


def train_epoch(
    network: MemN2N,
    examples: Examples,
    recipe: Recipe,
    epoch: int,
    *,
    on_batches: Callable[[int], None] | None = None,
) -> float:
    """Train for one epoch of floor(n / batch_size) batches drawn with replacement.

    Args:
        network: Trained in place; left with softmax attention on return.
        examples: What to train on.
        recipe: How.
        epoch: Counted from 0 over both phases.
        on_batches: Called now and then with the number of batches done since the last call.

    Returns:
        Mean cross-entropy per question, in nats.
    """
    rate = recipe.rate(epoch)
    total, count = torch.zeros(()), 0
    network.linear = epoch < recipe.linear_epochs
    try:
        for chunk, ages in _draw(examples, recipe, epoch):
            for index, age in zip(chunk, ages, strict=True):
                network.zero_grad(set_to_none=True)
                loss = network.loss(examples.batch(index, age))
                loss.backward()  # type: ignore[no-untyped-call]
                clipped_step(network, rate, recipe.max_norm)
                total += loss.detach()
            count += chunk.numel()
            if on_batches:
                on_batches(len(chunk))
    finally:
        network.linear = False
    return float(total) / count


@torch.no_grad()
def clipped_step(network: MemoryNetwork, learning_rate: float, max_norm: float) -> None:
    """One step of gradient descent; the gradient of each matrix is scaled to `max_norm` if longer."""
    for gradient in network.gradient_matrices():
        norm = torch.linalg.vector_norm(gradient)
        gradient.mul_((max_norm / norm).clamp(max=1.0))
    for parameter in network.parameters():
        if parameter.grad is not None:
            parameter.add_(parameter.grad, alpha=-learning_rate)


def _draw(examples: Examples, recipe: Recipe, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Chunks of batches: example rows (batches, batch) and ages (batches, batch, memory)."""
    generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + epoch + 1)
    counts = (examples.slots != len(examples.facts)).sum(dim=1)
    remaining = max(1, len(examples) // recipe.batch_size)
    while remaining:
        batches = min(_CHUNK, remaining)
        remaining -= batches
        index = torch.randint(len(examples), (batches, recipe.batch_size), generator=generator)
        ages = jittered_ages(counts[index.flatten()], examples.memory_size, recipe.noise, generator)
        yield index, ages.view(batches, recipe.batch_size, -1)
