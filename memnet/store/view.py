"""A view: what one memory holds for one model as of one revision, and never anything else."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

import numpy as np
from jaxtyping import Float32, Int64

from memnet.store.index import FlatIndex

_FACT_OVERHEAD = 120
"""Bytes of Python objects per fact beside its text and numbers, roughly."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """An immutable snapshot of a memory. Threads may share it."""

    memory_id: int
    revision: int
    seqs: Int64[np.ndarray, " facts"] = field(repr=False)
    """The live facts, ascending; read-only."""
    texts: tuple[str, ...] = field(repr=False)
    """Verbatim, in the order of `seqs`."""
    vectors: Float32[np.ndarray, "facts spaces dim"] = field(repr=False)
    """Content vectors, in the order of `seqs`; read-only."""
    _indexes: dict[int, FlatIndex] = field(default_factory=dict, init=False, repr=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def __len__(self) -> int:
        """How many live facts it holds."""
        return len(self.seqs)

    def index(self, space: int) -> FlatIndex:
        """The index of one vector space, built at the first call.

        Raises:
            IndexError: There is no such space.
        """
        if not 0 <= space < self.vectors.shape[1]:
            raise IndexError(f"space {space} of {self.vectors.shape[1]}")
        with self._lock:
            if space not in self._indexes:
                self._indexes[space] = FlatIndex(self.seqs, self.vectors[:, space])
            return self._indexes[space]

    @property
    def size_bytes(self) -> int:
        """Memory it takes with all its indexes built; an estimate for the cache."""
        texts = sum(map(len, self.texts))
        # Each index holds its own copy of its space's vectors and of the seqs.
        copies = (1 + self.vectors.shape[1]) * self.seqs.nbytes + 2 * self.vectors.nbytes
        return int(copies) + texts + _FACT_OVERHEAD * len(self.texts)
