"""What the facts decide about people who move, take, drop and give: the rules of bAbI's tasks 1 to 14.

The same rules as memnet.babi.cross.World, for any names, and for facts that say where somebody is, is not
or may be; a test holds the two together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from memnet.wording.asking import Decided
from memnet.wording.entities import Entity
from memnet.wording.telling import Told

COUNTS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight")
"""Answers to "how many"; nobody has more things than that."""
NOTHING = "nothing"
NOBODY = "nobody"

Stop = tuple[Entity, Told]
"""A place that somebody came to, and the fact that says so."""


@dataclass(frozen=True, slots=True)
class Deed:
    """A thing that somebody took, has, dropped or gave: the fact's relation says which."""

    people: tuple[Entity, ...]
    """Who did it, and who received it."""
    thing: Entity
    fact: Told


class Ledger:
    """What is known at a moment of the story."""

    def __init__(self) -> None:
        self.place: dict[Entity, Stop] = {}
        """Where a person is."""
        self.absent: dict[Entity, tuple[Entity, Told]] = {}
        """Where a person is not, of whom no more is known."""
        self.maybe: dict[Entity, tuple[tuple[Entity, Entity], Told]] = {}
        """Two places, one of which a person is in."""
        self.holds: dict[Entity, dict[Entity, Told]] = {}
        """What a person has, each with the fact that says so."""
        self.holder: dict[Entity, Entity] = {}
        self.lies: dict[Entity, tuple[Entity, tuple[Told, ...]] | None] = {}
        """Where a thing is that nobody has, if that is known."""
        self.handled: dict[Entity, Told] = {}
        """How a thing last changed hands or was put somewhere."""
        self.picked: dict[Entity, Told] = {}
        """The fact by which its last holder came to have a thing."""
        self.taken: dict[Entity, Stop] = {}
        """Who took a thing last."""
        self.dropped: dict[Entity, Stop] = {}
        self.given: list[tuple[Entity, Entity, Entity, Told]] = []
        """Gifts: giver, thing, receiver."""
        self.walked: dict[Entity, list[Stop]] = {}
        """Where a person went, as far as it is known without a gap."""
        self.stops: Counter[Entity] = Counter()
        """How many facts told where a person is, is not or may be."""
        self.carried: dict[Entity, list[Stop]] = {}
        """Where a thing was carried since somebody last took it."""
        self.lost: dict[tuple[Entity, Entity], Told] = {}
        """The fact by which a person last lost a thing."""
        self.moves: dict[Entity, list[Stop]] = {}
        """Every place that somebody went to."""
        self.deeds: list[Deed] = []
        """Everything that was done with things."""
        self._first: dict[tuple[Entity, Entity], int] = {}
        """When a person first took a thing: the order of bAbI's lists."""

    def move(self, people: Iterable[Entity], place: Entity, fact: Told) -> None:
        for person in people:
            self._settle(person, place, fact)
            self.walked.setdefault(person, []).append((place, fact))
            self.moves.setdefault(person, []).append((place, fact))
            for thing in self.holds.setdefault(person, {}):
                self.carried[thing].append((place, fact))

    def be(self, person: Entity, place: Entity, fact: Told) -> None:
        """Somebody is somewhere; how they came there is not told, so what was before is not known."""
        self._settle(person, place, fact)
        self.walked[person] = [(place, fact)]
        for thing in self.holds.setdefault(person, {}):
            self.carried[thing] = [(place, fact)]

    def be_absent(self, person: Entity, place: Entity, fact: Told) -> None:
        """Somebody is not in the place where they were, or of whom nothing else is known."""
        self._unsettle(person)
        self.absent[person] = (place, fact)

    def be_either(self, person: Entity, places: tuple[Entity, Entity], fact: Told) -> None:
        self._unsettle(person)
        self.maybe[person] = (places, fact)

    def take(self, person: Entity, thing: Entity, fact: Told) -> None:
        self.deeds.append(Deed((person,), thing, fact))
        self._get(person, thing, fact)

    def drop(self, person: Entity, thing: Entity, fact: Told) -> None:
        self.deeds.append(Deed((person,), thing, fact))
        self._lose(person, thing, fact)
        stop = self.place.get(person)
        self.lies[thing] = (stop[0], (fact, stop[1])) if stop else None
        self.handled[thing] = fact
        self.dropped[thing] = (person, fact)

    def give(self, giver: Entity, thing: Entity, receiver: Entity, fact: Told) -> None:
        self.deeds.append(Deed((giver, receiver), thing, fact))
        self._lose(giver, thing, fact)
        self._get(receiver, thing, fact)
        self.given.append((giver, thing, receiver, fact))

    def lie(self, thing: Entity, place: Entity, fact: Told) -> None:
        self.lies[thing] = (place, (fact,))
        self.handled[thing] = fact
        self.carried[thing] = []

    def where_person(self, person: Entity) -> Decided | None:
        stop = self.place.get(person)
        return ((stop[0].name,), (stop[1],)) if stop else None

    def where_thing(self, thing: Entity) -> Decided | None:
        if holder := self.holder.get(thing):
            stop = self.place.get(holder)
            return ((stop[0].name,), (self.holds[holder][thing], stop[1])) if stop else None
        lies = self.lies.get(thing)
        return ((lies[0].name,), lies[1]) if lies else None

    def who_has(self, thing: Entity) -> Decided | None:
        if holder := self.holder.get(thing):
            return (holder.name,), (self.holds[holder][thing],)
        return ((NOBODY,), (self.dropped[thing][1],)) if thing in self.dropped else None

    def carrying(self, person: Entity) -> Decided | None:
        """What a person has, in the order they first took it, or `nothing`."""
        held = self.holds.get(person)
        if held is None:
            return None
        things = sorted(held, key=lambda thing: self._first[person, thing])
        # bAbI lists what was lost beside what is left; that nothing is left is known from the losses.
        gold = tuple(held.values()) or self._losses(person)
        return tuple(thing.name for thing in things) or (NOTHING,), gold

    def count(self, person: Entity) -> Decided | None:
        found = self.carrying(person)
        return ((COUNTS[len(self.holds[person])],), found[1]) if found else None

    def has(self, person: Entity, thing: Entity) -> Decided | None:
        """`yes` or `no`, if what became of the thing is known."""
        if person in self.holds and thing in self.holds[person]:
            return ("yes",), (self.holds[person][thing],)
        if thing in self.holder or thing in self.dropped:
            return ("no",), (self.handled[thing],)
        return None

    def is_in(self, person: Entity, place: Entity) -> Decided | None:
        """`yes`, `no` or `maybe`."""
        if stop := self.place.get(person):
            return ("yes" if stop[0] is place else "no",), (stop[1],)
        if maybe := self.maybe.get(person):
            return ("maybe" if place in maybe[0] else "no",), (maybe[1],)
        if (absent := self.absent.get(person)) and absent[0] is place:
            return ("no",), (absent[1],)
        return None

    def before_person(self, person: Entity, place: Entity) -> Decided | None:
        """The place a person was in just before they last came to a place."""
        return _before(self.walked.get(person, []), place)

    def before_thing(self, thing: Entity, place: Entity) -> Decided | None:
        """The place a thing was in just before it last came to one, carried by one and the same person."""
        found = _before(self.carried.get(thing, []), place)
        # bAbI names the latest take or drop; that somebody dropped it does not say that they had carried it.
        return (found[0], (self.picked[thing], *found[1])) if found else None

    def after(self, person: Entity, place: Entity) -> Decided | None:
        """The place just after the last time that a person was somewhere and left again."""
        trail = self.walked.get(person, [])
        for index in range(len(trail) - 2, -1, -1):
            if trail[index][0] is place:
                return (trail[index + 1][0].name,), (trail[index + 1][1], trail[index][1])
        return None

    def _settle(self, person: Entity, place: Entity, fact: Told) -> None:
        self.place[person] = (place, fact)
        self.stops[person] += 1
        self.absent.pop(person, None)
        self.maybe.pop(person, None)
        self.holds.setdefault(person, {})

    def _unsettle(self, person: Entity) -> None:
        self.place.pop(person, None)
        self.stops[person] += 1
        self.absent.pop(person, None)
        self.maybe.pop(person, None)
        self.walked[person] = []
        for thing in self.holds.setdefault(person, {}):
            self.carried[thing] = []

    def _get(self, person: Entity, thing: Entity, fact: Told) -> None:
        self.holds.setdefault(person, {})[thing] = fact
        self._first.setdefault((person, thing), len(self._first))
        self.holder[thing] = person
        self.lies.pop(thing, None)
        self.carried[thing] = []
        self.handled[thing] = self.picked[thing] = fact
        if fact.relation == "taking":
            self.taken[thing] = (person, fact)

    def _lose(self, person: Entity, thing: Entity, fact: Told) -> None:
        self.holds[person].pop(thing)
        self.holder.pop(thing)
        self.lost[person, thing] = fact

    def _losses(self, person: Entity) -> tuple[Told, ...]:
        return tuple(fact for (loser, _), fact in self.lost.items() if loser is person)


def _before(trail: list[Stop], place: Entity) -> Decided | None:
    for index in range(len(trail) - 1, 0, -1):
        if trail[index][0] is place:
            return (trail[index - 1][0].name,), (trail[index][1], trail[index - 1][1])
    return None
