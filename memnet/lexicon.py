"""Words of a language, and the names that people bring: which words are learned and which are symbols.

*Language* is what training taught: verbs, prepositions, numbers, yes and no. Everything else is a
*symbol*: the name of somebody or something, known by nothing but itself. A symbol's vector is derived
from its letters alone, so the same name has the same vector in every process, on every machine and in
every version, and nothing is stored to remember it.

    The blue backpack is in Ada's office.      the  [blue backpack]  is  in  [ada office]

Words of one name stand together: after a determiner ("the blue backpack", "the box of chocolates"), after
its owner ("Ada's office"), before a number ("room 9"), or when all are capitalised ("New York").

A verb that training never held is read as the nearest one that it did: "trudged" as "walked"
(`memnet.thesaurus`). Where none is near it is a symbol too: who "sneezed" is found by the same word in the
question. That it looks like a verb, or an adverb, tells the network not to take it for a name.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

import numpy as np

from memnet.bounded import remembered
from memnet.naming import DETERMINERS, end_of_name, joined
from memnet.tokens import NIL, RESERVED, SYMBOL, Token, look_of, singular

UNDECIDED = "(undecided)"
"""The answer word for a question that the facts do not decide. Nobody writes it: no word has brackets."""

_WORD = re.compile(r"[^\W_]+(?:[-.'’&/][^\W_]+)*")


_SPELLINGS = 4
"""Ways to write a word that are remembered, on average."""

_AFTER_VERBS = DETERMINERS | {"into", "onto", "to", "up"}
_AFTER_IS = frozenset(["in", "on", "here", "there", "back", "now", "not"])


class Lexicon:
    """The words of a language, learned in training; an index is the position plus `RESERVED`.

    Attributes:
        words: The language.
        answers: Words that can be the answer without standing in any fact, such as "yes".
        read_as: For words that are not language, those of language that they can be read as, nearest first.
    """

    def __init__(
        self,
        language: Sequence[str],
        answers: Sequence[str] = (),
        read_as: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.words: tuple[str, ...] = tuple(language)
        self.answers: tuple[str, ...] = tuple(answers)
        self.read_as: Mapping[str, Sequence[str]] = read_as or {}
        self._index = {word: index for index, word in enumerate(self.words, start=RESERVED)}
        # What a word of language is depends on nothing around it: found once for each way to write it.
        self._taught: dict[str, Token] = {}
        if len(self._index) != len(self.words):
            raise ValueError("a lexicon holds each word once")

    def without(self, hidden: Collection[str]) -> Lexicon:
        """The same lexicon to which these words are unknown; all others keep their indices."""
        other = Lexicon(self.words, self.answers, self.read_as)
        other._index = {word: index for word, index in self._index.items() if word not in hidden}
        return other

    def to_json(self) -> dict[str, Any]:
        """What `from_json` makes the same lexicon of."""
        # Words that are read as the same stand together: there are thousands.
        read_as: dict[str, list[str]] = {}
        for word, others in self.read_as.items():
            read_as.setdefault(" ".join(others), []).append(word)
        return {
            "language": list(self.words),
            "answers": list(self.answers),
            "read_as": {others: " ".join(words) for others, words in read_as.items()},
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Lexicon:
        """Read what `to_json` wrote."""
        read_as = {
            word: tuple(others.split(" "))
            for others, words in values.get("read_as", {}).items()
            for word in words.split(" ")
        }
        return cls(values["language"], values["answers"], read_as)

    def __len__(self) -> int:
        """Number of indices, the reserved ones included: the rows of an embedding table."""
        return len(self.words) + RESERVED

    def __contains__(self, word: object) -> bool:
        return word in self._index

    def __getitem__(self, word: str) -> int:
        """Index of a word of language; `NIL` for any other."""
        return self._index.get(word, NIL)

    def tokens(self, text: str, known: Collection[str] = ()) -> list[Token]:
        """Split a sentence into words of language and symbols, in order.

        Args:
            text: One sentence.
            known: Keys of names that are spoken of. What is one of them is a name even where nothing in
                the sentence shows it ("where is new york", "what is emily afraid of").

        >>> Lexicon(["the", "is", "in"]).tokens("The blue backpack is in New York.")[1]
        Token(index=1, surface='blue backpack', key='blue backpack')
        """
        read: list[Token] = []
        spelt = [match.group() for match in _WORD.finditer(unicodedata.normalize("NFC", text))]
        for surface, following in zip_longest(spelt, spelt[1:], fillvalue=""):
            read.append(self._word(surface, read[-1] if read else None, following, known))
        tokens: list[Token] = []
        position = 0
        while position < len(read):
            end = end_of_name(read, position, known)
            token = joined(read[position:end])
            # "at the dentist's" says where, "the dentist's in the hall" who.
            if token.owner and token.surface.islower() and _AFTER_IS.isdisjoint(spelt[end : end + 1]):
                token = replace(token, surface=f"{token.surface}'s")
            tokens.append(token)
            position = end
        return tokens

    def key_of(self, name: str) -> str:
        """The key of a name that stands alone, as an answer does."""
        return " ".join(singular(word.lower().removesuffix("'s")) for word in _WORD.findall(name))

    def _word(self, surface: str, before: Token | None, following: str, known: Collection[str]) -> Token:
        taught = self._taught.get(surface)
        if taught is not None:
            return taught
        lower = surface.lower().replace("’", "'")
        owner = lower not in self._index and lower.endswith("'s")
        written = surface
        if owner:
            surface, lower = surface[:-2], lower[:-2]
        if lower in self._index:
            taught = Token(self._index[lower], surface, None)
            if len(self._taught) < _SPELLINGS * len(self.words):
                self._taught[written] = taught
            return taught
        # "the moving van", "a woollen earring", "the old knitted sweater": part of a name.
        # "Mary quickly", "the guest speaker presented the": not.
        named = before is not None and (
            before.surface.lower() in DETERMINERS
            or before.owner
            or (before.is_name and before.surface.islower() and self._goes_on(lower, following))
        )
        key = singular(lower)
        look = SYMBOL
        if surface == lower and not owner and not named and key not in known:
            look = look_of(lower)
            # "rob went to the garden" is about Rob; "did ada rob the bank" is not.
            if look != SYMBOL or lower.endswith("s") or following in _AFTER_VERBS:
                for other in self.read_as.get(lower, ()):
                    if other in self._index:
                        return Token(self._index[other], surface, None)
        return Token(look, surface, key if look == SYMBOL else lower, owner)

    def _goes_on(self, word: str, following: str) -> bool:
        """Whether a word after the first of a name can belong to it: not what somebody does."""
        if look_of(word) != SYMBOL:  # "the old knitted sweater"
            return following.islower() and following not in self._index and look_of(following) == SYMBOL
        # "the museum guide left": no verb, though some guide others; "the nurse snatches the milk".
        return word not in self.read_as or following not in _AFTER_VERBS


def _size_of_vector(vector: np.ndarray, key: str, dim: int) -> int:
    return 150 + len(key) + vector.nbytes


@remembered(16 << 20, _size_of_vector)
def symbol_vector(key: str, dim: int) -> np.ndarray:
    """The vector of a symbol: signs from the BLAKE2b digest of its key, scaled to length 1.

    Args:
        key: A token's key.
        dim: Components, at most 512.

    Returns:
        float32, shape (dim,), read-only: the same everywhere, for ever.
    """
    bits = np.unpackbits(np.frombuffer(hashlib.blake2b(key.encode()).digest(), dtype=np.uint8))[:dim]
    vector = (bits.astype(np.float32) * 2 - 1) / np.float32(np.sqrt(dim))
    vector.setflags(write=False)
    return vector
