"""What a sentence is made of: words of language, and symbols with the look of a name, a verb or an adverb."""

from __future__ import annotations

import re
from dataclasses import dataclass

NIL, SYMBOL, UNKNOWN_VERB, UNKNOWN_ADVERB = 0, 1, 2, 3
"""Indices before those of the words: padding; a symbol that is a name; a symbol that looks like a verb (-ed,
-ing, or an irregular past) or an adverb (-ly) rather than like a name."""
RESERVED = 4

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


_VOWEL = re.compile("[aeiouy]")


def look_of(word: str) -> int:
    """What a lower-case word that nobody taught seems to be."""
    if word in _IRREGULAR_VERBS:
        return UNKNOWN_VERB
    if word.endswith("ed") and not word.endswith("eed") and _VOWEL.search(word[:-2]):
        return UNKNOWN_VERB
    if len(word) > 4:
        if word.endswith("ing"):
            return UNKNOWN_VERB
        if word.endswith("ly"):
            return UNKNOWN_ADVERB
    return SYMBOL


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
