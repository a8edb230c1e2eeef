"""Random noise of the paper: "randomly add 10 % of empty memories to the stories" (section 4.1)."""

from __future__ import annotations

import torch
from jaxtyping import Int
from torch import Tensor


def jittered_ages(
    counts: Int[Tensor, " examples"], memory_size: int, share: float, generator: torch.Generator
) -> Int[Tensor, "examples memory"]:
    """Ages of facts between which empty memories were put; no fact is dropped and the order stays.

    With N facts, n is drawn uniformly from {0 .. ceil(share N)} and N of the ages 1 .. N + n are
    chosen uniformly, in order; ages above `memory_size` become `memory_size`. This is what the
    authors' code does. Dropping a share of the facts, as some implementations do, would delete
    supporting facts.

    Args:
        counts: N, the number of facts of each example, at most `memory_size`.
        memory_size: Largest age.
        share: 0.1 in the paper.
        generator: Source of randomness.

    Returns:
        Ages, growing along the slots. Slots from N on hold no fact and get arbitrary ages.
    """
    most = torch.ceil(share * counts).to(torch.int64)
    added = (torch.rand(len(counts), generator=generator) * (most + 1)).to(torch.int64)
    width = memory_size + int(most.max()) if len(counts) else memory_size
    age = torch.arange(1, width + 1)
    draw = torch.rand(len(counts), width, generator=generator)
    # The N smallest draws among the first N + n places are a uniform choice of N of them.
    draw = draw.masked_fill(age > (counts + added)[:, None], 2.0)
    rank = draw.argsort(dim=1).argsort(dim=1)
    chosen = torch.where(rank < counts[:, None], age, width + 1).sort(dim=1).values
    return chosen[:, :memory_size].clamp(max=memory_size)
