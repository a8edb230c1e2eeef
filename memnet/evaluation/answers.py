"""Errors: the share of questions answered wrongly. Exact match of the whole answer."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from memnet.nn.batch import Batch
from memnet.nn.network import MemoryNetwork, Readings
from memnet.training.vectorise import Examples

FAILED = 0.05
"""A task with a larger error counts as failed, as in the literature."""

_BATCH = 256


def predictions(network: MemoryNetwork, examples: Examples) -> Int[Tensor, " examples"]:
    """Word index of the network's answer to every question, the last partial batch included."""
    answers = [network.predict(batch) for batch in _batches(examples)]
    return torch.cat(answers) if answers else torch.zeros(0, dtype=torch.int64)


@torch.inference_mode()
def readings(network: MemoryNetwork, examples: Examples) -> Readings:
    """The answers to at least one question, with the attention of every hop."""
    read = [network.read(batch) for batch in _batches(examples)]
    return Readings(
        logits=torch.cat([each.logits for each in read]),
        attention=torch.cat([each.attention for each in read]),
        null=torch.cat([each.null for each in read]),
    )


def correct(network: MemoryNetwork, examples: Examples) -> Bool[Tensor, " examples"]:
    """Which questions the network answers rightly.

    An answer that the vocabulary does not hold (index nil) is never right.
    """
    return predictions(network, examples) == examples.answers


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


def _batches(examples: Examples) -> Iterator[Batch]:
    for start in range(0, len(examples), _BATCH):
        yield examples.batch(torch.arange(start, min(start + _BATCH, len(examples))))
