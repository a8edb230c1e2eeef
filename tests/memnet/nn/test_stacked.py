"""Stacked networks compute what each of them computes alone."""

from __future__ import annotations

import pytest
import torch

from memnet.nn.memn2n import MemN2N, MemN2NConfig
from memnet.nn.stacked import FactTable, StackedBatch, StackedMemN2N
from memnet.training.data import RunSpec, load_run_data
from memnet.training.loop import train_epoch
from memnet.training.recipe import Recipe
from memnet.training.restarts import train_restarts, train_stacked_epoch

SHAPES = [
    {"encoding": "bag"},
    {"encoding": "position"},
    {"encoding": "position-released"},
    {"tying": "layer-wise", "num_hops": 2},
    {"relu": True},
]


@pytest.fixture
def data(babi_dir):
    return load_run_data(RunSpec(babi_dir, "en", (1,), {}, Recipe(dim=7)))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("linear", [False, True], ids=["softmax", "linear"])
def test_logits_and_gradients_are_those_of_the_single_networks(data, shape, linear):
    examples = data.training
    config = MemN2NConfig(
        data.config.vocab_size,
        data.config.longest_sentence,
        examples.memory_size,
        dim=7,
        init_std=0.3,
        **shape,
    )
    networks = [MemN2N(config, generator=torch.Generator().manual_seed(seed)) for seed in range(3)]
    stack = StackedMemN2N(networks)
    index = torch.randint(len(examples), (3, 5), generator=torch.Generator().manual_seed(9))
    ages = torch.arange(1, examples.memory_size + 1).expand(3, 5, -1)
    own_facts = torch.arange(len(examples.facts)).expand(3, -1)
    questions = examples.questions[examples.question[index]]

    for facts in (FactTable(examples.facts, config), examples.facts[own_facts]):
        batch = StackedBatch(facts, questions, examples.slots[index], ages, examples.answers[index])
        stack.linear = linear
        stack.zero_grad()
        stack.loss(batch).sum().backward()

        for run, network in enumerate(networks):
            network.linear = linear
            network.zero_grad()
            alone = examples.batch(index[run])
            torch.testing.assert_close(stack(batch)[run], network(alone), atol=1e-4, rtol=1e-4)
            network.loss(alone).backward()
            for name, parameter in network.named_parameters():
                stacked = dict(stack.named_parameters())[name].grad[run]
                largest = parameter.grad.abs().max().item()
                torch.testing.assert_close(stacked, parameter.grad, atol=1e-4 * largest, rtol=0)


def test_stacked_restarts_end_like_separate_runs(data):
    recipe = Recipe(dim=7, linear_epochs=2, epochs=3, halve_every=2)

    stacked = train_restarts(data, recipe, [5, 6])

    for seed, network in zip([5, 6], stacked, strict=True):
        (alone,) = train_restarts(data, recipe, [seed])
        torch.testing.assert_close(network.tables, alone.tables, atol=1e-4, rtol=1e-3)


def test_the_loss_of_each_run_is_reported(data):
    recipes = [Recipe(dim=7, seed=seed) for seed in (1, 2)]
    networks = [MemN2N(data.config, generator=torch.Generator().manual_seed(r.seed)) for r in recipes]
    stack = StackedMemN2N(networks)

    losses = train_stacked_epoch(
        stack, data.training, FactTable(data.training.facts, data.config), recipes, 0
    )

    alone = [train_epoch(n, data.training, r, 0) for n, r in zip(networks, recipes, strict=True)]
    assert losses.tolist() == pytest.approx(alone, rel=1e-4)


def test_unstacking_gives_the_networks_back(data):
    networks = [MemN2N(data.config) for _ in range(2)]

    for before, after in zip(networks, StackedMemN2N(networks).unstack(), strict=True):
        assert torch.equal(before.tables, after.tables)
