"""Exams: the questions of test stories, put to a network of any family, with some of the facts or all.

Axes: `questions`, in the order of the stories; `memory`, the facts before each, newest first.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from memnet.evaluation.answers import readings
from memnet.evaluation.baselines import asked
from memnet.lexicon import Lexicon
from memnet.nn.families import Words
from memnet.nn.memn2n import MemN2N
from memnet.nn.multihead import MultiHeadMemory
from memnet.story import Story
from memnet.training.checkpoint import Checkpoint
from memnet.training.multihead.episodes import Episodes
from memnet.training.multihead.lessons import Asked, Lesson
from memnet.training.vectorise import Examples, examples_of
from memnet.vocabulary import Vocabulary

_SLOTS_AT_ONCE = 16_384
"""Facts of a batch of the multi-head network, those of different questions counted apart."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """An exam, taken."""

    answers: list[str]
    """As bAbI writes them, lists with commas."""
    attention: Float[Tensor, "questions hops memory"]
    """On every fact, 0 where there is none; of several heads the highest."""
    null: Float[Tensor, "questions hops"]
    """On the null slots; of several heads the mean."""


class Exam(ABC):
    """The questions of some stories.

    Attributes:
        told: Where a slot holds a fact.
        readable: Where it holds one that the network can attend to.
        gold: The right answers.
        num_hops: Reads per question.
    """

    told: Bool[Tensor, "questions memory"]
    readable: Bool[Tensor, "questions memory"]
    gold: list[str]
    num_hops: int

    @abstractmethod
    def sit(self, kept: Bool[Tensor, "questions memory"] | None = None) -> Sitting:
        """Answer all questions from all facts, or from those that are kept, as if there were no others."""

    def right(self, answers: Sequence[str]) -> Bool[Tensor, " questions"]:
        """Which answers are right: the whole of a list, in its order."""
        return torch.tensor([a == b for a, b in zip(answers, self.gold, strict=True)], dtype=torch.bool)


def exam_of(checkpoint: Checkpoint, stories: Sequence[Story]) -> Exam:
    """The exam that puts the questions of some stories to a checkpoint."""
    match checkpoint.network, checkpoint.vocabulary:
        case MemN2N() as network, Vocabulary() as vocabulary:
            return MemN2NExam(network, vocabulary, stories)
        case MultiHeadMemory() as network, Lexicon() as lexicon:
            return MultiHeadExam(network, lexicon, stories, checkpoint.calibration.temperature)
    raise AssertionError("a network with words of another family")


def same_answer(words: Words, said: str, gold: str) -> bool:
    """Whether two answers are one: the whole of a list, in its order.

    To a network that copies, a name is the same in singular and plural, as the files have it.
    """
    if not isinstance(words, Lexicon):
        return said == gold
    return [words.key_of(part) for part in said.split(",")] == [words.key_of(p) for p in gold.split(",")]


def keep(examples: Examples, kept: Bool[Tensor, "examples memory"]) -> Examples:
    """The same questions with some of the facts; older facts move up, as when others are forgotten."""
    empty = len(examples.facts)
    order = (~kept).int().argsort(dim=1, stable=True)
    return replace(examples, slots=examples.slots.masked_fill(~kept, empty).gather(1, order))


def newest(examples: Examples, memory_size: int | None) -> Examples:
    """The same questions with the newest facts only."""
    return replace(examples, slots=examples.slots[:, :memory_size])


class MemN2NExam(Exam):
    """Questions for a MemN2N, which reads its newest `memory_size` facts."""

    def __init__(self, network: MemN2N, vocabulary: Vocabulary, stories: Sequence[Story]) -> None:
        self._network, self._vocabulary = network, vocabulary
        self.num_hops = network.num_hops
        self.gold = [question.answer for _, question in asked(stories)]
        longest = max(question.facts_before for _, question in asked(stories))
        # At least as many slots as the network has: those that are empty are null slots.
        self._examples = examples_of(stories, vocabulary, max(1, longest, network.memory_size))
        self.told = self._examples.slots != len(self._examples.facts)
        self.readable = self.told.clone()
        self.readable[:, network.memory_size :] = False

    def sit(self, kept: Bool[Tensor, "questions memory"] | None = None) -> Sitting:
        examples = self._examples if kept is None else keep(self._examples, kept)
        read = readings(self._network, newest(examples, self._network.memory_size))
        answers = [self._vocabulary.word(index + 1) for index in read.logits.argmax(dim=-1).tolist()]
        padding = self.told.shape[1] - read.attention.shape[2]
        return Sitting(answers, torch.nn.functional.pad(read.attention, (0, padding)), read.null)


class MultiHeadExam(Exam):
    """Questions for a multi-head network, which reads all facts."""

    def __init__(
        self,
        network: MultiHeadMemory,
        lexicon: Lexicon,
        stories: Sequence[Story],
        temperature: float = 1.0,
    ) -> None:
        self._network, self._lexicon, self._temperature = network, lexicon, temperature
        self.num_hops = network.config.num_hops
        pairs = list(asked(stories))
        self.gold = [question.answer for _, question in pairs]
        self._questions = [question.text for _, question in pairs]
        self._facts = [
            [fact.text for fact in story.facts[: question.facts_before]][::-1] for story, question in pairs
        ]
        width = max(1, *map(len, self._facts))
        self.told = torch.arange(width) < torch.tensor([len(facts) for facts in self._facts])[:, None]
        self.readable = self.told

    def right(self, answers: Sequence[str]) -> Bool[Tensor, " questions"]:
        """Which answers are right; a name is the same in singular and plural, as the files have it."""
        same = [same_answer(self._lexicon, a, b) for a, b in zip(answers, self.gold, strict=True)]
        return torch.tensor(same, dtype=torch.bool)

    @torch.inference_mode()
    def sit(self, kept: Bool[Tensor, "questions memory"] | None = None) -> Sitting:
        chosen = self.told if kept is None else kept & self.told
        slots = [row.nonzero()[:, 0].tolist() for row in chosen]
        c = self._network.config
        attention = torch.zeros(len(slots), c.num_hops, self.told.shape[1])
        null = torch.ones(len(slots), c.num_hops)
        # Without facts there is no answer, as when a memory is asked.
        answers = [""] * len(slots)
        # Questions with as many facts together, so that little is padding.
        order = sorted((row for row, told in enumerate(slots) if told), key=lambda row: len(slots[row]))
        start = 0
        while start < len(order):
            longest = len(slots[order[min(start + 255, len(order) - 1)]])
            rows = order[start : start + max(1, min(256, _SLOTS_AT_ONCE // max(1, longest)))]
            start += len(rows)
            self._sit_some(rows, [slots[row] for row in rows], answers, attention, null)
        return Sitting(answers, attention, null)

    def _sit_some(
        self, rows: list[int], slots: list[list[int]], answers: list[str], attention: Tensor, null: Tensor
    ) -> None:
        lessons = [
            Lesson(
                1,
                tuple(self._facts[row][slot] for slot in reversed(told)),
                (Asked(self._questions[row], (), len(told)),),
            )
            for row, told in zip(rows, slots, strict=True)
        ]
        c = self._network.config
        episodes = Episodes(
            lessons,
            self._lexicon,
            symbol_dim=c.symbol_dim,
            positions=c.positions,
            memory=max(1, *map(len, slots)),
            fixed=lambda task, key: True,
        )
        batch, _ = episodes.batch(np.arange(len(rows)), rename=False)
        outcome = self._network(batch)
        for index, (row, told) in enumerate(zip(rows, slots, strict=True)):
            answers[row] = episodes.said(index, outcome.logits[index, 0] / self._temperature, self._lexicon)
            null[row] = outcome.null[index, 0].mean(dim=-1)
            # Facts stand oldest first in the batch, newest first here.
            highest = outcome.attention[index, 0, :, :, : len(told)].amax(dim=1)
            attention[row][:, told] = highest.flip(-1)
