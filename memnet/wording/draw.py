"""Random choices that a seed repeats under every version of Python."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """`random.Random.random` is the one method whose sequence Python promises to keep."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed).random

    def happens(self, share: float) -> bool:
        """True with probability `share`."""
        return self.random() < share

    def below(self, number: int) -> int:
        """A whole number from 0 on, smaller than `number`."""
        return int(self.random() * number)

    def between(self, first: int, last: int) -> int:
        """A whole number from `first` to `last`, both included."""
        return first + int(self.random() * (last - first + 1))

    def one(self, options: Sequence[T]) -> T:
        """One of the options, with equal chances."""
        return options[int(self.random() * len(options))]

    def some(self, options: Sequence[T], number: int) -> list[T]:
        """Several different options, in random order."""
        left = list(options)
        return [left.pop(int(self.random() * len(left))) for _ in range(min(number, len(left)))]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """All the options, in random order."""
        return self.some(options, len(options))

    def weighted(self, weights: dict[T, float]) -> T:
        """One of the keys, with chances in proportion to the values."""
        left = self.random() * sum(weights.values())
        for option, weight in weights.items():
            left -= weight
            if left < 0:
                return option
        return option
