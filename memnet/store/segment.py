"""Segments: facts and their vectors, frozen together; and how a memory's segments grow.

An index that another thread may search is never changed. A change makes new parts out of old segments:
facts that were added become a segment of their own, facts that were forgotten are marked in a copy of
the part's flags. So a change costs what it changes, not what the memory holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float32, Int64

from memnet.store.flat import FullRows, HalfRows, Rows
from memnet.store.index import Placed

SMALL = 1024
"""Segments that hold no more than this together are merged: copying them costs less than another search."""

RATIO = 8
"""A segment is merged into the one before it while it is at least an eighth of it. So there are few
segments, each much larger than the next, and a fact is copied a few times in its life."""

MOST_DEAD = 0.2
"""A segment with a larger share of forgotten facts is written anew without them."""

_FACT_OVERHEAD = 120
"""Bytes of Python objects per fact beside its text and numbers, roughly."""


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Facts, their texts and their vectors. Never changed once made."""

    seqs: Int64[np.ndarray, " rows"]
    """Ascending, read-only."""
    texts: tuple[str, ...]
    spaces: tuple[Rows, ...]
    half: bool
    """Whether the vectors are to be kept as float16."""
    size_bytes: int

    @classmethod
    def of(
        cls,
        seqs: Int64[np.ndarray, " rows"],
        texts: tuple[str, ...],
        vectors: Float32[np.ndarray, "rows spaces dim"],
        *,
        half: bool = False,
    ) -> Segment:
        """Freeze facts; the vectors are copied, space by space."""
        spaces = tuple(_rows(vectors[:, space], half=half) for space in range(vectors.shape[1]))
        seqs.flags.writeable = False
        size_bytes = (
            seqs.nbytes
            + sum(rows.size_bytes for rows in spaces)
            + sum(len(text.encode()) for text in texts)
            + _FACT_OVERHEAD * len(texts)
        )
        return cls(seqs, texts, spaces, half, size_bytes)

    def __len__(self) -> int:
        """How many facts there are."""
        return len(self.seqs)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A segment, and which of its facts still count."""

    segment: Segment
    alive: Bool[np.ndarray, " rows"] | None = None
    """None: all of them."""
    live: Int64[np.ndarray, " live"] | None = field(default=None)
    """Positions of those that count; None: all."""

    def __len__(self) -> int:
        """How many facts count."""
        return len(self.segment) if self.live is None else len(self.live)

    @property
    def size_bytes(self) -> int:
        """Memory it takes."""
        flags = 0 if self.alive is None or self.live is None else self.alive.nbytes + self.live.nbytes
        return self.segment.size_bytes + flags

    def place(self, space: int) -> Placed:
        """Its rows of one space, to be searched."""
        return Placed(self.segment.seqs, self.segment.spaces[space], self.alive, self.live)

    def positions(self, newest: int) -> slice | Int64[np.ndarray, " newest"]:
        """Where the newest facts are that count, oldest first."""
        if self.live is None:
            return slice(len(self.segment) - newest, None)
        return self.live[len(self.live) - newest :]

    def seqs(self, newest: int) -> Int64[np.ndarray, " newest"]:
        """The newest facts that count, ascending."""
        return self.segment.seqs[self.positions(newest)]

    def texts(self, newest: int) -> Iterable[str]:
        """Texts of the newest facts that count, oldest first."""
        where, texts = self.positions(newest), self.segment.texts
        if isinstance(where, slice):
            return texts[where]
        return (texts[position] for position in where.tolist())

    def values(self, space: int, newest: int) -> Float32[np.ndarray, "newest dim"]:
        """Vectors of one space of the newest facts that count, oldest first."""
        return self.segment.spaces[space].take(self.positions(newest))

    def without(self, gone: Int64[np.ndarray, " gone"]) -> Part:
        """The part when these facts count no more; itself when it holds none of them."""
        seqs = self.segment.seqs
        if not len(seqs):
            return self
        alive = np.ones(len(seqs), bool) if self.alive is None else self.alive.copy()
        positions = np.minimum(np.searchsorted(seqs, gone), len(seqs) - 1)
        alive[positions[seqs[positions] == gone]] = False
        live = np.flatnonzero(alive)
        if len(live) == len(self):
            return self
        part = Part(self.segment, alive, live)
        return _merged([part]) if len(part) < (1 - MOST_DEAD) * len(seqs) else part


def grow(parts: Sequence[Part], gone: Int64[np.ndarray, " gone"], added: Segment | None) -> tuple[Part, ...]:
    """The parts of a memory after a change.

    Args:
        parts: As they were; at least one.
        gone: Facts that were forgotten.
        added: Facts that were added, newer than all before.
    """
    grown = [part.without(gone) for part in parts] if len(gone) else list(parts)
    if added is not None:
        grown.append(Part(added))
    kept = [part for part in grown if len(part)] or grown[:1]
    while len(kept) > 1 and (
        len(kept[-1]) * RATIO >= len(kept[-2]) or len(kept[-1]) + len(kept[-2]) <= SMALL
    ):
        kept[-2:] = [_merged(kept[-2:])]
    return tuple(kept)


def _merged(parts: Sequence[Part]) -> Part:
    """One part with the facts of several that count, and room for no others."""
    first = parts[0].segment
    seqs = np.concatenate([part.seqs(len(part)) for part in parts])
    texts = tuple(text for part in parts for text in part.texts(len(part)))
    vectors = np.empty((len(seqs), len(first.spaces), first.spaces[0].dim), np.float32)
    for space in range(len(first.spaces)):
        np.concatenate([part.values(space, len(part)) for part in parts], out=vectors[:, space])
    return Part(Segment.of(seqs, texts, vectors, half=first.half))


def _rows(vectors: Float32[np.ndarray, "rows dim"], *, half: bool) -> Rows:
    if half:
        try:
            return HalfRows(vectors)
        except OverflowError:
            # Exact and twice as large is better than not at all.
            pass
    return FullRows(vectors.copy())
