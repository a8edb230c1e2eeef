"""What every network offers to the store and the service, whatever its family.

A fact becomes `spaces` vectors of content, written once. A read asks a set of slots for inner
products with those vectors. Who holds the vectors (a tensor here, an index elsewhere) is not the
network's business, so the same code answers in training and through a store.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from memnet.nn.batch import Batch, Sentences


@runtime_checkable
class Slots(Protocol):
    """The facts that a question may read, oldest first."""

    def __len__(self) -> int:
        """Number of facts."""

    def scores(self, space: int, queries: Float[Tensor, "queries dim"]) -> Float[Tensor, "queries facts"]:
        """Inner product of every query with every fact's vector of one space."""

    def weighted(self, space: int, weights: Float[Tensor, "queries facts"]) -> Float[Tensor, "queries dim"]:
        """Sums of the facts' vectors of one space, weighted."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One question, answered."""

    logits: Float[Tensor, " words"]
    """Before the softmax over the answer words; column i is word index i + 1."""
    scores: Float[Tensor, "hops facts"]
    """Attention scores, before the softmax."""
    attention: Float[Tensor, "hops facts"]
    """Attention on each fact."""
    null: Float[Tensor, " hops"]
    """Attention on the null slots. `attention` and `null` of a hop sum to 1."""


@dataclass(frozen=True, slots=True)
class Readings:
    """A batch of questions, answered."""

    logits: Float[Tensor, "batch words"]
    """As in `Reading`."""
    attention: Float[Tensor, "batch hops memory"]
    """Attention on the fact in each slot, newest first; 0 on empty slots."""
    null: Float[Tensor, "batch hops"]
    """Attention on the null slots. `attention` and `null` of a hop sum to 1."""


class MemoryNetwork(nn.Module, ABC):
    """A memory network of any family."""

    family: str
    """Name of the family in checkpoints."""
    dim: int
    """Width of a fact's vectors."""
    spaces: int
    """Vectors per fact."""
    num_hops: int
    matrix_dims: dict[str, tuple[int, ...]]
    """For parameters that stack several weight matrices, the dimensions that one of them spans.
    Clipping scales each matrix by its own norm, and a matrix that hops share counts once."""
    memory_size: int | None
    """Most facts a question can attend to, the newest ones; None when there is no such limit."""

    @abstractmethod
    def encode_facts(self, sentences: Sentences) -> Float[Tensor, "sentences spaces dim"]:
        """The vectors that are stored for facts. They hold content only: time is added at read."""

    @abstractmethod
    def answer(self, question: Sentences, slots: Slots) -> Reading:
        """Answer one question from the given facts, oldest first, at most `memory_size` of them.

        Args:
            question: Exactly one sentence.
            slots: The facts to attend to.
        """

    @abstractmethod
    def forward(self, batch: Batch) -> Float[Tensor, "batch words"]:
        """Logits of every answer word (column i is word index i + 1) for a batch of questions."""

    @abstractmethod
    def read(self, batch: Batch) -> Readings:
        """Answer a batch as `forward` does, and say what every hop attended to."""

    def loss(self, batch: Batch) -> Float[Tensor, ""]:
        """Cross-entropy of the right answers, summed over the batch as the paper does."""
        return nn.functional.cross_entropy(self.forward(batch), batch.answers - 1, reduction="sum")

    @torch.inference_mode()
    def predict(self, batch: Batch) -> Int[Tensor, " batch"]:
        """Word index of the most probable answer to every question."""
        return self.forward(batch).argmax(dim=-1) + 1
