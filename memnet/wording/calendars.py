"""Stories told out of order, where each fact says when it happened."""

from __future__ import annotations

from memnet.wording.asking import Asked, Asker, Query, about_person, about_place, about_thing
from memnet.wording.draw import Draw
from memnet.wording.entities import Cast, Entity
from memnet.wording.tables import CALENDARS, bare, word_lists
from memnet.wording.telling import Teller, Told


class Calendar:
    """A few people, each at one place at a time, as in bAbI's task 14, and what they took when."""

    def __init__(self, draw: Draw, cast: Cast, teller: Teller, asker: Asker, length: int) -> None:
        self._draw, self._cast, self._teller, self._asker = draw, cast, teller, asker
        self.times = word_lists()[draw.weighted(CALENDARS)]
        self.places = [cast.place() for _ in range(draw.between(2, 4 + (length > 6)))]
        self._free: list[tuple[Entity, int]] = draw.shuffled(
            [
                (person, time)
                for person in (cast.person() for _ in range(draw.between(1, 3)))
                for time in range(len(self.times))
            ]
        )
        self.was: dict[Entity, dict[int, tuple[Entity, Told]]] = {}
        """Where a person was at which time."""
        self.got: list[tuple[Entity, Entity, int, Told]] = []

    def happen(self) -> Told | None:
        draw = self._draw
        if not self._free:
            return None
        person, time = self._free.pop()
        if draw.happens(0.15):
            thing = self._cast.thing()
            fact = self._teller.timed(self.times[time], person, "taking", place=None, thing=thing)
            self.got.append((person, thing, time, fact))
            return fact
        known = self.was.setdefault(person, {})
        near = {known[each][0] for each in (time - 1, time + 1) if each in known}
        place = draw.one([each for each in self.places if each not in near] or [self._cast.place()])
        fact = self._teller.timed(self.times[time], person, "moving", place=place, thing=None)
        known[time] = place, fact
        return fact

    def ask(self) -> Asked | None:
        draw = self._draw
        if self.got and draw.happens(0.25):
            person, thing, time, fact = draw.one(self.got)
            slots = about_person(person) | about_thing(thing)
            return self._asker.ask(Query("when_got", "time", slots), ((bare(self.times[time]),), (fact,)))
        if not self.was:
            return None
        person = draw.one(list(self.was))
        stops = self.was[person]
        if not stops:
            return None
        time = draw.one(list(stops))
        place, fact = stops[time]
        slots = about_person(person) | about_place(place) | _at(self.times[time])
        again = sum(stop[0] is place for stop in stops.values()) > 1
        kind = draw.weighted(
            {"before_person": 4.0, "after_person": 1.5, "when_moved": 2.5, "where_at_time": 2.0}
        )
        if kind == "where_at_time":
            return self._asker.ask(Query(kind, "time", slots), ((place.name,), (fact,)))
        if again:
            return None
        if kind == "when_moved":
            return self._asker.ask(Query(kind, "time", slots), ((bare(self.times[time]),), (fact,)))
        others = [each for each in stops if (each < time if kind == "before_person" else each > time)]
        if not others:
            return None
        near, other = stops[max(others) if kind == "before_person" else min(others)]
        return self._asker.ask(Query(kind, "before_after", slots), ((near.name,), (fact, other)))

    def ask_in_vain(self, cast: Cast | None) -> Asked | None:
        draw = self._draw
        known = [person for person, stops in self.was.items() if stops]
        if not known:
            return None
        person = draw.one(known)
        stops = self.was[person]
        if cast:
            person = cast.person()
            kind = draw.one(("when_moved", "before_person", "where_at_time"))
            place, _ = draw.one(list(stops.values()))
            slots = about_person(person) | about_place(place) | _at(draw.one(self.times))
            relation = "before_after" if kind == "before_person" else "time"
            return self._asker.ask_in_vain(Query(kind, relation, slots), "entity_never_mentioned")
        time = draw.one((min(stops), max(stops)))
        slots = about_person(person) | about_place(stops[time][0])
        if sum(stop[0] is stops[time][0] for stop in stops.values()) > 1:
            return None
        if draw.happens(0.3):
            query = Query("why_moved", "motivation", slots)
        elif draw.happens(0.4):
            free = [each for each in range(len(self.times)) if each not in stops]
            if not free:
                return None
            query = Query("where_at_time", "time", slots | _at(self.times[draw.one(free)]))
        else:
            query = Query("before_person" if time == min(stops) else "after_person", "before_after", slots)
        return self._asker.ask_in_vain(query, "relation_never_stated")


def _at(time: str) -> dict[str, str]:
    return {"time": time, "Time": time[0].upper() + time[1:]}
