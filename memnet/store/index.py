"""Exact inner-product search over the facts of one memory and one vector space.

Only fact numbers (`seq`) leave this module: a position in an index is not an identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Bool, Float32, Int64

from memnet.errors import DimensionMismatch, InputError
from memnet.store.flat import FullRows, Rows, products

_EXTRA = 16
"""Facts fetched beyond the limit, so that a tie at the border is usually decided in one search."""
ROW_BY_ROW = 4096
"""Facts up to which each is scored by itself."""

_COPIED = 4096
"""Rows up to which those that count are copied for a full pass."""


class Index(Protocol):
    """What every index can do."""

    def __len__(self) -> int:
        """How many facts it holds."""

    def search(
        self, queries: Float32[np.ndarray, "queries dim"], limit: int, newest: int | None = None
    ) -> tuple[Int64[np.ndarray, "queries found"], Float32[np.ndarray, "queries found"]]:
        """Find the facts with the largest inner product with each query.

        Args:
            queries: float32, shape (queries, dim), finite.
            limit: Most facts per query.
            newest: Search only this many facts, the newest ones; None for all.

        Returns:
            The facts' `seq`, int64, and scores, float32, best first, ties by `seq`; both shape
            (queries, found) with found = min(limit, newest, facts held), and never padded.

        Raises:
            DimensionMismatch: Queries of another width.
            InputError: Queries of another shape or dtype, not finite, or so large that scores overflow;
                a negative `limit` or `newest`.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Rows of one space, and the facts they belong to."""

    seqs: Int64[np.ndarray, " rows"]
    """Ascending."""
    rows: Rows
    alive: Bool[np.ndarray, " rows"] | None = None
    """Which rows count; None for all."""
    live: Int64[np.ndarray, " live"] | None = None
    """Positions of the rows that count; None for all."""

    def __len__(self) -> int:
        """How many rows count."""
        return len(self.rows) if self.live is None else len(self.live)

    def newest(self, count: int) -> int:
        """Position from which on `count` rows count."""
        if self.live is None:
            return len(self.rows) - count
        return int(self.live[len(self.live) - count]) if count else len(self.rows)

    def places(self, newest: int) -> slice | Int64[np.ndarray, " newest"]:
        """Where the newest rows are that count, oldest first."""
        if self.live is None:
            return slice(len(self.rows) - newest, None)
        return self.live[len(self.live) - newest :]

    def read(self) -> slice | Int64[np.ndarray, " live"]:
        """What a full pass reads: the rows that count, or all of them where copying those would cost more.

        A copy of few rows costs nothing, and sums over it have the bits that they have in a view without dead
        rows.
        """
        whole = len(self.rows) > _COPIED and len(self) * 2 > len(self.rows)
        return slice(None) if whole else self.kept()

    def kept(self) -> slice | Int64[np.ndarray, " live"]:
        """Where the rows are that count."""
        return slice(None) if self.live is None else self.live


class FlatIndex:
    """Exact search by FAISS. Frozen: threads may search it at once, nothing can be added."""

    def __init__(self, seqs: Int64[np.ndarray, " facts"], vectors: Float32[np.ndarray, "facts dim"]) -> None:
        """Index facts.

        Args:
            seqs: int64, shape (facts,), ascending.
            vectors: float32, shape (facts, dim), one row per fact, finite.

        Raises:
            InputError: The arrays do not fit each other or the above.
        """
        kept = _checked_seqs(seqs, vectors)
        self._parts: tuple[Placed, ...] = (Placed(kept, FullRows(vectors.copy())),)
        self._held = len(kept)

    @classmethod
    def over(cls, parts: Sequence[Placed]) -> FlatIndex:
        """Search rows where they lie.

        Args:
            parts: At least one; every fact of a part is newer than those of the parts before it.
        """
        index = cls.__new__(cls)
        index._parts = tuple(parts)
        index._held = sum(map(len, parts))
        return index

    @property
    def dim(self) -> int:
        """Columns of a fact's vector."""
        return self._parts[0].rows.dim

    def __len__(self) -> int:
        """How many facts it holds."""
        return self._held

    def search(
        self, queries: Float32[np.ndarray, "queries dim"], limit: int, newest: int | None = None
    ) -> tuple[Int64[np.ndarray, "queries found"], Float32[np.ndarray, "queries found"]]:
        """Find the best facts; see `Index.search`."""
        window, found = _checked_search(len(self), self.dim, queries, limit, newest)
        if found == 0 or len(queries) == 0:
            return _nothing(len(queries), found)
        queries = np.ascontiguousarray(queries)
        pieces = []
        for part in reversed(self._parts):
            within = min(len(part), window)
            window -= within
            if within:
                pieces.append(_best(part, queries, min(found, within), within))
        if len(pieces) == 1:
            return pieces[0]
        seqs = np.concatenate([seqs for seqs, _ in pieces], axis=1)
        scores = np.concatenate([scores for _, scores in pieces], axis=1)
        return _ranked(seqs, scores, found)

    def scores(
        self, queries: Float32[np.ndarray, "queries dim"], newest: int | None = None
    ) -> Float32[np.ndarray, "queries facts"]:
        """Inner product of every query with every fact, or the newest ones, in the order of the facts: the
        full pass.

        Of a small memory each has the bits that `search` gives it, however the memory came to be.

        Raises:
            DimensionMismatch: Queries of another width.
            InputError: Queries of another shape or dtype, not finite, or so large that scores overflow;
                a negative `newest`.
        """
        window, _ = _checked_search(len(self), self.dim, queries, 0, newest)
        if window > ROW_BY_ROW:
            return self.scores_at_once(queries)[:, len(self) - window :]
        queries = np.ascontiguousarray(queries)
        pieces = []
        left = window
        for part in reversed(self._parts):
            within = min(len(part), left)
            left -= within
            pieces.append(products(queries, part.rows.take(part.places(within))))
        scores: np.ndarray = pieces[0] if len(pieces) == 1 else np.concatenate(pieces[::-1], axis=1)
        _check_scores(scores)
        return scores

    def scores_at_once(
        self, queries: Float32[np.ndarray, "queries dim"]
    ) -> Float32[np.ndarray, "queries facts"]:
        """The full pass over all facts as one product: the way for many queries, to whom the last bit is
        nothing.

        Raises:
            InputError: A score overflows.
        """
        # Rows first: BLAS reads them in their order, in two thirds of the time of the other way round.
        columns = np.ascontiguousarray(queries.T)
        scores = np.empty((len(queries), len(self)), np.float32)
        first = 0
        for part in self._parts:
            with np.errstate(over="ignore", invalid="ignore"):
                found = part.rows.take(part.read()) @ columns
            scores[:, first : first + len(part)] = (found if len(found) == len(part) else found[part.live]).T
            first += len(part)
        _check_scores(scores)
        return scores

    def weighted(self, weights: Float32[np.ndarray, "queries facts"]) -> Float32[np.ndarray, "queries dim"]:
        """Sums of all facts' vectors, weighted; weights in the order of the facts."""
        total = np.zeros((len(weights), self.dim), np.float32)
        first = 0
        for part in self._parts:
            ours, rows = weights[:, first : first + len(part)], part.rows.take(part.read())
            if len(rows) != len(part):
                every = np.zeros((len(weights), len(rows)), np.float32)
                every[:, part.live] = ours
                ours = every
            total += ours @ rows
            first += len(part)
        return total


