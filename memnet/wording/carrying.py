"""Stories of people who move, take, give and drop things, and are somewhere, not there, or perhaps there."""

from __future__ import annotations

from collections.abc import Callable

from memnet.wording.asking import (
    Asked,
    Asker,
    Decided,
    Query,
    about_person,
    about_place,
    about_thing,
)
from memnet.wording.draw import Draw
from memnet.wording.entities import Cast, Entity
from memnet.wording.ledger import COUNTS, Ledger
from memnet.wording.telling import Teller, Told

_EVENTS = {
    "rooms": {"move": 6.0, "be": 3.0, "be absent": 6.0, "be either": 2.5},
    "travels": {"move": 1.0},
    "things": {"move": 6.0, "take": 6.0, "drop": 3.0, "have": 1.0, "be": 0.6, "lie": 0.6},
    "loads": {"move": 1.5, "take": 6.0, "drop": 1.8, "have": 2.0, "give": 0.7},
    "gifts": {"move": 2.0, "take": 4.0, "drop": 1.0, "have": 1.5, "give": 5.0},
    "journeys": {"move": 6.0, "take": 2.0, "drop": 0.5},
    "states": {"be": 3.0, "have": 4.0, "lie": 3.0},
}
"""What happens how often in each kind of story."""

_THEMES = {
    "rooms": 2.5,
    "travels": 1.5,
    "things": 2.5,
    "loads": 3.0,
    "gifts": 2.0,
    "journeys": 2.0,
    "states": 1.5,
}
_PRONOUNS = 0.15
_PAIRS = 0.12
_TWO_THINGS = {"loads": 0.3, "gifts": 0.1, "things": 0.1, "journeys": 0.0, "states": 0.0}
_TRIES = 12


