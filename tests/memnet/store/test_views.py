"""Views: what a memory holds as of one revision, and when a new one is loaded."""

from __future__ import annotations

import gc
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from memnet.errors import FactNotFound, InputError, VectorDamaged
from memnet.store import FactStore, MissingVectors, View, loading, migrate, open_database
from memnet.store.index import BruteForceIndex
from tests.memnet.store.conftest import DIM, SPACES, STORY, Database


def assert_same(one: View, other: View) -> None:
    """Equal bit for bit."""
    assert one.revision == other.revision
    assert one.seqs.tobytes() == other.seqs.tobytes()
    assert one.texts == other.texts
    assert one.vectors.shape == other.vectors.shape
    assert one.vectors.tobytes() == other.vectors.tobytes()
    assert one.retention.tobytes() == other.retention.tobytes()
    assert one.last_seq == other.last_seq


def test_a_view_holds_the_stored_bits(database: Database):
    vectors = database.vectors(2)
    database.store.add("house", STORY, model_id=database.model_id, vectors=vectors)

    view = database.view()

    assert (view.revision, len(view)) == (1, 2)
    assert view.seqs.tolist() == [1, 2]
    assert view.seqs.dtype == np.int64
    assert view.texts == tuple(STORY)
    assert view.vectors.dtype == np.float32
    assert view.vectors.tobytes() == vectors.tobytes()


def test_an_empty_memory_has_an_empty_view(database: Database):
    view = database.view()

    assert (view.revision, len(view), view.texts) == (0, 0, ())
    assert view.vectors.shape == (0, SPACES, DIM)
    found, scores = view.index(0).search(np.ones((1, DIM), np.float32), 5)
    assert found.shape == scores.shape == (1, 0)


def test_a_view_cannot_be_changed(database: Database):
    database.add(*STORY)
    first = database.view()
    database.add("more")
    for view in (first, database.view()):
        with pytest.raises(ValueError, match="read-only"):
            view.vectors[0] = 0
        with pytest.raises(ValueError, match="read-only"):
            view.seqs[0] = 0
        with pytest.raises(AttributeError):
            view.revision = 7


def test_a_view_that_is_held_outlives_what_happens_to_the_memory(database: Database):
    database.add(*STORY)
    held = database.view()
    database.store.forget("house", 1)
    database.add("more")

    assert (held.revision, held.texts) == (1, tuple(STORY))
    assert (database.view().revision, database.view().texts) == (3, (STORY[1], "more"))


def test_each_space_has_its_own_index_built_once(database: Database):
    database.add(*"abcdefg")
    view = database.view()
    query = database.vectors(1)[:, 0]

    for space in range(SPACES):
        found, scores = view.index(space).search(query, 3)
        expected = BruteForceIndex(view.seqs, view.vectors[:, space]).search(query, 3)
        assert found.tolist() == expected[0].tolist()
        np.testing.assert_allclose(scores, expected[1], rtol=1e-5)
    with ThreadPoolExecutor(4) as threads:
        assert len(set(map(id, threads.map(lambda _: view.index(1), range(20))))) == 1
    with pytest.raises(IndexError, match="space 3 of 3"):
        view.index(3)


def test_nothing_new_costs_one_statement(database: Database):
    database.add(*STORY)
    first = database.view()
    statements = []
    event.listen(database.engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))

    assert database.view() is first
    selects = [statement for statement in statements if statement.startswith("SELECT")]
    assert len(selects) == 1


def test_a_rebuilt_view_equals_the_first_bit_for_bit(database: Database, open_store):
    database.add(*"abc")
    database.view()
    database.add("d", "e")
    database.store.forget("house", 2)
    database.add("f")
    followed = database.view()

    assert_same(open_store().view("house", database.model_id), followed)
    assert_same(database.view(), followed)


OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["add", "forget", "look"]), st.integers(1, 12)), min_size=1, max_size=15
)


