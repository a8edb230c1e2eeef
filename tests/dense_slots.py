"""Facts in one tensor: what a MemN2N reads from a store must be what it reads from these."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor


class DenseSlots:
    """Slots held in one tensor."""

    def __init__(self, vectors: Float[Tensor, "facts spaces dim"]) -> None:
        self._vectors = vectors

    def __len__(self) -> int:
        return len(self._vectors)

    def scores(self, space: int, queries: Float[Tensor, "queries dim"]) -> Float[Tensor, "queries facts"]:
        return queries @ self._vectors[:, space].T

    def weighted(self, space: int, weights: Float[Tensor, "queries facts"]) -> Float[Tensor, "queries dim"]:
        return weights @ self._vectors[:, space]
