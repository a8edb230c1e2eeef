"""Rows of one vector space, searched exactly where they lie. Frozen: nothing can be added or taken away.

Everything here speaks of positions; numbers of facts are the business of whoever holds the rows.
FAISS scores every row by itself, so a row's score has the same bits whichever rows lie beside it:
how a view came to be cannot be seen in an answer.
"""

from __future__ import annotations

import os
from functools import partial
from typing import Protocol

import faiss
import numpy as np
from jaxtyping import Bool, Float32, Int64

if hasattr(os, "register_at_fork"):
    # A child inherits OpenMP's belief in threads that only the parent has, and would wait for them for ever.
    os.register_at_fork(after_in_child=partial(faiss.omp_set_num_threads, 1))

Found = tuple[Float32[np.ndarray, "queries found"], Int64[np.ndarray, "queries found"]]
"""Scores, best first, and positions; position -1 fills a row whose scores are not numbers."""


class Rows(Protocol):
    """Vectors of one space."""

    @property
    def dim(self) -> int:
        """Columns."""

    @property
    def size_bytes(self) -> int:
        """Memory they take."""

    def __len__(self) -> int:
        """How many there are."""

    def search(
        self,
        queries: Float32[np.ndarray, "queries dim"],
        fetch: int,
        first: int,
        alive: Bool[np.ndarray, " rows"] | None,
    ) -> Found:
        """The `fetch` largest inner products among the rows from `first` on that are alive.

        Args:
            queries: float32, contiguous.
            fetch: At least 1, at most the number of such rows.
            first: Position to begin at.
            alive: Which rows count; None for all.
        """

    def take(self, positions: Int64[np.ndarray, "*any"] | slice) -> Float32[np.ndarray, "*any dim"]:
        """The rows at these positions, float32."""


def products(
    queries: Float32[np.ndarray, "queries dim"], rows: Float32[np.ndarray, "rows dim"]
) -> Float32[np.ndarray, "queries rows"]:
    """Inner products of every query with every row, each with the bits that a search gives it.

    Args:
        queries: Contiguous, like the rows.
    """
    found = np.empty((len(queries), len(rows)), np.float32)
    if len(queries) >= faiss.cvar.distance_compute_blas_threshold:
        # So many are scored together in a search too.
        with np.errstate(over="ignore", invalid="ignore"):
            return np.matmul(queries, rows.T, out=found)
    for query, scores in zip(queries, found, strict=True):
        faiss.fvec_inner_products_ny(  # type: ignore[attr-defined]
            faiss.swig_ptr(scores), faiss.swig_ptr(query), faiss.swig_ptr(rows), rows.shape[1], len(rows)
        )
    return found


class FullRows:
    """float32, the bits that were stored; held once, without a copy for FAISS."""

    def __init__(self, vectors: Float32[np.ndarray, "rows dim"]) -> None:
        """Keep rows; they are not copied when they are contiguous already."""
        self._vectors = np.ascontiguousarray(vectors, np.float32)
        self._vectors.flags.writeable = False

    @property
    def dim(self) -> int:
        """Columns."""
        return int(self._vectors.shape[1])

    @property
    def size_bytes(self) -> int:
        """Memory they take."""
        return self._vectors.nbytes

    def __len__(self) -> int:
        """How many there are."""
        return len(self._vectors)

    def search(
        self,
        queries: Float32[np.ndarray, "queries dim"],
        fetch: int,
        first: int,
        alive: Bool[np.ndarray, " rows"] | None,
    ) -> Found:
        """Find the best; see `Rows.search`."""
        rows = self._vectors[first:]
        scores = np.empty((len(queries), fetch), np.float32)
        positions = np.empty((len(queries), fetch), np.int64)
        bits = None if alive is None else _bits(alive[first:])
        # Built for this call alone: FAISS may write to a selector while it searches.
        selector = None if bits is None else faiss.IDSelectorBitmap(len(rows), faiss.swig_ptr(bits))
        faiss.knn_inner_product(
            faiss.swig_ptr(queries),
            faiss.swig_ptr(rows),
            self.dim,
            len(queries),
            len(rows),
            fetch,
            faiss.swig_ptr(scores),
            faiss.swig_ptr(positions),
            selector,
        )
        positions[positions >= 0] += first
        return scores, positions

    def take(self, positions: Int64[np.ndarray, "*any"] | slice) -> Float32[np.ndarray, "*any dim"]:
        """The rows at these positions; a slice is read where it lies."""
        return self._vectors[positions]


class HalfRows:
    """float16: half the memory, 11 bits of precision. SQL keeps the full vectors."""

    def __init__(self, vectors: Float32[np.ndarray, "rows dim"]) -> None:
        """Round rows to float16.

        Raises:
            OverflowError: A number beyond what float16 can hold.
        """
        with np.errstate(over="ignore"):
            halves = np.ascontiguousarray(vectors, np.float16)
        if not np.isfinite(halves).all():
            raise OverflowError("a vector is too large for float16")
        self._index = faiss.IndexScalarQuantizer(
            vectors.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        # FAISS keeps these codes as they are: IEEE 754 halves, row after row.
        faiss.copy_array_to_vector(halves.view(np.uint8).ravel(), self._index.codes)
        self._index.ntotal = len(halves)

    @property
    def dim(self) -> int:
        """Columns."""
        return int(self._index.d)

    @property
    def size_bytes(self) -> int:
        """Memory they take."""
        return len(self) * self.dim * 2

    def __len__(self) -> int:
        """How many there are."""
        return int(self._index.ntotal)

    def search(
        self,
        queries: Float32[np.ndarray, "queries dim"],
        fetch: int,
        first: int,
        alive: Bool[np.ndarray, " rows"] | None,
    ) -> Found:
        """Find the best; see `Rows.search`."""
        selector: faiss.IDSelector | None
        if alive is None:
            selector = None if first == 0 else faiss.IDSelectorRange(first, len(self))
        else:
            counted = alive.copy()
            counted[:first] = False
            bits = _bits(counted)
            selector = faiss.IDSelectorBitmap(len(self), faiss.swig_ptr(bits))
        parameters = None if selector is None else faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        scores, positions = self._index.search(queries, fetch, params=parameters)
        return scores, positions

    def take(self, positions: Int64[np.ndarray, "*any"] | slice) -> Float32[np.ndarray, "*any dim"]:
        """The rows at these positions, as float32 copies."""
        if len(self) == 0:
            return np.empty((0, self.dim), np.float32)
        codes = faiss.rev_swig_ptr(self._index.codes.data(), self.size_bytes)
        halves = codes.view(np.float16).reshape(len(self), self.dim)
        return halves[positions].astype(np.float32)


def _bits(flags: Bool[np.ndarray, " rows"]) -> np.ndarray:
    return np.packbits(flags, bitorder="little")
