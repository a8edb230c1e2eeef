"""Questions about carrying stories that no fact decides."""

from __future__ import annotations

from memnet.wording.asking import Query, about_person, about_place, about_thing
from memnet.wording.deeds import RELATION_OF as DEEDS
from memnet.wording.draw import Draw
from memnet.wording.entities import Cast
from memnet.wording.inquiry import OF_THINGS, its_pronoun
from memnet.wording.themes import Stage

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
    "rooms": ("where_person", "where_person", "is_in", "before_person", "after_person", "did_move"),
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
        "did_move",
        "did_take",
        "did_drop",
        "did_give",
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
    **DEEDS,
}


class Vain:
    """Thinks of questions."""

    def __init__(self, draw: Draw, stage: Stage) -> None:
        self._draw, self._stage = draw, stage

    def about_a_stranger(self, cast: Cast) -> Query:
        """Something about somebody or something that the story never mentions."""
        draw = self._draw
        kind = draw.one(_IN_VAIN["things" if self._stage.things else "rooms"])
        person, place = (
            draw.one(list(self._stage.mentioned) or self._stage.people),
            draw.one(self._stage.places),
        )
        if kind in OF_THINGS:
            thing = cast.thing()
            slots = about_thing(thing) | about_place(place)
            it = its_pronoun(slots)
            return Query(kind, _RELATION_OF[kind], slots | about_person(person) | {"q": person.the} | it)
        stranger = cast.person()
        return Query(kind, _RELATION_OF[kind], about_person(stranger) | about_place(place))

    def untold(self) -> Query | None:
        """Something about somebody in the story that no fact says; None when it is said, or not for sure."""
        draw, book = self._draw, self._stage.ledger
        kind = draw.one(_UNTOLD)
        people, things = list(self._stage.mentioned), list(book.handled)
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
            return (
                Query(kind, "motivation", slots | about_person(holder) | its_pronoun(slots))
                if holder
                else None
            )
        # Who gave it, to whom: a thing that was never given.
        if any(gift[1] is thing for gift in book.given) or thing not in book.holder:
            return None
        holder = book.holder[thing]
        return Query(kind, "giving", slots | {"p": holder.the, "q": holder.the})
