"""Changed test stories, to see what a network learned: the right answers change with the words, or stay.

Each change is a function from the stories of one task's test file to as many stories with as many
questions. Training data are never changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from memnet.babi.symbols import NAMES, PLACES, PLURALS, SYMBOLS, symbols_of
from memnet.babi.world import VERBS, Draw
from memnet.story import Fact, Story
from memnet.text import words

_SWAP = {"daniel": "bill", "john": "fred", "sandra": "julie"}
_SWAPPED_TASKS = (1, 2, 3, 6, 7, 8, 9, 11, 12, 13)
_SWAPPED_BACK_TASKS = (5, 10, 14)

_LETTERS = re.compile(r"[A-Za-z]+")
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"


@dataclass(frozen=True, slots=True)
class Change:
    """What is done to the test stories before they are asked."""

    record: Mapping[str, Any]
    """Name and settings, for machines."""
    note: str
    """The same for people."""
    apply: Callable[[Sequence[Story]], tuple[Story, ...]]


def name_swap() -> Change:
    """The swap of sys-bAbI: names that training knows from other tasks only."""
    back = {new: old for old, new in _SWAP.items()}

    def apply(stories: Sequence[Story]) -> tuple[Story, ...]:
        swaps = dict.fromkeys(_SWAPPED_TASKS, _SWAP) | dict.fromkeys(_SWAPPED_BACK_TASKS, back)
        return tuple(_reworded(story, swaps.get(story.task, {})) for story in stories)

    note = (
        "name swap as in sys-bAbI: in the test files daniel, john, sandra became bill, fred, julie in tasks "
        f"{_listed(_SWAPPED_TASKS)}, the reverse in {_listed(_SWAPPED_BACK_TASKS)}; other tasks unchanged"
    )
    return Change({"name": "name-swap"}, note, apply)


def rename_symbols(seed: int, known: Collection[str]) -> Change:
    """Every name, place, thing, species, colour, shape and container becomes a word not in `known`.

    Args:
        seed: Which words; the same seed always gives the same ones.
        known: Every word of the training data.
    """
    new = new_words(seed, known)
    names = dict(zip(SYMBOLS, new, strict=False))
    names |= {plural: f"{names[singular]}s" for singular, plural in PLURALS.items()}

    def apply(stories: Sequence[Story]) -> tuple[Story, ...]:
        return tuple(
            _reworded(story, {old: names[old] for old in _with_plurals(symbols_of(story.task))})
            for story in stories
        )

    note = (
        f"every symbol of the test files renamed to a word that training never saw (seed {seed}); "
        "in task 20 names only, because its rooms and objects follow from motives"
    )
    return Change({"name": "rename-symbols", "seed": seed}, note, apply)


def pad(count: int) -> Change:
    """So many facts before each story, about people who are not in it, moving about."""

    def apply(stories: Sequence[Story]) -> tuple[Story, ...]:
        return tuple(_padded(story, count) for story in stories)

    note = f"{count:,} unrelated facts about other names put before each story"
    return Change({"name": "pad", "facts": count}, note, apply)


def _reworded(story: Story, names: Mapping[str, str]) -> Story:
    """A story with some words replaced in facts, questions and answers; a capital stays a capital."""

    def put(match: re.Match[str]) -> str:
        old = match.group()
        new = names.get(old.lower(), old)
        return new.capitalize() if old[0].isupper() and new is not old else new

    if not names:
        return story
    return replace(
        story,
        facts=tuple(replace(fact, text=_LETTERS.sub(put, fact.text)) for fact in story.facts),
        questions=tuple(
            replace(each, text=_LETTERS.sub(put, each.text), answer=_LETTERS.sub(put, each.answer))
            for each in story.questions
        ),
    )


def new_words(seed: int, known: Collection[str]) -> Iterator[str]:
    """Words such as `dolab`, each once, neither they nor their plurals among the known ones."""
    draw, taken = Draw(seed), set(known)
    while True:
        word = "".join(draw.one(letters) for letters in (_CONSONANTS, _VOWELS) * 2 + (_CONSONANTS,))
        if taken.isdisjoint({word, f"{word}s"}):
            taken |= {word, f"{word}s"}
            yield word


def _with_plurals(symbols: Sequence[str]) -> tuple[str, ...]:
    return (*symbols, *(PLURALS[symbol] for symbol in symbols if symbol in PLURALS))


def _padded(story: Story, count: int) -> Story:
    inside = {word for text in _texts(story) for word in words(text)}
    before = _unrelated(tuple(name for name in NAMES if name not in inside), count)
    return replace(
        story,
        facts=(*before, *(replace(fact, seq=fact.seq + count) for fact in story.facts)),
        questions=tuple(
            replace(
                each,
                facts_before=each.facts_before + count,
                supporting=tuple(seq + count for seq in each.supporting),
            )
            for each in story.questions
        ),
    )


def _texts(story: Story) -> Iterator[str]:
    yield from (fact.text for fact in story.facts)
    for question in story.questions:
        yield from (question.text, question.answer)


@cache
def _unrelated(people: tuple[str, ...], count: int) -> tuple[Fact, ...]:
    """Moves of the given people; stories with the same people share them."""
    draw = Draw(0)
    return tuple(
        Fact(seq, f"{draw.one(people).capitalize()} {draw.one(VERBS['move'])} the {draw.one(PLACES)}.")
        for seq in range(1, count + 1)
    )


def _listed(tasks: Sequence[int]) -> str:
    return ", ".join(str(task) for task in tasks)
