"""Facts of which later ones left little: counted without their vectors, and kept out of what is searched."""

from __future__ import annotations

import numpy as np
import pytest

from memnet.store import View
from memnet.store.segment import Part, Segment
from tests.memnet.store.conftest import Database
from tests.memnet.store.test_writes import add


def count(database: Database, least: float) -> int:
    return database.store.read_memory("house", database.model_id, least)[1]


def test_a_memory_says_of_how_many_facts_little_is_left(database: Database):
    add(database, ["a", "b"], {}, {1: 0.5})
    add(database, ["c"], {1: 0.75, 2: 0.25})

    # log 0.5 + log 0.25; log 0.75
    assert [count(database, least) for least in (-3, -2, -0.5, 0)] == [0, 1, 1, 2]

    database.store.forget("house", 2)

    assert [count(database, least) for least in (-2, -1, 0)] == [0, 1, 1]


def test_as_many_are_counted_as_a_view_leaves_out(database: Database):
    draw = np.random.default_rng(0)
    for seq in range(1, 30):
        targets = draw.choice(np.arange(1, seq), size=min(seq - 1, 4), replace=False).tolist()
        add(database, [f"fact {seq}"], {target: float(draw.random()) for target in targets})
    for gone in (3, 17, 29):
        database.store.forget("house", gone)

    view = database.view()

    for least in (-0.5, -1.0, -2.0):
        assert count(database, least) == len(view) - len(view.hot(least)[1]) > 0


def test_a_fact_of_which_nothing_is_left_is_counted(database: Database):
    add(database, ["a", "b"], {}, {1: 1.0})

    assert count(database, -1e6) == 1


def test_writes_of_another_model_take_nothing(database: Database):
    add(database, ["a", "b"], {}, {1: 0.5})
    other = database.store.register_model("other", family="memnet", spaces=1, dim=2)

    assert database.store.read_memory("house", other, 0.0)[1] == 0


def view_of(seqs: np.ndarray, vectors: np.ndarray, left: np.ndarray, parts: int) -> View:
    """A view in several parts, whose third facts are forgotten."""
    pieces = []
    for some in np.array_split(np.arange(len(seqs)), parts):
        segment = Segment.of(seqs[some].copy(), tuple(map(str, seqs[some])), vectors[some][:, None])
        piece = Part(segment, left=left[some].astype(np.float64))
        pieces.append(piece.without(seqs[some][seqs[some] % 13 == 3]))
    return View(1, 1, tuple(pieces))


@pytest.mark.parametrize("facts", [50, 20_000])
@pytest.mark.parametrize("share", [0.1, 0.7])
def test_what_is_left_out_is_not_searched_and_the_rest_is_as_if_it_were_alone(facts: int, share: float):
    draw = np.random.default_rng(1)
    seqs = np.arange(1, facts + 1) * 2
    vectors = draw.standard_normal((facts, 8), np.float32)
    left = np.where(draw.random(facts) < share, -11.0, -draw.random(facts)).astype(np.float32)
    view = view_of(seqs, vectors, left, parts=3)
    expected = (left >= -10) & (seqs % 13 != 3)

    places, hot = view.hot(-10.0)

    assert hot.seqs.tolist() == seqs[expected].tolist() == view.seqs[places].tolist()
    assert view.hot(-10.0)[1] is hot
    assert hot.hot(-10.0)[1] is hot
    queries = draw.standard_normal((3, 8), np.float32)
    index, rows = hot.index(0), vectors[expected]
    np.testing.assert_allclose(index.scores(queries), queries @ rows.T, atol=1e-5)
    weights = draw.random((3, len(rows)), np.float32)
    np.testing.assert_allclose(index.weighted(weights), weights @ rows, rtol=1e-4)
    found, _ = index.search(queries, 10)
    best = np.argsort(-(queries @ rows.T), axis=1)[:, :10]
    assert found.tolist() == seqs[expected][best].tolist()
    assert len(view) == (seqs % 13 != 3).sum()


@pytest.mark.parametrize("facts", [30, 3000])
@pytest.mark.parametrize("newest", [None, 0, 7])
def test_every_fact_has_the_score_that_a_search_gives_it_to_the_bit(facts: int, newest: int | None):
    draw = np.random.default_rng(2)
    seqs = np.arange(1, facts + 1) * 2
    vectors = draw.standard_normal((facts, 37), np.float32)
    view = view_of(seqs, vectors, np.zeros(facts, np.float32), parts=3)
    queries = draw.standard_normal((3, 37), np.float32)
    index = view.index(0)

    scores = index.scores(queries, newest)

    count = len(view) if newest is None else newest
    found, best_first = index.search(queries, count, newest)
    in_order = np.take_along_axis(best_first, np.argsort(found, axis=1), axis=1)
    assert scores.shape == (3, count)
    assert scores.tolist() == in_order.tolist()


def test_a_view_of_which_nothing_is_left_out_is_its_own_hot_view(database: Database):
    add(database, ["a", "b"], {}, {1: 0.5})
    view = database.view()

    places, hot = view.hot(-10.0)

    assert hot is view
    assert places.tolist() == [0, 1]