@settings(max_examples=25, deadline=None)
@given(OPERATIONS)
def test_a_view_that_followed_the_log_equals_a_fresh_one(tmp_path_factory, sqlite_template, operations):
    path = tmp_path_factory.mktemp("log") / "memnet.db"
    path.write_bytes(sqlite_template.read_bytes())
    store, fresh = (FactStore(open_database(f"sqlite:///{path}")) for _ in range(2))
    rng = np.random.default_rng(0)
    model_id = store.register_model("digest", family="memn2n", spaces=2, dim=3)
    store.put_memory("house")
    told: dict[int, str] = {}
    try:
        for operation, number in operations:
            if operation == "add":
                texts = [f"fact {rng.integers(3)}" for _ in range(number % 3 + 1)]
                vectors = rng.normal(size=(len(texts), 2, 3)).astype(np.float32)
                added = store.add("house", texts, model_id=model_id, vectors=vectors)
                told |= dict(zip(added.seqs, texts, strict=True))
            elif operation == "look":
                store.view("house", model_id)
            elif number in told:
                store.forget("house", number)
                del told[number]
        view = store.view("house", model_id)
        assert dict(zip(view.seqs.tolist(), view.texts, strict=True)) == told
        assert store.get_memory("house").live_count == len(told)
        assert_same(fresh.view("house", model_id), view)
    finally:
        store.close()
        fresh.close()


def test_a_log_with_a_hole_is_not_followed(database: Database):
    database.add("a")
    database.view()
    database.add("b")
    database.add("c")
    database.execute("DELETE FROM changes WHERE revision = 2")

    assert database.view().texts == ("a", "b", "c")


def test_a_restored_database_is_read_anew(database: Database):
    database.add(*STORY)
    database.view()
    database.execute("UPDATE facts SET text = 'restored'")
    database.execute("UPDATE store_meta SET value = 'another epoch' WHERE key = 'store_epoch'")

    assert database.view().texts == ("restored", "restored")


def test_another_store_sees_a_write_at_once(database: Database, open_store):
    other = open_store()
    for number in range(1, 11):
        writer, reader = (database.store, other) if number % 2 else (other, database.store)
        revision = writer.add(
            "house", [f"fact {number}"], model_id=database.model_id, vectors=database.vectors(1)
        ).revision
        view = reader.view("house", database.model_id)
        assert (view.revision, view.texts[-1], len(view)) == (revision, f"fact {number}", number)
    other.forget("house", 10)
    assert len(database.view()) == 9
    other.delete_memory("house")
    other.put_memory("house")
    assert len(database.view()) == 0


