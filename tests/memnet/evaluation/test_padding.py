"""Stories among strangers: counted per sentence, as if each stranger had been told by itself."""

from __future__ import annotations

import numpy as np
import pytest

from memnet.evaluation.padding import Crowd, error_among, sample
from memnet.interpreters import interpreter_of
from memnet.training.checkpoint import load_checkpoint
from tests.memnet.evaluation.networks import untrained_multihead
from tests.memnet.evaluation.stories import FOOTBALL, stories

FACTS = ["Mary went back to the garden.", "John went to the office.", "Mary went to the kitchen."]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory, babi_dir):
    loaded = load_checkpoint(untrained_multihead(tmp_path_factory.mktemp("padding") / "run", babi_dir))
    loaded.network.write_bias.fill_(-0.5)
    return loaded


@pytest.mark.parametrize("where", ["before", "around"])
def test_a_crowd_is_read_as_if_all_its_facts_were_told_one_by_one(checkpoint, where):
    told = Crowd(checkpoint, 31, where=where, names=3).told(FACTS)
    interpreter = interpreter_of(checkpoint)

    vectors = interpreter.encode(told.texts)

    assert len(told.slots) == len(told.texts) == 34
    assert list(told.texts).index(FACTS[0]) == (31 if where == "before" else 15)
    retention = interpreter.retention(vectors)
    assert retention.min() < -0.1
    np.testing.assert_allclose(told.slots.retention(), retention, atol=1e-4)
    queries = vectors[:2, 0]
    np.testing.assert_allclose(told.slots.scores(0, queries), queries @ vectors[:, 0].T, atol=1e-4)
    weights = np.full((1, 34), 0.1, np.float32)
    np.testing.assert_allclose(told.slots.weighted(0, weights), weights @ vectors[:, 0], atol=1e-4)


def test_no_stranger_has_the_name_of_anybody_in_a_story(checkpoint):
    told = Crowd(checkpoint, 20, names=4).told([])

    names = {text.split()[0] for text in told.texts}
    assert len(names) == 4
    assert not names & {"Mary", "John", "Sandra", "Daniel"}


def test_without_strangers_it_is_the_plain_error(checkpoint):
    told = stories(FOOTBALL)
    reader = Crowd(checkpoint, 0).reader

    error = error_among(Crowd(checkpoint, 0), told, 100)

    wrong = [
        reader.ask_facts([f.text for f in story.facts[: q.facts_before]], q.text).text != q.answer
        for story, q in sample(told, 100)
    ]
    assert error == sum(wrong) / len(wrong)


def test_a_sample_is_spread_over_all_stories(babi_dir):
    told = stories(FOOTBALL)

    assert len(sample(told, 1000)) == sum(len(story.questions) for story in told)
    assert len(sample(told, 1)) == 1
