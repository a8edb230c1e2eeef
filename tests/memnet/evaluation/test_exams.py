"""Exams: a multi-head network is examined as it answers one question at a time."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from memnet.evaluation.evidence import evidence
from memnet.evaluation.exams import exam_of
from memnet.lexicon import Lexicon
from memnet.nn.multihead import MultiHeadConfig, MultiHeadMemory
from memnet.reader import Reader
from memnet.training.checkpoint import load_checkpoint, save_checkpoint
from tests.memnet.evaluation.stories import FOOTBALL, stories


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    lexicon = Lexicon(["where", "is", "the", "got", "went", "back", "to", "there"], ["no", "yes"])
    torch.manual_seed(5)
    network = MultiHeadMemory(MultiHeadConfig(vocab_size=len(lexicon), num_answers=2))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.03)
    folder = tmp_path_factory.mktemp("exam") / "multi"
    save_checkpoint(folder, network, lexicon, {})
    return load_checkpoint(folder)


def test_answers_and_attention_are_those_of_single_questions(checkpoint):
    told = stories(FOOTBALL)
    reader = Reader(checkpoint)

    sitting = exam_of(checkpoint, told).sit()

    row = 0
    for story in told:
        for question in story.questions:
            texts = [fact.text for fact in story.facts[: question.facts_before]]
            answer = reader.ask_facts(texts, question.text, limit=None)
            key = checkpoint.vocabulary.key_of
            assert key(sitting.answers[row].split(",")[0]) == key(answer.text.split(",")[0])
            np.testing.assert_allclose(sitting.null[row], [hop.null_mass for hop in answer.hops], atol=1e-5)
            row += 1
    assert row == len(sitting.answers)


def test_facts_that_are_left_out_are_as_if_never_told(checkpoint):
    told = stories(FOOTBALL)
    exam = exam_of(checkpoint, told)
    kept = exam.told.clone()
    kept[:, 0] = False

    sitting = exam.sit(kept)

    reader = Reader(checkpoint)
    story = told[0]
    texts = [fact.text for fact in story.facts[: story.questions[0].facts_before - 1]]
    answer = reader.ask_facts(texts, story.questions[0].text, limit=None)
    assert (sitting.attention[:, :, 0] == 0).all()
    np.testing.assert_allclose(sitting.null[0], [hop.null_mass for hop in answer.hops], atol=1e-5)


def test_without_any_fact_there_is_no_answer(checkpoint):
    exam = exam_of(checkpoint, stories(FOOTBALL))

    sitting = exam.sit(torch.zeros_like(exam.told))

    assert set(sitting.answers) == {""}
    assert (sitting.null == 1).all()


def test_names_are_right_in_one_or_many(checkpoint):
    exam = exam_of(checkpoint, stories("1 Mice are afraid of wolves.\n2 What?\twolf\t1\n"))

    assert exam.right(["wolves"]).tolist() == [True]
    assert exam.right(["mouse"]).tolist() == [False]


def test_evidence_is_measured(checkpoint):
    told = stories(FOOTBALL)

    report = evidence(exam_of(checkpoint, told), told)

    assert report is not None
    assert 0 <= report.r_precision <= 1
    assert len(report.hops) == 4
