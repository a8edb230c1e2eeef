"""Restarts: the same recipe from several seeds, trained as one where that is faster.

The paper takes, for every task, the best of ten runs by training error. Stacked, ten runs on one task cost
a fraction of ten single ones and end with the same weights up to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from memnet.nn.batch import Sentences
from memnet.nn.memn2n import MemN2N
from memnet.nn.stacked import FactTable, StackedBatch, StackedMemN2N
from memnet.training.data import RunData
from memnet.training.loop import clipped_step, draw, train_epoch
from memnet.training.recipe import Recipe
from memnet.training.vectorise import Examples

STACKABLE_CELLS = 100_000
"""Data whose facts fill a larger table of bags of words are trained run by run. A table grows with
sentences times words: a task of bAbI has 1,000 to 62,000 cells and gains two to four times from
stacking (`benchmarks/training_speed.py`); all tasks together have 1,100,000, and lost when tried once."""


def train_restarts(
    data: RunData,
    recipe: Recipe,
    seeds: Sequence[int],
    *,
    on_epoch: Callable[[int], None] | None = None,
    on_loss: Callable[[int, float], None] | None = None,
) -> list[MemN2N]:
    """Train one network per seed.

    Args:
        data: What to train on, the same for all.
        recipe: How; its own seed does not matter.
        seeds: One per network. Each network ends as `train_epoch` by itself would leave it.
        on_epoch: Called with the number of network-epochs done since the last call.
        on_loss: Called after every epoch of every network with its seed and the epoch's mean cross-entropy
            per question, in nats.

    Returns:
        The networks after the last epoch, in the order of the seeds.
    """
    networks = [MemN2N(data.config, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    recipes = [replace(recipe, seed=seed) for seed in seeds]
    table = FactTable(data.training.facts, data.config)
    if len(seeds) == 1 or table.size > STACKABLE_CELLS:
        for network, own in zip(networks, recipes, strict=True):
            for epoch in range(recipe.total_epochs):
                loss = train_epoch(network, data.training, own, epoch)
                if on_loss:
                    on_loss(own.seed, loss)
                if on_epoch:
                    on_epoch(1)
        return networks
    stack = StackedMemN2N(networks)
    for epoch in range(recipe.total_epochs):
        losses = train_stacked_epoch(stack, data.training, table, recipes, epoch)
        if on_loss:
            for seed, each in zip(seeds, losses.tolist(), strict=True):
                on_loss(seed, each)
        if on_epoch:
            on_epoch(len(seeds))
    return stack.unstack()


def train_stacked_epoch(
    stack: StackedMemN2N, examples: Examples, table: FactTable, recipes: Sequence[Recipe], epoch: int
) -> Float[Tensor, " runs"]:
    """Train every network of a stack for one epoch, each with the draws of its own recipe's seed.

    Returns:
        Mean cross-entropy per question of each run, in nats.
    """
    rate, max_norm = recipes[0].rate(epoch), recipes[0].max_norm
    total, count = torch.zeros(len(stack)), 0
    stack.linear = epoch < recipes[0].linear_epochs
    try:
        for chunk in zip(*(draw(examples, recipe, epoch) for recipe in recipes), strict=True):
            index = torch.stack([rows for rows, _ in chunk], dim=1)
            ages = torch.stack([ages for _, ages in chunk], dim=1)
            for batch in stacked_batches(examples, table, index, ages):
                stack.zero_grad(set_to_none=True)
                loss = stack.loss(batch)
                loss.sum().backward()  # type: ignore[no-untyped-call]
                clipped_step(stack, rate, max_norm)
                total += loss.detach()
                count += batch.answers.shape[1]
    finally:
        stack.linear = False
    return total / count


def stacked_batches(
    examples: Examples,
    table: FactTable,
    index: Int[Tensor, "batches runs batch"],
    ages: Int[Tensor, "batches runs batch memory"],
) -> Iterator[StackedBatch]:
    """Batches of the given examples, one set per run, over the table of all facts."""
    slots = examples.slots[index]
    questions = examples.question[index]
    answers = examples.answers[index]
    for number in range(len(index)):
        rows = questions[number]
        yield StackedBatch(
            facts=table,
            questions=Sentences(examples.questions.words[rows], examples.questions.lengths[rows]),
            slots=slots[number],
            ages=ages[number],
            answers=answers[number],
        )
