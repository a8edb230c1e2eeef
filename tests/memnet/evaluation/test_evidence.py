"""Evidence: the metrics worked by hand, and a network's attention against gold facts."""

from __future__ import annotations

import pytest
import torch

from memnet.babi.dataset import load_task
from memnet.evaluation.baselines import lexical_weights, recency_weights
from memnet.evaluation.evidence import (
    EvidenceReport,
    Gold,
    evidence,
    found,
    ranks,
    retrieval,
)
from memnet.evaluation.exams import exam_of, keep, newest
from memnet.reader import Reader
from memnet.training.checkpoint import load_checkpoint
from memnet.training.vectorise import examples_of, vocabulary_of
from tests.memnet.evaluation.stories import FOOTBALL, stories
from tests.models import genuine_stories, untrained_checkpoint


def test_gold_facts_are_marked_newest_first():
    gold = Gold.of(stories(FOOTBALL), width=4)

    assert gold.slots.tolist() == [[True, True, False, False], [True, False, False, False]]
    assert gold.counts.tolist() == [2, 1]


def test_a_gold_fact_that_the_memory_no_longer_holds_still_counts_as_missed():
    gold = Gold.of(stories(FOOTBALL), width=1)

    assert gold.counts.tolist() == [2, 1]
    weights, told = torch.ones(2, 1), torch.ones(2, 1, dtype=torch.bool)
    assert retrieval(weights, told, gold).r_precision == pytest.approx((1 / 2 + 1) / 2)
    assert retrieval(weights, told, gold).all_gold_in_top5 == pytest.approx(1 / 2)


def test_the_newer_of_two_equal_weights_comes_first_and_empty_slots_last():
    weights = torch.tensor([[0.2, 0.5, 0.2, 0.9]])
    told = torch.tensor([[True, True, True, False]])

    assert ranks(weights, told).tolist() == [[1, 0, 2, 3]]


def test_r_precision_looks_at_as_many_facts_as_there_are_gold_ones():
    gold = Gold(torch.tensor([[True, False, False, True, False, False]]), torch.tensor([2]))
    told = torch.ones(1, 6, dtype=torch.bool)

    # The two highest are slots 3 and 1: one of the two gold ones. Slot 0 is sixth.
    result = retrieval(torch.tensor([[0.01, 0.3, 0.1, 0.4, 0.1, 0.09]]), told, gold)
    assert (result.r_precision, result.all_gold_in_top5) == (0.5, 0.0)
    # Slot 0 fifth: both are among the five highest.
    result = retrieval(torch.tensor([[0.09, 0.3, 0.1, 0.4, 0.1, 0.01]]), told, gold)
    assert (result.r_precision, result.all_gold_in_top5) == (0.5, 1.0)


def test_kept_facts_move_up_as_when_the_others_are_forgotten():
    told = stories(FOOTBALL)
    examples = examples_of(told, vocabulary_of(told), 4)
    kept = torch.tensor([[False, True, False, False], [True, False, True, False]])

    # Facts 1, 2, 3 are rows 0, 1, 2; 3 marks an empty slot.
    assert examples.slots.tolist() == [[1, 0, 3, 3], [2, 1, 0, 3]]
    assert keep(examples, kept).slots.tolist() == [[0, 3, 3, 3], [2, 0, 3, 3]]
    assert newest(examples, 1).slots.tolist() == [[1], [2]]
    assert newest(examples, None).slots.tolist() == examples.slots.tolist()


@pytest.fixture(scope="module")
def told(babi_dir):
    return genuine_stories(babi_dir)


