"""Stories of sizes, colours and professions."""

from __future__ import annotations

from collections.abc import Callable

from memnet.wording.asking import Asked, Asker, Query, about_person, about_thing
from memnet.wording.draw import Draw
from memnet.wording.english import indefinite
from memnet.wording.entities import Cast, Entity
from memnet.wording.telling import Teller, Told


class Sizes:
    """Containers in an order of size of which some comparisons are told."""

    def __init__(self, draw: Draw, cast: Cast, teller: Teller, asker: Asker, length: int) -> None:
        self._draw, self._teller, self._asker = draw, teller, asker
        self._order = [cast.container() for _ in range(min(6, max(3, length // 2 + 2)))]
        self.bigger: dict[Entity, dict[Entity, Told]] = {each: {} for each in self._order}
        """What each one was said to be bigger than."""
        self._mentioned: dict[Entity, None] = {}

    def happen(self) -> Told | None:
        draw, order = self._draw, self._order
        for _ in range(8):
            first = draw.below(len(order) - 1)
            second = first + 1 if draw.happens(0.7) else draw.between(first + 1, len(order) - 1)
            big, small = order[first], order[second]
            if small in self.bigger[big]:
                continue
            fact = self._teller.state("size", "timeless", a=big.the, b=small.the)
            self.bigger[big][small] = fact
            self._mentioned.update({big: None, small: None})
            return fact
        return None

    def why(self, big: Entity, small: Entity) -> tuple[Told, ...] | None:
        """The fewest facts that make one bigger than the other."""
        ways: dict[Entity, tuple[Told, ...]] = {big: ()}
        for entity in (queue := [big]):
            for other, fact in self.bigger[entity].items():
                if other not in ways:
                    ways[other] = (*ways[entity], fact)
                    queue.append(other)
        return ways.get(small)

    def ask(self) -> Asked | None:
        draw = self._draw
        if len(self._mentioned) < 2:
            return None
        for _ in range(8):
            first, second = draw.some(list(self._mentioned), 2)
            if gold := self.why(first, second):
                break
        else:
            return None
        kind = draw.weighted({"is_bigger": 4.0, "which_bigger": 1.0, "which_smaller": 1.0})
        if kind == "is_bigger":
            yes = draw.happens(0.5)
            a, b = (first, second) if yes else (second, first)
            return self._asker.ask(
                Query(kind, "size", {"a": a.the, "b": b.the}), (("yes" if yes else "no",), gold)
            )
        x, y = draw.shuffled((first, second))
        answer = first if kind == "which_bigger" else second
        return self._asker.ask(Query(kind, "size", {"x": x.the, "y": y.the}), ((answer.name,), gold))

    def ask_in_vain(self, cast: Cast | None) -> Asked | None:
        draw = self._draw
        known = list(self._mentioned)
        if not known:
            return None
        first, second = draw.some(known, 2)
        if cast:
            first, second = draw.shuffled((first, cast.container()))
        elif self.why(first, second) is not None or self.why(second, first) is not None:
            if not first.plain:
                return None
            return self._asker.ask_in_vain(
                Query("what_colour", "being", about_thing(first)), "relation_never_stated"
            )
        kind = draw.one(("is_bigger", "which_bigger", "which_smaller"))
        query = Query(kind, "size", {"a": first.the, "b": second.the, "x": first.the, "y": second.the})
        return self._asker.ask_in_vain(query, "entity_never_mentioned" if cast else "relation_never_stated")


class Properties:
    """Colours of things and professions of people, each told once."""

    def __init__(self, draw: Draw, cast: Cast, teller: Teller, asker: Asker, length: int) -> None:
        self._draw, self._cast, self._teller, self._asker = draw, cast, teller, asker
        self.colour: dict[Entity, tuple[str, Told]] = {}
        self.job: dict[Entity, tuple[str, Told]] = {}

    def happen(self) -> Told | None:
        coloured = self._draw.happens(0.5)
        if not self._cast.has_word("colours" if coloured else "jobs"):
            return None
        if coloured:
            thing = self._named(self._cast.thing)
            colour = self._cast.word("colours")
            fact = self._teller.state("colour", "timeless", thing, word=colour, a_word=indefinite(colour))
            self.colour[thing] = colour, fact
            return fact
        person = self._named(self._cast.person)
        job = self._cast.word("jobs")
        fact = self._teller.state("job", "timeless", person, a_word=indefinite(job))
        self.job[person] = job, fact
        return fact

    def _named(self, make: Callable[[], Entity]) -> Entity:
        while not (entity := make()).plain:
            pass
        return entity

    def ask(self) -> Asked | None:
        draw = self._draw
        if self.colour and (not self.job or draw.happens(0.4)):
            thing = draw.one(list(self.colour))
            colour, fact = self.colour[thing]
            query = Query("what_colour", "being", about_thing(thing))
            return self._asker.ask(query, ((colour,), (fact,)))
        if not self.job:
            return None
        person = draw.one(list(self.job))
        job, fact = self.job[person]
        if draw.happens(0.4):
            query = Query("who_is", "being", {"a_word": indefinite(job)})
            return self._asker.ask(query, ((person.name,), (fact,)))
        return self._asker.ask(Query("what_job", "being", about_person(person)), ((job,), (fact,)))

    def ask_in_vain(self, cast: Cast | None) -> Asked | None:
        draw = self._draw
        if cast:
            if draw.happens(0.4):
                thing = self._named(cast.thing)
                query = Query("what_colour", "being", about_thing(thing))
            elif draw.happens(0.3):
                query = Query("who_is", "being", {"a_word": indefinite(cast.word("jobs"))})
            else:
                query = Query("what_job", "being", about_person(self._named(cast.person)))
            return self._asker.ask_in_vain(query, "entity_never_mentioned")
        if self.job and draw.happens(0.5):
            person = draw.one(list(self.job))
            kind = draw.one(("where_person", "lists", "where_will"))
            relation = {"where_person": "moving", "lists": "lists", "where_will": "motivation"}[kind]
            if kind == "lists":
                return None  # "nothing" would be right too
            return self._asker.ask_in_vain(
                Query(kind, relation, about_person(person)), "relation_never_stated"
            )
        if not self.colour:
            return None
        thing = draw.one(list(self.colour))
        kind = draw.one(("where_thing", "who_has", "who_took"))
        relation = {"where_thing": "being", "who_has": "having", "who_took": "taking"}[kind]
        return self._asker.ask_in_vain(Query(kind, relation, about_thing(thing)), "relation_never_stated")
