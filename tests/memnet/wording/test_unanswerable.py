"""The fixed test set for abstaining."""

from __future__ import annotations

import hashlib
from collections import Counter

from memnet.wording import unanswerable_questions
from memnet.wording.entities import pools
from memnet.wording.tables import tables
from tests.memnet.wording.reading import mentions

STORIES = unanswerable_questions()


def test_it_has_a_thousand_questions_without_an_answer_half_of_each_reason():
    reasons = Counter(worded.reason for story in STORIES for worded in story.questions)

    assert (reasons["entity_never_mentioned"], reasons["relation_never_stated"]) == (500, 500)


def test_every_story_has_one_and_at_least_one_that_can_be_answered():
    for story in STORIES:
        answers = [worded.answers for worded in story.questions]
        assert answers.count(None) == 1
        assert len(answers) >= 2


def test_they_ask_about_many_relations():
    relations = Counter(worded.relation for story in STORIES for worded in story.questions if worded.reason)

    assert len(relations) >= 12
    assert relations.most_common(1)[0][1] <= 250


def test_its_names_are_kept_for_testing_and_its_wording_is_that_of_training():
    first_names = set(pools("train")["women"]) | set(pools("train")["men"])

    assert all(worded.held_out == () for story in STORIES for worded in story.questions)
    assert first_names.isdisjoint(name for story in STORIES for name in story.entities)
    assert tables(held=False).shapes.isdisjoint(tables(held=True).shapes)


def test_a_stranger_is_in_no_fact():
    for story in STORIES:
        facts = " ".join(fact.text for fact in story.story.facts)
        for question, worded in zip(story.story.questions, story.questions, strict=True):
            if worded.reason == "entity_never_mentioned":
                named = [name for name in story.entities if mentions(question.text, name)]
                assert not all(mentions(facts, name) for name in named)


def test_it_is_always_the_same():
    texts = "\n".join(
        text
        for story in STORIES
        for text in (*(fact.text for fact in story.story.facts), *(q.text for q in story.story.questions))
    )

    # Another sum is another test set: results before and after cannot be compared.
    assert hashlib.sha256(texts.encode()).hexdigest()[:16] == "32a9017c12bfd35e"