class Carrying:
    """One story, told event by event."""

    def __init__(self, draw: Draw, cast: Cast, teller: Teller, asker: Asker, length: int) -> None:
        self._draw, self._teller, self._asker = draw, teller, asker
        self.ledger = Ledger()
        self._theme = draw.weighted(_THEMES)
        self._events: dict[str, Callable[[], Told | None]] = {
            "move": self._move,
            "be": self._be,
            "be absent": self._be_absent,
            "be either": self._be_either,
            "take": self._take,
            "drop": self._drop,
            "give": self._give,
            "have": self._have,
            "lie": self._lie,
        }
        loads = self._theme == "loads"
        number = 2 + (length > 5) + (length > 14) - loads
        self.people = [cast.person() for _ in range(draw.between(number, number + 1))]
        self.places = [cast.place() for _ in range(draw.between(2, 3 + (length > 6) + (length > 14)))]
        needs_things = self._theme not in ("rooms", "travels")
        many = draw.between(1 + 2 * loads, 2 + (length > 5) + (length > 14) + 2 * loads)
        self.things = [cast.thing() for _ in range(many * needs_things)]
        self._last: tuple[list[Entity], Told] | None = None
        """Who the last fact was about, if the next one may call them "she" or "they"."""
        self._mentioned: dict[Entity, None] = {}

    def happen(self) -> Told | None:
        """One event; None if nothing could be thought of."""
        for _ in range(_TRIES):
            name = self._draw.weighted(_EVENTS[self._theme])
            if fact := self._events[name]():
                return fact
        return None

    def ask(self) -> Asked | None:
        """A question about the story so far, if one comes to mind that the facts decide."""
        weights = _ASKED[self._theme]
        for _ in range(_TRIES):
            kind = self._draw.weighted(weights)
            found = self._query(kind)
            if found and found[1] is not None:
                self._last = None
                return self._asker.ask(found[0], found[1])
        return None

    def ask_in_vain(self, cast: Cast | None) -> Asked | None:
        """A question that the facts do not decide.

        Args:
            cast: Of whom somebody else is asked about; None asks about somebody known, something untold.
        """
        self._last = None
        if cast:
            return self._asker.ask_in_vain(self._about_a_stranger(cast), "entity_never_mentioned")
        for _ in range(_TRIES):
            if query := self._untold():
                return self._asker.ask_in_vain(query, "relation_never_stated")
        return None

    # What happens. Each returns None when it cannot happen now.

    def _someone(self) -> Entity:
        return self._draw.one(self.people)

    def _holder(self) -> Entity | None:
        laden = [person for person, held in self.ledger.holds.items() if held]
        return self._draw.one(laden) if laden else None

    def _again(self) -> tuple[list[Entity], Told] | None:
        """The subjects of the last fact, to be called by a pronoun."""
        last = self._last
        if last is None or not self._draw.happens(_PRONOUNS) or self._teller.mode == "facts":
            return None
        return last

    def _done(self, people: list[Entity], fact: Told, *, named: bool = True) -> Told:
        self._last = (people, fact) if named and fact.antecedent is None else None
        self._mentioned.update(dict.fromkeys(people))
        return fact

    def _move(self) -> Told | None:
        draw, place = self._draw, self._draw.one(self.places)
        again = self._again()
        people = again[0] if again else draw.some(self.people, 2 if draw.happens(_PAIRS) else 1)
        if any(stop[0] is place for person in people if (stop := self.ledger.place.get(person))):
            return None
        fact = self._teller.action("moving", people, place=place, before=again[1] if again else None)
        self.ledger.move(people, place, fact)
        return self._done(people, fact)

    def _be(self) -> Told | None:
        person, place = self._someone(), self._draw.one(self.places)
        stop = self.ledger.place.get(person)
        if stop and (stop[0] is place or self._theme == "states"):
            return None
        fact = self._teller.state("being", "state", person, place=place.the, **{"in": place.where})
        self.ledger.be(person, place, fact)
        return self._done([person], fact)

    def _be_absent(self) -> Told | None:
        person, place = self._someone(), self._draw.one(self.places)
        stop = self.ledger.place.get(person)
        if (stop and stop[0] is not place) or person in self.ledger.maybe or person in self.ledger.absent:
            return None
        fact = self._teller.state("negation", "state", person, place=place.the, **{"in": place.where})
        self.ledger.be_absent(person, place, fact)
        return self._done([person], fact)

    def _be_either(self) -> Told | None:
        person = self._someone()
        first, second = self._draw.some(self.places, 2)
        if person in self.ledger.maybe:
            return None
        fact = self._teller.state(
            "either_or",
            "state",
            person,
            place=first.the,
            place2=second.the,
            in2=second.where,
            **{"in": first.where},
        )
        self.ledger.be_either(person, (first, second), fact)
        return self._done([person], fact)

    def _within_reach(self, person: Entity) -> list[Entity]:
        """Things that nobody has, and that do not lie elsewhere as far as anybody knows."""
        stop = self.ledger.place.get(person)
        found = []
        for thing in self.things:
            if thing in self.ledger.holder:
                continue
            lies = self.ledger.lies.get(thing)
            if thing not in self.ledger.lies or (
                lies is not None and stop is not None and lies[0] is stop[0]
            ):
                found.append(thing)
        return found

    def _take(self) -> Told | None:
        again = self._again()
        people = again[0] if again and len(again[0]) == 1 else [self._someone()]
        (person,) = people
        near = self._within_reach(person)
        number = 2 if len(near) > 1 and self._draw.happens(_TWO_THINGS[self._theme]) else 1
        if not near or len(self.ledger.holds.get(person, ())) + number >= len(COUNTS):
            return None
        things = self._draw.some(near, number)
        fact = self._teller.action(
            "taking",
            people,
            things=things,
            at=self._at(person),
            before=again[1] if again and again[0] is people else None,
        )
        for thing in things:
            self.ledger.take(person, thing, fact)
        return self._done(people, fact)

    def _have(self) -> Told | None:
        person = self._someone()
        near = self._within_reach(person)
        if not near or len(self.ledger.holds.get(person, ())) + 1 >= len(COUNTS):
            return None
        thing = self._draw.one(near)
        fact = self._teller.state(
            "having", "state", person, thing=thing.the, tis="are" if thing.plural else "is"
        )
        self.ledger.take(person, thing, fact)
        return self._done([person], fact, named=False)

    def _drop(self) -> Told | None:
        again = self._again()
        person = again[0][0] if again and len(again[0]) == 1 else self._holder()
        if person is None or not self.ledger.holds.get(person):
            return None
        thing = self._draw.one(list(self.ledger.holds[person]))
        fact = self._teller.action(
            "dropping",
            [person],
            things=[thing],
            at=self._at(person),
            before=again[1] if again and again[0] == [person] else None,
        )
        self.ledger.drop(person, thing, fact)
        return self._done([person], fact)

    def _give(self) -> Told | None:
        giver = self._holder()
        if giver is None:
            return None
        thing, receiver = self._draw.one(list(self.ledger.holds[giver])), self._someone()
        here, there = self.ledger.place.get(giver), self.ledger.place.get(receiver)
        if receiver is giver or len(self.ledger.holds.get(receiver, ())) + 1 >= len(COUNTS):
            return None
        if here and there and here[0] is not there[0]:
            return None
        fact = self._teller.action("giving", [giver], things=[thing], other=receiver)
        self.ledger.give(giver, thing, receiver, fact)
        return self._done([giver, receiver], fact, named=False)

    def _lie(self) -> Told | None:
        thing, place = self._draw.one(self.things), self._draw.one(self.places)
        if thing in self.ledger.holder or thing in self.ledger.lies:
            return None
        fact = self._teller.state("lying", "state", thing, place=place.the, **{"in": place.where})
        self.ledger.lie(thing, place, fact)
        return self._done([], fact, named=False)

    def _at(self, person: Entity) -> Entity | None:
        stop = self.ledger.place.get(person)
        return stop[0] if stop else None

    # What is asked.

    def _query(self, kind: str) -> tuple[Query, Decided | None] | None:
        draw, book = self._draw, self.ledger
        if kind in _OF_THINGS:
            handled = list(book.handled)
            if not handled:
                return None
            return self._query_thing(kind, draw.one(handled))
        known = list(self._mentioned)
        if not known:
            return None
        if kind in ("lists", "counting"):
            laden = [person for person in known if book.holds.get(person)]
            person = draw.one(laden if laden and draw.happens(0.8) else known)
            if laden and draw.happens(0.5):
                person = max(laden, key=lambda each: len(book.holds[each]))
            decided = book.carrying(person) if kind == "lists" else book.count(person)
            usable = decided if decided and decided[1] else None
            return Query(kind, kind, about_person(person)), usable
        person = draw.one(known)
        slots = about_person(person)
        if kind == "where_person":
            decided = book.where_person(person)
            return Query(kind, decided[1][0].relation if decided else "", slots), decided
        if kind == "is_in":
            unsure = [each for each in known if each in book.maybe or each in book.absent]
            if unsure and draw.happens(0.6):
                person = draw.one(unsure)
                slots = about_person(person)
            decided, place = self._is_in(person)
            return Query(kind, decided[1][0].relation if decided else "", slots | about_place(place)), decided
        place = draw.one([stop[0] for stop in book.walked.get(person, ())] or self.places)
        decided = book.before_person(person, place) if kind == "before_person" else book.after(person, place)
        return Query(kind, "before_after", slots | about_place(place)), decided

    def _is_in(self, person: Entity) -> tuple[Decided | None, Entity]:
        """Whether somebody is somewhere: as often yes, or maybe, as no."""
        draw, book = self._draw, self.ledger
        place = draw.one(self.places)
        if absent := book.absent.get(person):
            # Whether they are in any other place is not known.
            place = absent[0]
        elif draw.happens(0.5):
            if stop := book.place.get(person):
                place = stop[0]
            elif maybe := book.maybe.get(person):
                place = draw.one(maybe[0])
        return book.is_in(person, place), place

    def _query_thing(self, kind: str, thing: Entity) -> tuple[Query, Decided | None] | None:
        draw, book = self._draw, self.ledger
        slots = about_thing(thing)
        if kind == "where_thing":
            decided = book.where_thing(thing)
            return Query(kind, decided[1][0].relation if decided else "", slots), decided
        if kind == "who_has":
            decided = book.who_has(thing)
            return Query(kind, decided[1][0].relation if decided else "", slots), decided
        if kind == "has":
            holder = book.holder.get(thing)
            person = (
                holder if holder and draw.happens(0.5) else draw.one(list(self._mentioned) or self.people)
            )
            decided = book.has(person, thing) if person in self._mentioned else None
            return Query(kind, "having", slots | about_person(person) | _it(slots)), decided
        if kind == "who_took":
            stop = None if any(gift[1] is thing for gift in book.given) else book.taken.get(thing)
            return Query(kind, "taking", slots), ((stop[0].name,), (stop[1],)) if stop else None
        if kind == "who_dropped":
            stop = book.dropped.get(thing)
            return Query(kind, "dropping", slots), ((stop[0].name,), (stop[1],)) if stop else None
        if kind == "where_dropped":
            stop, lies = book.dropped.get(thing), book.lies.get(thing)
            # Only while it lies where it was dropped: the question is about the last time.
            if not stop or not lies or book.handled[thing] is not stop[1]:
                return None
            return Query(kind, "dropping", slots | about_person(stop[0]) | _it(slots)), (
                (lies[0].name,),
                lies[1],
            )
        if kind == "before_thing":
            place = draw.one([stop[0] for stop in book.carried.get(thing, ())] or self.places)
            return Query(kind, "before_after", slots | about_place(place)), book.before_thing(thing, place)
        return self._query_gift(kind)

    def _query_gift(self, kind: str) -> tuple[Query, Decided | None] | None:
        if not self.ledger.given:
            return None
        chosen = self._draw.one(self.ledger.given)
        giver, thing, receiver, fact = chosen
        gifts = self.ledger.given
        slots = about_thing(thing) | {"p": giver.the, "q": receiver.the}
        # As in bAbI, a question is about the last gift that it fits.
        if kind == "what_given":
            fits = [gift for gift in gifts if gift[0] is giver and gift[2] is receiver]
            answer = thing
        elif kind == "who_gave":
            fits = [gift for gift in gifts if gift[1] is thing and gift[2] is receiver]
            answer = giver
        else:
            # "Who received the milk?" names no giver: the last gift of the thing is meant.
            fits = [gift for gift in gifts if gift[1] is thing]
            answer = receiver
        decided = ((answer.name,), (fact,)) if fits[-1] is chosen else None
        return Query(kind, "giving", slots), decided

    # What cannot be answered.

    def _about_a_stranger(self, cast: Cast) -> Query:
        draw = self._draw
        kind = draw.one(_IN_VAIN["things" if self.things else "rooms"])
        person, place = draw.one(list(self._mentioned) or self.people), draw.one(self.places)
        if kind in _OF_THINGS:
            thing = cast.thing()
            slots = about_thing(thing) | about_place(place)
            it = _it(slots)
            return Query(kind, _RELATION_OF[kind], slots | about_person(person) | {"q": person.the} | it)
        stranger = cast.person()
        return Query(kind, _RELATION_OF[kind], about_person(stranger) | about_place(place))

    def _untold(self) -> Query | None:
        """Something about somebody in the story that no fact says."""
        draw, book = self._draw, self.ledger
        kind = draw.one(_UNTOLD)
        people, things = list(self._mentioned), list(book.handled)
        if not people:
            return None
        person = draw.one(people)
        slots = about_person(person)
        if kind == "where_person":
            silent = person not in book.place and person not in book.maybe
            return Query(kind, "moving", slots) if silent else None
        if kind in ("before_person", "after_person"):
            trail = book.walked.get(person, [])
            # Somebody who was seen in one place only.
            single = len(trail) == 1 and book.stops[person] == 1
            return Query(kind, "before_after", slots | about_place(trail[0][0])) if single else None
        if kind == "what_job":
            return Query(kind, "being", slots) if person.plain else None
        if kind == "where_will":
            return Query(kind, "motivation", slots)
        if kind == "why_moved":
            stop = book.place.get(person)
            return Query(kind, "motivation", slots | about_place(stop[0])) if stop else None
        if kind == "what_is_way":
            place = draw.one([stop[0] for stop in book.place.values()] or [None])
            way, back = draw.one((("north", "south"), ("east", "west"), ("south", "north"), ("west", "east")))
            return Query(kind, "place", about_place(place) | {"way": way, "back": back}) if place else None
        if not things:
            return None
        thing = draw.one(things)
        slots = about_thing(thing)
        if kind == "where_thing":
            return Query(kind, "being", slots) if book.where_thing(thing) is None else None
        if kind == "what_colour":
            return Query(kind, "being", slots) if thing.plain else None
        if kind == "is_bigger":
            pair = draw.some([each for each in things if not each.plural and not each.mass], 2)
            return Query(kind, "size", {"a": pair[0].the, "b": pair[1].the}) if len(pair) == 2 else None
        if kind == "why_got":
            holder = book.holder.get(thing)
            return Query(kind, "motivation", slots | about_person(holder) | _it(slots)) if holder else None
        # Who gave it, to whom: a thing that was never given.
        if any(gift[1] is thing for gift in book.given) or thing not in book.holder:
            return None
        holder = book.holder[thing]
        return Query(kind, "giving", slots | {"p": holder.the, "q": holder.the})


