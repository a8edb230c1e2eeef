"""A fact that was superseded far enough is not written to any more, and nobody can tell by an answer."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from memnet.memory import Memory
from memnet.supposing import Overlay
from memnet.training.checkpoint import load_checkpoint
from tests.memnet.retirement import BELOW, QUESTION, assert_read_as_trained, checkpoint_of, tell


def told(memory: Memory, count: int, *, together: int = 1, seed: int = 0) -> dict[int, str]:
    draw = np.random.default_rng(seed)
    facts = {seq: tell(draw) for seq in range(1, count + 1)}
    for start in range(1, count + 1, together):
        some = [facts[seq] for seq in range(start, min(start + together, count + 1))]
        memory.remember("house", some)
    return facts


def gates(memory: Memory, facts: dict[int, str]) -> dict[tuple[int, int], float]:
    """Every gate that is stored, by writer and target."""
    found = memory.store.superseded_of("house", list(facts), model_id=memory.model_id)
    return {(seq, each.seq): each.gate for seq, writes in found.items() for each in writes.supersedes}


def all_gates(memory: Memory, facts: dict[int, str]) -> int:
    """How many gates the network has among facts."""
    vectors = memory.reader.encode(list(facts.values()))
    queries = memory.reader._interpreter._fused.write_queries(vectors[:, 0])
    among = memory.reader._interpreter._fused.gates_of_scores(queries @ vectors[:, 0].T)
    return int(np.count_nonzero(np.tril(among, -1)))


def test_what_a_fact_writes_does_not_grow_with_what_was_said_before(memory):
    facts = told(memory, 300, together=20)

    stored, early, late = gates(memory, facts), 0, 0
    for writer, _ in stored:
        early, late = early + (50 < writer <= 100), late + (writer > 250)

    assert all_gates(memory, facts) > 4 * len(stored)
    assert late < 1.5 * early


def test_facts_told_one_by_one_and_together_write_the_same(memory, url, folder):
    facts = told(memory, 120)
    one_by_one = gates(memory, facts)
    memory.store.delete_memory("house")
    memory.store.put_memory("house")

    told(memory, 120, together=60)
    together = gates(memory, facts)

    assert set(together) == set(one_by_one)
    assert max(abs(gate - one_by_one[which]) for which, gate in together.items()) < 1e-5


def test_a_settled_fact_comes_back_when_those_who_retired_it_are_forgotten_as_if_all_had_written(
    memory, checkpoint, url, folder
):
    facts = told(memory, 60, seed=5)
    before = [assert_read_as_trained(checkpoint, memory.ask("house", QUESTION, limit=None), facts)]
    came_back = 0
    # Always the one that took most of what is settled.
    for _ in range(40):
        taken: dict[int, float] = {}
        for (writer, target), gate in gates(memory, facts).items():
            if target in before[-1]:
                taken[writer] = taken.get(writer, 0.0) - float(np.log1p(-gate))
        if not taken:
            break
        gone = max(taken, key=lambda seq: taken[seq])
        rows = len(gates(memory, facts))
        mine = sum(gone in pair for pair in gates(memory, facts))
        memory.forget("house", gone)
        del facts[gone]
        came_back += len(gates(memory, facts)) > rows - mine
        before.append(assert_read_as_trained(checkpoint, memory.ask("house", QUESTION, limit=None), facts))
    assert any(now < then for then, now in pairwise(before))
    assert came_back, "nothing was written anew: the test shows nothing"

    here = memory.ask("house", QUESTION, limit=None)
    with Memory.open(url, folder) as again:
        assert again.ask("house", QUESTION, limit=None) == here


def test_the_past_is_read_as_it_was_after_facts_came_back(memory, checkpoint, url, folder):
    facts = told(memory, 40, seed=5)
    then = memory.ask("house", QUESTION, limit=None)
    for seq in range(40, 20, -1):
        memory.forget("house", seq)

    with Memory.open(url, folder) as again:
        assert again.ask("house", QUESTION, limit=None, as_of_revision=40) == then
    assert_read_as_trained(checkpoint, then, facts)


def test_erasing_those_who_retired_a_fact_brings_it_back_as_if_all_had_written(memory, checkpoint):
    facts = told(memory, 60, seed=7)
    before = assert_read_as_trained(checkpoint, memory.ask("house", QUESTION, limit=None), facts)
    gone = [seq for seq in facts if 20 < seq <= 56]

    memory.erase("house", gone)

    for seq in gone:
        del facts[seq]
    after = assert_read_as_trained(checkpoint, memory.ask("house", QUESTION, limit=None), facts)
    assert before - set(gone) > after


def test_hiding_those_who_retired_a_fact_brings_it_back_as_if_all_had_written(memory, checkpoint):
    facts = told(memory, 60, seed=7)
    before = assert_read_as_trained(checkpoint, memory.ask("house", QUESTION, limit=None), facts)
    for hidden in ({57, 58, 59, 60}, set(range(21, 57)), set(range(10, 60, 2))):
        answer = memory.at("house").ask(QUESTION, limit=None, overlay=Overlay(hide=frozenset(hidden)))

        supposed = {seq: text for seq, text in facts.items() if seq not in hidden}
        after = assert_read_as_trained(checkpoint, answer, supposed)
        assert before - hidden > after


def test_a_memory_that_another_network_told_first_is_written_in_full(memory, url, folder, tmp_path):
    facts = told(memory, 60)
    for seq in (60, 50, 40):
        memory.forget("house", seq)
        del facts[seq]
    other = checkpoint_of(tmp_path / "patient", below=BELOW - 1)
    with Memory.open(url, other) as late:
        late.adopt("house")
        read = assert_read_as_trained(load_checkpoint(other), late.ask("house", QUESTION, limit=None), facts)
        assert read
        assert len(gates(late, facts)) == all_gates(late, facts)


def test_forgetting_makes_a_damaged_vector_again_that_is_in_its_way(memory, checkpoint):
    facts = told(memory, 40, seed=5)
    with memory.store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE fact_vectors SET crc32 = 1 WHERE seq = 3")
    memory.store._views.drop(1)
    for seq in range(40, 30, -1):
        memory.forget("house", seq)
        del facts[seq]

    assert_read_as_trained(checkpoint, memory.ask("house", QUESTION, limit=None), facts)
