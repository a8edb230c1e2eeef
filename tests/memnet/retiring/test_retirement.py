"""A fact that later ones superseded far enough gets no attention, wherever and whenever it is asked about."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise

import numpy as np

from memnet.memory import Memory
from memnet.supposing import Overlay
from memnet.training.checkpoint import load_checkpoint
from tests.memnet.retirement import BELOW, QUESTION, assert_read_as_trained, checkpoint_of, dense, tell
from tests.models import untrained_checkpoint


def told(memory: Memory, count: int, seed: int = 0) -> dict[int, str]:
    draw = np.random.default_rng(seed)
    facts = {seq: tell(draw) for seq in range(1, count + 1)}
    memory.remember("house", list(facts.values()))
    return facts


def test_facts_told_one_by_one_retire_as_they_do_in_training(memory, checkpoint):
    draw, facts, counts = np.random.default_rng(0), {}, []
    for seq in range(1, 31):
        facts[seq] = tell(draw)
        memory.remember("house", [facts[seq]])
        retired = assert_read_as_trained(checkpoint, memory.ask("house", QUESTION, limit=None), facts)
        counts.append(len(retired))
        assert memory.describe("house")[1] == len(retired)

    assert counts[0] == 0
    assert counts[-1] > 5


def test_facts_told_with_their_question_retire_as_in_a_memory(memory, checkpoint):
    facts = told(memory, 25)

    answer = memory.ask_facts(list(facts.values()), QUESTION, limit=None)

    assert assert_read_as_trained(checkpoint, answer, facts)


def test_forgetting_facts_brings_back_what_they_retired(memory, checkpoint):
    facts = told(memory, 20)
    before = memory.ask("house", QUESTION, limit=None)
    retired = [assert_read_as_trained(checkpoint, before, facts)]
    for gone in (20, 12, 17, 9):
        revision = memory.forget("house", gone)
        del facts[gone]
        retired.append(assert_read_as_trained(checkpoint, memory.ask("house", QUESTION, limit=None), facts))
    assert any(now - {20, 12, 17, 9} < then for then, now in pairwise(retired))

    assert memory.ask("house", QUESTION, limit=None, as_of_revision=revision - 4) == before


def test_a_fact_that_was_told_and_forgotten_leaves_the_very_bits_of_before(memory):
    told(memory, 20)
    before = memory.ask("house", QUESTION, limit=None)
    seq = memory.remember("house", ["Mary dropped the blue lamp there."]).facts[0].seq
    during = memory.ask("house", QUESTION, limit=None)
    assert during.eligible - during.attended > before.eligible - before.attended

    memory.forget("house", seq)

    after = memory.ask("house", QUESTION, limit=None)
    # The moment of asking is the number behind the newest live fact, so nothing at all is another.
    assert (after.hops, after.evidence) == (before.hops, before.evidence)


def test_the_past_reads_what_was_not_yet_retired(memory, checkpoint):
    draw, facts, states = np.random.default_rng(5), {}, []
    for seq in range(1, 21):
        facts[seq] = tell(draw)
        memory.remember("house", [facts[seq]])
        states.append(dict(facts))

    counts = [
        len(
            assert_read_as_trained(
                checkpoint, memory.ask("house", QUESTION, limit=None, as_of_revision=revision), state
            )
        )
        for revision, state in enumerate(states, start=1)
    ]

    assert counts[0] == 0
    assert counts[-1] > 2


def test_what_if_retires_and_brings_back_as_if_it_had_been_so(memory, checkpoint):
    facts = told(memory, 16)
    retired = assert_read_as_trained(checkpoint, memory.ask("house", QUESTION, limit=None), facts)
    at = memory.at("house")
    seen = set()
    for add, hide in ((("Zoë dropped the blue lamp there.", "Mary went to the office."), ()), ((), (13, 16))):
        answer = at.ask(QUESTION, limit=None, overlay=Overlay(add, frozenset(hide)))

        supposed = {seq: text for seq, text in facts.items() if seq not in hide}
        supposed |= dict(enumerate(add, start=17))
        seen.add(len(assert_read_as_trained(checkpoint, answer, supposed) - set(hide)) - len(retired))

    assert min(seen) < 0 < max(seen)
    assert assert_read_as_trained(checkpoint, at.ask(QUESTION, limit=None), facts) == retired


def test_after_a_restart_and_in_another_process_the_same_facts_are_retired(memory, url, folder):
    told(memory, 20)
    memory.forget("house", 15)
    memory.remember("house", ["John went to the office."])
    here = memory.ask("house", QUESTION, limit=None)
    assert here.attended < here.eligible

    with Memory.open(url, folder) as again:
        assert again.ask("house", QUESTION, limit=None) == here

    program = (
        "import json, sys; from pathlib import Path; from memnet.memory import Memory\n"
        "with Memory.open(sys.argv[1], Path(sys.argv[2])) as memory:\n"
        "    answer = memory.ask('house', sys.argv[3], limit=None)\n"
        "print(json.dumps([[[a.seq, a.weight.hex()] for a in hop.attention] for hop in answer.hops]))\n"
    )
    there = subprocess.run(
        [sys.executable, "-c", program, url, str(folder), QUESTION],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert json.loads(there.stdout) == [[[a.seq, a.weight.hex()] for a in hop.attention] for hop in here.hops]


def test_what_one_memory_forgets_another_store_brings_back(memory, url, folder, checkpoint):
    facts = told(memory, 20)
    with Memory.open(url, folder) as other:
        assert other.ask("house", QUESTION).attended < 20
        memory.forget("house", 18)
        del facts[18]
        assert_read_as_trained(checkpoint, other.ask("house", QUESTION, limit=None), facts)


def test_the_name_in_a_retired_fact_is_still_a_name(memory):
    memory.remember("house", ["Ada Lovelace got the blue lamp there."])
    for _ in range(30):
        memory.remember("house", ["Mary got the blue lamp there.", "Mary dropped the blue lamp there."])
    at = memory.at("house")
    assert 1 not in {fact.seq for fact in at.ask(QUESTION, limit=None).evidence}

    answer = at.ask("Where is Ada Lovelace?", top_answers=50)

    assert answer.unknown_words == ()
    assert "Ada Lovelace" in {name for each in answer.alternatives for name in each.text.split(",")}


def test_a_checkpoint_says_from_where_on_facts_retire(tmp_path, checkpoint):
    draw = np.random.default_rng(0)
    facts = {seq: tell(draw) for seq in range(1, 21)}
    retention = dense(checkpoint, facts)[1]
    assert (retention < BELOW).any()

    patient = load_checkpoint(checkpoint_of(tmp_path / "patient", below=-25.0))

    assert patient.digest != checkpoint.digest
    attention = dense(patient, facts)[0].attention
    assert (attention[..., np.flatnonzero(retention < BELOW).tolist()] > 0).any()


def test_a_network_without_gates_retires_nothing(url, tmp_path, babi_dir):
    with Memory.open(url, untrained_checkpoint(tmp_path / "plain", babi_dir)) as memory:
        memory.store.put_memory("house")
        told(memory, 5)

        assert memory.model.retire_below is None
        assert memory.describe("house")[1] is None
        assert memory.ask("house", QUESTION).attended == 5
