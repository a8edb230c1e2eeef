"""How words are weighted, against the formulas as printed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from memnet.nn.encoding import word_weights
from tests.reference import memn2n_numpy as reference


@pytest.mark.parametrize("length", [1, 2, 5])
def test_position_encoding_is_the_papers_formula(length):
    weights = word_weights(torch.tensor([length]), 5, 4, "position", longest=9)

    for j in range(1, length + 1):
        for k in range(1, 5):
            expected = reference.position_encoding(k, j, 4, length)
            assert weights[0, j - 1, k - 1].item() == pytest.approx(expected, abs=1e-6)


def test_the_released_formula_takes_the_longest_sentence_for_every_sentence():
    weights = word_weights(torch.tensor([3, 5]), 5, 4, "position-released", longest=9)

    for j in range(1, 4):
        for k in range(1, 5):
            expected = reference.released_position_encoding(k, j, 4, 10)
            assert weights[0, j - 1, k - 1].item() == pytest.approx(expected, abs=1e-6)
    torch.testing.assert_close(weights[0, :3], weights[1, :3])


def test_a_two_word_sentence_by_hand():
    # J = 2, d = 2: l_1 = (1 - 1/2) - (k/2)(1 - 1), l_2 = (1 - 1) - (k/2)(1 - 2)
    weights = word_weights(torch.tensor([2]), 2, 2, "position", longest=2)

    np.testing.assert_allclose(weights[0].numpy(), [[0.5, 0.5], [0.5, 1.0]])


@pytest.mark.parametrize("encoding", ["bag", "position", "position-released"])
def test_padding_weighs_nothing(encoding):
    weights = word_weights(torch.tensor([0, 2]), 4, 3, encoding, longest=4)

    assert weights[0].abs().max() == 0
    assert weights[1, 2:].abs().max() == 0
    assert weights[1, :2].abs().min() > 0
