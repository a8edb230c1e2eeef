"""What every family offers to those who only have text: encode facts, say what they supersede, answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from jaxtyping import Float32, Int64

from memnet.errors import TextError
from memnet.story import Alternative, Entry, ReadAs
from memnet.text import has_word
from memnet.worked import Worked


class Facts(Protocol):
    """The facts that a question may read, oldest first, wherever their vectors are kept."""

    def __len__(self) -> int:
        """Number of facts."""

    def scores(
        self, space: int, queries: Float32[np.ndarray, "queries dim"]
    ) -> Float32[np.ndarray, "queries facts"]:
        """Inner product of every query with every fact's vector of one space."""

    def weighted(
        self, space: int, weights: Float32[np.ndarray, "queries facts"]
    ) -> Float32[np.ndarray, "queries dim"]:
        """Sums of the facts' vectors of one space, weighted."""

    def values(self, space: int) -> Float32[np.ndarray, "facts dim"]:
        """The facts' vectors of one space themselves: for few facts."""

    def retention(self) -> Float32[np.ndarray, " facts"]:
        """What later writes left of each fact, as a logarithm; 0 for all of it."""

    def above(self, least: float) -> tuple[Int64[np.ndarray, " above"], Facts]:
        """The facts of which at least so much is left, as a logarithm: their positions, and they alone."""


class TextFacts:
    """Facts whose vectors are held in one array."""

    def __init__(
        self,
        vectors: Float32[np.ndarray, "facts spaces dim"],
        retention: Float32[np.ndarray, " facts"] | None = None,
    ) -> None:
        self._vectors = vectors
        self._retention = np.zeros(len(vectors), np.float32) if retention is None else retention

    def __len__(self) -> int:
        return len(self._vectors)

    def scores(
        self, space: int, queries: Float32[np.ndarray, "queries dim"]
    ) -> Float32[np.ndarray, "queries facts"]:
        scores: np.ndarray = queries @ self._vectors[:, space].T
        return scores

    def weighted(
        self, space: int, weights: Float32[np.ndarray, "queries facts"]
    ) -> Float32[np.ndarray, "queries dim"]:
        sums: np.ndarray = weights @ self._vectors[:, space]
        return sums

    def values(self, space: int) -> Float32[np.ndarray, "facts dim"]:
        return self._vectors[:, space]

    def retention(self) -> Float32[np.ndarray, " facts"]:
        return self._retention

    def above(self, least: float) -> tuple[Int64[np.ndarray, " above"], TextFacts]:
        places = np.flatnonzero(self._retention >= least)
        return places, TextFacts(self._vectors[places], self._retention[places])


@dataclass(frozen=True, slots=True)
class Told:
    """The facts that a question may be answered from, oldest first."""

    slots: Facts
    """The newest facts, as many as the network attends to."""
    seqs: Sequence[int]
    """Fact number of each slot."""
    texts: Sequence[str]
    """Text of each slot."""
    eligible: int
    """Facts there were, the ones too old to be attended to included."""
    revision: int
    worked: Worked = field(default_factory=Worked, repr=False, compare=False)
    """What interpreters worked out of these facts, for the next question about them."""


@dataclass(frozen=True, slots=True)
class Interpretation:
    """One question, answered. Attention, of all heads, and null of a hop sum to 1 per head."""

    read: Int64[np.ndarray, " facts"]
    """Positions, among the slots, of the facts that could be attended to; the others are retired."""
    alternatives: tuple[Alternative, ...]
    """Most probable first."""
    entries: tuple[Entry, ...]
    """Of the most probable answer."""
    undecided: float
    """Probability that the facts do not decide it; 0 for a network that cannot tell."""
    scores: Float32[np.ndarray, "hops heads facts"]
    """Before the softmax."""
    attention: Float32[np.ndarray, "hops heads facts"]
    null: Float32[np.ndarray, "hops heads"]


class Interpreter(ABC):
    """Words in, vectors and answers out. Threads may share it."""

    family: str
    spaces: int
    """Vectors kept for each fact."""
    dim: int
    """Width of each."""
    num_hops: int
    num_heads: int
    memory_size: int | None
    """Most facts a question attends to, the newest ones; None without such a limit."""
    num_words: int
    """Words it knows."""
    parameters: int
    """Numbers it was trained to."""
    has_gates: bool
    """Whether a new fact may supersede older ones."""
    retire_below: float | None
    """Facts of which later ones left less, as a logarithm, are not attended to; None without gates."""

    @abstractmethod
    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "facts spaces dim"]:
        """The vectors that are kept for facts, and never changed.

        Raises:
            TextError: A text without a word; `index` says which.
        """

    @abstractmethod
    def encode_question(self, text: str) -> Float32[np.ndarray, "queries dim"]:
        """What facts' first vectors are matched with in a search; the best of the queries counts.

        Raises:
            TextError: A text without a word.
        """

    @abstractmethod
    def unknown_words(self, text: str) -> tuple[str, ...]:
        """The words of a fact that do not help an answer, each once, in order."""

    @abstractmethod
    def strange_words(self, question: str, told: Told) -> tuple[str, ...]:
        """The words of a question that mean nothing to the network or that no fact speaks of, each once."""

    def read_as(self, text: str) -> tuple[ReadAs, ...]:
        """The words of a sentence for which others are read, each once, in order."""
        return ()

    def gates(
        self, vectors: Float32[np.ndarray, "new spaces dim"], older: Facts
    ) -> Float32[np.ndarray, "new older"]:
        """How far each new fact supersedes each older one, in [0, 1]."""
        return np.zeros((len(vectors), len(older)), np.float32)

    def retention(self, vectors: Float32[np.ndarray, "facts spaces dim"]) -> Float32[np.ndarray, " facts"]:
        """What facts leave of those before them when they are told in this order."""
        return np.zeros(len(vectors), np.float32)

    @abstractmethod
    def answer(self, question: str, told: Told, count: int) -> Interpretation:
        """Answer a question from at least one fact.

        Args:
            question: One question with a word in it.
            told: What to answer from.
            count: Alternatives to list.
        """


def check_words(text: str, what: str, index: int | None = None) -> None:
    """Refuse a text in which there is nothing to read.

    Raises:
        TextError: It has no word.
    """
    if not has_word(text):
        raise TextError(f"{what} has no word in it", hint="write a sentence", index=index)
