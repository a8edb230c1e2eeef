"""What the generator hands out: stories, with what is known about each of their questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from memnet.story import Story

Reason = Literal["entity_never_mentioned", "relation_never_stated"]
Split = Literal["train", "test", "independent"]

RELATIONS = (
    "moving",
    "taking",
    "giving",
    "dropping",
    "being",
    "having",
    "before_after",
    "time",
    "place",
    "size",
    "negation",
    "either_or",
    "counting",
    "lists",
    "motivation",
)
"""What a question can be about."""


@dataclass(frozen=True, slots=True)
class WordedQuestion:
    """What is known about a question beside its text."""

    relation: str
    """One of `RELATIONS`."""
    answers: tuple[str, ...] | None
    """The answer, verbatim as the facts spell it (but for the capital of a sentence), without its article.
    A list has an entry for each thing,
    in the order they were first taken; a path one for each step. None: the facts do not decide it."""
    reason: Reason | None
    """Why it has no answer."""
    held_out: tuple[str, ...] = ()
    """The held-out wording that the question needs understood: of its gold facts or of itself."""


@dataclass(frozen=True, slots=True)
class WordedStory:
    """A story and what is known about its questions.

    `story.task` is 0. `story.questions` carry the same answers joined by commas, or an empty answer.
    """

    story: Story
    questions: tuple[WordedQuestion, ...]
    """Aligned with `story.questions`."""
    entities: tuple[str, ...]
    """Every name in the facts and questions, without its article: people, places, things and properties
    (a colour, a profession, a reason). The kitchen, bedroom and garden of motivations are not among them:
    they are answers that a network learns."""
