"""Lessons: stories to learn from, with answers as lists of words and names, whatever they come from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memnet.babi.symbols import PLURALS, SYMBOLS, symbols_of
from memnet.lexicon import UNDECIDED, Lexicon
from memnet.story import Story
from memnet.text import words
from memnet.tokens import singular
from memnet.wording import ANSWERS as WORDED_ANSWERS
from memnet.wording import LANGUAGE, RELATIONS, WordedStory


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a lesson."""

    text: str
    answers: tuple[str, ...]
    """The words or names of the answer, in order."""
    told: int
    """Facts before it."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """Facts in narrative order, and questions among them."""

    task: int
    """bAbI's number; 0 for a story in robust wording."""
    facts: tuple[str, ...]
    questions: tuple[Asked, ...]
    hidden: frozenset[str] = frozenset()
    """Words of language that this story is read without knowing."""
    relation: str = ""
    """What a story in robust wording asks about in the end."""

    @property
    def pool(self) -> int:
        """Lessons of a pool are told the more often the less they are mastered: a task of bAbI, or a relation
        of robust wording, from 100."""
        return _FIRST_RELATION + RELATIONS.index(self.relation) if self.relation else self.task


_FIRST_RELATION = 100


def task_of(pool: int) -> int:
    """The task whose lessons a pool holds; 0 for a relation of robust wording."""
    return pool if pool < _FIRST_RELATION else 0


def of_story(story: Story) -> Lesson:
    """A bAbI story; an answer such as `milk,football` is a list of two."""
    return Lesson(
        story.task,
        tuple(fact.text for fact in story.facts),
        tuple(Asked(each.text, tuple(each.answer.split(",")), each.facts_before) for each in story.questions),
    )


def of_worded(worded: WordedStory, hidden: frozenset[str] = frozenset()) -> Lesson:
    """A story in robust wording, read without knowing some words."""
    story = worded.story
    return Lesson(
        0,
        tuple(fact.text for fact in story.facts),
        tuple(
            Asked(each.text, known.answers or (UNDECIDED,), each.facts_before)
            for each, known in zip(story.questions, worded.questions, strict=True)
        ),
        hidden,
        worded.questions[-1].relation,
    )


def is_fixed(task: int, key: str) -> bool:
    """Whether a symbol must keep its vector in training, because what it is decides the answer.

    In task 20 motives lead to rooms and things ("Sumit is thirsty": to the kitchen), which no other word
    would.
    """
    return task == 20 and key not in symbols_of(20)


def language_of(lessons: Iterable[Lesson], *, worded: bool) -> list[str]:
    """The words to learn: all of bAbI's that are not names, and those of robust wording; sorted."""
    names = {*SYMBOLS, *PLURALS.values()}
    found: set[str] = set(LANGUAGE) if worded else set()
    for lesson in lessons:
        if lesson.task:
            for text in (*lesson.facts, *(asked.text for asked in lesson.questions)):
                found.update(words(text))
    return sorted(found - names)


def answers_of(lessons: Sequence[Lesson], lexicon: Lexicon, *, worded: bool) -> list[str]:
    """The answer words to learn: those that some bAbI lesson does not let one copy from its facts; sorted."""
    found: set[str] = {UNDECIDED, *WORDED_ANSWERS} if worded else set()
    for lesson in lessons:
        if not lesson.task:
            continue
        told: list[set[str]] = [set()]
        for fact in lesson.facts:
            told.append(told[-1] | {token.key for token in lexicon.tokens(fact) if token.key})
        for asked in lesson.questions:
            found.update(answer for answer in asked.answers if singular(answer) not in told[asked.told])
    return sorted(found)
