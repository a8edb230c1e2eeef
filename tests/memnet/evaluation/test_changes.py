"""Changed test stories: what becomes of the words, and what must not change."""

from __future__ import annotations

import pytest

from memnet.babi.symbols import NAMES, SYMBOLS
from memnet.evaluation.changes import name_swap, pad, rename_symbols
from memnet.text import words
from memnet.training.vectorise import vocabulary_of
from tests.memnet.evaluation.stories import FOOTBALL, stories
from tests.models import genuine_stories


def texts(story):
    return [fact.text for fact in story.facts]


def test_names_are_swapped_in_facts_questions_and_answers():
    told = stories("1 Daniel gave the milk to Mary.\n2 Where is daniel?\tSandra's\n", task=2)

    (changed,) = name_swap().apply(told)

    assert texts(changed) == ["Bill gave the milk to Mary."]
    assert changed.questions[0].text == "Where is bill?"
    assert changed.questions[0].answer == "julie's"


def test_some_tasks_swap_the_other_way_and_most_reasoning_tasks_not_at_all():
    text = "1 Fred gave the milk to Daniel.\n2 Who gave the milk to Daniel?\tfred\t1\n"

    assert texts(name_swap().apply(stories(text, task=5))[0]) == ["John gave the milk to Daniel."]
    assert name_swap().apply(stories(text, task=4)) == tuple(stories(text, task=4))


def test_every_symbol_becomes_a_word_that_training_never_saw(babi_dir):
    told = genuine_stories(babi_dir)
    known = vocabulary_of(told).words

    changed = rename_symbols(7, known).apply(told)

    new = {word for each in known for word in each.split(",")}
    for before, after in zip(told, changed, strict=True):
        left = {word for text in texts(after) for word in words(text)}
        assert left.isdisjoint(NAMES)
        if before.task != 20:
            assert left.isdisjoint(SYMBOLS)
        for old, now in zip(before.questions, after.questions, strict=True):
            assert (old.supporting, old.facts_before) == (now.supporting, now.facts_before)
        assert left - new or before.task == 20
        # As many different words as before: no two symbols became one.
        assert len(left) == len({word for text in texts(before) for word in words(text)})


def test_renaming_is_consistent_keeps_capitals_and_lists_and_is_repeated_by_its_seed():
    told = stories(
        "1 Mice are afraid of wolves.\n2 Emily is a mouse.\n3 What is emily afraid of?\twolf\t2 1\n"
        "4 What is Mary carrying?\tapple,milk\t1\n5 What is north of the box?\tnone\t1\n"
    )

    (changed,) = rename_symbols(3, ["box"]).apply(told)

    mice, *_, wolves = words(changed.facts[0].text)
    emily, *_, mouse = words(changed.facts[1].text)
    assert changed.facts[0].text[0].isupper()
    assert (mice, wolves) == (f"{mouse}s", f"{changed.questions[0].answer}s")
    assert changed.questions[0].text == f"What is {emily} afraid of?"
    assert len(changed.questions[1].answer.split(",")) == 2
    assert changed.questions[2].answer == "none"
    assert rename_symbols(3, ["box"]).apply(told) == (changed,)
    assert rename_symbols(4, ["box"]).apply(told) != (changed,)
    # A word that is known already is passed over.
    assert emily not in words(" ".join(texts(rename_symbols(3, [emily]).apply(told)[0])))


def test_rooms_that_follow_from_motives_are_not_renamed():
    told = stories("1 Sumit is thirsty.\n2 Where will sumit go?\tkitchen\t1\n", task=20)

    (changed,) = rename_symbols(0, []).apply(told)

    assert changed.questions[0].answer == "kitchen"
    assert "sumit" not in changed.questions[0].text


def test_unrelated_facts_come_before_the_story_and_are_about_others():
    told = stories(FOOTBALL)

    (changed,) = pad(100).apply(told)

    assert texts(changed)[100:] == texts(told[0])
    assert [fact.seq for fact in changed.facts] == list(range(1, 104))
    assert changed.questions[0].supporting == (101, 102)
    assert [question.facts_before for question in changed.questions] == [102, 103]
    before = {word for text in texts(changed)[:100] for word in words(text)}
    assert before.isdisjoint({"mary", "john", "football"})
    assert before & set(NAMES)


@pytest.mark.parametrize(
    ("change", "record", "note"),
    [
        (
            name_swap(),
            {"name": "name-swap"},
            "name swap as in sys-bAbI: in the test files daniel, john, sandra became bill, fred, julie in "
            "tasks 1, 2, 3, 6, 7, 8, 9, 11, 12, 13, the reverse in 5, 10, 14; other tasks unchanged",
        ),
        (
            rename_symbols(5, []),
            {"name": "rename-symbols", "seed": 5},
            "every symbol of the test files renamed to a word that training never saw (seed 5); in task 20 "
            "names only, because its rooms and objects follow from motives",
        ),
        (
            pad(1000),
            {"name": "pad", "facts": 1000},
            "1,000 unrelated facts about other names put before each story",
        ),
    ],
    ids=["name-swap", "rename-symbols", "pad"],
)
def test_a_change_says_what_it_did(change, record, note):
    assert change.record == record
    assert change.note == note
