"""Sentences and stories to tensors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from memnet.nn.batch import Batch, Sentences
from memnet.story import Story
from memnet.text import words
from memnet.vocabulary import NIL, Vocabulary


def vectorise(sentences: Sequence[Sequence[str]], vocabulary: Vocabulary) -> Sentences:
    """Word lists to padded word indices, int64, shape (sentences, longest sentence, at least 1)."""
    longest = max((len(sentence) for sentence in sentences), default=1) or 1
    table = [[vocabulary[w] for w in s] + [NIL] * (longest - len(s)) for s in sentences]
    return Sentences(
        torch.tensor(table, dtype=torch.int64).view(len(sentences), longest),
        torch.tensor([len(sentence) for sentence in sentences], dtype=torch.int64),
    )


def vocabulary_of(stories: Iterable[Story]) -> Vocabulary:
    """Every word of the facts, questions and answers; an answer such as `milk,football` is one word."""
    seen: set[str] = set()
    for story in stories:
        for text in (*(fact.text for fact in story.facts), *(q.text for q in story.questions)):
            seen.update(words(text))
        seen.update(question.answer for question in story.questions)
    return Vocabulary.of(seen)


@dataclass(frozen=True, slots=True)
class Examples:
    """All questions of a data set. Each distinct sentence stands once; slots name it by row."""

    facts: Sentences
    questions: Sentences
    question: Int[Tensor, " examples"]
    """Row in `questions`."""
    slots: Int[Tensor, "examples memory"]
    """Row in `facts`, newest fact first; `len(facts)` marks an empty slot."""
    answers: Int[Tensor, " examples"]
    """Word index; nil for an answer that the vocabulary does not hold."""
    tasks: Int[Tensor, " examples"]
    stories: Int[Tensor, " examples"]
    """Number of the story that each question belongs to; questions of a story stand together."""

    def __len__(self) -> int:
        return len(self.answers)

    @property
    def memory_size(self) -> int:
        return self.slots.shape[1]

    def batches(
        self, index: Int[Tensor, "batches batch"], ages: Int[Tensor, "batches batch memory"] | None = None
    ) -> Iterator[Batch]:
        """Batches of the given examples, each with the facts that occur in it, every one once.

        Many batches are laid out together: on tiny networks, the calls per batch are what costs.

        Args:
            index: Which examples.
            ages: Age of the fact in each slot; None for 1, 2, 3 …
        """
        slots = self.slots[index]
        flat = slots.flatten(1)
        present = torch.zeros(len(index), len(self.facts) + 1, dtype=torch.bool).scatter_(1, flat, True)
        present[:, -1] = False
        # A present fact's row among those of its batch; the empty slot comes after them all.
        local = present.cumsum(dim=1) - 1
        counts = local[:, -1] + 1
        local[:, -1] = counts
        slots = local.gather(1, flat).view_as(slots)
        rows = present.nonzero()[:, 1].split_with_sizes(counts.tolist())
        if ages is None:
            ages = torch.arange(1, self.memory_size + 1).expand_as(slots)
        questions = self.question[index]
        answers = self.answers[index]
        for number, facts in enumerate(rows):
            yield Batch(
                facts=self.facts[facts],
                questions=self.questions[questions[number]],
                slots=slots[number],
                ages=ages[number],
                answers=answers[number],
            )

    def batch(self, index: Int[Tensor, " batch"]) -> Batch:
        """One batch of the given examples."""
        return next(self.batches(index[None]))


def examples_of(stories: Sequence[Story], vocabulary: Vocabulary, memory_size: int) -> Examples:
    """All questions of the stories, in order, each with the newest `memory_size` facts before it."""
    facts: dict[tuple[str, ...], int] = {}
    questions: dict[tuple[str, ...], int] = {}
    question_rows, fact_rows, answers, tasks, numbers = [], [], [], [], []
    for number, story in enumerate(stories):
        told = [facts.setdefault(tuple(words(fact.text)), len(facts)) for fact in story.facts]
        for question in story.questions:
            question_rows.append(questions.setdefault(tuple(words(question.text)), len(questions)))
            fact_rows.append(told[: question.facts_before][::-1][:memory_size])
            answers.append(vocabulary[question.answer])
            tasks.append(story.task)
            numbers.append(number)
    slots = torch.full((len(answers), memory_size), len(facts), dtype=torch.int64)
    for row, told in zip(slots, fact_rows, strict=True):
        row[: len(told)] = torch.tensor(told, dtype=torch.int64)
    return Examples(
        facts=vectorise(list(facts), vocabulary),
        questions=vectorise(list(questions), vocabulary),
        question=torch.tensor(question_rows, dtype=torch.int64),
        slots=slots,
        answers=torch.tensor(answers, dtype=torch.int64),
        tasks=torch.tensor(tasks, dtype=torch.int64),
        stories=torch.tensor(numbers, dtype=torch.int64),
    )
