"""Exact inner-product search over the facts of one memory and one vector space.

Only fact numbers (`seq`) leave this module: a position in an index is not an identity.
"""

from __future__ import annotations

from typing import Protocol

import faiss
import numpy as np
from jaxtyping import Float32, Int64

from memnet.errors import DimensionMismatch, InputError

_EXTRA = 16
"""Facts fetched beyond the limit, so that a tie at the border is usually decided in one search."""


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
        self._seqs = _checked_seqs(seqs, vectors)
        self._index = faiss.IndexFlatIP(vectors.shape[1])
        self._index.add(np.ascontiguousarray(vectors))

    def __len__(self) -> int:
        """How many facts it holds."""
        return len(self._seqs)

    def search(
        self, queries: Float32[np.ndarray, "queries dim"], limit: int, newest: int | None = None
    ) -> tuple[Int64[np.ndarray, "queries found"], Float32[np.ndarray, "queries found"]]:
        """Find the best facts; see `Index.search`."""
        window, found = _checked_search(len(self), self._index.d, queries, limit, newest)
        if found == 0 or len(queries) == 0:
            return _nothing(len(queries), found)
        queries = np.ascontiguousarray(queries)
        fetch = min(window, found + _EXTRA)
        while True:
            scores, positions = self._fetch(queries, fetch, window)
            # Equal scores at the end of what was fetched may go on behind it, with lower `seq`.
            if fetch == window or (scores[:, found - 1] > scores[:, -1]).all():
                break
            fetch = min(window, fetch * 4)
        seqs = self._seqs[positions]
        best = np.lexsort((seqs, -scores), axis=1)[:, :found]
        return np.take_along_axis(seqs, best, axis=1), np.take_along_axis(scores, best, axis=1)

    def _fetch(
        self, queries: np.ndarray, fetch: int, window: int
    ) -> tuple[Float32[np.ndarray, "queries fetch"], Int64[np.ndarray, "queries fetch"]]:
        held = len(self)
        if window == held:
            scores, positions = self._index.search(queries, fetch)
        else:
            # Built for this call alone: FAISS may write to the parameters while it searches.
            newest = faiss.SearchParameters(  # type: ignore[call-arg]
                sel=faiss.IDSelectorRange(held - window, held)
            )
            scores, positions = self._index.search(queries, fetch, params=newest)
        # FAISS fills short results with position -1, which would read the last fact.
        if (positions < 0).any():
            raise _overflow()
        _check_scores(scores)
        return scores, positions


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
        seqs = np.broadcast_to(self._seqs[first:], scores.shape)
        best = np.lexsort((seqs, -scores), axis=1)[:, :found]
        return np.take_along_axis(seqs, best, axis=1), np.take_along_axis(scores, best, axis=1)


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
