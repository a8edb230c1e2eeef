"""Random noise is time jitter: ages move apart, no fact is lost, the order stays."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from memnet.training.noise import jittered_ages


@given(
    counts=st.lists(st.integers(0, 23), min_size=1, max_size=9),
    share=st.sampled_from([0.0, 0.1, 0.5]),
    seed=st.integers(0, 999),
)
def test_every_fact_keeps_its_place_in_the_order(counts, share, seed):
    generator = torch.Generator().manual_seed(seed)
    ages = jittered_ages(torch.tensor(counts), 23, share, generator)

    assert ages.shape == (len(counts), 23)
    for count, row in zip(counts, ages.tolist(), strict=True):
        told = row[:count]
        most = -(-count * share // 1)  # ceil
        assert told == sorted(told)
        assert all(1 <= age <= 23 for age in told)
        assert all(age <= count + most for age in told)
        below_the_cap = [age for age in told if age < 23]
        assert len(set(below_the_cap)) == len(below_the_cap)


def test_without_noise_ages_count_from_the_newest():
    ages = jittered_ages(torch.tensor([3, 5]), 5, 0.0, torch.Generator())

    assert ages[0, :3].tolist() == [1, 2, 3]
    assert ages[1].tolist() == [1, 2, 3, 4, 5]


def test_added_memories_are_uniform_from_none_to_a_tenth():
    # 20 facts: 0, 1 or 2 empty memories, each a third; the oldest fact moves by at most as many.
    ages = jittered_ages(torch.full((30_000,), 20), 50, 0.1, torch.Generator().manual_seed(1))
    oldest = ages[:, 19] - 20

    # P(oldest did not move) = 1/3 (1 + C(20,20)/C(21,20) + 1/C(22,20)) = 1/3 (1 + 1/21 + 1/231)
    assert abs((oldest == 0).float().mean().item() - (1 + 1 / 21 + 1 / 231) / 3) < 0.01
    assert oldest.max() == 2
