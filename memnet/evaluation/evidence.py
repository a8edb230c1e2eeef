"""Attention against bAbI's gold supporting facts.

    R-precision           share of the n gold facts among the n facts with the highest weight
    all gold in top 5     whether the gold facts are all among the five highest
    sufficiency           whether the answer stays the same from the five highest facts alone
    comprehensiveness     whether the answer changes without the five highest facts

The weight of a fact is its attention at one hop, the highest of its heads, or, overall, its highest over
the hops. Among equal weights the newer fact comes first. Gold facts explain why an answer holds, not that
nothing later contradicts it: sufficiency can fail for that reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from memnet.evaluation.baselines import asked, lexical_weights, recency_weights
from memnet.evaluation.exams import Exam
from memnet.story import Story

TOP = 5
"""Facts that count as returned."""


@dataclass(frozen=True, slots=True)
class Gold:
    """The gold supporting facts of questions."""

    slots: Bool[Tensor, "examples memory"]
    """True at a gold fact; newest fact first, as in `Examples`."""
    counts: Int[Tensor, " examples"]
    """How many there are, also outside the slots."""

    @classmethod
    def of(cls, stories: Sequence[Story], width: int) -> Gold:
        """The gold facts of every question, in the order of `examples_of`."""
        found = [(question.facts_before, set(question.supporting)) for _, question in asked(stories)]
        slots = torch.zeros(len(found), width, dtype=torch.bool)
        for row, (told, seqs) in zip(slots, found, strict=True):
            row[[told - seq for seq in seqs if told - seq < width]] = True
        return cls(slots, torch.tensor([len(seqs) for _, seqs in found], dtype=torch.int64))


@dataclass(frozen=True, slots=True)
class Retrieval:
    """How well weights find the gold facts: means over questions, in [0, 1]."""

    r_precision: float
    all_gold_in_top5: float


@dataclass(frozen=True, slots=True)
class HopEvidence:
    """One hop's attention."""

    hop: int
    """1 for the first."""
    r_precision: float
    all_gold_in_top5: float
    null_mass: float
    """Mean attention on the null slots."""


@dataclass(frozen=True, slots=True)
class EvidenceReport:
    """The evidence of one task, means over the questions with gold facts."""

    questions: int
    r_precision: float
    """Of the highest attention over the hops."""
    all_gold_in_top5: float
    null_mass: float
    """Mean over the hops."""
    sufficiency: float
    comprehensiveness: float
    hops: tuple[HopEvidence, ...]
    lexical: Retrieval
    """Of the baseline that counts shared words."""
    recency: Retrieval
    """Of the baseline that takes the newest facts."""


def ranks(
    weights: Float[Tensor, "examples memory"], told: Bool[Tensor, "examples memory"]
) -> Int[Tensor, "examples memory"]:
    """The place of every fact by weight, 0 for the highest; newer first among equals, empty slots last."""
    order = weights.masked_fill(~told, float("-inf")).argsort(dim=1, descending=True, stable=True)
    return order.argsort(dim=1)


def found(
    places: Int[Tensor, "examples memory"], gold: Gold, count: int | Int[Tensor, "examples 1"]
) -> Int[Tensor, " examples"]:
    """How many gold facts are among the `count` highest."""
    return (gold.slots[:, : places.shape[1]] & (places < count)).sum(dim=1)


def retrieval(
    weights: Float[Tensor, "examples memory"], told: Bool[Tensor, "examples memory"], gold: Gold
) -> Retrieval:
    """R-precision and all-gold-in-top-5 of weights, over the questions with gold facts."""
    places, some = ranks(weights, told), gold.counts > 0
    share = found(places, gold, gold.counts[:, None]) / gold.counts
    whole = found(places, gold, TOP) == gold.counts
    return Retrieval(_mean(share[some]), _mean(whole[some]))


def evidence(exam: Exam, stories: Sequence[Story]) -> EvidenceReport | None:
    """Compare a network's attention with the gold facts; None when no question has any.

    Args:
        exam: The questions, with all the facts before them.
        stories: Where they come from.
    """
    told, readable = exam.told, exam.readable
    width = told.shape[1]
    gold = Gold.of(stories, width)
    some = gold.counts > 0
    if not some.any():
        return None
    result = exam.sit()
    attention, null = result.attention, result.null
    overall = attention.amax(dim=1)
    returned = (ranks(overall, readable) < TOP) & readable
    alone = _same(exam.sit(returned).answers, result.answers)
    changed = ~_same(exam.sit(told & ~returned).answers, result.answers)
    best = retrieval(overall, readable, gold)
    hops = [
        (retrieval(attention[:, hop], readable, gold), _mean(null[some, hop])) for hop in range(exam.num_hops)
    ]
    return EvidenceReport(
        questions=int(some.sum()),
        r_precision=best.r_precision,
        all_gold_in_top5=best.all_gold_in_top5,
        null_mass=_mean(null[some]),
        sufficiency=_mean(alone[some]),
        comprehensiveness=_mean(changed[some]),
        hops=tuple(
            HopEvidence(number, each.r_precision, each.all_gold_in_top5, mass)
            for number, (each, mass) in enumerate(hops, start=1)
        ),
        lexical=retrieval(lexical_weights(stories, width), told, gold),
        recency=retrieval(recency_weights(*told.shape), told, gold),
    )


def _same(answers: Sequence[str], others: Sequence[str]) -> Bool[Tensor, " questions"]:
    return torch.tensor([a == b for a, b in zip(answers, others, strict=True)], dtype=torch.bool)


def _mean(values: Tensor) -> float:
    return float(values.double().mean())
