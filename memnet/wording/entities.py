"""Names: people, places and things, in two halves that never share a name."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from tomllib import loads

from memnet.text import words
from memnet.wording.draw import Draw
from memnet.wording.english import HE, IT, SHE, Pronoun
from memnet.wording.values import Split

NAME_WORDS = frozenset({"of", "north", "south", "east", "west"})
"""Words of the language that names contain too: "box of chocolates", "the east wing"."""

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_INTO = {"in": "into", "on": "onto", "at": "to"}
_SIBLINGS = 0.12
"""Share of things called like an earlier one but for its first word: "the red ball", "the blue ball"."""


@dataclass(frozen=True, slots=True, eq=False)
class Entity:
    """Somebody or something with a name; no two are equal."""

    name: str
    """As answers spell it: without an article."""
    the: str
    """As sentences call it: "the garden", "New York"."""
    pronoun: Pronoun = IT
    plural: bool = False
    mass: bool = False
    where: str = "in"
    """in, on or at: how one is there."""
    plain: bool = False
    """One word that says nothing of its bearer: no "nurse", no "blue backpack"."""
    head: str = ""
    """The noun, of a name that has a word in front of it."""

    @property
    def inside(self) -> str:
        """Where one is who is there."""
        return f"{self.where} {self.the}"

    @property
    def into(self) -> str:
        """Where one goes who comes there."""
        return f"{_INTO[self.where]} {self.the}"


@cache
def pools(split: Split) -> dict[str, tuple[str, ...]]:
    """Half of each list of entities.toml."""
    lists = loads(files("memnet.wording").joinpath("entities.toml").read_text(encoding="utf-8"))
    return {
        name: tuple(
            entry for entry in _entries(text) if (zlib.crc32(entry.encode()) & 1) == (split != "train")
        )
        for name, text in lists.items()
    }


def _entries(text: str) -> list[str]:
    return [" ".join(entry.split()) for entry in text.replace("\n", " ").split(",")]


class Cast:
    """Who and what occurs in a story: names that share no word, unless they are meant to."""

    def __init__(self, draw: Draw, split: Split) -> None:
        self._draw = draw
        self._pools = pools(split)
        self._odd = split == "train"
        self._words: set[str] = set()
        self._things: list[Entity] = []
        self.names: list[str] = []

    def person(self) -> Entity:
        """Mary, Ada Lovelace, Mrs. Patel, the nurse, R2-X or Team Orange."""
        return self._new(self._person)

    def place(self) -> Entity:
        """the garden, the old garden, meeting room 3, New York, the roof, the airport."""
        return self._new(self._place)

    def thing(self) -> Entity:
        """the milk, the blue backpack, the car keys, Anna's bicycle, the X-200."""
        thing = self._sibling() if self._things and self._draw.happens(_SIBLINGS) else None
        thing = thing or self._new(self._thing)
        if thing.head:
            self._things.append(thing)
        return thing

    def container(self) -> Entity:
        """the box, the wooden box: one thing that has a size."""
        return self._new(lambda: self._modified("containers", "thing_modifiers", 0.3))

    def shape(self) -> Entity:
        """the triangle, the pink triangle."""
        return self._new(lambda: self._modified("shapes", "colours", 0.5))

    def has_word(self, pool: str) -> bool:
        """Whether there is a word left that no name contains; asking draws nothing."""
        return any(self._words.isdisjoint(words(name)) for name in self._pools[pool])

    def word(self, pool: str) -> str:
        """A colour, a job or a feeling that no name contains; `has_word` says whether there is one."""
        draw = self._draw
        return self._new(lambda: Entity(name := draw.one(self._pools[pool]), name)).name

    def _new(self, make: Callable[[], Entity]) -> Entity:
        while True:
            entity = make()
            found = [word for word in words(entity.name) if word not in NAME_WORDS]
            if self._words.isdisjoint(found):
                self._words.update(found)
                self.names.append(entity.name)
                return entity

    def _sibling(self) -> Entity | None:
        other = self._draw.one(self._things)
        modifier = self._draw.one(self._pools["thing_modifiers"])
        if modifier.lower() in self._words:
            return None
        self._words.add(modifier.lower())
        name = f"{modifier} {other.head}"
        self.names.append(name)
        return Entity(name, f"the {name}", other.pronoun, other.plural, other.mass, head=other.head)

    def _person(self) -> Entity:
        draw, pool = self._draw, self._pools
        pronoun = SHE if draw.happens(0.5) else HE
        first = draw.one(pool["women" if pronoun is SHE else "men"])
        chance = draw.random()
        if chance < 0.62:
            return Entity(first, first, pronoun, plain=True)
        if chance < 0.76:
            name = f"{first} {draw.one(pool['surnames'])}"
            return Entity(name, name, pronoun)
        if chance < 0.81:
            title = draw.one(("Mrs.", "Ms.", "Aunt") if pronoun is SHE else ("Mr.", "Uncle"))
            name = f"{title} {first if title in ('Aunt', 'Uncle') else draw.one(pool['surnames'])}"
            return Entity(name, name, pronoun)
        if chance < 0.89:
            name = draw.one(pool["roles"])
            return Entity(name, f"the {name}", pronoun)
        if chance < 0.95:
            name = draw.one(pool["robots"]) if draw.happens(0.4) else self._code()
            return Entity(name, name, IT, plain=" " not in name)
        name = draw.one(pool["teams"])
        return Entity(name, name, IT)

    def _code(self) -> str:
        """R2-X, HX-47: an odd number for training, an even one for testing."""
        draw = self._draw
        number = 2 * draw.between(1, 450) - self._odd
        letter, other = draw.one(_LETTERS), draw.one(_LETTERS)
        return draw.one((f"{letter}-{number}", f"{letter}{other}-{number}", f"{letter}{number}-{other}"))

    def _place(self) -> Entity:
        draw, pool = self._draw, self._pools
        chance = draw.random()
        if chance < 0.62:
            return self._modified("rooms", "room_modifiers", 0.25)
        if chance < 0.72:
            name = f"{draw.one(pool['numbered'])} {2 * draw.between(1, 20) - self._odd}"
            return Entity(name, name, where="in")
        if chance < 0.86:
            name = draw.one(pool["cities"])
            return Entity(name, name)
        if chance < 0.94:
            name = draw.one(pool["grounds_on"])
            return Entity(name, f"the {name}", where="on")
        name = draw.one(pool["grounds_at"])
        return Entity(name, f"the {name}", where="at")

    def _thing(self) -> Entity:
        draw, pool = self._draw, self._pools
        chance = draw.random()
        if chance < 0.66:
            return self._modified("things", "thing_modifiers", 0.4)
        if chance < 0.76:
            name = draw.one(pool["plurals"])
            return Entity(name, f"the {name}", plural=True, plain=" " not in name)
        if chance < 0.86:
            name = draw.one(pool["masses"])
            return Entity(name, f"the {name}", mass=True, plain=" " not in name)
        if chance < 0.93:
            owner = draw.one(pool["women" if draw.happens(0.5) else "men"])
            name = f"{owner}'s {draw.one(pool['things'])}"
            return Entity(name, name)
        name = self._code()
        return Entity(name, f"the {name}", plain=True)

    def _modified(self, nouns: str, modifiers: str, share: float) -> Entity:
        noun = self._draw.one(self._pools[nouns])
        if not self._draw.happens(share):
            return Entity(noun, f"the {noun}", plain=" " not in noun)
        name = f"{self._draw.one(self._pools[modifiers])} {noun}"
        return Entity(name, f"the {name}", head=noun)
