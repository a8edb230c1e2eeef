"""The thesaurus: what a verb that nobody taught is read as."""

from __future__ import annotations

import pytest

from memnet.thesaurus import read_as
from memnet.wording import LANGUAGE, guessable
from memnet.wording.tables import heads, held_out, own_words, tables


@pytest.mark.parametrize(
    ("word", "taught"),
    [
        ("hiked", "walked"),
        ("sprinted", "ran"),
        ("pilfered", "stole"),
        ("purchases", "buys"),
        ("bequeathed", "left"),
        ("carting", "carrying"),
    ],
)
def test_a_verb_in_any_form_is_read_as_a_taught_one_in_the_same_form(word, taught):
    assert taught in read_as()[word]


@pytest.mark.parametrize("word", ["milk", "water", "book", "garden", "mary", "football"])
def test_what_is_rather_a_thing_is_not_read_as_something_done(word):
    assert word not in read_as()


def test_every_word_is_read_as_taught_words_only():
    assert {taught for words in read_as().values() for taught in words} <= LANGUAGE


def test_no_word_that_testing_keeps_for_itself_stands_for_another():
    held = held_out()
    kept = {
        word
        for (group, name, pattern), own in own_words().items()
        if pattern in held[group].get(name, ())
        for word in own
    }

    assert kept.isdisjoint({taught for words in read_as().values() for taught in words})


def test_most_taught_verbs_would_be_read_as_one_of_their_own_relation_if_nobody_taught_them():
    training = tables(held=False)
    relation_of: dict[str, set[str]] = {}
    for relation, verbs in training.verbs.items():
        for verb in verbs:
            relation_of.setdefault(verb.forms.past.split()[0], set()).add(relation)
    verbs = [past for past in relation_of if past in guessable() and past in read_as()]

    right = sum(bool(relation_of[past] & relation_of.get(read_as()[past][0], set())) for past in verbs)

    assert len(verbs) >= 40
    assert right / len(verbs) >= 0.65
    assert heads() & {"go", "take", "give"} == {"go", "take", "give"}
