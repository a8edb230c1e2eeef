"""A small world of people, rooms and objects: the stories of bAbI's task 3, "three supporting facts".

Written from the task's description and fitted to the genuine training stories that are available
(385 stories, 1,925 questions); the test file was never looked at. What they show, without exception
unless a number says otherwise:

* People and objects begin in rooms that are not told. Someone who has not moved yet may take and drop.
* A fact is drawn by trial: a person and one of move, take, drop, until it can be done. A move draws
  one of the six rooms and is drawn again when the person is there already.
* After every second fact a question is asked if there is one to ask: about an object whose latest take
  or drop is among the last five facts, and which its latest holder carried into two rooms or more.
* "Where was the X before the Y?": Y is one of the rooms X was carried into, but not the first; the
  answer is the room before Y, at the last time X entered it. Later rooms are asked for more often.
* Supporting facts: the latest take or drop of X, the move into Y, the move before it, in this order.
* The story ends with its fifth question. The same question may be asked again.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

Kind = Literal["move", "take", "drop"]
T = TypeVar("T")

PEOPLE = ("Daniel", "John", "Mary", "Sandra")
ROOMS = ("bathroom", "bedroom", "garden", "hallway", "kitchen", "office")
OBJECTS = ("apple", "football", "milk")
KINDS: tuple[Kind, ...] = ("move", "take", "drop")
VERBS: dict[Kind, tuple[str, ...]] = {
    "move": ("journeyed to", "moved to", "travelled to", "went back to", "went to"),
    "take": ("got", "grabbed", "picked up", "took"),
    "drop": ("discarded", "dropped", "left", "put down"),
}
QUESTIONS_PER_STORY = 5

FACTS_BETWEEN_CHANCES = 2
"""A question can come after every second fact."""
RECENT = 5
"""The latest take or drop of an object that is asked for is among this many last facts."""
THERE_SHARE = 0.2
"""Takes and drops that end in "there" (2,121 of 10,441)."""
LATER_ROOM_WEIGHT = 1.3
"""How much likelier each room is asked for than the one before it (log-likelihood -714 against -733
for equal chances)."""
PASS_OVER_SHARE = 11 / 1936
"""Chances with a question to ask where the genuine stories ask none; we know no reason."""


class Draw:
    """Random choices that a seed repeats under every version of Python.

    `random.Random.random` is the one method whose sequence Python promises to keep.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random

    def happens(self, share: float) -> bool:
        """True with probability `share`."""
        return self._random() < share

    def one(self, options: Sequence[T]) -> T:
        """One of the options, with equal chances."""
        return options[int(self._random() * len(options))]

    def weighted(self, options: Sequence[T], weights: Sequence[float]) -> T:
        """One of the options, with chances in proportion to the weights."""
        left = self._random() * sum(weights)
        for option, weight in zip(options, weights, strict=True):
            left -= weight
            if left < 0:
                return option
        return options[-1]


@dataclass(slots=True)
class _Carried:
    """What was told about an object since somebody last took it."""

    handled_line: int
    """Line of its latest take or drop."""
    handled_fact: int
    """The same, counted in facts."""
    rooms: list[tuple[int, str]] = field(default_factory=list)
    """Rooms it was carried into, each with the line of the move."""

    def askable(self) -> list[int]:
        """Which rooms have a room before them, and are not entered again later."""
        last = {room: index for index, (_, room) in enumerate(self.rooms)}
        return [index for index, (_, room) in enumerate(self.rooms) if index and last[room] == index]


class World:
    """Where people and objects are, and what has been told about it."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._room = {person: draw.one(ROOMS) for person in PEOPLE}
        self._lies_in: dict[str, str | None] = {thing: draw.one(ROOMS) for thing in OBJECTS}
        self._holder: dict[str, str | None] = dict.fromkeys(OBJECTS)
        self._carried: dict[str, _Carried] = {}
        self._facts = 0
        self.lines: list[str] = []
        """The story so far, in the format of bAbI's files."""

    def happen(self) -> None:
        """Let something happen, and tell it."""
        while True:
            person, kind = self._draw.one(PEOPLE), self._draw.one(KINDS)
            target = self._target(person, kind)
            if target is not None:
                break
        there = " there" if kind != "move" and self._draw.happens(THERE_SHARE) else ""
        self._tell(f"{person} {self._draw.one(VERBS[kind])} the {target}{there}.")
        self._facts += 1
        if kind == "move":
            self._room[person] = target
            for thing, carried in self._carried.items():
                if self._holder[thing] == person:
                    carried.rooms.append((len(self.lines), target))
        elif kind == "take":
            self._holder[target], self._lies_in[target] = person, None
            self._carried[target] = _Carried(len(self.lines), self._facts)
        else:
            self._holder[target], self._lies_in[target] = None, self._room[person]
            carried = self._carried[target]
            carried.handled_line, carried.handled_fact = len(self.lines), self._facts

    def _target(self, person: str, kind: Kind) -> str | None:
        """A room to go to, or an object to take or drop; None if it cannot be done."""
        if kind == "move":
            room = self._draw.one(ROOMS)
            return room if room != self._room[person] else None
        if kind == "take":
            things = [thing for thing in OBJECTS if self._lies_in[thing] == self._room[person]]
        else:
            things = [thing for thing in OBJECTS if self._holder[thing] == person]
        return self._draw.one(things) if things else None

    def ask(self) -> bool:
        """Ask a question, if there is one to ask; True when it was asked."""
        things = [
            thing
            for thing in OBJECTS
            if thing in self._carried
            and self._facts - self._carried[thing].handled_fact < RECENT
            and self._carried[thing].askable()
        ]
        if not things or self._draw.happens(PASS_OVER_SHARE):
            return False
        thing = self._draw.one(things)
        carried = self._carried[thing]
        choices = carried.askable()
        index = self._draw.weighted(choices, [LATER_ROOM_WEIGHT**choice for choice in choices])
        (before_line, answer), (line, room) = carried.rooms[index - 1 : index + 1]
        # The space before the tab is in the genuine files.
        question = f"Where was the {thing} before the {room}? "
        self._tell(f"{question}\t{answer}\t{carried.handled_line} {line} {before_line}")
        return True

    def _tell(self, text: str) -> None:
        self.lines.append(f"{len(self.lines) + 1} {text}")


def three_supporting_facts(draw: Draw) -> list[str]:
    """One story of task 3, as the lines of a bAbI file."""
    world = World(draw)
    questions = 0
    while questions < QUESTIONS_PER_STORY:
        for _ in range(FACTS_BETWEEN_CHANCES):
            world.happen()
        questions += world.ask()
    return world.lines
