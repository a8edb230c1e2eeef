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
from memnet.nn.stacked import StackedMemN2N
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
        for index, ages in draw(examples, recipe, epoch):
            for batch in examples.batches(index, ages):
                network.zero_grad(set_to_none=True)
                loss = network.loss(batch)
                loss.backward()  # type: ignore[no-untyped-call]
                clipped_step(network, rate, recipe.max_norm)
                total += loss.detach()
            count += index.numel()
            if on_batches:
                on_batches(len(index))
    finally:
        network.linear = False
    return float(total) / count


@torch.no_grad()
def clipped_step(network: MemoryNetwork | StackedMemN2N, learning_rate: float, max_norm: float) -> None:
    """One step of gradient descent; the gradient of each matrix is scaled to `max_norm` if longer."""
    for name, parameter in network.named_parameters():
        if parameter.grad is not None:
            norm = torch.linalg.vector_norm(parameter.grad, dim=network.matrix_dims.get(name), keepdim=True)
            scale = (max_norm / norm).clamp(max=1.0)
            parameter.addcmul_(parameter.grad, scale, value=-learning_rate)


def draw(examples: Examples, recipe: Recipe, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """All random choices of an epoch: chunks of example rows (batches, batch) and ages (.., memory)."""
    generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + epoch + 1)
    size = recipe.batch_size
    count = len(examples) // size
    if recipe.draw == "questions":
        index = torch.randint(len(examples), (count, size), generator=generator)
    else:
        # A random key per story, then a stable sort: stories in random order, each one whole.
        key = torch.randperm(int(examples.stories[-1]) + 1, generator=generator)[examples.stories]
        index = key.argsort(stable=True)[: count * size].view(count, size)
    facts = (examples.slots != len(examples.facts)).sum(dim=1)
    for chunk in index.split_with_sizes(_sizes(count)):
        ages = jittered_ages(facts[chunk.flatten()], examples.memory_size, recipe.noise, generator)
        yield chunk, ages.view(*chunk.shape, -1)


def _sizes(count: int) -> list[int]:
    """`count` in pieces of `_CHUNK`."""
    return [min(_CHUNK, count - start) for start in range(0, count, _CHUNK)]
