"""Facts as every hop reads them: few with each head's own keys and values, many as they lie.

Both give the same scores and the same sums. A fact's vector is its content and the waves of its time, which
follow from its number: inner products and sums with the one are those with the two parts, added. Waves are
those of ages here, which is what turning queries and sums by the time of asking comes to.

    asked    query | coefficients of the waves | null | weight of retention
    taken    value | sum of the waves | weight on the null | weight on the facts
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Float32

from memnet.interpreters.base import Facts

Array = np.ndarray

NOTHING = np.float32(1e-30)
"""Weights below this add nothing to a sum in which one is 1."""


@dataclass(frozen=True, slots=True)
class Aged:
    """What a question reads of facts beside their content."""

    waves: Float32[Array, "facts two_waves"]
    """Of their ages."""
    retention: Float32[Array, " facts"] | None
    """What is left of each, as a logarithm; None for all of all of them."""

    @property
    def size_bytes(self) -> int:
        """Memory they take."""
        return self.waves.nbytes + (0 if self.retention is None else self.retention.nbytes)


class Matched(Protocol):
    """Facts, ready for the hops of any number of questions."""

    def __len__(self) -> int:
        """Number of facts."""

    def score(
        self,
        x: Float32[Array, " content"],
        asked: Float32[Array, "heads asked"],
        out: Float32[Array, "heads facts_and_null"],
    ) -> None:
        """Scores of the facts, and behind them the null slot's."""

    def take(
        self, weights: Float32[Array, "heads facts_and_null"], out: Float32[Array, "heads taken"]
    ) -> None:
        """What the heads read, of weights that need not add up to 1."""


class Few:
    """Keys and values of every head, made once: worth it for a small memory, where calling costs more.

    The null slot is a row of its own.
    """

    def __init__(
        self,
        keys: Float32[Array, "heads facts head_dim"],
        values: Float32[Array, "heads facts head_dim"],
        aged: Aged,
    ) -> None:
        heads, count, width = keys.shape
        waves, retention = aged.waves, aged.retention
        F2 = waves.shape[1]
        # One after the other as the products read them.
        self._keys = np.zeros((heads, width + F2 + 2, count + 1), np.float32)
        self._keys[:, :width, :count] = keys.transpose(0, 2, 1)
        self._keys[:, width : width + F2, :count] = waves.T
        self._keys[:, -2, count] = 1
        if retention is not None:
            self._keys[:, -1, :count] = retention
        self._values = np.zeros((heads, count + 1, width + F2 + 2), np.float32)
        self._values[:, :count, :width] = values
        self._values[:, :count, width : width + F2] = waves
        self._values[:, count, -2] = 1
        self._values[:, :count, -1] = 1

    def __len__(self) -> int:
        return int(self._values.shape[1]) - 1

    @property
    def size_bytes(self) -> int:
        """Memory they take."""
        return self._keys.nbytes + self._values.nbytes

    def score(
        self,
        x: Float32[Array, " content"],
        asked: Float32[Array, "heads asked"],
        out: Float32[Array, "heads facts_and_null"],
    ) -> None:
        np.matmul(asked[:, None], self._keys, out=out[:, None])

    def take(
        self, weights: Float32[Array, "heads facts_and_null"], out: Float32[Array, "heads taken"]
    ) -> None:
        np.matmul(weights[:, None], self._values, out=out[:, None])


class Many:
    """Facts wherever they are kept: what is particular to a head is done to the query and to the sum."""

    def __init__(
        self,
        facts: Facts,
        content: Callable[[Array, Array], Float32[Array, "heads facts"]],
        values: Callable[[Array], Float32[Array, "heads value_dim"]],
        aged: Aged,
    ) -> None:
        """Read facts where they are.

        Args:
            facts: These.
            content: Scores of content, from the state and what is asked.
            values: What the heads take of their sums of content.
            aged: What else is read of them.
        """
        self._facts, self._content, self._value = facts, content, values
        self._waves, self._retention = aged.waves, aged.retention

    def __len__(self) -> int:
        return len(self._facts)

    def score(
        self,
        x: Float32[Array, " content"],
        asked: Float32[Array, "heads asked"],
        out: Float32[Array, "heads facts_and_null"],
    ) -> None:
        F2 = self._waves.shape[1]
        ours = out[:, :-1]
        np.add(self._content(x, asked), asked[:, -2 - F2 : -2] @ self._waves.T, out=ours)
        if self._retention is not None:
            ours += asked[:, -1, None] * self._retention
        out[:, -1] = asked[:, -2]

    def take(
        self, weights: Float32[Array, "heads facts_and_null"], out: Float32[Array, "heads taken"]
    ) -> None:
        F2, told = self._waves.shape[1], weights[:, :-1]
        # Processors multiply numbers near the smallest that float32 can hold a hundred times slower, and
        # beside the largest weight, which is 1, these add nothing.
        told = np.where(told < NOTHING, np.float32(0), told)
        out[:, : -2 - F2] = self._value(self._facts.weighted(0, told))
        out[:, -2 - F2 : -2] = told @ self._waves
        out[:, -2] = weights[:, -1]
        out[:, -1] = told.sum(axis=1)
