"""Calibration: what turns a trained network's numbers into probabilities that hold, and says when to decline.

It is fitted after training on validation stories (`memnet.evaluation.calibrate`) and kept in the checkpoint's
configuration. A network without one answers with its numbers as they are.

    P(answer)  = softmax(logits / T)
    doubt      = sigmoid(w . [1 ; log-odds of undecided ; log-odds of the best answer ; strange ; peak])
    abstain      if undecided is more probable than the best answer, or doubt is above its limit

`strange` is 1 if the question has words that mean nothing to the network or names that no fact speaks of, and
`peak` the highest attention that any head of any hop pays to one fact.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

VERSION = 2

_SURE = 1e-6
"""Probabilities nearer to 0 or 1 have the log-odds of this one."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """How probable it is that the facts do not decide a question."""

    bias: float
    undecided: float
    confidence: float
    strange: float
    peak: float
    limit: float = 1.0
    """Above this the memory abstains, in [0, 1]."""

    def of(self, *, undecided: float, best: float, strange: bool, peak: float) -> float:
        """The probability that the facts do not decide it, in [0, 1]."""
        features = signals(undecided=undecided, best=best, strange=strange, peak=peak)
        weights = (self.bias, self.undecided, self.confidence, self.strange, self.peak)
        z = math.fsum(w * x for w, x in zip(weights, features, strict=True))
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, z))))


def signals(
    *, undecided: float, best: float, strange: bool, peak: float
) -> tuple[float, float, float, float, float]:
    """What doubt is computed from, in the order of its weights."""
    return 1.0, _log_odds(undecided), _log_odds(best), float(strange), peak


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was fitted to a trained network."""

    temperature: float = 1.0
    """T; above 1 makes probabilities more cautious."""
    least_gate: float = 0.0
    """What a new fact takes of an older one, in nats, is nothing if it is less than this."""
    sharpening: float = 0.0
    """a: among many facts, scores are multiplied by 1 + a ln(facts / 64); see `nn.attention.sharpness`."""
    doubt: Doubt | None = None
    """None: the memory abstains only if undecided is the most probable answer."""
    record: Mapping[str, Any] = field(default_factory=dict)
    """On which stories it was fitted, and how well, as JSON."""

    def abstains(self, *, undecided: float, best: float, strange: bool, peak: float) -> bool:
        """Whether to give no answer."""
        if undecided > best:
            return True
        if self.doubt is None:
            return False
        return self.doubt.of(undecided=undecided, best=best, strange=strange, peak=peak) > self.doubt.limit

    def to_json(self) -> dict[str, Any]:
        """What `from_json` makes the same calibration of."""
        d = self.doubt
        return {
            "version": VERSION,
            "temperature": self.temperature,
            "least_gate": self.least_gate,
            "sharpening": self.sharpening,
            "doubt": None if d is None else {name: getattr(d, name) for name in Doubt.__slots__},
            "record": dict(self.record),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Calibration:
        """Read what `to_json` wrote.

        Raises:
            ValueError: Of a version that is not read here, or numbers that cannot be.
            KeyError, TypeError: Something else.
        """
        # The first version had no sharpening.
        if values["version"] not in (1, VERSION):
            raise ValueError(f"calibration of version {values['version']}, this memnet reads {VERSION}")
        temperature, least_gate = float(values["temperature"]), float(values["least_gate"])
        sharpening = float(values.get("sharpening", 0.0))
        if not temperature > 0 or not least_gate >= 0 or not sharpening >= 0:
            raise ValueError(
                f"calibration with temperature {temperature}, gate {least_gate}, sharpening {sharpening}"
            )
        given = values["doubt"]
        doubt = None if given is None else Doubt(**given)
        return cls(temperature, least_gate, sharpening, doubt, values["record"])


UNCALIBRATED = Calibration()


def _log_odds(p: float) -> float:
    p = min(max(p, _SURE), 1 - _SURE)
    return math.log(p / (1 - p))