def joined(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Arrays one behind the other, read-only; a single one is not copied."""
    whole = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
    whole.flags.writeable = False
    return whole


def _best(
    part: Placed, queries: np.ndarray, found: int, within: int
) -> tuple[Int64[np.ndarray, "queries found"], Float32[np.ndarray, "queries found"]]:
    """The best of the newest `within` facts of a part, ties by `seq`."""
    first = part.newest(within)
    fetch = min(within, found + _EXTRA)
    while True:
        scores, positions = part.rows.search(queries, fetch, first, part.alive)
        # FAISS fills short results with position -1, which would read the last fact.
        if (positions < 0).any():
            raise _overflow()
        _check_scores(scores)
        # Equal scores at the end of what was fetched may go on behind it, with lower `seq`.
        if fetch == within or (scores[:, found - 1] > scores[:, -1]).all():
            break
        fetch = min(within, fetch * 4)
    return _ranked(part.seqs[positions], scores, found)


def _ranked(
    seqs: np.ndarray, scores: np.ndarray, found: int
) -> tuple[Int64[np.ndarray, "queries found"], Float32[np.ndarray, "queries found"]]:
    best = np.lexsort((seqs, -scores), axis=1)[:, :found]
    return np.take_along_axis(seqs, best, axis=1), np.take_along_axis(scores, best, axis=1)


class BruteForceIndex:
    """The same search in numpy: the reference that every other index must agree with."""

    def __init__(self, seqs: Int64[np.ndarray, " facts"], vectors: Float32[np.ndarray, "facts dim"]) -> None:
        """Index facts; see `FlatIndex`."""
        self._seqs = _checked_seqs(seqs, vectors)
        self._vectors = vectors.copy()

    def __len__(self) -> int:
        """How many facts it holds."""
        return len(self._seqs)

    def search(
        self, queries: Float32[np.ndarray, "queries dim"], limit: int, newest: int | None = None
    ) -> tuple[Int64[np.ndarray, "queries found"], Float32[np.ndarray, "queries found"]]:
        """Find the best facts; see `Index.search`."""
        window, found = _checked_search(len(self), self._vectors.shape[1], queries, limit, newest)
        first = len(self) - window
        with np.errstate(over="ignore", invalid="ignore"):
            scores = queries @ self._vectors[first:].T
        _check_scores(scores)
        return _ranked(np.broadcast_to(self._seqs[first:], scores.shape), scores, found)


def _checked_seqs(seqs: np.ndarray, vectors: np.ndarray) -> Int64[np.ndarray, " facts"]:
    if vectors.dtype != np.float32 or vectors.ndim != 2 or seqs.dtype != np.int64:
        raise InputError(
            f"an index needs int64 seqs and 2-dimensional float32 vectors, "
            f"got {seqs.dtype} and {vectors.ndim}-dimensional {vectors.dtype}"
        )
    if seqs.shape != (len(vectors),):
        raise InputError(f"{len(vectors)} vectors came with seqs of shape {seqs.shape}")
    if (seqs[1:] <= seqs[:-1]).any():
        raise InputError("seqs must ascend")
    if not np.isfinite(vectors).all():
        raise InputError("vectors to be indexed hold nan or inf")
    kept = seqs.copy()
    kept.flags.writeable = False
    return kept


def _checked_search(
    held: int, dim: int, queries: np.ndarray, limit: int, newest: int | None
) -> tuple[int, int]:
    """How many facts to search, and how many of them to return."""
    if queries.dtype != np.float32 or queries.ndim != 2:
        raise InputError(
            f"queries are {queries.ndim}-dimensional {queries.dtype}, expected 2-dimensional float32"
        )
    if queries.shape[1] != dim:
        raise DimensionMismatch("a query", expected=dim, got=queries.shape[1])
    if not np.isfinite(queries).all():
        raise InputError("a query holds nan or inf")
    if limit < 0 or (newest is not None and newest < 0):
        raise InputError(f"limit {limit} and newest {newest} must not be negative")
    window = held if newest is None else min(held, newest)
    return window, min(window, limit)


def _check_scores(scores: np.ndarray) -> None:
    if not np.isfinite(scores).all():
        raise _overflow()


def _overflow() -> InputError:
    return InputError("a query and a fact are so large that their score overflows float32")


def _nothing(queries: int, found: int) -> tuple[np.ndarray, np.ndarray]:
    return np.empty((queries, found), np.int64), np.empty((queries, found), np.float32)
