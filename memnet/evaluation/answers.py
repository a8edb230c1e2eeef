"""Errors: the share of questions answered wrongly. Exact match of the whole answer."""

from __future__ import annotations

import torch
from jaxtyping import Bool
from torch import Tensor

from memnet.nn.network import MemoryNetwork
from memnet.training.vectorise import Examples

FAILED = 0.05
"""A task with a larger error counts as failed, as in the literature."""

_BATCH = 256


def correct(network: MemoryNetwork, examples: Examples) -> Bool[Tensor, " examples"]:
    """Which questions the network answers rightly.

    Every question counts, the last partial batch too. An answer that the vocabulary does not
    hold (index nil) is never right.
    """
    right = [
        network.predict(batch) == batch.answers
        for start in range(0, len(examples), _BATCH)
        for batch in [examples.batch(torch.arange(start, min(start + _BATCH, len(examples))))]
    ]
    return torch.cat(right) if right else torch.zeros(0, dtype=torch.bool)


def error(network: MemoryNetwork, examples: Examples) -> float:
    """Share of wrong answers, in [0, 1]."""
    return 1.0 - float(correct(network, examples).float().mean())


def error_per_task(network: MemoryNetwork, examples: Examples) -> dict[int, float]:
    """Share of wrong answers of each task, in [0, 1]."""
    right = correct(network, examples)
    return {
        task: 1.0 - float(right[examples.tasks == task].float().mean())
        for task in sorted(set(examples.tasks.tolist()))
    }
