"""Words of a language, and the names that people bring: which words are learned and which are symbols.

*Language* is what training taught: verbs, prepositions, numbers, yes and no. Everything else is a
*symbol*: the name of somebody or something, known by nothing but itself. A symbol's vector is derived
from its letters alone, so the same name has the same vector in every process, on every machine and in
every version, and nothing is stored to remember it.

    The blue backpack is in Ada's office.      the  [blue backpack]  is  in  [ada office]

Words of one name stand together: after a determiner ("the blue backpack", "the box of chocolates"), after
its owner ("Ada's office"), before a number ("room 9"), or when all are capitalised ("New York").

A word that training never held is a symbol too, even if it looks like a verb or an adverb: who "trudged" is
found by the same word in the question. How it looks tells the network not to take it for a name.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

NIL, SYMBOL, UNKNOWN_VERB, UNKNOWN_ADVERB = 0, 1, 2, 3
"""Indices before those of the words: padding; a symbol that is a name; a symbol that looks like a verb (-ed,
-ing, or an irregular past) or an adverb (-ly) rather than like a name."""
RESERVED = 4

_WORD = re.compile(r"[^\W_]+(?:[-.'’&/][^\W_]+)*")
_DETERMINERS = frozenset(
    [
        "a",
        "an",
        "the",
        "my",
        "your",
        "his",
        "her",
        "its",
        "our",
        "their",
        "this",
        "that",
        "these",
        "those",
        "some",
        "every",
        "each",
    ]
)
_IRREGULAR = {
    "mice": "mouse",
    "wolves": "wolf",
    "geese": "goose",
    "knives": "knife",
    "children": "child",
    "people": "person",
    "men": "man",
    "women": "woman",
    "shelves": "shelf",
    "leaves": "leaf",
    "keys": "key",
    "feet": "foot",
    "teeth": "tooth",
    "oxen": "ox",
}
_IRREGULAR_VERBS = frozenset(
    [
        "arose",
        "awoke",
        "awoken",
        "became",
        "began",
        "begun",
        "bent",
        "bled",
        "blew",
        "blown",
        "broken",
        "brought",
        "built",
        "burst",
        "caught",
        "chose",
        "chosen",
        "clung",
        "crept",
        "dealt",
        "drank",
        "drawn",
        "drew",
        "driven",
        "drove",
        "dug",
        "dwelt",
        "eaten",
        "fed",
        "fled",
        "flew",
        "flown",
        "flung",
        "forbade",
        "forgot",
        "forgotten",
        "fought",
        "froze",
        "frozen",
        "gave",
        "given",
        "gone",
        "grew",
        "hid",
        "hidden",
        "hung",
        "kept",
        "knelt",
        "knew",
        "laid",
        "leapt",
        "lent",
        "lit",
        "lost",
        "made",
        "meant",
        "overtook",
        "paid",
        "rang",
        "ridden",
        "rode",
        "sank",
        "sat",
        "seen",
        "sent",
        "shaken",
        "shone",
        "shook",
        "slid",
        "slung",
        "slunk",
        "snuck",
        "sold",
        "sought",
        "spat",
        "sped",
        "spent",
        "spoke",
        "spoken",
        "sprang",
        "spun",
        "stank",
        "stole",
        "stolen",
        "stood",
        "strewn",
        "strode",
        "struck",
        "stuck",
        "stung",
        "swam",
        "swept",
        "swore",
        "sworn",
        "swung",
        "taken",
        "thought",
        "threw",
        "thrown",
        "took",
        "tore",
        "torn",
        "trod",
        "trodden",
        "undertook",
        "went",
        "wept",
        "withdrawn",
        "withdrew",
        "woke",
        "woken",
        "won",
        "wore",
        "worn",
        "wove",
        "woven",
        "written",
        "wrote",
    ]
)
_BE = frozenset({"is", "are", "was", "were"})


@dataclass(frozen=True, slots=True)
class Token:
    """One word of language, or one symbol of one or more words."""

    index: int
    """Of the word in the lexicon, or one of the reserved ones for a symbol."""
    surface: str
    """As it was written; the last word without a possessive ending."""
    key: str | None
    """Identity of a symbol: lower case, singular; None for language."""
    owner: bool = False
    """Whether a possessive ending was taken off."""

    @property
    def is_name(self) -> bool:
        """Whether it is a symbol that does not look like a verb or an adverb."""
        return self.index == SYMBOL


class Lexicon:
    """The words of a language, learned in training; an index is the position plus `RESERVED`.

    Attributes:
        words: The language.
        answers: Words that can be the answer without standing in any fact, such as "yes".
    """

    def __init__(self, language: Sequence[str], answers: Sequence[str] = ()) -> None:
        self.words: tuple[str, ...] = tuple(language)
        self.answers: tuple[str, ...] = tuple(answers)
        self._index = {word: index for index, word in enumerate(self.words, start=RESERVED)}
        if len(self._index) != len(self.words):
            raise ValueError("a lexicon holds each word once")

    def without(self, hidden: Collection[str]) -> Lexicon:
        """The same lexicon to which these words are unknown; all others keep their indices."""
        other = Lexicon(self.words, self.answers)
        other._index = {word: index for word, index in self._index.items() if word not in hidden}
        return other

    def to_json(self) -> dict[str, list[str]]:
        """What `from_json` makes the same lexicon of."""
        return {"language": list(self.words), "answers": list(self.answers)}

    @classmethod
    def from_json(cls, values: Mapping[str, Sequence[str]]) -> Lexicon:
        """Read what `to_json` wrote."""
        return cls(values["language"], values["answers"])

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
        for match in _WORD.finditer(unicodedata.normalize("NFC", text)):
            read.append(self._word(match.group(), read[-1] if read else None, known))
        tokens: list[Token] = []
        position = 0
        while position < len(read):
            end = _end_of_known(read, position, known) if known else position + 1
            if end == position + 1 and read[position].key is not None:
                end = _end_of_numbered(read, position, known)
            if end == position + 1 and read[position].is_name:
                end = _end_of_name(read, position, known)
            tokens.append(_joined(read[position:end]))
            position = end
        return tokens

    def key_of(self, name: str) -> str:
        """The key of a name that stands alone, as an answer does."""
        return " ".join(singular(word.lower().removesuffix("'s")) for word in _WORD.findall(name))

    def _word(self, surface: str, before: Token | None, known: Collection[str]) -> Token:
        lower = surface.lower().replace("’", "'")
        owner = lower not in self._index and lower.endswith("'s")
        if owner:
            surface, lower = surface[:-2], lower[:-2]
        if lower in self._index:
            return Token(self._index[lower], surface, None)
        # "the moving van", "a woollen earring": part of a name; "Mary quickly": not.
        named = before is not None and (
            before.surface.lower() in _DETERMINERS
            or before.owner
            or (before.is_name and before.surface.islower())
        )
        key = singular(lower)
        look = SYMBOL
        if surface == lower and not owner and not named and key not in known:
            look = _look_of(lower)
        return Token(look, surface, key if look == SYMBOL else lower, owner)


def _look_of(word: str) -> int:
    """What a lower-case word that nobody taught seems to be."""
    if word in _IRREGULAR_VERBS:
        return UNKNOWN_VERB
    if len(word) > 4:
        if word.endswith(("ed", "ing")) and not word.endswith("eed"):
            return UNKNOWN_VERB
        if word.endswith("ly"):
            return UNKNOWN_ADVERB
    return SYMBOL


_LONGEST_NAME = 6
"""Most words of a name that is recognised by what was told."""


def _end_of_known(read: Sequence[Token], start: int, known: Collection[str]) -> int:
    """Where the longest known name of several words that begins at `start` ends; one on if there is none."""
    for end in range(min(len(read), start + _LONGEST_NAME), start + 1, -1):
        if _key(read[start:end]) in known:
            return end
    return start + 1


def _end_of_numbered(read: Sequence[Token], start: int, known: Collection[str]) -> int:
    """Where the numbered name that begins at `start` ends ("operating room 23"); one on if there is none."""
    if not read[start].is_name and not read[start].surface.endswith("ing"):
        return start + 1
    for end in range(start, min(len(read), start + _LONGEST_NAME)):
        word = read[end]
        if end > start and word.is_name and word.surface[:1].isdigit():
            return end + 1
        if (
            not word.surface.islower()
            or word.owner
            or word.key in known
            or (end > start and not word.is_name)
        ):
            break
    return start + 1


def _end_of_name(read: Sequence[Token], start: int, known: Collection[str]) -> int:
    """Where the name that begins at `start` ends."""
    before = read[start - 1] if start > 0 else None
    determined = before is not None and before.surface.lower() in _DETERMINERS
    # "is pale yellow": in a question what follows "is" may be a name and more.
    described = before is not None and not known and before.surface in _BE and read[start].surface.islower()
    end = start + 1
    while end < len(read) and read[end].is_name:
        proper = read[end - 1].surface[:1].isupper() and not read[end].surface[:1].islower()
        described = described and read[end].surface.islower()
        owned = read[end - 1].owner
        if not (determined or proper or described or owned or read[end].surface[:1].isdigit()):
            break
        # What somebody owns has a name of one or more words, as after "the".
        determined = determined or owned
        end += 1
    of = end + 1 < len(read) and read[end].surface == "of" and read[end + 1].is_name
    return end + 2 if determined and of else end


def _key(words: Sequence[Token]) -> str:
    return " ".join(word.key or singular(word.surface.lower()) for word in words)


def _joined(words: Sequence[Token]) -> Token:
    if len(words) == 1:
        return words[0]
    *first, last = words
    surface = " ".join([*(word.surface + "'s" * word.owner for word in first), last.surface])
    return Token(SYMBOL, surface, _key(words), last.owner)


def singular(word: str) -> str:
    """What stands for one of it: "wolves" and "wolf" are the same species. An identity, not a spelling.

    >>> singular("cats"), singular("boxes"), singular("julius"), singular("mice")
    ('cat', 'box', 'julius', 'mouse')
    """
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes", "zes")):
        return word[:-2]
    return word[:-1]


@lru_cache(maxsize=65_536)
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
