"""Training and test stories in robust wording: many verbs, many shapes, names that hardly ever recur."""

from __future__ import annotations

from memnet.wording.entities import NAME_WORDS
from memnet.wording.generator import generate, unanswerable_questions
from memnet.wording.ledger import COUNTS
from memnet.wording.motives import DRIVES
from memnet.wording.tables import guessable, language, times
from memnet.wording.values import RELATIONS, Split, WordedQuestion, WordedStory

LANGUAGE: frozenset[str] = language()
"""Every lower-case word that training wording uses outside names."""

ANSWERS: frozenset[str] = frozenset(
    {"yes", "no", "maybe", "nothing", "nobody", *COUNTS}
    | {"north", "south", "east", "west"}
    | set(DRIVES.values())
    | set(times())
)
"""Answers that need not stand in any fact; every other one is copied from a fact."""

__all__ = [
    "ANSWERS",
    "LANGUAGE",
    "NAME_WORDS",
    "RELATIONS",
    "Split",
    "WordedQuestion",
    "WordedStory",
    "generate",
    "guessable",
    "unanswerable_questions",
]
