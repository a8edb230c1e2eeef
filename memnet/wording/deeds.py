"""Whether somebody went somewhere, or took, dropped or gave something: "Did Mary take the milk?"

Unlike "Is Mary in the garden?" the answer holds for the whole story: whoever left the garden did go there.
`no` is decided by facts of the same kind: somebody else took the milk, Mary went elsewhere.
"""

from __future__ import annotations

from memnet.wording.asking import Decided, Query, about_person, about_place, about_thing
from memnet.wording.draw import Draw
from memnet.wording.entities import Entity
from memnet.wording.ledger import Ledger
from memnet.wording.themes import Stage

RELATION_OF = {"did_move": "moving", "did_take": "taking", "did_drop": "dropping", "did_give": "giving"}
"""Kinds of questions, and the relation that each is about."""
_YES = 0.4
"""Share of questions that are asked about what was done; of the others some happen to be."""
_LAST = 4
"""Facts that are named at most when all that somebody did decides a `no`."""


def did_move(book: Ledger, person: Entity, place: Entity) -> Decided | None:
    """`yes` if any fact says so; `no` if all that is told of somebody is where else they went."""
    moves = book.moves.get(person, [])
    if there := [fact for stop, fact in moves if stop is place]:
        return ("yes",), (there[-1],)
    # Who is said to be, not to be, or perhaps to be somewhere came there by a way that nobody told.
    if not moves or book.stops[person] != len(moves):
        return None
    return ("no",), tuple(fact for _, fact in moves[-_LAST:])


def did_handle(book: Ledger, relation: str, person: Entity, thing: Entity) -> Decided | None:
    """Whether somebody took or dropped a thing (`taking` or `dropping`): `no` if they never had to do with it
    and somebody else did, or if they took it and nothing more is told of it and them."""
    done = [deed for deed in book.deeds if deed.thing is thing]
    own = [deed for deed in done if person in deed.people]
    if mine := [deed.fact for deed in own if deed.fact.relation == relation and deed.people[0] is person]:
        return ("yes",), (mine[-1],)
    others = [deed.fact for deed in done if deed.fact.relation == relation]
    if others and not own:
        return ("no",), (others[-1],)
    only_took = [deed.fact.relation for deed in own] == ["taking"]
    return (("no",), (own[0].fact,)) if relation == "dropping" and only_took else None


def did_give(book: Ledger, giver: Entity, thing: Entity, receiver: Entity) -> Decided | None:
    """`no` if the thing was given, but never by the one to the other."""
    gifts = [gift for gift in book.given if gift[1] is thing]
    if right := [gift[3] for gift in gifts if gift[0] is giver and gift[2] is receiver]:
        return ("yes",), (right[-1],)
    return (("no",), (gifts[-1][3],)) if gifts else None


class Deeds:
    """Thinks of such questions, as often with one answer as with the other."""

    def __init__(self, draw: Draw, stage: Stage) -> None:
        self._draw, self._stage = draw, stage

    def think(self, kind: str) -> tuple[Query, Decided | None] | None:
        """A question and its answer, if the facts decide it; None when there is nothing to ask."""
        draw, book = self._draw, self._stage.ledger
        if kind == "did_move":
            moved = list(book.moves)
            if not moved:
                return None
            person = draw.one(moved)
            # Of a place that nobody went to a reader cannot tell whether it is a place at all.
            whose = [person] if draw.happens(_YES) else moved
            place = draw.one([stop for each in whose for stop, _ in book.moves[each]])
            query = Query(kind, RELATION_OF[kind], about_person(person) | about_place(place))
            return query, did_move(book, person, place)
        if kind == "did_give":
            return self._think_of_a_gift()
        relation, people = RELATION_OF[kind], list(self._stage.mentioned)
        done = [deed for deed in book.deeds if deed.fact.relation == relation]
        if not done:
            return None
        chosen = draw.one(done)
        thing, person = chosen.thing, chosen.people[0] if draw.happens(_YES) else draw.one(people)
        if kind == "did_drop" and book.holder and draw.happens(0.25):
            thing, person = draw.one(list(book.holder.items()))
        query = Query(kind, relation, about_thing(thing) | about_person(person))
        return query, did_handle(book, relation, person, thing)

    def _think_of_a_gift(self) -> tuple[Query, Decided | None] | None:
        draw, book = self._draw, self._stage.ledger
        if not book.given:
            return None
        giver, thing, receiver, _ = draw.one(book.given)
        people = list(self._stage.mentioned)
        if not draw.happens(_YES):
            giver, receiver = draw.one(((receiver, giver), tuple(draw.some(people, 2))))
        slots = about_thing(thing) | {"p": giver.the, "q": receiver.the}
        return Query("did_give", "giving", slots), did_give(book, giver, thing, receiver)
