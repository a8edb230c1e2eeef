"""Words to indices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

NIL = 0
"""Index of the nil word: padding, and every word the vocabulary does not hold. Its vector is zero."""


class Vocabulary:
    """An ordered set of words; a word's index is its position plus one, 0 is nil."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words: tuple[str, ...] = tuple(words)
        self._index = {word: index for index, word in enumerate(self.words, start=1)}
        if len(self._index) != len(self.words):
            raise ValueError("a vocabulary holds each word once")

    @classmethod
    def of(cls, words: Iterable[str]) -> Vocabulary:
        """A vocabulary of the given words, each once, in alphabetical order."""
        return cls(sorted(set(words)))

    def to_json(self) -> list[str]:
        """What `from_json` makes the same vocabulary of."""
        return list(self.words)

    @classmethod
    def from_json(cls, words: Sequence[str]) -> Vocabulary:
        """Read what `to_json` wrote."""
        return cls(words)

    def __len__(self) -> int:
        """Number of indices, nil included: the rows of an embedding table."""
        return len(self.words) + 1

    def __contains__(self, word: object) -> bool:
        return word in self._index

    def __getitem__(self, word: str) -> int:
        """Index of a word; nil (0) for a word it does not hold."""
        return self._index.get(word, NIL)

    def word(self, index: int) -> str:
        """The word of an index from 1 on."""
        if index == NIL:
            raise IndexError("nil is not a word")
        return self.words[index - 1]
