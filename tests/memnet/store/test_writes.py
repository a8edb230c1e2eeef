"""What a fact supersedes: written with it, undone with it, and read as of any revision."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from memnet.errors import FactNotFound, InputError, MemoryMoved, ModelNotActive
from memnet.store import FactStore, NewFacts, Once, View, Write, Writes
from memnet.store.backup import backup, restore
from memnet.store.database import open_database
from memnet.store.failpoints import Failpoint, armed
from memnet.store.writes import Gate
from tests.memnet.store.conftest import STORY, Database
from tests.memnet.store.test_views import assert_same

NOTHING = Write.nothing()


def write(gates: dict[int, float]) -> Write:
    """Targets and gates of one fact."""
    return Write(np.array(list(gates), np.int64), np.array(list(gates.values()), np.float32))


def add(
    database: Database, texts: Sequence[str], *gates: dict[int, float], revision: int | None = None
) -> int:
    """Add facts, and what each supersedes: the new revision."""
    now = database.store.get_memory("house").revision if revision is None else revision
    added = database.store.add(
        "house",
        texts,
        model_id=database.model_id,
        vectors=database.vectors(len(texts)),
        writes=Writes(now, [write(of) for of in gates]),
    )
    return added.revision


def retention(*gates: float) -> np.float32:
    """Of a fact that was written to with these gates, in order."""
    return np.float32(sum(math.log1p(-float(np.float32(gate))) for gate in gates))


def rows(database: Database) -> list[tuple[object, ...]]:
    """Writers, targets and gates that are stored."""
    return database.rows("SELECT writer_seq, target_seq, gate FROM writes ORDER BY 1, 2")


def test_retention_is_the_log_of_what_the_later_facts_left(database: Database):
    add(database, ["Mary is here.", "John is here."], {}, {})
    database.view()
    add(database, ["Mary left."], {1: 0.5})
    add(database, ["Mary came back."], {1: 0.25, 3: 0.75})

    view = database.view()

    assert view.retention.dtype == np.float32
    # log(0.5) + log(0.75), nothing, log(0.25), nothing
    np.testing.assert_allclose(view.retention, [-0.980829, 0, -1.386294, 0], atol=1e-6)
    assert view.newest_retention(2).tolist() == view.retention[2:].tolist()
    with pytest.raises(ValueError, match="read-only"):
        view.retention[0] = 0
    assert rows(database) == [(3, 1, 0.5), (4, 1, 0.25), (4, 3, 0.75)]


def test_a_memory_without_writes_keeps_everything_of_every_fact(database: Database):
    assert database.view().retention.shape == (0,)
    database.add(*STORY)
    assert database.view().retention.tolist() == [0, 0]


def test_facts_of_one_request_may_supersede_one_another(database: Database, open_store):
    database.add(*STORY)
    database.store.forget("house", 2)
    view = database.view()
    assert view.last_seq == 2

    add(database, ["a", "b", "c"], {1: 0.5}, {3: 0.5}, {1: 0.5, 3: 0.5, 4: 0.5})

    expected = [retention(0.5, 0.5), retention(0.5, 0.5), retention(0.5), 0]
    np.testing.assert_array_equal(database.view().retention, np.array(expected, np.float32))
    assert_same(open_store().view("house", database.model_id), database.view())


def test_forgetting_the_writer_gives_back_the_very_bits(database: Database, open_store):
    gates = [0.1, 0.3, 0.7, 0.9, 0.2]
    add(database, ["target"], {})
    for gate in gates:
        add(database, ["writer"], {1: gate})
        database.view()
    before = database.view().retention

    database.store.forget("house", 4)

    view = database.view()
    assert view.retention[0] == retention(0.1, 0.3, 0.9, 0.2)
    assert_same(open_store().view("house", database.model_id), view)
    # Its own later writes leave a forgotten target where it is.
    assert database.store.view("house", database.model_id, as_of_revision=6).retention[0] == before[0]


def test_a_fact_that_is_wholly_superseded_comes_back_with_the_writer(database: Database):
    add(database, ["target"], {})
    add(database, ["writer"], {1: 1.0})
    assert database.view().retention.tolist() == [-np.inf, 0]

    database.store.forget("house", 2)

    assert database.view().retention.tolist() == [0]


def test_the_past_knows_only_the_writers_of_then(database: Database):
    add(database, ["a", "b"], {}, {1: 0.5})
    add(database, ["c"], {1: 0.25, 2: 0.5})
    database.store.forget("house", 2)
    add(database, ["d"], {1: 0.75})

    def then(revision: int) -> list[float]:
        view = database.store.view("house", database.model_id, as_of_revision=revision)
        return view.retention.tolist()

    assert then(0) == []
    assert then(1) == [retention(0.5), 0]
    assert then(2) == [retention(0.5, 0.25), retention(0.5), 0]
    assert then(3) == [retention(0.25), 0]
    assert then(4) == database.view().retention.tolist() == [retention(0.25, 0.75), 0, 0]


@pytest.mark.parametrize("gone", [1, 2, 3])
def test_what_a_fact_did_is_erased_with_it_and_what_was_done_to_it(database: Database, open_store, gone: int):
    add(database, ["a", "b", "c"], {}, {1: 0.5}, {1: 0.25, 2: 0.5})
    database.view()

    database.store.erase("house", [gone])

    assert not [row for row in rows(database) if gone in row[:2]]
    left = {1: [retention(0.5), 0], 2: [retention(0.25), 0], 3: [retention(0.5), 0]}[gone]
    assert database.view().retention.tolist() == left
    assert_same(open_store().view("house", database.model_id), database.view())


def test_a_deleted_memory_leaves_no_writes(database: Database):
    add(database, ["a", "b"], {}, {1: 0.5})
    database.store.delete_memory("house")
    assert rows(database) == []


def test_a_gate_of_nothing_is_not_kept(database: Database):
    add(database, ["a", "b"], {}, {1: 0.0})
    assert rows(database) == []
    assert database.view().retention.tolist() == [0, 0]


def test_gates_keep_every_bit(database: Database):
    gate = np.float32(0.1)
    add(database, ["a", "b"], {}, {1: float(gate)})
    assert np.float32(rows(database)[0][2]).tobytes() == gate.tobytes()


@pytest.mark.parametrize(
    ("of", "message"),
    [
        ([NOTHING], "2 facts came with the writes of 1"),
        ([NOTHING, write({1: 1.5})], r"the write of fact 2 has a gate of 1\.5, expected 0 to 1"),
        ([NOTHING, write({1: np.nan})], "the write of fact 2 has a gate of nan, expected 0 to 1"),
        (
            [NOTHING, Write(np.array([1, 1]), np.ones(2, np.float32))],
            "the write of fact 2 names a target twice",
        ),
        (
            [NOTHING, Write(np.array([1]), np.ones(2, np.float32))],
            r"the write of fact 2 has targets of shape \(1,\) and gates of shape \(2,\), expected one gate",
        ),
        (
            [NOTHING, Write(np.array([1]), np.ones(1))],
            "the write of fact 2 has int64 targets and float64 gates, expected int64 and float32",
        ),
        ([write({3: 0.5}), NOTHING], "fact 3 cannot supersede fact 3, only facts before it"),
        ([write({4: 0.5}), NOTHING], "fact 3 cannot supersede fact 4, only facts before it"),
        ([write({2: 0.5}), NOTHING], "memory 'house' has no fact 2"),
        ([write({0: 0.5}), NOTHING], "memory 'house' has no fact 0"),
        ([write({-(2**62): 0.5}), NOTHING], "memory 'house' has no fact -4611686018427387904"),
    ],
)
def test_writes_that_cannot_be_store_nothing(database: Database, of: list[Write], message: str):
    database.add(*STORY)
    database.store.forget("house", 2)
    counts = database.counts()

    with pytest.raises((InputError, FactNotFound), match=message):
        database.store.add(
            "house",
            ["a", "b"],
            model_id=database.model_id,
            vectors=database.vectors(2),
            writes=Writes(2, of),
        )

    assert database.counts() == counts


def test_writes_computed_from_another_revision_store_nothing(database: Database):
    database.add(*STORY)
    counts = database.counts()

    with pytest.raises(MemoryMoved) as raised:
        add(database, ["late"], {1: 0.5}, revision=0)

    assert str(raised.value) == (
        "the writes were computed from revision 0 of memory 'house', which is at revision 1"
    )
    assert database.counts() == counts


def test_a_request_that_is_sent_again_is_answered_although_the_memory_moved(database: Database):
    def once() -> object:
        return database.store.add(
            "house",
            ["x"],
            model_id=database.model_id,
            vectors=database.vectors(1),
            writes=Writes(0, [NOTHING]),
            once=Once("key", b"x"),
        )

    first = once()
    database.add("since")

    assert once().seqs == first.seqs
    assert once().repeated


def test_the_writes_of_a_fact_are_listed_both_ways(database: Database):
    add(database, ["a", "b"], {}, {1: 0.5})
    add(database, ["c", "d"], {2: 0.25}, {1: 0.75, 2: 1.0})

    found = database.store.superseded("house", 2)
    assert (found.revision, found.supersedes, found.superseded_by) == (
        2,
        (Gate(1, 0.5),),
        (Gate(3, 0.25), Gate(4, 1.0)),
    )
    assert database.store.superseded("house", 2, as_of_revision=1).superseded_by == ()
    database.store.forget("house", 3)
    assert database.store.superseded("house", 2).superseded_by == (Gate(4, 1.0),)
    database.store.forget("house", 1)
    assert database.store.superseded("house", 4).supersedes == (Gate(2, 1.0),)
    for seq in (1, 9):
        with pytest.raises(FactNotFound):
            database.store.superseded("house", seq)


# A network with gates, of one space of two columns: a fact supersedes those with the same first word, the less
# the more of them there are.


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
    stores = [database.store, *(open_store() for _ in range(3))]
    meeting = threading.Barrier(len(stores))

    def slow(view: View, new: NewFacts) -> list[Write]:
        if view.revision == 0:
            meeting.wait(timeout=30)  # all of them have seen the empty memory
        return gates(view, new)

    def work(number: int) -> None:
        store = stores[number]
        for step in range(3):
            texts = [f"Mary {number} {step}", f"John {number} {step}"]
            store.add_gated("house", texts, model_id=gated, vectors=encode(texts), gates=slow)

    with ThreadPoolExecutor(len(stores)) as threads:
        list(threads.map(work, range(len(stores))))

    view = database.store.view("house", gated)
    assert (view.revision, len(view)) == (12, 24)
    database.store.put_memory("serial")
    for first in range(0, 24, 2):
        tell(database.store, gated, *view.texts[first : first + 2], name="serial")
    assert database.store.view("serial", gated).retention.tobytes() == view.retention.tobytes()


def test_a_writer_that_is_always_too_late_is_served_in_the_end(database: Database, gated: int):
    seen = []

    def overtaken(view: View, new: NewFacts) -> list[Write]:
        seen.append(view.revision)
        if len(seen) <= 3:
            tell(database.store, gated, f"Mary {len(seen)}")
        return gates(view, new)

    added = database.store.add_gated(
        "house", ["Mary x"], model_id=gated, vectors=encode(["Mary x"]), gates=overtaken
    )

    assert seen == [0, 1, 2, 3]
    assert added.seqs == (4,)
    assert [gate.seq for gate in database.store.superseded("house", 4).supersedes] == [1, 2, 3]


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
