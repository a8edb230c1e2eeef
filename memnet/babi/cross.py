"""Cross questions: what one task asks, asked of the stories of another.

bAbI's tasks share a world (people move between rooms, take, drop and give things) but each asks one
kind of question. A network trained on them learns to ask a story only what its task asks. Here the
facts of a genuine story are followed, and every kind of question that they decide can be put to it.
The same rules answer every question that tasks 1, 2, 3, 6, 7, 8 and 12 ask themselves; a test holds
them to it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from memnet.story import Fact, Question, Story

TASKS = (1, 2, 3, 5, 6, 7, 8, 12)
"""Tasks whose facts are moves, takes, drops and gifts by name."""

REACH = 40
"""A fact that decides an answer is at most this old, as in every genuine question."""

_MOVE = re.compile(r"(\w+)(?: and (\w+))? (?:went back|went|moved|journeyed|travelled) to the (\w+)\.")
_TAKE = re.compile(r"(\w+) (?:got|grabbed|picked up|took) the (\w+)(?: there)?\.")
_DROP = re.compile(r"(\w+) (?:discarded|dropped|left|put down) the (\w+)(?: there)?\.")
_GIVE = re.compile(r"(\w+) (?:gave|handed|passed) the (\w+) to (\w+)\.")
_COUNTS = ("none", "one", "two", "three")


Decided = tuple[str, tuple[int, ...]]
"""An answer, and the facts that decide it, by `seq`."""


class World:
    """What the facts told so far decide."""

    def __init__(self) -> None:
        self.told = 0
        self._room: dict[str, tuple[str, int]] = {}
        """Where a person is, and the fact that says so."""
        self._held: dict[str, dict[str, int]] = {}
        """What a person carries, in the order it came, each with the fact that says so."""
        self._lies: dict[str, tuple[str, tuple[int, ...]] | None] = {}
        """Where a thing lies that nobody carries, if that is known."""
        self._trail: dict[str, list[tuple[str, int]]] = {}
        """The rooms a thing was carried into since somebody last took it."""
        self._handled: dict[str, int] = {}
        self._first: dict[tuple[str, str], int] = {}
        """When a person first took a thing: the order of bAbI's lists."""
        self._rooms: set[str] = set()

    def tell(self, fact: Fact) -> bool:
        """Follow a fact; False when it is of another kind."""
        self.told = fact.seq
        if match := _MOVE.fullmatch(fact.text):
            for person in filter(None, match.group(1, 2)):
                self._move(person, match[3], fact.seq)
        elif match := _TAKE.fullmatch(fact.text):
            self._take(match[1], match[2], fact.seq)
        elif match := _DROP.fullmatch(fact.text):
            self._drop(match[1], match[2], fact.seq)
        elif match := _GIVE.fullmatch(fact.text):
            self._held.get(match[1], {}).pop(match[2], None)
            self._take(match[3], match[2], fact.seq)
        else:
            return False
        return True

    def _move(self, person: str, room: str, seq: int) -> None:
        self._room[person] = (room, seq)
        self._rooms.add(room)
        for thing in self._held.setdefault(person, {}):
            self._trail[thing].append((room, seq))

    def _take(self, person: str, thing: str, seq: int) -> None:
        self._held.setdefault(person, {})[thing] = seq
        self._first.setdefault((person, thing), seq)
        self._lies[thing] = None
        self._trail[thing] = []
        self._handled[thing] = seq

    def _drop(self, person: str, thing: str, seq: int) -> None:
        self._held.setdefault(person, {}).pop(thing, None)
        room = self._room.get(person)
        self._lies[thing] = (room[0], (seq, room[1])) if room else None
        self._handled[thing] = seq

    def people(self) -> list[str]:
        """Everybody who was told of."""
        return sorted(self._room.keys() | self._held.keys())

    def things(self) -> list[str]:
        """Everything that was told of."""
        return sorted(self._handled)

    def where_person(self, person: str) -> Decided | None:
        """The room a person is in, and the facts that decide it; None if they do not."""
        room = self._room.get(person)
        return (room[0], (room[1],)) if room else None

    def where_thing(self, thing: str) -> Decided | None:
        """The room a thing is in."""
        for person, held in self._held.items():
            if thing in held:
                room = self._room.get(person)
                return (room[0], (held[thing], room[1])) if room else None
        return self._lies.get(thing)

    def carrying(self, person: str) -> Decided | None:
        """What a person carries, in the order they first took it: `football,milk`, or `nothing`."""
        held = self._held.get(person)
        if held is None:
            return None
        things = sorted(held, key=lambda thing: self._first[person, thing])
        return ",".join(things) or "nothing", tuple(held.values())

    def count(self, person: str) -> Decided | None:
        """How many things a person carries, as a word."""
        held = self._held.get(person)
        if held is None or len(held) >= len(_COUNTS):
            return None
        return _COUNTS[len(held)], tuple(held.values())

    def is_in(self, person: str, room: str) -> Decided | None:
        """`yes` or `no`."""
        found = self._room.get(person)
        return ("yes" if found[0] == room else "no", (found[1],)) if found else None

    def before(self, thing: str, room: str) -> Decided | None:
        """The room a thing was in just before it last entered a room, carried by one and the same person."""
        trail = self._trail.get(thing, [])
        for index in range(len(trail) - 1, 0, -1):
            if trail[index][0] == room:
                return trail[index - 1][0], (self._handled[thing], trail[index][1], trail[index - 1][1])
        return None

    def ask(self, draw: random.Random) -> Iterator[tuple[str, Decided | None]]:
        """Questions in random order, each with its answer and the facts that decide it."""
        questions: list[tuple[str, Decided | None]] = []
        if people := self.people():
            person = draw.choice(people)
            questions.append((f"Where is {person}?", self.where_person(person)))
            questions.append(self._ask_whether(person, draw))
            # Most people carry nothing; two times out of three, ask about somebody who does not.
            laden = [each for each in people if self._held.get(each)]
            person = draw.choice(laden) if laden and draw.random() < 2 / 3 else person
            questions.append((f"What is {person} carrying?", self.carrying(person)))
            questions.append((f"How many objects is {person} carrying?", self.count(person)))
        if things := self.things():
            thing = draw.choice(things)
            questions.append((f"Where is the {thing}?", self.where_thing(thing)))
            if trail := self._trail.get(thing):
                room = draw.choice(trail)[0]
                questions.append((f"Where was the {thing} before the {room}?", self.before(thing, room)))
        draw.shuffle(questions)
        return iter(questions)

    def _ask_whether(self, person: str, draw: random.Random) -> tuple[str, Decided | None]:
        """Whether somebody is somewhere: as often yes as no."""
        found = self._room.get(person)
        others = sorted(self._rooms - {found[0]} if found else self._rooms)
        if found and (draw.random() < 0.5 or not others):
            room = found[0]
        else:
            room = draw.choice(others or ["kitchen"])
        return f"Is {person} in the {room}?", self.is_in(person, room)


def with_cross_questions(stories: Sequence[Story], share: float, *, seed: int) -> list[Story]:
    """Stories with more questions; those of other tasks stay as they are.

    Args:
        stories: Genuine ones.
        share: Questions to add per question that a story has.
        seed: Which.
    """
    draw = random.Random(seed)
    return [_crossed(story, share, draw) if story.task in TASKS else story for story in stories]


def _crossed(story: Story, share: float, draw: random.Random) -> Story:
    wanted = int(share * len(story.questions)) + (draw.random() < share * len(story.questions) % 1)
    moments = sorted(draw.randint(1, len(story.facts)) for _ in range(wanted))
    world, added = World(), []
    for fact in story.facts:
        if not world.tell(fact):
            return story
        for _ in range(moments.count(fact.seq)):
            for text, answer in world.ask(draw):
                if (
                    answer
                    and all(fact.seq - seq < REACH for seq in answer[1])
                    and len(answer[0].split(",")) < 4
                ):
                    added.append(Question(text, answer[0], answer[1], facts_before=fact.seq))
                    break
    questions = sorted((*story.questions, *added), key=lambda question: question.facts_before)
    return replace(story, questions=tuple(questions))
