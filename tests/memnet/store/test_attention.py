"""Attention by search: equal to a dense float64 softmax, up to a bound that is always stated and always holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memnet.errors import InputError
from memnet.store.attention import Retention, attend, missing_mass
from memnet.store.index import FlatIndex


def dense(vectors, queries, null, retention):
    """The definition, in float64: attention on every fact and on the null slot."""
    logits = queries.astype(np.float64) @ vectors.astype(np.float64).T + retention
    logits = np.concatenate([logits, null[:, None]], axis=1)
    mass = np.exp(logits - logits.max(axis=1, keepdims=True))
    attention = mass / mass.sum(axis=1, keepdims=True)
    return attention[:, :-1], attention[:, -1]


def memory(seed: int, facts: int, dim: int, scale: float, heads: int):
    """Random facts, queries, null logits and retentions."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(facts, dim)).astype(np.float32)
    queries = (scale * rng.normal(size=(heads, dim))).astype(np.float32)
    retention = np.where(rng.random(facts) < 0.3, -5 * rng.random(facts), 0).astype(np.float32)
    return vectors, queries, rng.normal(size=heads), retention


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    facts=st.integers(1, 700),
    dim=st.integers(1, 9),
    scale=st.sampled_from([0.0, 0.1, 1.0, 3.0, 10.0]),
    heads=st.integers(1, 5),
    first_k=st.sampled_from([1, 2, 16]),
    tolerance=st.sampled_from([0.0, 1e-9, 1e-6, 1e-2, 0.3]),
    full_up_to=st.sampled_from([0, 10**6]),
)
def test_attention_equals_a_dense_softmax_up_to_its_bound(
    seed, facts, dim, scale, heads, first_k, tolerance, full_up_to
):
    vectors, queries, null, retention = memory(seed, facts, dim, scale, heads)
    seqs = np.arange(1, facts + 1) * 3
    index = FlatIndex(seqs, vectors)
    named = retention < 0

    result = attend(
        index,
        queries,
        values=index,
        null=null,
        retention=Retention(seqs[named], retention[named]),
        tolerance=tolerance,
        first_k=first_k,
        full_up_to=full_up_to,
    )

    expected, expected_null = dense(vectors, queries, null, retention)
    diameter = 2 * np.linalg.norm(vectors, axis=1).max()
    slack = 3e-5 * max(1.0, scale)
    for row, read in enumerate(result.reads):
        true = expected[row][read.seqs // 3 - 1]
        assert 0 <= read.missing <= tolerance
        assert read.weights.sum() + read.null + read.other == pytest.approx(1, abs=1e-5)
        # What was not looked at is no more than the bound says.
        assert 1 - true.sum() - expected_null[row] - read.other <= read.missing + slack
        # Every listed weight is the true one, or larger by the factor that the bound allows.
        np.testing.assert_array_less(read.weights * (1 - read.missing), true + slack)
        np.testing.assert_array_less(true, read.weights + slack)
        assert abs(read.null * (1 - read.missing) - expected_null[row]) <= read.missing + slack
        assert (np.diff(read.weights) <= 0).all()
        error = np.linalg.norm(result.output[row] - expected[row] @ vectors)
        assert error <= read.missing * diameter + slack * diameter
    assert result.missing == max(read.missing for read in result.reads)


def test_the_bound_worked_by_hand():
    # Fetched: e^0 + e^-1; left: 3 facts of at most e^-1 each.
    known = np.log(1 + np.exp(-1))
    bound = missing_mass(np.array([-1.0]), 3, np.array([known]))

    assert bound[0] == pytest.approx(3 * np.exp(-1) / (1 + np.exp(-1) + 3 * np.exp(-1)))
    assert missing_mass(np.array([-1.0]), 0, np.array([known])) == 0


class Counting(FlatIndex):
    """An index that tells how it was asked."""

    calls: list[tuple[str, int, int]]

    def search(self, queries, limit, newest=None):
        self.calls.append(("search", len(queries), limit))
        return super().search(queries, limit, newest)

    def scores(self, queries):
        self.calls.append(("full", len(queries), len(self)))
        return super().scores(queries)


def counting(vectors: np.ndarray) -> Counting:
    """An index over these vectors that counts."""
    index = Counting(np.arange(1, len(vectors) + 1), vectors)
    index.calls = []
    return index


def test_only_queries_that_need_more_are_asked_again():
    rng = np.random.default_rng(0)
    index = counting(rng.normal(size=(4000, 8)).astype(np.float32))
    queries = rng.normal(size=(3, 8)).astype(np.float32) * np.array([[30], [4], [0]], np.float32)

    result = attend(index, queries, full_up_to=100, tolerance=1e-3)

    assert index.calls[0] == ("search", 3, 32)
    assert index.calls[1:] == [("search", 1, 128), ("full", 1, 4000)]
    assert result.reads[0].missing > 0 == result.reads[2].missing
    # Flat attention: every fact alike, 1024 of them listed.
    flat = result.reads[2]
    assert len(flat.seqs) == 1024
    assert flat.seqs.tolist() == list(range(1, 1025))
    assert flat.other == pytest.approx(1 - 1024 / 4000)


def test_small_memories_get_the_full_sum_at_once():
    index = counting(np.eye(8, dtype=np.float32))

    attend(index, np.ones((2, 8), np.float32))

    assert index.calls == [("full", 2, 8)]


def test_a_memory_without_facts_leaves_everything_to_the_null_slot():
    index = FlatIndex(np.array([], np.int64), np.empty((0, 3), np.float32))
    queries = np.ones((2, 3), np.float32)

    with_null = attend(index, queries, values=index, null=np.zeros(2))
    without = attend(index, queries, values=index)

    assert [read.null for read in with_null.reads] == [1, 1]
    assert [read.null for read in without.reads] == [0, 0]
    assert with_null.output.tolist() == without.output.tolist() == [[0, 0, 0]] * 2


@pytest.mark.parametrize("full_up_to", [0, 1000])
def test_facts_of_which_nothing_is_left_get_nothing(full_up_to: int):
    """The best raw scores belong to facts that were superseded wholly."""
    vectors = np.linspace(10, 1, 200, dtype=np.float32)[:, None]
    index = FlatIndex(np.arange(1, 201), vectors)
    retention = Retention(np.arange(1, 101), np.full(100, -np.inf, np.float32))

    result = attend(
        index,
        np.ones((1, 1), np.float32),
        retention=retention,
        full_up_to=full_up_to,
        first_k=4,
        tolerance=0.5,
    )

    read = result.reads[0]
    logits = vectors[100:, 0].astype(np.float64)
    expected = np.exp(logits) / np.exp(logits).sum()
    assert read.seqs[0] == 101
    assert read.weights[read.seqs > 100] == pytest.approx(expected[: (read.seqs > 100).sum()], rel=1e-4)
    assert read.weights[read.seqs <= 100].sum() == 0


def test_a_retention_above_zero_would_break_the_bound_and_is_refused():
    for value in (0.1, np.nan):
        with pytest.raises(InputError, match="above 0 or not a number"):
            Retention(np.array([1]), np.array([value], np.float32))


def test_scores_far_beyond_what_exp_can_hold_are_no_matter():
    vectors = np.array([[1000], [999], [-1000]], np.float32)
    index = FlatIndex(np.arange(3), vectors)

    read = attend(index, np.array([[5]], np.float32), null=np.zeros(1)).reads[0]

    assert read.weights[0] == pytest.approx(1 / (1 + np.exp(-5)))
    assert (read.null, read.missing) == (0, 0)


def test_no_query_is_no_read():
    index = FlatIndex(np.arange(3), np.ones((3, 2), np.float32))

    assert attend(index, np.empty((0, 2), np.float32)).reads == ()
