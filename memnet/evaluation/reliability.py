"""Reliability: whether answers that are given with a probability of 80 % are right in 80 % of the cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

BINS = 15
"""Bins of the expected calibration error, of equal width, as in Guo et al. (2017)."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The answers whose probability is in one range."""

    answers: int
    probability: float
    """Their mean."""
    right: float
    """Share of them that are right."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """Probabilities of answers against how many of them are right."""

    name: str
    answers: int
    error: float
    """Expected calibration error: mean |probability - share right| of the bins, weighted by their answers."""
    bins: tuple[Bin, ...]
    """Those that hold an answer, in order."""

    def to_dict(self) -> dict[str, Any]:
        """As JSON, to four decimals."""
        return {
            "answers": self.answers,
            "expected_calibration_error": round(self.error, 4),
            "num_bins": BINS,
            "bins": [
                {
                    "answers": each.answers,
                    "probability": round(each.probability, 4),
                    "right": round(each.right, 4),
                }
                for each in self.bins
            ],
        }


def reliability(name: str, probabilities: Sequence[float], right: Sequence[bool]) -> Reliability:
    """The reliability of answers.

    Args:
        name: What was asked.
        probabilities: Of the answers, in [0, 1].
        right: Which are right.
    """
    p, r = np.asarray(probabilities, float), np.asarray(right, float)
    place = np.minimum((p * BINS).astype(int), BINS - 1)
    bins = tuple(
        Bin(int((place == b).sum()), float(p[place == b].mean()), float(r[place == b].mean()))
        for b in range(BINS)
        if (place == b).any()
    )
    apart = sum(each.answers * abs(each.probability - each.right) for each in bins)
    return Reliability(name, len(p), apart / max(1, len(p)), bins)
