"""The words of the product as plain values: facts, questions, stories, answers.

Standard library only: everything else may use these, they use nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Reason = Literal["no_eligible_facts", "unknown_words", "no_relevant_facts", "undecided", "low_confidence"]
"""Why a memory abstains.

* `no_eligible_facts`: there are no facts, or none that may be read
* `unknown_words`: a word of the question means nothing to the network, or no fact speaks of a name in it
* `no_relevant_facts`: no attention read gave a fact half of itself; there was nothing to find
* `undecided`: the facts do not decide it
* `low_confidence`: there is an answer, but too little speaks for it
"""


@dataclass(frozen=True, slots=True)
class Fact:
    """One remembered sentence."""

    seq: int
    """Its number in the memory, from 1; never reused."""
    text: str
    """The sentence, verbatim."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a bAbI story."""

    text: str
    answer: str
    supporting: tuple[int, ...]
    """`seq` of bAbI's gold supporting facts, in the file's order."""
    facts_before: int
    """How many facts of the story were told before the question."""


@dataclass(frozen=True, slots=True)
class Story:
    """One bAbI story: facts in narrative order and the questions among them."""

    task: int
    facts: tuple[Fact, ...]
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Attended:
    """The attention that one fact received at one hop."""

    seq: int
    weight: float
    """Attention after the softmax, in [0, 1]."""
    score: float
    """Attention score before the softmax."""


@dataclass(frozen=True, slots=True)
class HeadReading:
    """What one head of a hop read: the listed weights, `other_mass` and `null_mass` sum to 1."""

    head: int
    """1 for the first head."""
    attention: tuple[Attended, ...]
    """The facts with the most attention of this head, best first."""
    other_mass: float
    """Its attention on facts that are not listed."""
    null_mass: float
    """Its attention on its null slot."""


@dataclass(frozen=True, slots=True)
class HopReading:
    """One attention read, the mean of its heads: listed weights, `other_mass` and `null_mass` sum to 1."""

    hop: int
    """1 for the first read."""
    attention: tuple[Attended, ...]
    """The facts with the most attention, best first."""
    other_mass: float
    """Attention on facts that are not listed."""
    null_mass: float
    """Attention on the null slots: "nothing here is relevant"."""
    heads: tuple[HeadReading, ...] = ()
    """What each head read, where that was asked for."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A fact that attention used for an answer."""

    seq: int
    text: str
    weight: float
    """Mean attention over the hops."""
    per_hop: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ReadAs:
    """A word that the network never held, and the nearest one that it did, which stood for it."""

    word: str
    taught: str


@dataclass(frozen=True, slots=True)
class Alternative:
    """A possible answer."""

    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Entry:
    """A word or name of an answer; a list has several, in no order that means anything."""

    text: str
    probability: float
    """That it belongs to the answer, whatever else does."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the network says, and the reading that led to it."""

    question: str
    text: str | None
    """The answer, or None when the memory abstains."""
    reason: Reason | None
    """Why it abstained; None otherwise."""
    probability: float
    """Probability of the answer; 0 when the memory abstains."""
    margin: float
    """How far it is ahead of the next one's."""
    alternatives: tuple[Alternative, ...]
    """Most probable first; the first is the answer."""
    hops: tuple[HopReading, ...]
    evidence: tuple[Evidence, ...]
    """Most attended first."""
    unknown_words: tuple[str, ...]
    """Words of the question that mean nothing to the network, or names that no fact speaks of."""
    revision: int
    """The state of the memory that was read."""
    eligible: int
    """Facts the memory held."""
    attended: int
    """Facts the network could attend to: the newest ones, if it has a fixed memory size."""
    entries: tuple[Entry, ...] = ()
    """The words and names of the answer: one, or those of a list; none when the memory abstains."""
    read_as: tuple[ReadAs, ...] = ()
    """Words of the question for which others were read."""
