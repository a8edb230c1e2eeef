"""Another model takes a memory over: never half, never mixed, never lost on the way."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from memnet.errors import InputError, MissingVectors, ModelNotActive
from memnet.store.failpoints import Failpoint, armed
from tests.memnet.store.conftest import STORY, Database
from tests.memnet.store.test_views import assert_same


def encode(texts: Sequence[str]) -> np.ndarray:
    """A model of one space of two columns: the length of the text and -1."""
    return np.array([[[len(text), -1]] for text in texts], np.float32).reshape(-1, 1, 2)


@pytest.fixture
def other(database: Database) -> int:
    """Another model, for `encode`."""
    return database.store.register_model("other", family="memn2n", spaces=1, dim=2)


def test_a_memory_gets_another_model(database: Database, other: int):
    database.add(*STORY, "more")
    database.store.forget("house", 3)
    assert database.store.get_memory("house").active_model_id == database.model_id

    assert database.store.change_model("house", other, encode, page=1) == 3

    memory = database.store.get_memory("house")
    assert (memory.active_model_id, memory.building_model_id, memory.revision) == (other, None, 3)
    view = database.store.view("house", other)
    assert view.vectors[:, 0, 0].tolist() == [len(text) for text in STORY]
    assert database.rows("SELECT seq, op FROM changes WHERE revision = 3") == [(0, "model")]
    assert database.store.change_model("house", other, encode) is None
    # The past is read with it too, once its vectors are there.
    assert [fact.seq for fact in database.store.missing_vectors("house", other, as_of_revision=1)] == [3]


def test_writing_with_a_model_that_is_not_the_memorys_is_refused(database: Database, other: int):
    database.add(*STORY)

    with pytest.raises(ModelNotActive, match="memory 'house' is encoded by model"):
        database.store.add("house", ["x"], model_id=other, vectors=encode(["x"]))

    assert database.store.get_memory("house").revision == 1
    database.store.change_model("house", other, encode)
    database.store.add("house", ["x"], model_id=other, vectors=encode(["x"]))
    with pytest.raises(ModelNotActive):
        database.add("y")


def test_an_empty_memory_takes_the_first_model_that_writes(database: Database, other: int):
    assert database.store.get_memory("house").active_model_id is None
    database.store.add("house", ["x"], model_id=other, vectors=encode(["x"]))
    assert database.store.get_memory("house").active_model_id == other


@pytest.mark.parametrize("point", ["model.begun", "model.page@2", "model.verified", "model.switched"])
def test_a_change_that_is_interrupted_goes_on_where_it_was(
    database: Database, open_store, other: int, point: str
):
    database.add(*"abcdefg")
    name, _, count = point.partition("@")
    with armed(f"{name}=raise" + (f"@{count}" if count else "")), pytest.raises(Failpoint):
        database.store.change_model("house", other, encode, page=2)

    memory = database.store.get_memory("house")
    assert (memory.active_model_id, memory.building_model_id) == (database.model_id, other)
    assert len(database.view()) == 7
    database.add("h")
    encoded = []

    def counted(texts: Sequence[str]) -> np.ndarray:
        encoded.extend(texts)
        return encode(texts)

    store = open_store()
    assert store.memories_of_other_models(other) == ["house"]
    store.change_model("house", other, counted, page=2)

    done = {"model.begun": 0, "model.page@2": 4, "model.verified": 7, "model.switched": 7}[point]
    assert encoded == list("abcdefgh")[done:]
    assert store.memories_of_other_models(other) == []
    assert store.get_memory("house").live_count == len(store.view("house", other)) == 8


def test_facts_added_and_erased_meanwhile_are_neither_missed_nor_brought_back(database: Database, other: int):
    database.add(*"abcdef")
    steps = iter([lambda: database.add("g"), lambda: database.store.erase("house", [3, 4])])

    def meanwhile(texts: Sequence[str]) -> np.ndarray:
        for step in steps:
            step()
            break
        return encode(texts)

    database.store.change_model("house", other, meanwhile, page=2)

    assert database.store.view("house", other).texts == tuple("abefg")
    seqs = database.rows(f"SELECT seq FROM fact_vectors WHERE model_id = {other} ORDER BY seq")
    assert seqs == [(1,), (2,), (5,), (6,), (7,)]


def test_writers_that_never_rest_are_held_up_in_the_end(
    database: Database, other: int, monkeypatch: pytest.MonkeyPatch
):
    """Whenever the work seems done, a fact is added before the switch."""
    database.add("a")
    store, rounds = database.store, []
    encode_missing = store._encode_missing

    def and_one_more(*arguments: object) -> None:
        encode_missing(*arguments)
        rounds.append(1)
        database.add("one more")

    monkeypatch.setattr(store, "_encode_missing", and_one_more)

    assert store.change_model("house", other, encode) == 6

    assert len(rounds) == 4
    assert store.missing_vectors("house", other) == []
    assert store.view("house", other).texts == ("a", *["one more"] * 4)


def test_readers_and_writers_during_a_change_see_one_model_at_a_time(
    database: Database, open_store, other: int
):
    stores = [database.store, open_store()]
    models = {database.model_id: (3, 5), other: (1, 2)}
    database.add(*"abcdef")
    stop = threading.Event()

    def vectors(model_id: int, texts: Sequence[str]) -> np.ndarray:
        return np.full((len(texts), *models[model_id]), model_id, np.float32)

    def read(number: int) -> int:
        seen = 0
        while not stop.is_set():
            store = stores[number % 2]
            model_id = store.get_memory("house").active_model_id
            try:
                view = store.view("house", model_id)
            except MissingVectors:
                continue  # switched since, and written to: refused, not mixed
            assert view.vectors.shape == (len(view), *models[model_id])
            if model_id == other:
                assert (view.vectors == model_id).all()
            seen += 1
        return seen

    def write() -> None:
        while not stop.is_set():
            model_id = stores[1].get_memory("house").active_model_id
            try:
                stores[1].add("house", ["x"], model_id=model_id, vectors=vectors(model_id, ["x"]))
            except ModelNotActive:
                continue

    with ThreadPoolExecutor(4) as threads:
        readers = [threads.submit(read, number) for number in range(2)]
        writer = threads.submit(write)
        for model_id in (other, database.model_id, other):
            stores[0].change_model("house", model_id, lambda texts, m=model_id: vectors(m, texts), page=3)
        stop.set()
        writer.result()
        assert all(reader.result() for reader in readers)

    assert database.store.missing_vectors("house", other) == []
    assert_same(database.store.view("house", other), open_store().view("house", other))


def test_vectors_that_are_not_the_models_change_nothing(database: Database, other: int):
    database.add(*STORY)
    with pytest.raises(InputError):
        database.store.change_model("house", other, lambda texts: encode(texts).astype(np.float64))
    assert database.store.get_memory("house").active_model_id == database.model_id


def test_old_vectors_are_dropped_when_nobody_needs_them(database: Database, other: int):
    database.add(*STORY)
    with pytest.raises(InputError, match="needs the vectors of model"):
        database.store.drop_vectors("house", database.model_id)
    database.store.change_model("house", other, encode)

    assert database.store.drop_vectors("house", database.model_id) == 2
    assert database.rows("SELECT DISTINCT model_id FROM fact_vectors") == [(other,)]
