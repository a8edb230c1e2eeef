"""The facts of a view, as an interpreter reads them; and what new facts do to them, as the store keeps it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float32, Int64

from memnet.interpreters import Facts, TextFacts
from memnet.store import NewFacts, View, Write

WRITES_WITHIN = 8192
"""Newest facts that a new one can supersede."""

_AT_ONCE = 256
"""New facts that look at the memory together."""

GatesOf = Callable[[Float32[np.ndarray, "new spaces dim"], Facts], Float32[np.ndarray, "new older"]]
"""How far each new fact supersedes each older one."""


class ViewedFacts:
    """The newest facts of a view, matched where they lie."""

    def __init__(self, view: View, count: int) -> None:
        self.seqs = view.newest_seqs(count)
        self._view = view

    def __len__(self) -> int:
        return len(self.seqs)

    def scores(
        self, space: int, queries: Float32[np.ndarray, "queries dim"]
    ) -> Float32[np.ndarray, "queries facts"]:
        """Inner product of every query with every fact's vector of one space, in the order of the facts."""
        queries = np.ascontiguousarray(queries, np.float32)
        return self._view.index(space).scores(queries, len(self))

    def weighted(
        self, space: int, weights: Float32[np.ndarray, "queries facts"]
    ) -> Float32[np.ndarray, "queries dim"]:
        """Sums of the facts' vectors of one space, weighted."""
        if len(self) == len(self._view):
            return self._view.index(space).weighted(weights)
        sums: np.ndarray = weights @ self._view.values(space, len(self))
        return sums

    def values(self, space: int) -> Float32[np.ndarray, "facts dim"]:
        """The facts' vectors of one space."""
        return self._view.values(space, len(self))

    def retention(self) -> Float32[np.ndarray, " facts"]:
        """What later writes left of each fact, as a logarithm."""
        return self._view.newest_retention(len(self))

    def above(self, least: float) -> tuple[Int64[np.ndarray, " above"], ViewedFacts]:
        """The facts of which at least so much is left, as a logarithm: their positions, and they alone."""
        places, hot = self._view.hot(least)
        within = places - (len(self._view) - len(self))
        within = within[within >= 0]
        return within, self if hot is self._view else ViewedFacts(hot, len(within))


def writes_of(view: View, new: NewFacts, gates: GatesOf) -> list[Write]:
    """What new facts do to those of a view, and to one another."""
    older = ViewedFacts(view, min(len(view), WRITES_WITHIN))
    found: list[Write] = []
    among = np.tril(gates(new.vectors, TextFacts(new.vectors)), -1)
    for start in range(0, len(new.seqs), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        before = gates(new.vectors[some], older)
        for row, own in zip(before, among[some], strict=True):
            targets = np.concatenate([older.seqs[row > 0], new.seqs[own > 0]]).astype(np.int64)
            found.append(Write(targets, np.concatenate([row[row > 0], own[own > 0]]).astype(np.float32)))
    return found
