"""Stories of people who do things for a reason."""

from __future__ import annotations

from memnet.wording.asking import Asked, Asker, Query, about_person, about_place, about_thing
from memnet.wording.draw import Draw
from memnet.wording.entities import Cast, Entity
from memnet.wording.telling import Teller, Told

DRIVES = {"hungry": "kitchen", "thirsty": "kitchen", "tired": "bedroom", "bored": "garden"}
"""Where people go who feel so, as in bAbI's task 20. Nothing in the facts says so: it is learned."""

_ROOMS = {name: Entity(name, f"the {name}") for name in DRIVES.values()}


class Motives:
    """Some people feel something and act; others act and say why."""

    def __init__(self, draw: Draw, cast: Cast, teller: Teller, asker: Asker, length: int) -> None:
        self._draw, self._cast, self._teller, self._asker = draw, cast, teller, asker
        self.felt: dict[Entity, tuple[str, Told]] = {}
        self.moved: dict[Entity, tuple[Entity, str, Told]] = {}
        """Where somebody went, why, and the fact that says why."""
        self.took: dict[Entity, tuple[Entity, str, Told]] = {}
        self._people: dict[Entity, None] = {}

    def happen(self) -> Told | None:
        draw, teller = self._draw, self._teller
        waiting = [person for person in self.felt if person not in self.moved]
        if waiting and draw.happens(0.55):
            person = draw.one(waiting)
            word, fact = self.felt[person]
            room = _ROOMS[DRIVES[word]]
            self.moved[person] = room, word, fact
            return teller.action("moving", [person], place=room)
        there = [person for person in self.felt if person in self.moved and person not in self.took]
        if there and draw.happens(0.6):
            person, thing = draw.one(there), self._cast.thing()
            self.took[person] = thing, *self.felt[person]
            return teller.action("taking", [person], things=[thing], at=self.moved[person][0])
        person = self._cast.person()
        self._people[person] = None
        if draw.happens(0.55):
            word = draw.one(tuple(DRIVES))
            fact = teller.state("feeling", "state", person, word=word, he_is="is")
            self.felt[person] = word, fact
            return fact
        word = self._cast.word("feelings")
        if draw.happens(0.7):
            place = self._cast.place()
            fact = teller.reason(person, word, "moving", place=place)
            self.moved[person] = place, word, fact
        else:
            thing = self._cast.thing()
            fact = teller.reason(person, word, "taking", thing=thing)
            self.took[person] = thing, word, fact
        return fact

    def ask(self) -> Asked | None:
        draw = self._draw
        kind = draw.one(("where_will", "why_moved", "why_got"))
        if kind == "where_will":
            waiting = [person for person in self.felt if person not in self.moved]
            if not waiting:
                return None
            person = draw.one(waiting)
            word, fact = self.felt[person]
            return self._asker.ask(
                Query(kind, "motivation", about_person(person)), ((DRIVES[word],), (fact,))
            )
        if kind == "why_moved" and self.moved:
            person = draw.one(list(self.moved))
            place, word, fact = self.moved[person]
            query = Query(kind, "motivation", about_person(person) | about_place(place))
            return self._asker.ask(query, ((word,), (fact,)))
        if kind == "why_got" and self.took:
            person = draw.one(list(self.took))
            thing, word, fact = self.took[person]
            slots = about_person(person) | about_thing(thing)
            return self._asker.ask(Query(kind, "motivation", slots), ((word,), (fact,)))
        return None

    def ask_in_vain(self, cast: Cast | None) -> Asked | None:
        draw = self._draw
        if cast:
            person = cast.person()
            if draw.happens(0.5):
                query = Query("where_will", "motivation", about_person(person))
            else:
                place = self.moved[draw.one(list(self.moved))][0] if self.moved else cast.place()
                query = Query("why_moved", "motivation", about_person(person) | about_place(place))
            return self._asker.ask_in_vain(query, "entity_never_mentioned")
        # Somebody who is only hungry has not gone anywhere yet.
        still = [person for person in self._people if person not in self.moved]
        if not still:
            return None
        query = Query("where_person", "moving", about_person(draw.one(still)))
        return self._asker.ask_in_vain(query, "relation_never_stated")
