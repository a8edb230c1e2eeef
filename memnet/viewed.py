"""The facts of a view, as an interpreter reads them; and what new facts do to them, as the store keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from jaxtyping import Float32, Float64, Int64

from memnet.interpreters import Facts, TextFacts
from memnet.store import NewFacts, View, Write

WRITES_WITHIN = 8192
"""Newest facts that a new one can supersede."""

_MANY = 20
"""Queries from which on all scores are one product: those of new facts that are told together."""

_AT_ONCE = 256
"""New facts that look at the memory together."""

SETTLED = 1.3
"""A fact of which so many times less is left than retires it, as a logarithm, is settled: nothing more is
written to it. One that comes back is written to by all; some room, so that it seldom does."""

_NEAR = 0.01
"""Of what is left, as a logarithm: more than rounding could take or give."""

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
        if len(queries) >= _MANY:
            return self._view.index(space).scores_at_once(queries)[:, len(self._view) - len(self) :]
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


def settled_below(retire_below: float | None) -> float | None:
    """What is left at most of a fact that nothing more is written to, as a logarithm; None if all are."""
    return None if retire_below is None else SETTLED * retire_below


def writes_of(view: View, new: NewFacts, gates: GatesOf, settled_below: float | None = None) -> list[Write]:
    """What new facts do to those of a view, and to one another, told in their order.

    Args:
        view: The memory before them.
        new: The facts.
        gates: How far each supersedes each older one.
        settled_below: Facts of which less is left, as a logarithm, are not written to; None: all are.
    """
    least = -np.inf if settled_below is None else settled_below
    # What is settled already is not even looked at.
    older = ViewedFacts(view, min(len(view), WRITES_WITHIN)).above(least)[1]
    seqs, left = older.seqs, older.retention().astype(np.float64)
    among = np.zeros((len(new.seqs), len(new.seqs)), np.float32)
    if len(new.seqs) > 1:
        among = np.tril(gates(new.vectors, TextFacts(new.vectors)), -1)
        among = _unsettled(among, np.zeros(len(new.seqs)), least)[0]
    found: list[Write] = []
    for start in range(0, len(new.seqs), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        before = gates(new.vectors[some], older)
        # Most older facts are of nobody who is spoken of now.
        written = np.flatnonzero(before.any(axis=0))
        before, left[written] = _unsettled(before[:, written], left[written], least)
        found += _by_writer(
            np.concatenate([before, among[some]], axis=1), np.concatenate([seqs[written], new.seqs])
        )
    return found


def comes_back(
    left: Float64[np.ndarray, " facts"], raised: Float64[np.ndarray, " facts"], retire_below: float
) -> Int64[np.ndarray, " back"]:
    """Positions of retired facts that would not be if no more was taken of them than what is known.

    Of those, what later facts did has to be looked at anew: to a settled fact not all of it was written.
    """
    return np.flatnonzero((left < retire_below) & (raised >= retire_below - _NEAR))


def gates_upon(
    values: Float32[np.ndarray, "facts dim"],
    writers: Int64[np.ndarray, " writers"],
    targets: Int64[np.ndarray, " targets"],
    gates: GatesOf,
) -> Float32[np.ndarray, "writers targets"]:
    """What some facts do to others among them, 0 to those behind them.

    Args:
        values: Vectors of the facts, oldest first.
        writers: Positions.
        targets: Positions.
        gates: How far each supersedes each older one.
    """
    found = gates(values[writers][:, None], TextFacts(values[targets][:, None]))
    since = writers[:, None] - targets
    found[(since <= 0) | (since > WRITES_WITHIN)] = 0.0
    return found


def restored(
    view: View,
    gone: Sequence[int],
    targets: Int64[np.ndarray, " rows"],
    taken: Float32[np.ndarray, " rows"],
    *,
    gates: GatesOf,
    retire_below: float,
) -> tuple[list[int], list[Write]]:
    """What the facts that stay do to those that come back when others are forgotten.

    Args:
        view: The memory before.
        gone: Facts that are forgotten.
        targets: Facts that these wrote to; one may be named more than once.
        taken: How far each was superseded.
        gates: How far each fact supersedes each older one.
        retire_below: Facts of which less is left, as a logarithm, are retired.

    Returns:
        Writers, and the write of each.
    """
    seqs, left = view.seqs, view.retention.astype(np.float64)
    places = np.searchsorted(seqs, targets)
    here = (places < len(seqs)) & (seqs[np.minimum(places, len(seqs) - 1)] == targets)
    undone = np.zeros(len(seqs))
    np.add.at(undone, places[here], np.log1p(-taken[here].astype(np.float64)))
    stays = ~np.isin(seqs, gone)
    back = comes_back(left, left - undone, retire_below)
    back = back[stays[back]]
    if not len(back):
        return [], []
    writers = np.flatnonzero(stays)
    writers = writers[writers > back[0]]
    found = gates_upon(view.values(0), writers, back, gates)
    return seqs[writers].tolist(), list(_by_writer(found, seqs[back]))


def _by_writer(gates: Float32[np.ndarray, "new facts"], seqs: Int64[np.ndarray, " facts"]) -> Iterator[Write]:
    """The write of each new fact: the gates that are not 0."""
    writers, places = np.nonzero(gates)
    ends = np.searchsorted(writers, np.arange(1, len(gates)))
    pairs = zip(np.split(seqs[places], ends), np.split(gates[writers, places], ends), strict=True)
    return (Write(*pair) for pair in pairs)


def _unsettled(
    gates: Float32[np.ndarray, "new older"], left: Float64[np.ndarray, " older"], least: float
) -> tuple[Float32[np.ndarray, "new older"], Float64[np.ndarray, " older"]]:
    """The gates on facts that are not settled when their turn comes; and what is left of each at the end."""
    if not gates.size:
        return gates, left
    terms = np.log1p(-gates.astype(np.float64))
    after = np.cumsum(np.concatenate([left[None], terms]), axis=0)
    return np.where(after[:-1] < least, np.float32(0), gates), after[-1]
