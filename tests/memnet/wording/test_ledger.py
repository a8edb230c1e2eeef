"""What worded facts decide is what bAbI's own rules decide."""

from __future__ import annotations

import random

import pytest

from memnet.babi.cross import World
from memnet.story import Fact
from memnet.wording.deeds import did_give, did_handle, did_move
from memnet.wording.entities import Entity
from memnet.wording.ledger import Ledger
from memnet.wording.telling import Told

PEOPLE = [Entity(name, name) for name in ("Mary", "John", "Fred")]
ROOMS = [Entity(name, f"the {name}") for name in ("garden", "kitchen", "office", "park")]
THINGS = [Entity(name, f"the {name}") for name in ("milk", "football", "apple")]


class Both:
    """The same events for the ledger and, as sentences of bAbI, for cross.World."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.ledger, self.world = Ledger(), World()
        self.facts: list[Told] = []

    def tell(self, text: str, relation: str) -> Told:
        fact = Told(text, relation)
        self.facts.append(fact)
        assert self.world.tell(Fact(len(self.facts), text))
        return fact

    def happen(self) -> None:
        draw, ledger = self.draw, self.ledger
        person, other = draw.sample(PEOPLE, 2)
        kind = draw.choice(("move", "move", "two", "take", "drop", "give"))
        held = list(ledger.holds.get(person, ()))
        free = [thing for thing in THINGS if thing not in ledger.holder]
        if kind == "move":
            room = draw.choice(ROOMS)
            ledger.move([person], room, self.tell(f"{person.name} went to the {room.name}.", "moving"))
        elif kind == "two":
            room = draw.choice(ROOMS)
            text = f"{person.name} and {other.name} moved to the {room.name}."
            ledger.move([person, other], room, self.tell(text, "moving"))
        elif kind == "take" and free:
            thing = draw.choice(free)
            ledger.take(person, thing, self.tell(f"{person.name} got the {thing.name}.", "taking"))
        elif kind == "drop" and held:
            thing = draw.choice(held)
            ledger.drop(person, thing, self.tell(f"{person.name} left the {thing.name}.", "dropping"))
        elif kind == "give" and held:
            thing = draw.choice(held)
            text = f"{person.name} gave the {thing.name} to {other.name}."
            ledger.give(person, thing, other, self.tell(text, "giving"))

    def answers(self):
        """Each question with the ledger's answer and bAbI's, and how to ask a world again."""
        ledger = self.ledger
        for person in PEOPLE:
            yield ledger.where_person(person), lambda w, p=person: w.where_person(p.name)
            yield ledger.carrying(person), lambda w, p=person: w.carrying(p.name)
            yield ledger.count(person), lambda w, p=person: w.count(p.name)
            for room in ROOMS:
                yield ledger.is_in(person, room), lambda w, p=person, r=room: w.is_in(p.name, r.name)
        for thing in THINGS:
            yield ledger.where_thing(thing), lambda w, t=thing: w.where_thing(t.name)
            for room in ROOMS:
                yield ledger.before_thing(thing, room), lambda w, t=thing, r=room: w.before(t.name, r.name)


@pytest.mark.parametrize("seed", range(30))
def test_every_question_of_bAbI_has_the_answer_of_bAbI(seed):
    both, decided = Both(seed), 0
    for _ in range(40):
        both.happen()
        for mine, ask in both.answers():
            theirs = ask(both.world)
            assert (mine and ",".join(mine[0])) == (theirs and theirs[0])
            decided += theirs is not None

    assert decided > 300


@pytest.mark.parametrize("seed", range(30))
def test_the_gold_facts_alone_decide_the_same(seed):
    both = Both(100 + seed)
    for _ in range(25):
        both.happen()
    for mine, ask in both.answers():
        if mine and mine[1]:
            world = World()
            for seq, fact in enumerate(both.facts, 1):
                if fact in mine[1]:
                    world.tell(Fact(seq, fact.text))
            alone = ask(world)
            if alone is None:
                # Somebody of whom it is only told that they gave something away.
                assert mine[0] in (("nothing",), ("none",))
                continue
            # Which of several things was taken first may stand in a fact that decides nothing else.
            assert sorted(alone[0].split(",")) == sorted(mine[0])


def relation_told(ledger, *events):
    for number, (rule, relation, *arguments) in enumerate(events):
        getattr(ledger, rule)(*arguments, Told(f"fact {number}", relation))
    return ledger


def told(ledger, *events):
    return relation_told(ledger, *((rule, "moving", *arguments) for rule, *arguments in events))


MARY, JOHN, FRED = PEOPLE
GARDEN, KITCHEN, OFFICE, PARK = ROOMS
MILK, FOOTBALL, APPLE = THINGS


def test_somebody_who_is_in_one_of_two_places_is_maybe_in_each_and_not_in_a_third():
    ledger = told(Ledger(), ("move", [MARY], PARK), ("be_either", MARY, (GARDEN, KITCHEN)))

    assert [ledger.is_in(MARY, room)[0] for room in (GARDEN, KITCHEN, OFFICE)] == [
        ("maybe",),
        ("maybe",),
        ("no",),
    ]
    assert ledger.where_person(MARY) is None


def test_somebody_who_left_is_not_there_and_nobody_knows_where_else():
    ledger = told(Ledger(), ("be", MARY, GARDEN), ("be_absent", MARY, GARDEN))

    assert ledger.is_in(MARY, GARDEN)[0] == ("no",)
    assert ledger.is_in(MARY, KITCHEN) is None
    assert ledger.where_person(MARY) is None


def test_what_was_before_a_place_that_somebody_is_simply_in_is_not_known():
    ledger = told(Ledger(), ("move", [MARY], GARDEN), ("be", MARY, KITCHEN), ("move", [MARY], OFFICE))

    assert ledger.before_person(MARY, KITCHEN) is None
    assert ledger.before_person(MARY, OFFICE)[0] == ("kitchen",)


def test_after_a_place_comes_the_next_one_of_the_last_visit():
    ledger = told(Ledger(), *(("move", [MARY], room) for room in (GARDEN, KITCHEN, GARDEN, OFFICE, GARDEN)))

    assert ledger.after(MARY, GARDEN)[0] == ("office",)
    assert ledger.before_person(MARY, GARDEN)[0] == ("office",)


def test_a_list_keeps_the_order_in_which_things_were_first_taken():
    events = [("take", MARY, MILK), ("take", MARY, APPLE), ("drop", MARY, MILK), ("take", MARY, MILK)]

    assert told(Ledger(), *events).carrying(MARY)[0] == ("milk", "apple")


def test_nobody_has_what_was_dropped_and_a_thing_that_lies_there_from_the_start_has_no_such_answer():
    ledger = told(Ledger(), ("take", MARY, MILK), ("drop", MARY, MILK), ("lie", APPLE, GARDEN))

    assert ledger.who_has(MILK)[0] == ("nobody",)
    assert ledger.who_has(APPLE) is None
    assert ledger.has(MARY, MILK)[0] == ("no",)


def answers(*decided):
    return [found and found[0][0] for found in decided]


def test_somebody_who_has_long_left_a_place_did_go_there_and_did_not_go_where_no_fact_says():
    ledger = relation_told(Ledger(), ("move", "moving", [MARY], GARDEN), ("move", "moving", [MARY], KITCHEN))

    assert answers(*(did_move(ledger, MARY, room) for room in (GARDEN, KITCHEN, OFFICE))) == [
        "yes",
        "yes",
        "no",
    ]
    assert [fact.text for fact in did_move(ledger, MARY, GARDEN)[1]] == ["fact 0"]
    assert did_move(ledger, JOHN, GARDEN) is None


def test_how_somebody_came_to_where_they_simply_are_is_not_known():
    ledger = relation_told(Ledger(), ("move", "moving", [MARY], GARDEN), ("be", "being", MARY, KITCHEN))

    assert answers(*(did_move(ledger, MARY, room) for room in (GARDEN, KITCHEN, OFFICE))) == [
        "yes",
        None,
        None,
    ]


def test_who_took_something_and_who_did_not():
    ledger = relation_told(
        Ledger(),
        ("take", "taking", MARY, MILK),
        ("give", "giving", MARY, MILK, JOHN),
        ("drop", "dropping", JOHN, MILK),
        ("take", "having", FRED, APPLE),
    )

    # John got it as a gift, which some would call taking it; Fred had nothing to do with it.
    assert answers(*(did_handle(ledger, "taking", each, MILK) for each in PEOPLE)) == ["yes", None, "no"]
    assert answers(*(did_handle(ledger, "dropping", each, MILK) for each in PEOPLE)) == [None, "yes", "no"]
    # Whoever has something may have taken it.
    assert answers(*(did_handle(ledger, "taking", each, APPLE) for each in PEOPLE)) == [None, None, None]


def test_who_holds_what_they_took_has_not_dropped_it():
    ledger = relation_told(Ledger(), ("take", "taking", MARY, MILK))

    assert answers(*(did_handle(ledger, "dropping", each, MILK) for each in (MARY, JOHN))) == ["no", None]


def test_a_gift_goes_one_way():
    ledger = relation_told(
        Ledger(),
        ("take", "taking", MARY, MILK),
        ("give", "giving", MARY, MILK, JOHN),
        ("take", "taking", MARY, APPLE),
    )

    assert answers(did_give(ledger, MARY, MILK, JOHN), did_give(ledger, JOHN, MILK, MARY)) == ["yes", "no"]
    assert did_give(ledger, MARY, APPLE, JOHN) is None
