"""Stories of people who move, take, give and drop things, and are somewhere, not there, or perhaps there."""

from __future__ import annotations

from collections.abc import Callable

from memnet.wording.asking import Asked, Asker
from memnet.wording.draw import Draw
from memnet.wording.entities import Cast, Entity
from memnet.wording.inquiry import Inquiry
from memnet.wording.ledger import COUNTS
from memnet.wording.telling import Teller, Told
from memnet.wording.themes import EVENTS, THEMES, TWO_THINGS, Stage, numbers
from memnet.wording.vain import Vain

_PRONOUNS = 0.15
"""Share of facts that say "she" of whom the fact before names."""
_PAIRS = 0.12
"""Share of moves of two people together."""
_TRIES = 12


class Carrying:
    """One story, told event by event."""

    def __init__(self, draw: Draw, cast: Cast, teller: Teller, asker: Asker, length: int) -> None:
        self._draw, self._teller, self._asker = draw, teller, asker
        theme = draw.weighted(THEMES)
        number_of_people, number_of_things = numbers(theme, length)
        people = [cast.person() for _ in range(draw.between(*number_of_people))]
        places = [cast.place() for _ in range(draw.between(2, 3 + (length > 6) + (length > 14)))]
        things = [cast.thing() for _ in range(draw.between(*number_of_things))]
        self._stage = Stage(theme, people, places, things)
        self._inquiry, self._vain = Inquiry(draw, self._stage), Vain(draw, self._stage)
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
        self._last: tuple[list[Entity], Told] | None = None
        """Who the last fact was about, if the next one may call them "she" or "they"."""

    def happen(self) -> Told | None:
        """One event; None if nothing could be thought of."""
        for _ in range(_TRIES):
            name = self._draw.weighted(EVENTS[self._stage.theme])
            if fact := self._events[name]():
                return fact
        return None

    def ask(self) -> Asked | None:
        """A question about the story so far, if one comes to mind that the facts decide."""
        for _ in range(_TRIES):
            if found := self._inquiry.think():
                self._last = None
                return self._asker.ask(*found)
        return None

    def ask_in_vain(self, cast: Cast | None) -> Asked | None:
        """A question that the facts do not decide.

        Args:
            cast: Of whom somebody else is asked about; None asks about somebody known, something untold.
        """
        self._last = None
        if cast:
            return self._asker.ask_in_vain(self._vain.about_a_stranger(cast), "entity_never_mentioned")
        for _ in range(_TRIES):
            if query := self._vain.untold():
                return self._asker.ask_in_vain(query, "relation_never_stated")
        return None

    # What happens. Each returns None when it cannot happen now.

    def _someone(self) -> Entity:
        return self._draw.one(self._stage.people)

    def _holder(self) -> Entity | None:
        laden = [person for person, held in self._stage.ledger.holds.items() if held]
        return self._draw.one(laden) if laden else None

    def _again(self) -> tuple[list[Entity], Told] | None:
        """The subjects of the last fact, to be called by a pronoun."""
        last = self._last
        if last is None or not self._draw.happens(_PRONOUNS) or self._teller.mode == "facts":
            return None
        return last

    def _done(self, people: list[Entity], fact: Told, *, named: bool = True) -> Told:
        self._last = (people, fact) if named and fact.antecedent is None else None
        self._stage.mentioned.update(dict.fromkeys(people))
        return fact

    def _move(self) -> Told | None:
        draw, place = self._draw, self._draw.one(self._stage.places)
        again = self._again()
        people = again[0] if again else draw.some(self._stage.people, 2 if draw.happens(_PAIRS) else 1)
        if any(stop[0] is place for person in people if (stop := self._stage.ledger.place.get(person))):
            return None
        fact = self._teller.action("moving", people, place=place, before=again[1] if again else None)
        self._stage.ledger.move(people, place, fact)
        return self._done(people, fact)

    def _be(self) -> Told | None:
        person, place = self._someone(), self._draw.one(self._stage.places)
        stop = self._stage.ledger.place.get(person)
        if stop and (stop[0] is place or self._stage.theme == "states"):
            return None
        fact = self._teller.state("being", "state", person, place=place.the, **{"in": place.where})
        self._stage.ledger.be(person, place, fact)
        return self._done([person], fact)

    def _be_absent(self) -> Told | None:
        person, place = self._someone(), self._draw.one(self._stage.places)
        stop = self._stage.ledger.place.get(person)
        if (
            (stop and stop[0] is not place)
            or person in self._stage.ledger.maybe
            or person in self._stage.ledger.absent
        ):
            return None
        fact = self._teller.state("negation", "state", person, place=place.the, **{"in": place.where})
        self._stage.ledger.be_absent(person, place, fact)
        return self._done([person], fact)

    def _be_either(self) -> Told | None:
        person = self._someone()
        first, second = self._draw.some(self._stage.places, 2)
        if person in self._stage.ledger.maybe:
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
        self._stage.ledger.be_either(person, (first, second), fact)
        return self._done([person], fact)

    def _within_reach(self, person: Entity) -> list[Entity]:
        """Things that nobody has, and that do not lie elsewhere as far as anybody knows."""
        stop = self._stage.ledger.place.get(person)
        found = []
        for thing in self._stage.things:
            if thing in self._stage.ledger.holder:
                continue
            lies = self._stage.ledger.lies.get(thing)
            if thing not in self._stage.ledger.lies or (
                lies is not None and stop is not None and lies[0] is stop[0]
            ):
                found.append(thing)
        return found

    def _take(self) -> Told | None:
        again = self._again()
        people = again[0] if again and len(again[0]) == 1 else [self._someone()]
        (person,) = people
        near = self._within_reach(person)
        number = 2 if len(near) > 1 and self._draw.happens(TWO_THINGS[self._stage.theme]) else 1
        if not near or len(self._stage.ledger.holds.get(person, ())) + number >= len(COUNTS):
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
            self._stage.ledger.take(person, thing, fact)
        return self._done(people, fact)

    def _have(self) -> Told | None:
        person = self._someone()
        near = self._within_reach(person)
        if not near or len(self._stage.ledger.holds.get(person, ())) + 1 >= len(COUNTS):
            return None
        thing = self._draw.one(near)
        fact = self._teller.state(
            "having", "state", person, thing=thing.the, tis="are" if thing.plural else "is"
        )
        self._stage.ledger.take(person, thing, fact)
        return self._done([person], fact, named=False)

    def _drop(self) -> Told | None:
        again = self._again()
        person = again[0][0] if again and len(again[0]) == 1 else self._holder()
        if person is None or not self._stage.ledger.holds.get(person):
            return None
        thing = self._draw.one(list(self._stage.ledger.holds[person]))
        fact = self._teller.action(
            "dropping",
            [person],
            things=[thing],
            at=self._at(person),
            before=again[1] if again and again[0] == [person] else None,
        )
        self._stage.ledger.drop(person, thing, fact)
        return self._done([person], fact)

    def _give(self) -> Told | None:
        giver = self._holder()
        if giver is None:
            return None
        thing, receiver = self._draw.one(list(self._stage.ledger.holds[giver])), self._someone()
        here, there = self._stage.ledger.place.get(giver), self._stage.ledger.place.get(receiver)
        if receiver is giver or len(self._stage.ledger.holds.get(receiver, ())) + 1 >= len(COUNTS):
            return None
        if here and there and here[0] is not there[0]:
            return None
        fact = self._teller.action("giving", [giver], things=[thing], other=receiver)
        self._stage.ledger.give(giver, thing, receiver, fact)
        return self._done([giver, receiver], fact, named=False)

    def _lie(self) -> Told | None:
        thing, place = self._draw.one(self._stage.things), self._draw.one(self._stage.places)
        if thing in self._stage.ledger.holder or thing in self._stage.ledger.lies:
            return None
        fact = self._teller.state("lying", "state", thing, place=place.the, **{"in": place.where})
        self._stage.ledger.lie(thing, place, fact)
        return self._done([], fact, named=False)

    def _at(self, person: Entity) -> Entity | None:
        stop = self._stage.ledger.place.get(person)
        return stop[0] if stop else None
