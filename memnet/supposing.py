"""What if: facts added to a memory or hidden from it, for one question. Nothing of it is stored.

    slots of the memory      1 2 3 4
    hidden                     x
    added                            5 6
    what the network reads   1   3 4 5 6

The network reads as if the hidden facts had never been told, so that the others are as much younger, and the
added ones had been told last.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32, Float64, Int64

from memnet.interpreters import Facts, TextFacts
from memnet.viewed import GatesOf, comes_back, gates_upon


@dataclass(frozen=True, slots=True)
class Overlay:
    """What is supposed for one question; nothing when it is empty."""

    add: tuple[str, ...] = ()
    """Facts told after all others, in this order. They are numbered on from the memory's last fact."""
    hide: frozenset[int] = frozenset()
    """Numbers of facts that were never told; also of added ones, whose numbers the others keep."""

    def __bool__(self) -> bool:
        return bool(self.add or self.hide)

    def hiding(self, seqs: Iterable[int]) -> Overlay:
        """The same, with these facts hidden too."""
        return replace(self, hide=self.hide.union(seqs))

    def added(self, last_seq: int) -> list[tuple[int, str]]:
        """The added facts that are not hidden, numbered on from the memory's last one."""
        numbered = enumerate(self.add, start=last_seq + 1)
        return [(seq, text) for seq, text in numbered if seq not in self.hide]


NOTHING = Overlay()


class SupposedFacts:
    """Some of the facts of a memory, and behind them facts that it does not hold."""

    def __init__(
        self,
        facts: Facts,
        kept: Int64[np.ndarray, " kept"],
        added: Float32[np.ndarray, "added spaces dim"],
        gates: GatesOf | None,
        retire_below: float | None = None,
    ) -> None:
        """Suppose.

        Args:
            facts: Of the memory, oldest first.
            kept: Positions of those to read, ascending.
            added: Vectors of the facts behind them.
            gates: What a fact does to those before it; None for nothing.
            retire_below: Facts of which less is left are not read; None: all are.
        """
        self._facts, self._kept, self._added, self._gates = facts, kept, added, gates
        self._retire_below = retire_below
        self._left: Float32[np.ndarray, " facts"] | None = None

    def __len__(self) -> int:
        return len(self._kept) + len(self._added)

    def scores(
        self, space: int, queries: Float32[np.ndarray, "queries dim"]
    ) -> Float32[np.ndarray, "queries facts"]:
        """Inner product of every query with every fact's vector of one space."""
        ours = self._facts.scores(space, queries)[:, self._kept]
        return np.concatenate([ours, queries @ self._added[:, space].T], axis=1)

    def weighted(
        self, space: int, weights: Float32[np.ndarray, "queries facts"]
    ) -> Float32[np.ndarray, "queries dim"]:
        """Sums of the facts' vectors of one space, weighted."""
        ours = np.zeros((len(weights), len(self._facts)), np.float32)
        ours[:, self._kept] = weights[:, : len(self._kept)]
        sums: np.ndarray = self._facts.weighted(space, ours)
        sums += weights[:, len(self._kept) :] @ self._added[:, space]
        return sums

    def values(self, space: int) -> Float32[np.ndarray, "facts dim"]:
        """The facts' vectors of one space."""
        return np.concatenate([self._facts.values(space)[self._kept], self._added[:, space]])

    def retention(self) -> Float32[np.ndarray, " facts"]:
        """What is left of each fact when the hidden ones never superseded it and the added ones do."""
        if self._left is None:
            self._left = self._retention()
        return self._left

    def _retention(self) -> Float32[np.ndarray, " facts"]:
        left = self._facts.retention().astype(np.float64)
        if self._gates is None:
            return np.concatenate([left[self._kept], np.zeros(len(self._added))]).astype(np.float32)
        hidden = np.setdiff1d(np.arange(len(left)), self._kept)
        if len(hidden):
            undone = np.log1p(-self._gates(self._vectors_at(hidden), self._facts).astype(np.float64))
            # A fact only superseded those before it.
            undone[np.arange(len(left)) >= hidden[:, None]] = 0.0
            raised = np.minimum(left - undone.sum(axis=0), 0.0)
            if self._retire_below is not None:
                self._complete(raised, comes_back(left, raised, self._retire_below))
            left = raised
        taken = np.concatenate([left[self._kept], np.zeros(len(self._added))])
        if len(self._added):
            on_ours = self._gates(self._added, self._facts)[:, self._kept]
            among = np.tril(self._gates(self._added, TextFacts(self._added)), -1)
            taken += np.log1p(-np.concatenate([on_ours, among], axis=1).astype(np.float64)).sum(axis=0)
        return taken.astype(np.float32)

    def _complete(self, left: Float64[np.ndarray, " facts"], back: Int64[np.ndarray, " back"]) -> None:
        """Sum up anew what is left of facts that come back: to one that was settled not all was written."""
        if len(back) and self._gates is not None:
            gates = gates_upon(self._facts.values(0), self._kept, back, self._gates)
            left[back] = np.log1p(-gates.astype(np.float64)).sum(axis=0)

    def above(self, least: float) -> tuple[Int64[np.ndarray, " above"], SupposedFacts]:
        """The facts of which at least so much is left; what is left of each stays what it is."""
        left = self.retention()
        places = np.flatnonzero(left >= least)
        ours = places[places < len(self._kept)]
        added = places[len(ours) :] - len(self._kept)
        some = SupposedFacts(self._facts, self._kept[ours], self._added[added], None)
        some._left = left[places]
        return places, some

    def _vectors_at(self, places: Int64[np.ndarray, " places"]) -> Float32[np.ndarray, "places one dim"]:
        """Vectors of the first space: networks with gates have no other."""
        chosen = np.zeros((len(places), len(self._facts)), np.float32)
        chosen[np.arange(len(places)), places] = 1.0
        vectors: np.ndarray = self._facts.weighted(0, chosen)[:, None]
        return vectors
