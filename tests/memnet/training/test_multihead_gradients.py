"""Gradients of batches: padded to few shapes for a GPU, they are those of the questions alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from memnet.nn.multihead import MultiHeadMemory
from memnet.training.multihead.data import MultiHeadRunSpec, load_multihead_data
from memnet.training.multihead.gradients import CapturedGradients, Direct, Shape, padded
from memnet.training.multihead.recipe import MultiHeadRecipe

RECIPE = MultiHeadRecipe(worded=60, memory=12)


@pytest.fixture(scope="module")
def data(babi_dir):
    return load_multihead_data(MultiHeadRunSpec(babi_dir, "en", (1,), {}, RECIPE))


@pytest.fixture(scope="module")
def network(data):
    torch.manual_seed(0)
    return MultiHeadMemory(replace(data.config, num_hops=2))


def batches(data, count=8):
    plan = data.training.schedule(np.random.default_rng(0), 16)
    for number, lessons in enumerate(plan[:count]):
        rng = np.random.default_rng(number)
        yield data.training.batch(lessons, rename=True, rng=rng, strangers=number % 3 * 10)


def found(compute, network, batch, targets):
    losses = compute(batch, targets)
    gradients = [parameter.grad.cpu() for parameter in network.parameters()]
    network.zero_grad(set_to_none=True)
    return losses.cpu(), gradients


def test_what_a_batch_is_padded_with_changes_no_loss_and_no_gradient(data, network):
    direct = Direct(network, data.training.num_answers)
    for batch, targets in batches(data):
        own = Shape.of(batch)
        losses, gradients = found(direct, network, batch, targets)
        more, also = found(direct, network, *padded(batch, targets, own.rounded()))

        assert Shape.of(padded(batch, targets, own.rounded())[0]) == own.rounded() != own
        torch.testing.assert_close(more[: own.stories, : own.questions], losses, rtol=1e-5, atol=1e-5)
        assert more.sum().item() == pytest.approx(losses.sum().item(), rel=1e-5)
        for expected, got in zip(gradients, also, strict=True):
            torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-6)


def test_few_shapes_serve_an_epoch(data):
    shapes = {Shape.of(batch) for batch, _ in batches(data, 60)}

    assert len(shapes) > 15
    assert len({shape.rounded() for shape in shapes}) < len(shapes) / 2


@pytest.mark.gpu
def test_a_gpu_computes_the_gradients_that_the_processor_computes(data, network):
    direct = Direct(network, data.training.num_answers)
    on_gpu = MultiHeadMemory(network.config).cuda()
    on_gpu.load_state_dict(network.state_dict())
    captured = CapturedGradients(on_gpu, data.training.num_answers)
    for batch, targets in [*batches(data), *batches(data)]:  # recorded, then replayed
        losses, gradients = found(direct, network, batch, targets)
        theirs, also = found(captured, on_gpu, batch, targets)

        torch.testing.assert_close(theirs, losses, rtol=1e-4, atol=1e-4)
        for expected, got in zip(gradients, also, strict=True):
            torch.testing.assert_close(got, expected, rtol=1e-3, atol=1e-5)
