"""A view: what one memory holds for one model as of one revision, and never anything else."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, Int64

from memnet.store.index import FlatIndex, joined
from memnet.store.segment import Part
from memnet.worked import Worked

_OVERHEAD_BYTES = 4_500
"""Of a view's own objects, and those of the view of its hot facts: of a small memory more than its facts."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """An immutable snapshot of a memory. Threads may share it, and views of several revisions their parts."""

    memory_id: int
    revision: int
    parts: tuple[Part, ...] = field(repr=False)
    """At least one, oldest facts first."""
    last_seq: int = -1
    """Number of the newest fact that the memory ever held, forgotten or not; the next one added gets the next
    number. -1 stands for that of the newest live one."""
    worked: Worked = field(init=False, repr=False, default_factory=Worked)
    """What those who read it worked out of it; not counted as its size, they bound it."""
    _count: int = field(init=False, repr=False)
    _indexes: tuple[FlatIndex, ...] = field(init=False, repr=False)
    _hot: dict[float, tuple[Int64[np.ndarray, " hot"], View | None]] = field(
        init=False, repr=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        spaces = range(len(self.parts[0].segment.spaces))
        indexes = tuple(FlatIndex.over([part.place(space) for part in self.parts]) for space in spaces)
        object.__setattr__(self, "_count", sum(map(len, self.parts)))
        if self.last_seq < 0:
            newest = self.newest_seqs(1)
            object.__setattr__(self, "last_seq", int(newest[-1]) if len(newest) else 0)
        object.__setattr__(self, "_indexes", indexes)

    def __len__(self) -> int:
        """How many live facts it holds."""
        return self._count

    @property
    def seqs(self) -> Int64[np.ndarray, " facts"]:
        """The live facts, ascending; read-only. A copy when the view has several parts."""
        return self.newest_seqs(len(self))

    @property
    def texts(self) -> tuple[str, ...]:
        """Verbatim, in the order of `seqs`. A copy when the view has several parts."""
        return self.newest_texts(len(self))

    @property
    def retention(self) -> Float32[np.ndarray, " facts"]:
        """What later writes left of each fact, as a log, in the order of `seqs`: 0 where nothing superseded
        it, minus infinity where nothing is left; read-only. Always a copy."""
        return self.newest_retention(len(self))

    @property
    def vectors(self) -> Float32[np.ndarray, "facts spaces dim"]:
        """Content vectors, in the order of `seqs`; read-only. Always a copy: `values` reads one space."""
        spaces = range(len(self._indexes))
        whole = np.stack([self.values(space) for space in spaces], axis=1)
        whole.flags.writeable = False
        return whole

    def hot(self, least: float) -> tuple[Int64[np.ndarray, " hot"], View]:
        """The facts of which later writes left at least so much: their positions here, and a view of them.

        Found once per view; the view is this one when that is all of them.

        Args:
            least: A logarithm; see `retention`.
        """
        found = self._hot.get(least)
        if found is None:
            parts = tuple(part.hot(least) for part in self.parts)
            every = all(one is other for one, other in zip(parts, self.parts, strict=True))
            places = np.arange(len(self)) if every else np.flatnonzero(self.retention >= least)
            places.flags.writeable = False
            # Threads that come at once find the same.
            # A view that held itself would not go with its last reader.
            found = places, None if every else View(self.memory_id, self.revision, parts, self.last_seq)
            self._hot[least] = found
        places, hot = found
        return places, self if hot is None else hot

    def newest_seqs(self, count: int) -> Int64[np.ndarray, " count"]:
        """The newest facts, oldest of them first; costs what it returns."""
        return joined([part.seqs(take) for part, take in self._newest(count)])

    def newest_texts(self, count: int) -> tuple[str, ...]:
        """Texts of the newest facts, in the order of `newest_seqs`."""
        return tuple(text for part, take in self._newest(count) for text in part.texts(take))

    def newest_retention(self, count: int) -> Float32[np.ndarray, " count"]:
        """Retention of the newest facts, in the order of `newest_seqs`."""
        return joined([part.retention(take) for part, take in self._newest(count)])

    def values(self, space: int, newest: int | None = None) -> Float32[np.ndarray, "facts dim"]:
        """Vectors of one space, of all facts or the newest ones, in order; read-only.

        Raises:
            IndexError: There is no such space.
        """
        self._check(space)
        wanted = len(self) if newest is None else newest
        return joined([part.values(space, take) for part, take in self._newest(wanted)])

    def index(self, space: int) -> FlatIndex:
        """Search in one vector space.

        Raises:
            IndexError: There is no such space.
        """
        self._check(space)
        return self._indexes[space]

    @property
    def size_bytes(self) -> int:
        """Memory it takes, parts that it shares with other views included; an estimate for the cache."""
        return _OVERHEAD_BYTES + sum(part.size_bytes for part in self.parts)

    def _newest(self, count: int) -> list[tuple[Part, int]]:
        """The parts that hold the newest facts, and how many of them each; at least one part."""
        wanted = min(count, len(self))
        found: list[tuple[Part, int]] = []
        for part in reversed(self.parts):
            take = min(len(part), wanted)
            wanted -= take
            if take or not found:
                found.append((part, take))
        return found[::-1]

    def _check(self, space: int) -> None:
        if not 0 <= space < len(self._indexes):
            raise IndexError(f"space {space} of {len(self._indexes)}")
