"""What needs no network: the most frequent answer, shared words, the newest facts, stories seen before."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from memnet.story import Question, Story
from memnet.text import words

_FUNCTION_WORDS = frozenset(
    words(
        "a an the is are was were be to of in on at from with and or not there it he she they him her his "
        "them where what who why how when many do does did will you go i then before after"
    )
)
"""Words of a question that say nothing about which fact it is about."""


def asked(stories: Sequence[Story]) -> Iterator[tuple[Story, Question]]:
    """Every question with its story, in the order of `examples_of`."""
    return ((story, question) for story in stories for question in story.questions)


def seen_in_training(stories: Sequence[Story], training: Sequence[Story]) -> Bool[Tensor, " examples"]:
    """Which questions occur in training verbatim, with all the facts before them."""
    seen = {_context(story, question) for story, question in asked(training)}
    return torch.tensor([_context(story, question) in seen for story, question in asked(stories)])


def _context(story: Story, question: Question) -> tuple[str, ...]:
    return (question.text, *(fact.text for fact in story.facts[: question.facts_before]))


def majority_answer(training: Sequence[Story]) -> str:
    """The most frequent answer; of several, the first that training tells."""
    return Counter(question.answer for _, question in asked(training)).most_common(1)[0][0]


def majority_error(stories: Sequence[Story], training: Sequence[Story]) -> float:
    """Error of always giving the most frequent training answer, in [0, 1]."""
    answer = majority_answer(training)
    wrong = [question.answer != answer for _, question in asked(stories)]
    return sum(wrong) / len(wrong)


def lexical_error(stories: Sequence[Story], training: Sequence[Story]) -> float:
    """Error of looking the answer up in the fact that shares most with the question, in [0, 1].

    The answer is the first word of the best fact by `lexical_weights` that is an answer in training and
    is not in the question; if the fact has none, that of the next one; else the most frequent answer.
    """
    candidates = {question.answer for _, question in asked(training)}
    fallback = majority_answer(training)
    wrong, count = 0, 0
    for story in stories:
        bags = [_bag(fact.text) for fact in story.facts]
        for question in story.questions:
            told = question.facts_before
            weights = _shared(question, bags[:told])
            given = candidates - set(words(question.text))
            ranked = sorted(range(told), key=lambda index: (-weights[index], -index))
            found = (word for index in ranked for word in words(story.facts[index].text) if word in given)
            wrong += next(found, fallback) != question.answer
            count += 1
    return wrong / count


def lexical_weights(stories: Sequence[Story], width: int) -> Float[Tensor, "examples memory"]:
    """How much each fact shares with the question, newest fact first: the sum of the shared words' idf.

        idf(w) = log(1 + n / n_w)

    over the n facts told before the question, n_w of them with w. Only content words of the question
    count.
    """
    weights = torch.zeros(sum(len(story.questions) for story in stories), width)
    row = 0
    for story in stories:
        bags = [_bag(fact.text) for fact in story.facts]
        for question in story.questions:
            shared = _shared(question, bags[: question.facts_before])
            weights[row, : len(shared)] = torch.tensor(shared[::-1])
            row += 1
    return weights


def recency_weights(examples: int, width: int) -> Float[Tensor, "examples memory"]:
    """The newer, the higher; newest fact first."""
    return torch.arange(width, 0, -1, dtype=torch.float32).expand(examples, width)


@cache
def _bag(text: str) -> frozenset[str]:
    """The words of a fact; test files repeat few sentences many times."""
    return frozenset(words(text))


def _shared(question: Question, bags: Sequence[frozenset[str]]) -> list[float]:
    shared = [0.0] * len(bags)
    for word in sorted(set(words(question.text)) - _FUNCTION_WORDS):
        having = [index for index, bag in enumerate(bags) if word in bag]
        for index in having:
            shared[index] += math.log(1 + len(bags) / len(having))
    return shared
