"""Segments: a change costs what it changes, and readers cannot tell how a view came to be."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memnet.errors import MemoryTooLarge, StoreUnavailable
from memnet.store import FactStore
from memnet.store.failpoints import armed
from memnet.store.index import BruteForceIndex
from memnet.store.segment import MOST_DEAD, SMALL, Part, Segment, grow
from memnet.store.view import View
from tests.memnet.store.conftest import DIM, SPACES, STORY, Database

NOTHING = np.array([], np.int64)


def segment(first: int, count: int, *, half: bool = False, rng=None) -> Segment:
    """Facts `first`, `first + 1`, … with small whole numbers as vectors."""
    rng = rng or np.random.default_rng(first)
    vectors = rng.integers(-4, 5, size=(count, 2, 3)).astype(np.float32)
    seqs = np.arange(first, first + count)
    return Segment.of(seqs, tuple(f"fact {seq}" for seq in seqs), vectors, half=half)


def parts_of(*sizes: int) -> tuple[Part, ...]:
    """Parts of these sizes, facts numbered from 1."""
    first, parts = 1, []
    for size in sizes:
        parts.append(Part(segment(first, size)))
        first += size
    return tuple(parts)


def test_appending_one_fact_touches_no_large_segment():
    base = parts_of(20_000)
    grown = grow(base, NOTHING, segment(20_001, 1))
    again = grow(grown, NOTHING, segment(20_002, 1))

    assert [len(part) for part in again] == [20_000, 2]
    assert again[0] is grown[0] is base[0]


def test_forgetting_one_fact_copies_flags_and_no_vector():
    base = parts_of(20_000, 5)
    grown = grow(base, np.array([7, 20_002]), None)

    assert [len(part) for part in grown] == [19_999, 4]
    assert grown[0].segment is base[0].segment
    assert len(base[0]) == 20_000


def test_a_growing_memory_keeps_few_segments():
    parts = parts_of(1)
    for seq in range(2, 6 * SMALL, 64):
        parts = grow(parts, NOTHING, segment(seq, 64))
        assert len(parts) <= 4
    assert sum(map(len, parts)) == len(range(2, 6 * SMALL, 64)) * 64 + 1


def test_a_segment_of_which_much_is_dead_is_written_anew():
    dead = np.arange(1, int(MOST_DEAD * 1000) + 3)
    (part,) = grow(parts_of(1000), dead, None)

    assert part.live is None
    assert len(part) == len(part.segment) == 1000 - len(dead)
    assert part.segment.seqs[0] == dead[-1] + 1


def test_a_memory_whose_facts_are_all_forgotten_has_an_empty_view():
    view = View(1, 2, grow(parts_of(3), np.array([1, 2, 3]), None))

    assert (len(view), view.texts, view.vectors.shape) == (0, (), (0, 2, 3))
    assert view.index(0).search(np.ones((1, 3), np.float32), 3)[0].shape == (1, 0)


CHANGES = st.lists(
    st.tuples(st.integers(0, 9), st.lists(st.integers(1, 60), max_size=6)), min_size=1, max_size=12
)


@settings(max_examples=60, deadline=None)
@given(CHANGES, st.integers(0, 70), st.integers(0, 70) | st.none(), st.booleans())
def test_grown_parts_hold_and_find_what_one_segment_would(changes, limit, newest, half):
    rng = np.random.default_rng(0)
    parts = (Part(segment(1, 0, half=half)),)
    facts: dict[int, np.ndarray] = {}
    told = 0
    for count, forgotten in changes:
        added = segment(told + 1, count, half=half, rng=rng) if count else None
        if added is not None:
            for position, seq in enumerate(added.seqs.tolist()):
                facts[seq] = np.stack([rows.take(slice(None))[position] for rows in added.spaces])
        told += count
        gone = [seq for seq in forgotten if seq in facts and seq <= told - count]
        for seq in set(gone):
            del facts[seq]
        # Small enough that nothing is merged by size alone is no matter: contents are compared.
        parts = grow(parts, np.array(gone, np.int64), added)
    view = View(1, 1, parts)

    seqs = np.array(sorted(facts), np.int64)
    assert view.seqs.tolist() == seqs.tolist()
    assert view.texts == tuple(f"fact {seq}" for seq in seqs)
    vectors = np.array([facts[seq] for seq in seqs], np.float32).reshape(-1, 2, 3)
    assert view.vectors.tolist() == vectors.tolist()
    count = min(7, len(view))
    assert view.newest_seqs(count).tolist() == seqs[len(seqs) - count :].tolist()
    assert view.values(1, count).tolist() == vectors[len(seqs) - count :, 1].tolist()
    queries = rng.integers(-4, 5, size=(3, 3)).astype(np.float32)
    for space in range(2):
        index = view.index(space)
        found, scores = index.search(queries, limit, newest)
        expected = BruteForceIndex(seqs, vectors[:, space]).search(queries, limit, newest)
        assert found.tolist() == expected[0].tolist()
        assert scores.tolist() == expected[1].tolist()
        assert index.scores(queries).tolist() == (queries @ vectors[:, space].T).tolist()


def test_scores_have_the_same_bits_however_the_view_came_to_be():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(3000, 1, 37)).astype(np.float32)
    seqs = np.arange(1, 3001)
    texts = ("",) * 3000

    def piece(low: int, high: int) -> Segment:
        return Segment.of(seqs[low:high].copy(), texts[low:high], vectors[low:high])

    whole = View(1, 1, (Part(piece(0, 3000)),))
    pieces = View(1, 1, tuple(Part(piece(*ends)) for ends in ((0, 2001), (2001, 2500), (2500, 3000))))
    marked = View(1, 1, (Part(piece(0, 3000)).without(np.array([3000])),))
    queries = rng.normal(size=(8, 37)).astype(np.float32)

    found, scores = whole.index(0).search(queries, 500)
    for other in (pieces, marked):
        others, other_scores = other.index(0).search(queries, 500)
        for row in range(8):
            known = dict(zip(others[row].tolist(), other_scores[row].tolist(), strict=True))
            shared = [seq for seq in found[row].tolist() if seq in known]
            assert len(shared) >= 499
            bits = dict(zip(found[row].tolist(), scores[row].tolist(), strict=True))
            assert all(bits[seq] == known[seq] for seq in shared)


def test_half_precision_takes_half_the_room_and_finds_nearly_the_same():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(500, 1, 32)).astype(np.float32)
    full, half = (
        View(1, 1, (Part(Segment.of(np.arange(500), ("",) * 500, vectors, half=half)),))
        for half in (False, True)
    )
    queries = rng.normal(size=(4, 32)).astype(np.float32)

    assert half.parts[0].segment.spaces[0].size_bytes * 2 == full.parts[0].segment.spaces[0].size_bytes
    np.testing.assert_array_equal(half.vectors, vectors.astype(np.float16).astype(np.float32))
    _, scores = full.index(0).search(queries, 5)
    _, rounded = half.index(0).search(queries, 5)
    np.testing.assert_allclose(rounded, scores, rtol=5e-3)


def test_vectors_too_large_for_half_precision_stay_as_they_are():
    vectors = np.full((2, 1, 3), 1e6, np.float32)
    view = View(1, 1, (Part(Segment.of(np.arange(2), ("", ""), vectors, half=True)),))

    assert view.vectors.tolist() == vectors.tolist()


def test_a_store_of_half_precision_answers_from_rounded_vectors_and_keeps_the_full_ones(database: Database):
    database.add(*STORY)
    store = FactStore(database.engine, half=True)

    view = store.view("house", database.model_id)

    rounded = database.view().vectors.astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(view.vectors, rounded)
    assert view.size_bytes < database.view().size_bytes
    database.add("more")
    assert len(store.view("house", database.model_id)) == 3


def test_what_one_fact_changes_does_not_load_the_others(database: Database):
    database.add(*[f"fact {number}" for number in range(2 * SMALL)])
    before = database.view()
    # Nothing of the large segment is read again: its rows could not be decoded any more.
    literal = "X''" if database.engine.dialect.name == "sqlite" else "''::bytea"
    database.execute(f"UPDATE fact_vectors SET vector = {literal}")

    database.add("new")
    database.store.forget("house", 3)
    view = database.view()

    assert view.parts[0].segment is before.parts[0].segment
    assert (len(view), view.texts[-1], view.revision) == (2 * SMALL, "new", 3)


def test_a_reader_that_loads_too_long_does_not_hold_up_the_others_for_ever(database: Database):
    database.add(*STORY)
    store = FactStore(database.engine, load_timeout_s=0.05)
    with armed("read.rows=sleep:0.4"), ThreadPoolExecutor(2) as threads:
        start = threading.Barrier(2)

        def look() -> int:
            start.wait()
            return len(store.view("house", database.model_id))

        outcomes = [threads.submit(look) for _ in range(2)]
        errors = [outcome.exception() for outcome in outcomes]
    assert [type(error) for error in errors if error] == [StoreUnavailable]
    assert len(store.view("house", database.model_id)) == 2


def test_a_memory_that_would_not_fit_is_refused_before_it_is_read(database: Database):
    database.add(*STORY)
    store = FactStore(database.engine, max_view_bytes=2 * SPACES * DIM * 4 - 1)

    with (
        armed("read.rows=raise"),
        pytest.raises(MemoryTooLarge, match="the vectors of memory 'house' take 120"),
    ):
        store.view("house", database.model_id)
