"""What new facts supersede is computed from the memory before them, whoever else writes.

The network has gates and vectors of one space of two columns: a fact supersedes those with the same first word,
the less the more of them there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from memnet.errors import InputError, ModelNotActive
from memnet.store import FactStore, NewFacts, View, Write
from memnet.store.backup import backup, restore
from memnet.store.database import open_database
from memnet.store.failpoints import Failpoint, armed
from memnet.store.writes import Gate
from tests.memnet.store.conftest import STORY, Database
from tests.memnet.store.test_views import assert_same
from tests.memnet.store.test_writes import rows, write


def encode(texts: Sequence[str]) -> np.ndarray:
    """Lengths of the texts."""
    return np.array([[[len(text), -1]] for text in texts], np.float32).reshape(-1, 1, 2)


def gates(view: View, new: NewFacts) -> list[Write]:
    """See above."""
    assert new.vectors.shape == (len(new.texts), 1, 2)
    assert view.vectors.shape == (len(view), 1, 2)
    subjects = [(seq, text.split()[0]) for seq, text in zip(view.seqs.tolist(), view.texts, strict=True)]
    of = []
    for seq, text in zip(new.seqs.tolist(), new.texts, strict=True):
        same = [target for target, subject in subjects if subject == text.split()[0]]
        # What is left of a target has no part in it, as in training; what the memory holds has.
        of.append(write({target: 1 / (1 + len(same)) for target in same}))
        subjects.append((seq, text.split()[0]))
    return of


@pytest.fixture
def gated(database: Database) -> int:
    """A model with gates."""
    return database.store.register_model("gated", family="memnet", spaces=1, dim=2)


def tell(store: FactStore, model_id: int, *texts: str, name: str = "house") -> None:
    """Add facts with a model with gates."""
    store.add_gated(name, texts, model_id=model_id, vectors=encode(texts), gates=gates)


def test_gates_are_computed_from_the_memory_before(database: Database, gated: int):
    tell(database.store, gated, "Mary a", "John a", "Mary b")
    tell(database.store, gated, "Mary c")

    third = pytest.approx(1 / 3)
    assert rows(database) == [(3, 1, 0.5), (4, 1, third), (4, 3, third)]


def test_writers_that_meet_have_the_gates_of_one_after_the_other(database: Database, gated: int, open_store):
    # Two threads to each store: some are committed together, some wait for another store.
    stores = [store for store in (database.store, open_store()) for _ in range(2)]

    def work(number: int) -> None:
        for step in range(3):
            tell(stores[number], gated, f"Mary {number} {step}", f"John {number} {step}")

    with ThreadPoolExecutor(len(stores)) as threads:
        list(threads.map(work, range(len(stores))))

    view = database.store.view("house", gated)
    assert (view.revision, len(view)) == (12, 24)
    database.store.put_memory("serial")
    for first in range(0, 24, 2):
        tell(database.store, gated, *view.texts[first : first + 2], name="serial")
    assert database.store.view("serial", gated).retention.tobytes() == view.retention.tobytes()


def test_a_writer_sees_what_another_store_wrote_since_its_own_last_fact(
    database: Database, gated: int, open_store
):
    tell(database.store, gated, "Mary a")
    tell(open_store(), gated, "Mary b")
    tell(database.store, gated, "Mary c")

    assert [gate.seq for gate in database.store.superseded("house", 3).supersedes] == [1, 2]


def test_a_writer_does_not_take_another_memory_of_the_name_for_the_one_it_knew(
    database: Database, gated: int, open_store
):
    tell(database.store, gated, "Mary a", "Mary b")
    other = open_store()
    other.delete_memory("house")
    other.put_memory("house")
    # Of the same revision and as long: only what it is tells them apart.
    tell(other, gated, "John a", "John b")

    tell(database.store, gated, "Mary c", "John c")

    assert database.store.superseded("house", 3).supersedes == ()
    assert [gate.seq for gate in database.store.superseded("house", 4).supersedes] == [1, 2]


def test_what_was_told_is_seen_without_reading_it_back_and_has_the_bits_of_what_is_read(
    database: Database, gated: int, open_store
):
    tell(database.store, gated, "Mary a", "John a")
    tell(database.store, gated, "Mary b", "Mary c")
    with armed("read.rows=raise"):
        seen = database.store.view("house", gated)

    assert seen.revision == 2
    assert_same(open_store().view("house", gated), seen)


def test_the_reply_to_a_write_names_what_was_superseded(database: Database, gated: int):
    tell(database.store, gated, "Mary a")
    texts = ["Mary b", "John a"]
    added = database.store.add_gated("house", texts, model_id=gated, vectors=encode(texts), gates=gates)

    assert added.superseded == {2: (Gate(1, 0.5),), 3: ()}
    assert added.superseded == database.store.written_by("house", gated, [2, 3])


def test_writes_to_facts_that_are_not_there_are_refused(database: Database, gated: int):
    tell(database.store, gated, "Mary a")
    for target in (2, 7):
        with pytest.raises(
            InputError, match=f"fact 2 cannot supersede fact {target}, only live facts before"
        ):
            database.store.add_gated(
                "house",
                ["Mary b"],
                model_id=gated,
                vectors=encode(["Mary b"]),
                gates=lambda view, new, t=target: [write({t: 0.5})],
            )
    assert rows(database) == []


def test_gates_of_a_model_that_is_not_the_memorys_are_not_computed(database: Database, gated: int):
    database.add(*STORY)
    with pytest.raises(ModelNotActive, match="memory 'house' is encoded by model"):
        tell(database.store, gated, "Mary x")


def test_a_model_without_gates_reads_nothing_of_another_models(database: Database, gated: int):
    tell(database.store, gated, "Mary a", "Mary b")
    database.store.change_model("house", database.model_id, lambda texts: database.vectors(len(texts)))

    assert database.view().retention.tolist() == [0, 0]
    database.add("Mary c")
    assert database.store.superseded("house", 2).supersedes == ()
    assert database.store.superseded("house", 2, model_id=gated).supersedes == (Gate(1, 0.5),)


def history(database: Database, *, gated: int | None) -> None:
    """Facts added one by one and together, forgotten, and forgotten before others were added."""
    store = database.store

    def told(*texts: str) -> None:
        if gated is None:
            database.add(*texts)
        else:
            tell(store, gated, *texts)

    told("Mary a", "John a")
    told("Mary b", "Mary c", "John b")
    store.forget("house", 1)
    told("Mary d")
    store.forget("house", 4)
    store.forget("house", 3)
    told("Mary e", "John c")
    store.forget("house", 8)
    told("John d")


@pytest.mark.parametrize("interrupted", [False, True])
def test_a_model_with_gates_finds_the_memory_as_if_it_had_been_there_from_the_start(
    database: Database, gated: int, open_store, interrupted: bool
):
    history(database, gated=None)
    if interrupted:
        for step in (1, 2):
            with armed(f"model.page=raise@{step}"), pytest.raises(Failpoint):
                database.store.change_model("house", gated, encode, gates=gates, page=1)

    assert database.store.change_model("house", gated, encode, gates=gates, page=1) == 10

    moved = {}
    for revision in range(10):
        view = database.store.view("house", gated, as_of_revision=revision)
        moved[revision] = (view.texts, view.retention.tobytes())
    now = database.store.view("house", gated)
    assert_same(open_store().view("house", gated), now)
    database.store.delete_memory("house")
    database.store.put_memory("house")
    history(database, gated=gated)
    for revision in range(10):
        view = database.store.view("house", gated, as_of_revision=revision)
        assert (view.texts, view.retention.tobytes()) == moved[revision]
    assert database.store.view("house", gated).retention.tobytes() == now.retention.tobytes()


def test_facts_told_and_erased_during_a_replay_are_neither_missed_nor_brought_back(
    database: Database, gated: int
):
    history(database, gated=None)
    steps = iter([lambda: database.add("Mary f"), lambda: database.store.erase("house", [2, 9])])

    def meanwhile(texts: Sequence[str]) -> np.ndarray:
        for step in steps:
            step()
            break
        return encode(texts)

    database.store.change_model("house", gated, meanwhile, gates=gates, page=1)

    view = database.store.view("house", gated)
    assert view.texts == ("John b", "Mary d", "Mary e", "Mary f")
    assert [row for row in rows(database) if {2, 9} & set(row[:2])] == []
    seqs = database.rows(f"SELECT seq FROM fact_vectors WHERE model_id = {gated} ORDER BY seq")
    assert seqs == [(seq,) for seq in (1, 3, 4, 5, 6, 7, 8, 10)]
    # Mary b, c, d and e were there when f was told; b and c were forgotten before.
    assert [gate.seq for gate in database.store.superseded("house", 10).supersedes] == [6, 7]


def test_writers_that_never_rest_are_held_up_for_a_replay_in_the_end(
    database: Database, gated: int, monkeypatch: pytest.MonkeyPatch
):
    database.add("Mary a")
    store, rounds = database.store, []
    encode_missing = store.encode_missing

    def and_one_more(*arguments: object, **options: object) -> None:
        encode_missing(*arguments, **options)
        rounds.append(1)
        database.add("Mary more")

    monkeypatch.setattr(store, "encode_missing", and_one_more)

    assert store.change_model("house", gated, encode, gates=gates) == 6

    assert len(rounds) == 4
    assert [gate.seq for gate in store.superseded("house", 5).supersedes] == [1, 2, 3, 4]


def test_writes_that_are_not_the_models_change_nothing(database: Database, gated: int):
    database.add(*STORY)
    with pytest.raises(InputError, match="2 facts came with the writes of 0"):
        database.store.change_model("house", gated, encode, gates=lambda *_: [])
    assert database.store.get_memory("house").active_model_id == database.model_id
    assert database.rows(f"SELECT 1 FROM fact_vectors WHERE model_id = {gated}") == []


def test_a_replay_writes_to_nothing_that_was_not_there(database: Database, gated: int):
    database.add(*STORY)
    database.store.forget("house", 1)
    database.add("more")
    for target in (1, 3):
        with pytest.raises(
            InputError, match=f"fact 3 cannot supersede fact {target}, only live facts before"
        ):
            database.store.change_model(
                "house",
                gated,
                encode,
                gates=lambda view, new, t=target: [
                    write({t: 0.5} if seq == 3 else {}) for seq in new.seqs.tolist()
                ],
            )


def test_gates_are_dropped_with_the_vectors_of_their_model(database: Database, gated: int):
    tell(database.store, gated, "Mary a", "Mary b")
    database.store.change_model("house", database.model_id, lambda texts: database.vectors(len(texts)))
    assert database.store.drop_vectors("house", gated) == 2
    assert rows(database) == []


def test_a_backup_holds_what_facts_supersede(database: Database, gated: int, url: str, tmp_path):
    tell(database.store, gated, "Mary a", "John a", "Mary b")
    before = database.store.view("house", gated)
    backup(url, tmp_path / "copy.db")
    database.store.forget("house", 3)
    # A server gives the model another number; the gates go with it.
    elsewhere = f"sqlite:///{tmp_path}/elsewhere.db"
    restore(elsewhere, tmp_path / "copy.db")
    restore(url, tmp_path / "copy.db", force=True)

    for target in (url, elsewhere):
        store = FactStore(open_database(target))
        try:
            number = store.register_model("gated", family="memnet", spaces=1, dim=2)
            view = store.view("house", number)
            assert view.retention.tobytes() == before.retention.tobytes()
        finally:
            store.close()


def test_a_view_that_follows_the_log_has_the_bits_of_one_that_is_loaded_whole(
    database: Database, gated: int, open_store
):
    rng = np.random.default_rng(3)
    names = ["Mary", "John", "Sandra"]
    for step in range(60):
        texts = [f"{names[rng.integers(3)]} {step}" for _ in range(rng.integers(1, 4))]
        tell(database.store, gated, *texts)
        if rng.random() < 0.4:
            live = database.store.view("house", gated).seqs
            database.store.forget("house", int(rng.choice(live)))
        if step % 6 == 0:
            assert_same(open_store().view("house", gated), database.store.view("house", gated))
    assert (database.store.view("house", gated).retention < 0).sum() > 10