@pytest.mark.parametrize("memory_size", [30, 7])
def test_a_network_is_measured_as_it_answers_one_question_at_a_time(tmp_path, babi_dir, told, memory_size):
    """Every number once more, with the answers that a user gets."""
    checkpoint = load_checkpoint(untrained_checkpoint(tmp_path / "m", babi_dir, memory_size=memory_size))
    reader = Reader(checkpoint)

    result = evidence(exam_of(checkpoint, told), told)

    precision, top5, null, same, changed = [], [], [], [], []
    first_hop = []
    for story in told:
        for question in story.questions:
            texts = [fact.text for fact in story.facts[: question.facts_before]]
            answer = reader.ask_facts(texts, question.text, limit=None)
            gold = set(question.supporting)
            weight = {fact.seq: max(fact.per_hop) for fact in answer.evidence}
            ranked = sorted(weight, key=lambda seq: (-weight[seq], -seq))
            precision.append(len(gold & set(ranked[: len(gold)])) / len(gold))
            top5.append(gold <= set(ranked[:5]))
            null.append(sum(hop.null_mass for hop in answer.hops) / len(answer.hops))
            first = {fact.seq: fact.per_hop[0] for fact in answer.evidence}
            best = sorted(first, key=lambda seq: (-first[seq], -seq))[: len(gold)]
            first_hop.append(len(gold & set(best)) / len(gold))
            alone = [text for seq, text in enumerate(texts, start=1) if seq in ranked[:5]]
            same.append(reader.ask_facts(alone, question.text).text == answer.text)
            without = [text for seq, text in enumerate(texts, start=1) if seq not in ranked[:5]]
            if without:  # a reader abstains without facts; the network answers from the question
                changed.append(reader.ask_facts(without, question.text).text != answer.text)
    assert result.questions == len(precision)
    assert result.r_precision == pytest.approx(sum(precision) / len(precision))
    assert result.all_gold_in_top5 == pytest.approx(sum(top5) / len(top5))
    assert result.null_mass == pytest.approx(sum(null) / len(null), abs=1e-6)
    assert result.sufficiency == pytest.approx(sum(same) / len(same))
    assert result.hops[0].r_precision == pytest.approx(sum(first_hop) / len(first_hop))
    empty = len(precision) - len(changed)
    assert sum(changed) <= result.comprehensiveness * len(precision) + 1e-6 <= sum(changed) + empty + 1e-5


def test_questions_without_gold_facts_have_no_evidence(tmp_path, babi_dir):
    told = stories("1 Mary went to the garden.\n2 Where is Mary?\tgarden\n")
    checkpoint = load_checkpoint(untrained_checkpoint(tmp_path / "m", babi_dir))

    assert evidence(exam_of(checkpoint, told), told) is None


def test_questions_without_gold_facts_are_left_out_beside_others(tmp_path, babi_dir):
    told = stories("1 Mary went to the garden.\n2 Where is Mary?\tgarden\n3 Where is Mary?\tgarden\t1\n")
    checkpoint = load_checkpoint(untrained_checkpoint(tmp_path / "m", babi_dir))

    result = evidence(exam_of(checkpoint, told), told)

    assert isinstance(result, EvidenceReport)
    assert (result.questions, result.r_precision, result.all_gold_in_top5) == (1, 1.0, 1.0)


REFERENCE = """\
task,lexical R-prec.,lexical top 5,lexical top 8,recency R-prec.,recency top 5
1,100.0,100.0,100.0,43.2,100.0
2,55.5,44.5,73.4,40.5,60.3
3,44.8,3.1,12.0,39.8,34.0
8,74.3,95.5,99.9,36.8,66.6
11,69.7,91.6,100.0,68.1,93.0
16,51.2,30.5,79.7,41.1,23.5
18,46.6,86.7,95.8,30.1,81.5
19,64.5,100.0,100.0,49.9,100.0
20,37.1,100.0,100.0,37.1,76.4
"""
"""Measured independently on the test files, in %."""


@pytest.mark.babi
@pytest.mark.parametrize("line", REFERENCE.splitlines()[1:], ids=lambda line: f"task {line.split(',')[0]}")
def test_the_baselines_are_those_measured_on_the_test_files(full_babi_dir, line):
    task, *expected = (float(cell) for cell in line.split(","))
    told = load_task(full_babi_dir, "en", int(task), "test").stories
    examples = examples_of(told, vocabulary_of(told), max(len(story.facts) for story in told))
    slots = examples.slots != len(examples.facts)
    gold = Gold.of(told, examples.memory_size)
    lexical, recency = lexical_weights(told, examples.memory_size), recency_weights(*slots.shape)

    measured = [retrieval(lexical, slots, gold), retrieval(recency, slots, gold)]

    top8 = float((found(ranks(lexical, slots), gold, 8) == gold.counts).double().mean())
    got = [
        *(measured[0].r_precision, measured[0].all_gold_in_top5, top8),
        *(measured[1].r_precision, measured[1].all_gold_in_top5),
    ]
    # Half a unit of the last printed place, and what rounding a tie may add.
    assert [100 * value for value in got] == pytest.approx(expected, abs=0.051)