DAMAGE = {
    "a flipped byte": lambda data: bytes([data[0] ^ 1]) + data[1:],
    "a missing byte": lambda data: data[:-1],
    "no bytes": lambda data: b"",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_vector_is_detected(database: Database, open_store, damage: str):
    database.add(*STORY)
    (data,) = database.rows("SELECT vector FROM fact_vectors WHERE seq = 2")[0]
    spoilt = DAMAGE[damage](bytes(data)).hex()
    literal = f"X'{spoilt}'" if database.engine.dialect.name == "sqlite" else f"'\\x{spoilt}'::bytea"
    database.execute(f"UPDATE fact_vectors SET vector = {literal} WHERE seq = 2")

    with pytest.raises(VectorDamaged, match="the stored vector of fact 2 of memory 'house' is damaged"):
        open_store().view("house", database.model_id)


def test_vectors_of_two_models_are_never_mixed(database: Database):
    database.add(*STORY)
    other = database.store.register_model("other", family="memn2n", spaces=1, dim=2)
    vectors = np.array([[[1, 2]], [[3, 4]]], np.float32)

    with pytest.raises(MissingVectors, match="2 facts of memory 'house' have no vectors of this model"):
        database.store.view("house", other)
    missing = database.store.missing_vectors("house", other)
    assert [(fact.seq, fact.text) for fact in missing] == [(1, STORY[0]), (2, STORY[1])]
    database.store.add_vectors("house", other, [1], vectors[:1])
    assert [fact.seq for fact in database.store.missing_vectors("house", other)] == [2]
    database.store.add_vectors("house", other, np.array([1, 2]), vectors[::-1])

    view = database.store.view("house", other)
    # Fact 1 had vectors and kept them.
    assert view.vectors.tolist() == [[[1, 2]], [[1, 2]]]
    assert view.revision == 1
    assert database.view().vectors.shape == (2, SPACES, DIM)


def test_vectors_are_also_missed_while_following_the_log(database: Database):
    other = database.store.register_model("other", family="memn2n", spaces=1, dim=2)
    assert len(database.store.view("house", other)) == 0
    database.add(*STORY)

    with pytest.raises(MissingVectors):
        database.store.view("house", other)
    database.store.add_vectors("house", other, [1, 2], np.ones((2, 1, 2), np.float32))
    assert len(database.store.view("house", other)) == 2


def test_vectors_of_unknown_facts_are_refused_and_of_forgotten_ones_kept(database: Database):
    database.add(*STORY)
    database.store.forget("house", 1)
    other = database.store.register_model("other", family="memn2n", spaces=1, dim=2)
    vectors = np.ones((2, 1, 2), np.float32)

    for unknown in (3, 0, 2**70):
        with pytest.raises(FactNotFound, match=f"memory 'house' has no fact {unknown}"):
            database.store.add_vectors("house", other, [2, unknown], vectors)
    assert [fact.seq for fact in database.store.missing_vectors("house", other)] == [2]
    database.store.add_vectors("house", other, [], np.empty((0, 1, 2), np.float32))
    database.store.add_vectors("house", other, [1, 2], vectors)
    assert database.store.missing_vectors("house", other) == []
    with pytest.raises(InputError, match=r"shape \(2, 1, 2\), expected \(1, 1, 2\)"):
        database.store.add_vectors("house", other, [1], vectors)


def test_many_threads_on_a_cold_memory_load_it_once(database: Database, open_store, monkeypatch):
    database.add(*STORY)
    cold = open_store()
    loads = []
    load = loading.load
    monkeypatch.setattr(loading, "load", lambda *a, **b: loads.append(1) or load(*a, **b))
    start = threading.Barrier(16)

    def look(_: int) -> View:
        start.wait()
        return cold.view("house", database.model_id)

    with ThreadPoolExecutor(16) as threads:
        views = list(threads.map(look, range(16)))

    assert len(loads) == 1
    assert len(set(map(id, views))) == 1


def test_the_cache_keeps_to_its_bytes(database: Database):
    for name in ("a", "b", "c"):
        database.store.put_memory(name)
        database.add(*STORY, name=name)
    size_bytes = database.view("a").size_bytes
    store = FactStore(database.engine, cache_bytes=2 * size_bytes)
    views = {name: store.view(name, database.model_id) for name in ("a", "b")}
    assert store.view("a", database.model_id) is views["a"]

    store.view("c", database.model_id)

    # `b` was used least recently.
    assert store.view("a", database.model_id) is views["a"]
    assert store.view("b", database.model_id) is not views["b"]


@pytest.mark.parametrize(("memories", "facts"), [(60, 1), (3, 400)])
def test_small_memories_take_no_more_than_the_cache_counts(database: Database, memories: int, facts: int):
    names = [f"memory-{number}" for number in range(memories)]
    for name in names:
        database.store.put_memory(name)
        database.add(*[f"Person{number} went to the garden." for number in range(facts)], name=name)
    store = FactStore(database.engine)
    store.view(names.pop(), database.model_id).hot(-5.0)  # what is loaded once, for all
    counted = store._views.size_bytes
    gc.collect()
    tracemalloc.start()
    try:
        for name in names:
            store.view(name, database.model_id).hot(-5.0)
        gc.collect()
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert held < 1.2 * (store._views.size_bytes - counted) < 4 * held


def test_a_memory_too_large_for_the_cache_is_answered_all_the_same(database: Database):
    database.add(*STORY)
    store = FactStore(database.engine, cache_bytes=10)

    assert store.view("house", database.model_id).texts == tuple(STORY)
    assert store.view("house", database.model_id).texts == tuple(STORY)


def test_a_view_of_an_unknown_model_is_refused(database: Database):
    with pytest.raises(InputError, match="there is no model 99"):
        database.store.view("house", 99)


def test_everything_is_there_after_a_restart(database: Database, url: str):
    database.add(*STORY)
    first = database.view()
    database.store.close()

    migrate.upgrade(url)
    store = FactStore(open_database(url))
    assert store.register_model("digest", family="memn2n", spaces=SPACES, dim=DIM) == database.model_id
    assert_same(store.view("house", database.model_id), first)
    store.close()
