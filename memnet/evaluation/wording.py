"""Worded stories, put to a checkpoint: errors by relation, and how often it declines what has no answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from memnet.evaluation.reliability import Reliability, reliability
from memnet.reader import Reader
from memnet.wording import WordedStory, generate, unanswerable_questions

FAMILIAR_SEED = 3_000_000_019
"""Of the stories in training wording that are asked: neither those of training nor those of validation."""


@dataclass(frozen=True, slots=True)
class Put:
    """A question of a worded story, answered."""

    relation: str
    kind: str
    """`answerable`, or why it has no answer."""
    right: bool
    """A right answer was given."""
    declined: bool
    lost: bool
    """Declined, though the most probable answer was right."""
    probability: float
    """Of the answer that was given."""


def put(reader: Reader, stories: Sequence[WordedStory]) -> Iterator[Put]:
    """Ask every question of some stories."""
    for worded in stories:
        texts = [fact.text for fact in worded.story.facts]
        for question, known in zip(worded.story.questions, worded.questions, strict=True):
            said = reader.ask_facts(texts[: question.facts_before], question.text)
            declined = said.text is None
            best = said.alternatives[0].text if declined and said.alternatives else said.text
            fits = known.answers is not None and same(best, known.answers, known.relation)
            yield Put(
                relation=known.relation,
                kind=known.reason or "answerable",
                right=fits and not declined,
                declined=declined,
                lost=fits and declined,
                probability=said.probability,
            )


def same(said: str | None, answers: Sequence[str], relation: str) -> bool:
    """Whether an answer is right; lists are sets, ways are not."""
    given = [part.casefold() for part in (said or "").split(",")]
    wanted = [answer.casefold() for answer in answers]
    return sorted(given) == sorted(wanted) if relation == "lists" else given == wanted


@dataclass(frozen=True, slots=True)
class Wording:
    """A checkpoint on worded stories. Errors are shares, in [0, 1]."""

    held_out: tuple[Put, ...]
    """Decisive facts, or the question, in wording kept for testing; names of the testing half."""
    independent: tuple[Put, ...]
    """The same in wording by somebody who had not seen the other; names of the testing half."""
    familiar: tuple[Put, ...]
    """In training wording, other stories."""
    unanswerable: tuple[Put, ...]
    """The fixed set for abstaining, with its questions that do have an answer."""

    def to_dict(self) -> dict[str, Any]:
        """As JSON, to four decimals."""
        return {
            "held_out": _errors(self.held_out),
            "independent": _errors(self.independent),
            "familiar": _errors(self.familiar),
            "abstained": {
                kind: {
                    "questions": len(mine),
                    "abstained": round(fmean(each.declined for each in mine), 4),
                    "right_answers_lost": round(fmean(each.lost for each in mine), 4),
                }
                for kind in sorted({each.kind for each in self.unanswerable})
                if (mine := [each for each in self.unanswerable if each.kind == kind])
            },
        }


def measure(reader: Reader, *, stories: int = 2_000, seed: int = 0, unanswerable: int = 1_000) -> Wording:
    """Ask so many stories of each split, and the first of the fixed set for abstaining."""
    return Wording(
        tuple(put(reader, generate(stories, seed=seed, split="test"))),
        tuple(put(reader, generate(stories, seed=seed, split="independent"))),
        tuple(put(reader, generate(stories, seed=FAMILIAR_SEED + seed))),
        tuple(put(reader, unanswerable_questions(count=unanswerable))),
    )


def reliability_of(name: str, asked: Sequence[Put]) -> Reliability:
    """Of the answers that were given."""
    given = [each for each in asked if not each.declined]
    return reliability(name, [each.probability for each in given], [each.right for each in given])


def _errors(asked: Sequence[Put]) -> dict[str, Any]:
    answerable = [each for each in asked if each.kind == "answerable"]
    relations = sorted({each.relation for each in answerable})
    return {
        "questions": len(answerable),
        "error": _error(answerable),
        "relations": {
            relation: {"questions": len(mine), "error": _error(mine)}
            for relation in relations
            if (mine := [each for each in answerable if each.relation == relation])
        },
    }


def _error(asked: Sequence[Put]) -> float | None:
    return round(1 - fmean(each.right for each in asked), 4) if asked else None
