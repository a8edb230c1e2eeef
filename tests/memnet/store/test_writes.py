"""What a fact supersedes: written with it, undone with it, and read as of any revision."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from memnet.errors import FactNotFound, InputError, MemoryMoved
from memnet.store import Once, Write, Writes
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


@pytest.mark.parametrize("count", [3, 64, 65, 200])
def test_as_many_gates_as_a_fact_has_are_stored_and_read(database: Database, count: int):
    add(database, [f"fact {number}" for number in range(count)], *[{}] * count)
    gates = {target: target / 256 for target in range(1, count + 1)}

    add(database, ["That changes everything."], gates)

    assert rows(database) == [(count + 1, target, gate) for target, gate in gates.items()]
    written = database.store.written_by("house", database.model_id, [count + 1])
    assert written == {count + 1: tuple(Gate(target, gate) for target, gate in gates.items())}
    left = [*(retention(gate) for gate in gates.values()), 0.0]
    np.testing.assert_allclose(database.view().retention, left, rtol=1e-6)


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
