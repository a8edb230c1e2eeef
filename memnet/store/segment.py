"""Segments: facts and their vectors, frozen together; and how a memory's segments grow.

An index that another thread may search is never changed. A change makes new parts out of old segments:
facts that were added become a segment of their own, facts that were forgotten are marked in a copy of
the part's flags. So a change costs what it changes, not what the memory holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from memnet.store.flat import FullRows, HalfRows, Rows
from memnet.store.index import Placed

SMALL = 1024
"""Segments that hold no more than this together are merged: copying them costs less than another search."""

RATIO = 8
"""A segment is merged into the one before it while it is at least an eighth of it. So there are few
segments, each much larger than the next, and a fact is copied a few times in its life."""

MOST_DEAD = 0.2
"""A segment with a larger share of forgotten facts is written anew without them."""

_HOT_BYTES = 9
"""Bytes per fact for saying which ones are hot."""

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
    text_bytes: int
    """Of these, the texts."""

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
        return cls.joined(seqs, texts, [vectors], half=half)

    @classmethod
    def joined(
        cls,
        seqs: Int64[np.ndarray, " rows"],
        texts: tuple[str, ...],
        vectors: Sequence[Float32[np.ndarray, "some spaces dim"]],
        *,
        half: bool = False,
    ) -> Segment:
        """Freeze facts whose vectors come in pieces, in order."""
        spaces = tuple(
            _rows(np.concatenate([some[:, space] for some in vectors]), half=half)
            for space in range(vectors[0].shape[1])
        )
        return cls.frozen(seqs, texts, spaces, _text_bytes(texts), half=half)

    @classmethod
    def frozen(
        cls,
        seqs: Int64[np.ndarray, " rows"],
        texts: tuple[str, ...],
        spaces: tuple[Rows, ...],
        text_bytes: int,
        *,
        half: bool,
    ) -> Segment:
        """Facts whose vectors are rows already; `text_bytes` is what their texts take as UTF-8."""
        seqs.flags.writeable = False
        size_bytes = seqs.nbytes + sum(rows.size_bytes for rows in spaces) + text_bytes
        return cls(seqs, texts, spaces, half, size_bytes + _FACT_OVERHEAD * len(texts), text_bytes)

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
    left: Float64[np.ndarray, " rows"] | None = field(default=None)
    """Log of what later writes left of each; None: of all of them everything, 0."""
    _hot: dict[float, Part] = field(init=False, repr=False, default_factory=dict)

    def __len__(self) -> int:
        """How many facts count."""
        return len(self.segment) if self.live is None else len(self.live)

    @property
    def size_bytes(self) -> int:
        """Memory it takes."""
        own = (self.alive, self.live, self.left)
        held = self.segment.size_bytes + sum(0 if array is None else array.nbytes for array in own)
        return held if self.left is None else held + _HOT_BYTES * len(self.segment)

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

    def retention(self, newest: int) -> Float32[np.ndarray, " newest"]:
        """What later writes left of the newest facts that count, oldest first; a log, 0 for everything."""
        if self.left is None:
            return np.zeros(newest, np.float32)
        return self.left[self.positions(newest)].astype(np.float32)

    def hot(self, least: float) -> Part:
        """The facts of which later writes left at least so much, as a log; itself when that is all."""
        if self.left is None:
            return self
        found = self._hot.get(least)
        if found is None:
            # As they are read, not as they are summed: whoever compares what is read comes to the same.
            enough = self.left.astype(np.float32) >= least
            alive = enough if self.alive is None else self.alive & enough
            live = np.flatnonzero(alive)
            found = self if len(live) == len(self) else Part(self.segment, alive, live, self.left)
            self._hot[least] = found
        return found

    def has(self, seqs: Int64[np.ndarray, " asked"]) -> Bool[np.ndarray, " asked"]:
        """Which of some facts are here and count."""
        positions, here = self._find(seqs)
        if self.alive is not None:
            here[here] = self.alive[positions[here]]
        return here

    def faded(
        self,
        anew: Int64[np.ndarray, " anew"],
        targets: Int64[np.ndarray, " writes"],
        terms: Float64[np.ndarray, " writes"],
    ) -> Part:
        """The part after writes; itself when none of them is to a fact of it.

        Args:
            anew: Facts whose sum begins at 0 again.
            targets: The facts written to, in the order of the writers; facts of other parts are passed over.
            terms: What each write adds to the sum of its target.
        """
        begun, here_begun = self._find(anew)
        written, here = self._find(targets)
        if not here.any() and (self.left is None or not here_begun.any()):
            return self
        left = np.zeros(len(self.segment)) if self.left is None else self.left.copy()
        left[begun[here_begun]] = 0.0
        # One after the other, in order: adding up in any other way could give other bits.
        np.add.at(left, written[here], terms[here])
        return Part(self.segment, self.alive, self.live, left)

    def without(self, gone: Int64[np.ndarray, " gone"]) -> Part:
        """The part when these facts count no more; itself when it holds none of them."""
        seqs = self.segment.seqs
        positions, here = self._find(gone)
        if not here.any():
            return self
        alive = np.ones(len(seqs), bool) if self.alive is None else self.alive.copy()
        alive[positions[here]] = False
        live = np.flatnonzero(alive)
        if len(live) == len(self):
            return self
        part = Part(self.segment, alive, live, self.left)
        return _merged([part]) if len(part) < (1 - MOST_DEAD) * len(seqs) else part

    def _find(
        self, seqs: Int64[np.ndarray, " asked"]
    ) -> tuple[Int64[np.ndarray, " asked"], Bool[np.ndarray, " asked"]]:
        """Where some facts are in the segment, and which of them are there at all."""
        held = self.segment.seqs
        if not len(held):
            return np.zeros(len(seqs), np.int64), np.zeros(len(seqs), bool)
        positions = np.minimum(np.searchsorted(held, seqs), len(held) - 1)
        return positions, held[positions] == seqs


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
    texts = tuple(chain.from_iterable(part.texts(len(part)) for part in parts))
    spaces = tuple(
        _rows(np.concatenate([part.values(space, len(part)) for part in parts]), half=first.half)
        for space in range(len(first.spaces))
    )
    whole = all(part.live is None for part in parts)
    text_bytes = sum(part.segment.text_bytes for part in parts) if whole else _text_bytes(texts)
    left = None
    if any(part.left is not None for part in parts):
        left = np.concatenate([_left(part) for part in parts])
    return Part(Segment.frozen(seqs, texts, spaces, text_bytes, half=first.half), left=left)


def _text_bytes(texts: Iterable[str]) -> int:
    return sum(map(len, map(str.encode, texts)))


def _left(part: Part) -> Float64[np.ndarray, " live"]:
    return np.zeros(len(part)) if part.left is None else part.left[part.positions(len(part))]


def _rows(vectors: Float32[np.ndarray, "rows dim"], *, half: bool) -> Rows:
    if half:
        try:
            return HalfRows(vectors)
        except OverflowError:
            # Exact and twice as large is better than not at all.
            pass
    return FullRows(vectors)
