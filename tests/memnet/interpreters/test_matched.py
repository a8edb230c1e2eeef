"""Few facts with keys of their own, or many as they lie: the same reading."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from memnet.interpreters import TextFacts
from memnet.interpreters.fused import FEW, Fused
from memnet.nn.multihead import MultiHeadConfig, MultiHeadMemory

SYMBOL = 40**-0.5
"""Components of a symbol's vector, whose length is 1."""


@pytest.fixture(params=[True, False], ids=["gates", "no gates"])
def fused(request):
    torch.manual_seed(4)
    network = MultiHeadMemory(MultiHeadConfig(vocab_size=20, num_answers=3, write=request.param))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.03)
    return Fused(network.eval())


def facts(fused: Fused, count: int, superseded: float) -> TextFacts:
    draw = np.random.default_rng(1)
    vectors = (draw.standard_normal((count, 1, fused.dim)) * SYMBOL).astype(np.float32)
    left = draw.uniform(-4, 0, count) * (draw.random(count) < superseded)
    return TextFacts(vectors, left.astype(np.float32))


@pytest.mark.parametrize("superseded", [0.0, 0.4])
@pytest.mark.parametrize("count", [1, 2, 50, FEW])
def test_keys_made_once_read_what_the_facts_themselves_read(fused, count, superseded):
    some = facts(fused, count, superseded)
    aged = fused.aged(range(3, 3 + 2 * count, 2), some)
    q = (np.random.default_rng(2).standard_normal(fused.dim) * SYMBOL).astype(np.float32)

    few, many = (fused.read(q, each) for each in (fused.few(aged, some), fused.many(aged, some)))

    np.testing.assert_allclose(few.attention, many.attention, atol=1e-5)
    np.testing.assert_allclose(few.null, many.null, atol=1e-5)
    np.testing.assert_allclose(few.scores, many.scores, atol=1e-4)
    np.testing.assert_allclose(few.y, many.y, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(few.attention.sum(axis=2) + few.null, 1, atol=1e-6)


def test_keys_are_made_for_as_many_facts_as_it_is_worth(fused):
    assert fused.makes_keys(facts(fused, FEW, 0.0))
    assert not fused.makes_keys(facts(fused, FEW + 1, 0.0))
