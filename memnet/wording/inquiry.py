"""Questions about carrying stories that the facts so far decide."""

from __future__ import annotations

from memnet.wording.asking import Decided, Query, about_person, about_place, about_thing
from memnet.wording.deeds import RELATION_OF, Deeds
from memnet.wording.draw import Draw
from memnet.wording.entities import Entity
from memnet.wording.themes import ASKED, Stage

OF_THINGS = frozenset(
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
        "did_take",
        "did_drop",
        "did_give",
    }
)
"""What is asked about a thing."""


class Inquiry:
    """Thinks of questions."""

    def __init__(self, draw: Draw, stage: Stage) -> None:
        self._draw, self._stage = draw, stage
        self._deeds = Deeds(draw, stage)

    def think(self) -> tuple[Query, Decided] | None:
        """A question and its answer; None when the one that comes to mind cannot be answered."""
        found = self._query(self._draw.weighted(ASKED[self._stage.theme]))
        return (found[0], found[1]) if found and found[1] is not None else None

    def _query(self, kind: str) -> tuple[Query, Decided | None] | None:
        draw, book = self._draw, self._stage.ledger
        if kind in RELATION_OF:
            return self._deeds.think(kind)
        if kind in OF_THINGS:
            handled = list(book.handled)
            if not handled:
                return None
            return self._query_thing(kind, draw.one(handled))
        known = list(self._stage.mentioned)
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
        place = draw.one([stop[0] for stop in book.walked.get(person, ())] or self._stage.places)
        decided = book.before_person(person, place) if kind == "before_person" else book.after(person, place)
        return Query(kind, "before_after", slots | about_place(place)), decided

    def _is_in(self, person: Entity) -> tuple[Decided | None, Entity]:
        """Whether somebody is somewhere: as often yes, or maybe, as no."""
        draw, book = self._draw, self._stage.ledger
        place = draw.one(self._stage.places)
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
        draw, book = self._draw, self._stage.ledger
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
                holder
                if holder and draw.happens(0.5)
                else draw.one(list(self._stage.mentioned) or self._stage.people)
            )
            decided = book.has(person, thing) if person in self._stage.mentioned else None
            return Query(kind, "having", slots | about_person(person) | its_pronoun(slots)), decided
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
            return Query(kind, "dropping", slots | about_person(stop[0]) | its_pronoun(slots)), (
                (lies[0].name,),
                lies[1],
            )
        if kind == "before_thing":
            place = draw.one([stop[0] for stop in book.carried.get(thing, ())] or self._stage.places)
            return Query(kind, "before_after", slots | about_place(place)), book.before_thing(thing, place)
        return self._query_gift(kind)

    def _query_gift(self, kind: str) -> tuple[Query, Decided | None] | None:
        if not self._stage.ledger.given:
            return None
        chosen = self._draw.one(self._stage.ledger.given)
        giver, thing, receiver, fact = chosen
        gifts = self._stage.ledger.given
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


def its_pronoun(slots: dict[str, str]) -> dict[str, str]:
    """The pronoun of the thing, where the slots of a person are added to those of a thing."""
    return {"it": slots["it"]}
