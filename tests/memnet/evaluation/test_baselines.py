"""Baselines: what can be had without a network."""

from __future__ import annotations

import math

import pytest
import torch

from memnet.babi.dataset import load_task
from memnet.evaluation.baselines import (
    lexical_error,
    lexical_weights,
    majority_error,
    recency_weights,
    seen_in_training,
)
from tests.memnet.evaluation.stories import FOOTBALL, stories


def test_a_fact_weighs_what_its_rarest_shared_words_weigh():
    told = stories(
        "1 Mary went to the garden.\n2 Mary got the milk.\n3 John went to the office.\n"
        "4 Where is the milk?\tgarden\t2 1\n5 Did Mary go to the garden?\tyes\t1\n"
    )

    weights = lexical_weights(told, width=4)

    once, twice = math.log(1 + 3 / 1), math.log(1 + 3 / 2)  # idf = log(1 + n / n_w), n = 3 facts
    expected = torch.tensor([[0, once, 0, 0], [0, twice, twice + once, 0]])  # newest fact first
    torch.testing.assert_close(weights, expected)


def test_the_newest_fact_weighs_most_by_recency():
    assert recency_weights(2, 3).tolist() == [[3, 2, 1], [3, 2, 1]]


def test_a_question_is_seen_when_its_whole_story_so_far_is():
    training = stories(FOOTBALL)
    same_end = stories("1 John moved to the office.\n2 Where is John?\toffice\t1\n")

    assert seen_in_training(training, training).tolist() == [True, True]
    assert seen_in_training(same_end, training).tolist() == [False]


def test_the_majority_answer_comes_from_training_alone():
    training = stories(FOOTBALL) + stories("1 John moved to the office.\n2 Where is John?\toffice\t1\n")

    assert majority_error(stories(FOOTBALL), training) == 0.5  # always "office"


def test_the_lexical_answer_is_a_known_answer_in_the_best_fact():
    training = stories(FOOTBALL)
    asked = stories(
        "1 John went to the garden.\n2 Mary went to the office.\n3 Where is John?\tgarden\t1\n"
        "4 Where is the football?\toffice\t2\n5 Is John in the garden?\tyes\t1\n"
    )

    # John's fact says garden. No fact shares "football": the newest says office. The third question holds
    # "garden" itself, so the next fact's "office" is taken, and that is wrong.
    assert lexical_error(asked, training) == pytest.approx(1 / 3)


DUPLICATES = {1: (2, 16), 4: (134, 741), 17: (16, 152), 20: (119, 203)}
MAJORITY = {1: (81.3, 85.1), 17: (48.0, 52.0), 19: (91.9, 93.4)}


@pytest.mark.babi
def test_duplicates_and_majority_answers_are_those_measured_on_the_files(full_babi_dir):
    for task in DUPLICATES | MAJORITY:
        test = load_task(full_babi_dir, "en", task, "test").stories
        files = [load_task(full_babi_dir, split, task, "train").stories for split in ("en", "en-10k")]
        if task in DUPLICATES:
            assert tuple(int(seen_in_training(test, each).sum()) for each in files) == DUPLICATES[task]
        if task in MAJORITY:
            errors = [100 * majority_error(test, each) for each in files]
            assert errors == pytest.approx(MAJORITY[task], abs=0.051)
