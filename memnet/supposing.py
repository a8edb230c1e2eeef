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

import torch
from jaxtyping import Float, Int
from torch import Tensor

from memnet.nn.network import Slots


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


class SupposedSlots:
    """Some of the slots of a memory, and behind them facts that it does not hold."""

    def __init__(
        self, slots: Slots, kept: Int[Tensor, " kept"], added: Float[Tensor, "added spaces dim"]
    ) -> None:
        """Suppose.

        Args:
            slots: Of the memory, oldest first.
            kept: Positions of those to read, ascending.
            added: Content vectors of the facts behind them.
        """
        self._slots = slots
        self._kept = kept
        self._added = added

    def __len__(self) -> int:
        return len(self._kept) + len(self._added)

    def scores(self, space: int, queries: Float[Tensor, "queries dim"]) -> Float[Tensor, "queries facts"]:
        """Inner product of every query with every fact's vector of one space."""
        ours = self._slots.scores(space, queries)[:, self._kept]
        return torch.cat([ours, queries @ self._added[:, space].T], dim=1)

    def values(self, space: int) -> Float[Tensor, "facts dim"]:
        """The facts' vectors of one space."""
        return torch.cat([self._slots.values(space)[self._kept], self._added[:, space]])
