"""What a network is trained on: the tensors of a batch of questions.

Axes: `sentences` (distinct fact sentences of the batch), `batch` (questions), `words`, `memory`
(slots, newest fact first).
"""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Int
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Sentences:
    """Sentences as word indices."""

    words: Int[Tensor, "*runs sentences words"]
    """Word indices, padded at the end with nil (0). Unknown words are nil too."""
    lengths: Int[Tensor, "*runs sentences"]
    """Words of each sentence, unknown ones included."""

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: Tensor) -> Sentences:
        return Sentences(self.words[index], self.lengths[index])


@dataclass(frozen=True, slots=True)
class Batch:
    """Questions with the facts told before each. Every distinct sentence stands once."""

    facts: Sentences
    questions: Sentences
    slots: Int[Tensor, "batch memory"]
    """Row in `facts` of the fact in each slot, newest first; `len(facts)` marks an empty slot."""
    ages: Int[Tensor, "batch memory"]
    """Age of the fact in each slot, 1 = newest, growing; anything for an empty slot."""
    answers: Int[Tensor, " batch"]
    """Word index of the answer; nil when the vocabulary does not hold it."""

    def __len__(self) -> int:
        return len(self.answers)
