"""Stories among strangers: the same questions with thousands of unrelated facts around the story.

The strangers are people with invented names who move between bAbI's rooms. Their sentences are few, however
many facts there are, so each is encoded once, and what they supersede of one another is counted per sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Literal

import numpy as np
from jaxtyping import Float32, Int, Int64

from memnet.babi.symbols import PLACES
from memnet.babi.world import VERBS, Draw
from memnet.evaluation.baselines import asked
from memnet.evaluation.changes import new_words
from memnet.evaluation.exams import same_answer
from memnet.interpreters import Interpreter, TextFacts, Told, interpreter_of
from memnet.nn.multihead import LEAST_RETENTION
from memnet.reader import Reader
from memnet.story import Question, Story
from memnet.training.checkpoint import Checkpoint

Where = Literal["before", "around"]
"""All strangers before the story, or half of them before it and half between it and the question."""

NAMES = 100
"""People among the strangers."""


def sample(stories: Sequence[Story], count: int) -> list[tuple[Story, Question]]:
    """So many questions of some stories, evenly spread over them."""
    pairs = list(asked(stories))
    picked = np.linspace(0, len(pairs) - 1, min(count, len(pairs))).astype(int)
    return [pairs[row] for row in picked.tolist()]


class Strangers:
    """So many facts about other names, encoded by one network."""

    def __init__(self, interpreter: Interpreter, count: int, *, known: Sequence[str], names: int = NAMES):
        draw = Draw(0)
        people = [name.capitalize() for name in islice(new_words(0, known), names)]
        said = [f"{draw.one(people)} {draw.one(VERBS['move'])} the {draw.one(PLACES)}." for _ in range(count)]
        sentences = {text: row for row, text in enumerate(dict.fromkeys(said))}
        self.texts = said
        self.rows: Int[np.ndarray, " facts"] = np.array([sentences[text] for text in said], np.int64)
        self.vectors = interpreter.encode(list(sentences))
        self.left = left(interpreter, self.vectors, TextFacts(self.vectors))
        """What each sentence leaves of each, told after it, as a logarithm."""

    def retention(self, told: Int[np.ndarray, " facts"]) -> Float32[np.ndarray, " facts"]:
        """What these strangers leave of those among them who were told before."""
        kept = np.zeros(len(told), np.float64)
        later = np.zeros(len(self.vectors), np.float64)
        for place in range(len(told) - 1, -1, -1):
            row = told[place]
            kept[place] = later[row]
            later += self.left[row]
        return kept.astype(np.float32)


def left(
    interpreter: Interpreter, new: Float32[np.ndarray, "new spaces dim"], older: TextFacts
) -> Float32[np.ndarray, "new older"]:
    """What each new fact leaves of each older one, as a logarithm."""
    kept: np.ndarray = np.log1p(-interpreter.gates(new, older).astype(np.float64)).astype(np.float32)
    return kept


class Blocks:
    """Facts that stand in several arrays, one after the other."""

    def __init__(
        self,
        blocks: Sequence[Float32[np.ndarray, "_ spaces dim"]],
        retention: Float32[np.ndarray, " facts"],
    ) -> None:
        self._blocks, self._retention = blocks, retention
        self._ends = np.cumsum([len(block) for block in blocks])[:-1]

    def __len__(self) -> int:
        return len(self._retention)

    def scores(
        self, space: int, queries: Float32[np.ndarray, "queries dim"]
    ) -> Float32[np.ndarray, "queries facts"]:
        return np.concatenate([queries @ block[:, space].T for block in self._blocks], axis=1)

    def weighted(
        self, space: int, weights: Float32[np.ndarray, "queries facts"]
    ) -> Float32[np.ndarray, "queries dim"]:
        parts = np.split(weights, self._ends, axis=1)
        sums: np.ndarray = np.add.reduce(
            [part @ block[:, space] for part, block in zip(parts, self._blocks, strict=True)]
        )
        return sums

    def values(self, space: int) -> Float32[np.ndarray, "facts dim"]:
        return np.concatenate([block[:, space] for block in self._blocks])

    def above(self, least: float) -> tuple[Int64[np.ndarray, " above"], Blocks]:
        places = np.flatnonzero(self._retention >= least)
        inside = np.split(self._retention >= least, self._ends)
        blocks = [block[kept] for block, kept in zip(self._blocks, inside, strict=True)]
        return places, Blocks(blocks, self._retention[places])

    def retention(self) -> Float32[np.ndarray, " facts"]:
        return self._retention


class Crowd:
    """A checkpoint, and strangers with a place for a story among them; many stories can take it in turn.

    Args:
        checkpoint: What answers.
        count: How many facts about strangers.
        where: Where they stand.
        names: How many people they are.
    """

    def __init__(
        self, checkpoint: Checkpoint, count: int, *, where: Where = "before", names: int = NAMES
    ) -> None:
        self.words = checkpoint.vocabulary
        self.reader = Reader(checkpoint)
        self._interpreter = each = interpreter_of(checkpoint)
        known = {*checkpoint.vocabulary.words, *PLACES}
        self._strangers = strangers = Strangers(each, count, known=sorted(known), names=names)
        self._split = count if where == "before" else count // 2
        before, after = np.split(strangers.rows, [self._split])
        self._before, self._after = strangers.vectors[before], strangers.vectors[after]
        self._kept = strangers.retention(strangers.rows)

    def told(self, facts: Sequence[str]) -> Told:
        """The story's facts among the strangers, as a memory would hold them."""
        each, s, at = self._interpreter, self._strangers, self._split
        vectors = each.encode(facts)
        own = each.retention(vectors)
        taken = self._kept.copy()
        if each.has_gates and len(s.rows):
            before, after = s.rows[:at], s.rows[at:]
            taken[:at] += left(each, vectors, TextFacts(s.vectors)).sum(axis=0)[before]
            often = np.bincount(after, minlength=len(s.vectors)).astype(np.float32)
            own = own + often @ left(each, s.vectors, TextFacts(vectors))
        retention = np.concatenate([taken[:at], own, taken[at:]])
        retention = np.maximum(retention, LEAST_RETENTION).astype(np.float32)
        texts = [*s.texts[:at], *facts, *s.texts[at:]]
        slots = Blocks([self._before, vectors, self._after], retention)
        return Told(slots, range(1, len(texts) + 1), texts, len(texts), 0)


def error_among(crowd: Crowd, stories: Sequence[Story], questions: int) -> float:
    """Share of wrong answers, in [0, 1], to so many questions of some stories, each story among strangers."""
    wrong = []
    for story, question in sample(stories, questions):
        facts = [fact.text for fact in story.facts[: question.facts_before]]
        said = crowd.reader.answer(question.text, crowd.told(facts), limit=1).text
        wrong.append(not same_answer(crowd.words, said or "", question.answer))
    return sum(wrong) / len(wrong)
