"""Every index agrees with brute force."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from memnet.errors import DimensionMismatch, InputError
from memnet.store.index import BruteForceIndex, FlatIndex, Index

INDEXES = [FlatIndex, BruteForceIndex]

# Small whole numbers: their inner products are exact in any order of summation, and ties abound.
whole = st.integers(-2, 2)


@st.composite
def searches(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, int, int | None]:
    """Facts to index, and a search among them."""
    dim = draw(st.integers(1, 6))
    count = draw(st.integers(0, 60))
    gaps = draw(hnp.arrays(np.int64, count, elements=st.integers(1, 3)))
    vectors = draw(hnp.arrays(np.float32, (count, dim), elements=whole))
    queries = draw(hnp.arrays(np.float32, (draw(st.integers(0, 3)), dim), elements=whole))
    limit = draw(st.integers(0, 70))
    newest = draw(st.none() | st.integers(0, 70))
    return np.cumsum(gaps), vectors, queries, limit, newest


def _expected(seqs, vectors, query, limit, newest) -> list[tuple[int, float]]:
    """The definition: all scores in float64, best first, ties by number."""
    facts = list(zip(seqs.tolist(), vectors.tolist(), strict=True))
    facts = facts[max(0, len(facts) - newest) :] if newest is not None else facts
    scored = [(seq, sum(a * b for a, b in zip(vector, query, strict=True))) for seq, vector in facts]
    return sorted(scored, key=lambda fact: (-fact[1], fact[0]))[:limit]


@settings(max_examples=150, deadline=None)
@given(searches())
def test_every_index_agrees_with_brute_force(search):
    seqs, vectors, queries, limit, newest = search
    for kind in INDEXES:
        found, scores = kind(seqs, vectors).search(queries, limit, newest)

        assert (found.dtype, scores.dtype) == (np.int64, np.float32)
        for row, query in enumerate(queries.tolist()):
            expected = _expected(seqs, vectors, query, limit, newest)
            assert list(zip(found[row].tolist(), scores[row].tolist(), strict=True)) == expected


def test_real_vectors_get_the_same_facts_and_nearly_the_same_scores():
    rng = np.random.default_rng(0)
    seqs = np.arange(1, 501)
    vectors, queries = (rng.normal(size=(n, 20)).astype(np.float32) for n in (500, 4))

    found, scores = FlatIndex(seqs, vectors).search(queries, 40, newest=300)
    expected, expected_scores = BruteForceIndex(seqs, vectors).search(queries, 40, newest=300)

    np.testing.assert_array_equal(found, expected)
    np.testing.assert_allclose(scores, expected_scores, rtol=1e-5, atol=1e-5)
    assert found.min() > 200


@pytest.mark.parametrize("kind", INDEXES)
def test_a_thousand_equal_facts_are_found_in_order(kind: type[Index]):
    index = kind(np.arange(1, 2001, 2), np.ones((1000, 3), np.float32))

    found, _ = index.search(np.ones((2, 3), np.float32), 5)

    assert found.tolist() == [[1, 3, 5, 7, 9]] * 2


@pytest.mark.parametrize("kind", INDEXES)
def test_what_was_indexed_can_change_afterwards_without_effect(kind: type[Index]):
    seqs, vectors = np.array([3, 8]), np.eye(2, dtype=np.float32)
    index = kind(seqs, vectors)
    seqs[:], vectors[:] = 0, 0

    found, scores = index.search(np.array([[1, 2]], np.float32), 9)

    assert (found.tolist(), scores.tolist()) == ([[8, 3]], [[2.0, 1.0]])


@pytest.mark.parametrize("kind", INDEXES)
def test_a_column_of_a_larger_array_can_be_indexed_and_asked(kind: type[Index]):
    rng = np.random.default_rng(0)
    vectors = rng.integers(-3, 4, size=(9, 3, 5)).astype(np.float32)
    vectors.flags.writeable = False
    index = kind(np.arange(9), vectors[:, 1])

    found, scores = index.search(vectors[::2, 2], 1)

    products = vectors[::2, 2] @ vectors[:, 1].T
    assert scores[:, 0].tolist() == products.max(axis=1).tolist()
    assert found[:, 0].tolist() == products.argmax(axis=1).tolist()


@pytest.mark.parametrize("kind", INDEXES)
def test_queries_that_cannot_be_are_refused(kind: type[Index]):
    index = kind(np.arange(1, 4), np.ones((3, 2), np.float32))
    query = np.ones((1, 2), np.float32)

    with pytest.raises(DimensionMismatch, match="a query has 3 columns, expected 2"):
        index.search(np.ones((1, 3), np.float32), 1)
    with pytest.raises(InputError, match="a query holds nan or inf"):
        index.search(query * np.nan, 1)
    with pytest.raises(InputError, match="queries are 1-dimensional float32"):
        index.search(query[0], 1)
    with pytest.raises(InputError, match="queries are 2-dimensional float64"):
        index.search(query.astype(np.float64), 1)
    with pytest.raises(InputError, match="must not be negative"):
        index.search(query, -1)
    with pytest.raises(InputError, match="must not be negative"):
        index.search(query, 1, newest=-1)


@pytest.mark.parametrize("kind", INDEXES)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_score_that_overflows_is_refused_and_not_dropped(kind: type[Index], sign: int):
    index = kind(np.arange(1, 3), np.array([[3e38, 0], [0, 1]], np.float32))

    with pytest.raises(InputError, match="overflows float32"):
        index.search(np.array([[sign * 3e38, 0]], np.float32), 2)


@pytest.mark.parametrize("kind", INDEXES)
@pytest.mark.parametrize(
    ("seqs", "vectors", "message"),
    [
        (np.array([1, 2]), np.ones((3, 2), np.float32), "3 vectors came with seqs"),
        (np.array([2, 1]), np.ones((2, 2), np.float32), "seqs must ascend"),
        (np.array([1, 1]), np.ones((2, 2), np.float32), "seqs must ascend"),
        (np.array([1.0]), np.ones((1, 2), np.float32), "needs int64 seqs"),
        (np.array([1]), np.ones((1, 2)), "2-dimensional float64"),
        (np.array([1]), np.array([[np.inf, 0]], np.float32), "nan or inf"),
    ],
)
def test_facts_that_cannot_be_found_again_are_not_indexed(kind, seqs, vectors, message):
    with pytest.raises(InputError, match=message):
        kind(seqs, vectors)


def test_threads_may_search_one_index_at_once():
    rng = np.random.default_rng(0)
    index = FlatIndex(np.arange(300), rng.normal(size=(300, 8)).astype(np.float32))
    queries = rng.normal(size=(40, 1, 8)).astype(np.float32)
    expected = [index.search(query, 7, newest=100)[0].tolist() for query in queries]

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda query: index.search(query, 7, newest=100)[0].tolist(), queries))

    assert found == expected
