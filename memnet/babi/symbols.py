"""The words of bAbI's English files that stand for someone or something: which could be any other word.

Everything else is language: verbs, prepositions, numbers, times of day, directions, motives, yes and no.
"""

from __future__ import annotations

NAMES = (
    *("antoine", "bernhard", "bill", "brian", "daniel", "emily", "fred", "gertrude", "greg", "jason", "jeff"),
    *("jessica", "john", "julie", "julius", "lily", "mary", "sandra", "sumit", "winona", "yann"),
)
PLACES = ("bathroom", "bedroom", "cinema", "garden", "hallway", "kitchen", "office", "park", "school")
THINGS = ("apple", "football", "milk", "pajamas")
SPECIES = ("cat", "frog", "lion", "mouse", "rhino", "sheep", "swan", "wolf")
COLOURS = ("blue", "gray", "green", "pink", "red", "white", "yellow")
SHAPES = ("rectangle", "sphere", "square", "triangle")
CONTAINERS = ("box", "chest", "chocolate", "container", "suitcase")

PLURALS = {"cat": "cats", "mouse": "mice", "wolf": "wolves", "chocolate": "chocolates"}
"""Plurals that occur, by their singulars. One sheep, two sheep."""

SYMBOLS = (*NAMES, *PLACES, *THINGS, *SPECIES, *COLOURS, *SHAPES, *CONTAINERS)

MOTIVES_TASK = 20
"""Rooms and objects follow from motives here ("Sumit is thirsty. Where will Sumit go?"), which no other
word would; only its names could be others."""


def symbols_of(task: int) -> tuple[str, ...]:
    """The words of a task's stories that could be others without a change of the right answer."""
    return NAMES if task == MOTIVES_TASK else SYMBOLS
