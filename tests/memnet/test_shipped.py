"""The shipped model is the one its card and scorecard speak of, and it answers mixed stories."""

from __future__ import annotations

import json

import pytest

from memnet.models import SHIPPED
from memnet.reader import Reader
from memnet.training.checkpoint import load_checkpoint

STORY = [
    "Mary moved to the office.",
    "John moved to the kitchen.",
    "Mary got the football there.",
    "Mary went back to the garden.",
    "Sandra went to the bathroom.",
]


@pytest.fixture(scope="module")
def reader():
    return Reader(load_checkpoint(SHIPPED))


def test_the_scorecard_was_measured_on_these_weights():
    scorecard = json.loads((SHIPPED / "scorecard.json").read_text())

    assert scorecard["model"]["sha256"] == load_checkpoint(SHIPPED).digest
    card = (SHIPPED / "README.md").read_text()
    assert f"**{100 * scorecard['mean_error']:.1f} %**" in card
    for note in scorecard["notes"][:2]:  # what it was trained on, where it is not the official data
        assert note.split(" (")[0].lower() in card.lower()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Where is the football?", "garden"),
        ("Where is John?", "kitchen"),
        ("Where is Mary?", "garden"),
        ("Is Sandra in the office?", "no"),
        ("What is Mary carrying?", "football"),
        ("How many objects is Mary carrying?", "one"),
    ],
)
def test_where_is_john_is_answered_though_the_story_tells_of_taking(reader, question, answer):
    """bAbI asks each kind of story one kind of question; people do not."""
    assert reader.ask_facts(STORY, question).text == answer
