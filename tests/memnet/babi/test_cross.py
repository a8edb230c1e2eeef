"""Cross questions: the rules that answer them answer everything bAbI itself asks of this world."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from memnet.babi.cross import REACH, TASKS, World, with_cross_questions
from memnet.babi.dataset import load_task
from memnet.babi.parser import parse_stories
from memnet.story import Fact

ASKS = {
    r"Where is (\w+)\?": World.where_person,
    r"Where is the (\w+)\?": World.where_thing,
    r"What is (\w+) carrying\?": World.carrying,
    r"How many objects is (\w+) carrying\?": World.count,
    r"Is (\w+) in the (\w+)\?": World.is_in,
    r"Where was the (\w+) before the (\w+)\?": World.before,
}


def answered(world, text):
    for pattern, rule in ASKS.items():
        if match := re.fullmatch(pattern, text):
            return rule(world, *match.groups())
    raise AssertionError(text)


def disagreements(stories):
    """Questions whose answer is not the one of the rules, and how many were asked."""
    asked, wrong = 0, []
    for story in stories:
        world, questions = World(), list(story.questions)
        for fact in story.facts:
            assert world.tell(fact), fact.text
            while questions and questions[0].facts_before == fact.seq:
                question = questions.pop(0)
                decided = answered(world, question.text)
                asked += 1
                if decided is None or decided[0] != question.answer:
                    wrong.append((question, decided))
    return wrong, asked


@pytest.mark.parametrize("task", [1, 2, 3, 6, 7, 8, 12])
def test_the_rules_answer_what_the_task_itself_asks(babi_dir, task):
    wrong, asked = disagreements(load_task(babi_dir, "en", task, "test").stories)

    assert asked >= 5
    assert wrong == []


@pytest.mark.babi
@pytest.mark.parametrize("task", [1, 2, 3, 6, 7, 8, 12])
def test_and_on_every_question_of_the_1k_training_files(full_babi_dir, task):
    wrong, asked = disagreements(load_task(full_babi_dir, "en", task, "train").stories)

    assert (len(wrong), asked) == (0, 1000)


def test_gifts_are_followed():
    world = World()
    for seq, text in enumerate(
        [
            "Fred went to the office.",
            "Fred took the milk there.",
            "Bill moved to the garden.",
            "Fred gave the milk to Bill.",
        ],
        start=1,
    ):
        assert world.tell(Fact(seq, text))

    assert world.where_thing("milk") == ("garden", (4, 3))
    assert world.carrying("Fred") == ("nothing", ())
    assert world.count("Bill") == ("one", (4,))


def test_what_the_facts_do_not_decide_is_not_asked():
    world = World()
    world.tell(Fact(1, "Mary got the football there."))

    assert world.where_person("Mary") is None
    assert world.where_thing("football") is None


def test_questions_are_added_and_nothing_else_changes(babi_dir):
    stories = [s for task in range(1, 21) for s in load_task(babi_dir, "en", task, "test").stories]

    crossed = with_cross_questions(stories, 2.0, seed=3)

    kinds = Counter()
    for before, after in zip(stories, crossed, strict=True):
        assert after.facts == before.facts
        added = [question for question in after.questions if question not in before.questions]
        assert set(before.questions) <= set(after.questions)
        if before.task not in TASKS:
            assert added == []
        for question in added:
            kinds[question.text.split()[0]] += 1
            assert all(
                question.facts_before - REACH < seq <= question.facts_before for seq in question.supporting
            )
    assert set(kinds) == {"Where", "What", "How", "Is"}
    assert with_cross_questions(stories, 2.0, seed=3) == crossed


def test_a_story_with_a_fact_of_another_kind_is_left_alone():
    stories = list(
        parse_stories(
            ["1 Mary is no longer in the bedroom.", "2 Is Mary in the bedroom?\tno\t1"], name="x", task=1
        )
    )

    assert with_cross_questions(stories, 9.0, seed=0) == stories