def _it(slots: dict[str, str]) -> dict[str, str]:
    """The pronoun of the thing, where the slots of a person are added to those of a thing."""
    return {"it": slots["it"]}


_OF_THINGS = frozenset(
    {
        "where_thing",
        "who_has",
        "has",
        "who_took",
        "who_dropped",
        "where_dropped",
        "before_thing",
        "what_given",
        "who_gave",
        "who_received",
    }
)
"""What is asked about a thing."""
_UNTOLD = (
    "where_person",
    "where_person",
    "where_thing",
    "where_thing",
    "before_person",
    "after_person",
    "what_job",
    "where_will",
    "why_moved",
    "what_is_way",
    "what_colour",
    "is_bigger",
    "why_got",
    "who_gave",
    "who_received",
)
"""What may be asked that no fact says; the more often it stands here, the likelier."""
_IN_VAIN = {
    "rooms": ("where_person", "where_person", "is_in", "before_person", "after_person"),
    "things": (
        "where_person",
        "where_thing",
        "where_thing",
        "who_has",
        "who_has",
        "who_took",
        "who_dropped",
        "where_dropped",
        "before_thing",
        "before_person",
        "is_in",
        "lists",
        "counting",
        "who_gave",
        "who_received",
    ),
}
"""What may be asked about a stranger."""
_RELATION_OF = {
    "where_person": "moving",
    "is_in": "moving",
    "before_person": "before_after",
    "after_person": "before_after",
    "where_thing": "being",
    "who_has": "having",
    "who_took": "taking",
    "who_dropped": "dropping",
    "where_dropped": "dropping",
    "before_thing": "before_after",
    "lists": "lists",
    "counting": "counting",
    "who_gave": "giving",
    "who_received": "giving",
}
_ASKED = {
    "rooms": {"is_in": 7.0, "where_person": 3.0, "before_person": 1.0},
    "travels": {"where_person": 2.5, "is_in": 2.0, "before_person": 4.0, "after_person": 4.0},
    "things": {
        "where_thing": 6.0,
        "who_has": 2.0,
        "has": 2.0,
        "who_took": 2.0,
        "who_dropped": 2.0,
        "where_dropped": 2.5,
        "where_person": 2.0,
        "is_in": 1.0,
        "lists": 1.0,
        "counting": 1.0,
    },
    "loads": {"lists": 6.0, "counting": 6.0, "has": 3.0, "who_has": 2.0, "who_took": 1.5, "who_dropped": 1.0},
    "gifts": {
        "what_given": 3.0,
        "who_gave": 3.0,
        "who_received": 3.0,
        "who_has": 2.0,
        "has": 1.0,
        "lists": 1.5,
        "counting": 1.5,
        "where_thing": 2.0,
    },
    "journeys": {"before_thing": 8.0, "where_thing": 2.0, "before_person": 2.0, "after_person": 2.0},
    "states": {
        "where_thing": 4.0,
        "who_has": 3.0,
        "has": 2.0,
        "where_person": 3.0,
        "lists": 2.0,
        "counting": 1.0,
    },
}
"""What is asked how often in each kind of story."""
