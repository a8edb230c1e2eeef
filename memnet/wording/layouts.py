"""Stories of places north and south of each other, and of things above and beside each other."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from memnet.wording.asking import Asked, Asker, Query, about_place, about_thing
from memnet.wording.draw import Draw
from memnet.wording.entities import Cast, Entity
from memnet.wording.tables import word_lists
from memnet.wording.telling import Teller, Told

Cell = tuple[int, int]

WAYS: dict[Cell, str] = {(0, 1): "north", (0, -1): "south", (1, 0): "east", (-1, 0): "west"}
SIDES: dict[Cell, str] = {(0, 1): "above", (0, -1): "below", (1, 0): "right", (-1, 0): "left"}
_STEPS = tuple(WAYS)
_TRIES = 12


class Layout:
    """Cells of a grid, each new one told beside an old one; so there is one path between any two."""

    def __init__(self, draw: Draw, cast: Cast, teller: Teller, asker: Asker, length: int) -> None:
        self._draw, self._teller, self._asker = draw, teller, asker
        make = self._make(cast)
        self._new = [make() for _ in range(length + 1)]
        self.cell: dict[Entity, Cell] = {}
        self.taken: dict[Cell, Entity] = {}
        self.links: dict[Entity, dict[Entity, Told]] = {}

    def _make(self, cast: Cast) -> Callable[[], Entity]:
        """Who or what the cells hold."""
        raise NotImplementedError

    def _tell(self, first: Entity, second: Entity, step: Cell) -> Told:
        """`first` is one step from `second`."""
        raise NotImplementedError

    def happen(self) -> Told | None:
        if not self.cell:
            self._settle(self._new.pop(), (0, 0))
        if not self._new:
            return None
        while True:
            # The one before, mostly: a way of some length.
            known = list(self.cell)
            old = known[-1] if self._draw.happens(0.5) else self._draw.one(known)
            step = self._draw.one(_STEPS)
            cell = (self.cell[old][0] + step[0], self.cell[old][1] + step[1])
            if cell not in self.taken:
                break
        new = self._new.pop()
        self._settle(new, cell)
        fact = self._tell(new, old, step) if self._draw.happens(0.6) else self._tell(old, new, _back(step))
        self.links[new][old] = self.links[old][new] = fact
        return fact

    def path(self, start: Entity, end: Entity) -> list[Entity]:
        """The cells from one to another, both included."""
        ways: dict[Entity, list[Entity]] = {start: [start]}
        for cell in (queue := [start]):
            for other in self.links[cell]:
                if other not in ways:
                    ways[other] = [*ways[cell], other]
                    queue.append(other)
        return ways[end]

    def gold(self, path: list[Entity]) -> tuple[Told, ...]:
        return tuple(self.links[first][second] for first, second in pairwise(path))

    def _settle(self, entity: Entity, cell: Cell) -> None:
        self.cell[entity] = cell
        self.taken[cell] = entity
        self.links[entity] = {}

    def _pair(self, longest: int) -> list[Entity] | None:
        """A path between two of them."""
        for _ in range(_TRIES):
            first, second = self._draw.some(list(self.cell), 2)
            path = self.path(first, second)
            if len(path) <= longest + 1:
                return path
        return None


class Compass(Layout):
    """Places."""

    def _make(self, cast: Cast) -> Callable[[], Entity]:
        return cast.place

    def _tell(self, first: Entity, second: Entity, step: Cell) -> Told:
        return self._teller.state(
            "compass", "timeless", a=first.the, b=second.the, way=WAYS[step], back=WAYS[_back(step)]
        )

    def ask(self) -> Asked | None:
        if not self.cell:
            return None
        draw = self._draw
        kind = draw.weighted({"what_is_way": 4.0, "is_way": 3.0, "path": 4.0})
        if kind == "path":
            path = self._pair(3)
            if path is None or (len(path) == 2 and draw.happens(0.6)):
                return None
            steps = tuple(WAYS[self._step(a, b)] for a, b in pairwise(path))
            slots = {"a": path[0].the, "b": path[-1].the, "in_a": path[0].inside}
            return self._asker.ask(Query(kind, "place", slots), (steps, self.gold(path)))
        old, new = draw.one([(a, b) for a, others in self.links.items() for b in others])
        step, gold = self._step(old, new), (self.links[old][new],)
        if kind == "what_is_way":
            slots = about_place(old) | {"way": WAYS[step], "back": WAYS[_back(step)]}
            return self._asker.ask(Query(kind, "place", slots), ((new.name,), gold))
        said = step if draw.happens(0.5) else draw.one([each for each in _STEPS if each != step])
        slots = {"a": new.the, "b": old.the, "way": WAYS[said], "back": WAYS[_back(said)]}
        return self._asker.ask(Query(kind, "place", slots), (("yes" if said == step else "no",), gold))

    def ask_in_vain(self, cast: Cast | None) -> Asked | None:
        draw = self._draw
        if not self.cell:
            return None
        known = draw.one(list(self.cell))
        kind = draw.one(("what_is_way", "path") if cast else ("what_is_way", "is_bigger"))
        if cast:
            stranger = cast.place()
            pair = draw.shuffled((known, stranger))
            way, back = draw.one((("north", "south"), ("east", "west"), ("south", "north"), ("west", "east")))
            slots = about_place(stranger) | {"a": pair[0].the, "b": pair[1].the, "in_a": pair[0].inside}
            query = Query(kind, "place", slots | {"way": way, "back": back})
            return self._asker.ask_in_vain(query, "entity_never_mentioned")
        if kind == "what_is_way":
            # Nothing at all is on that side of it, not even further away.
            step = draw.one(_STEPS)
            here = self.cell[known]
            ahead = [(x - here[0]) * step[0] + (y - here[1]) * step[1] for x, y in self.taken]
            if max(ahead) > 0:
                return None
            slots = about_place(known) | {"way": WAYS[step], "back": WAYS[_back(step)]}
            return self._asker.ask_in_vain(Query(kind, "place", slots), "relation_never_stated")
        other = draw.one(list(self.cell))
        if other is known:
            return None
        query = Query("is_bigger", "size", {"a": known.the, "b": other.the})
        return self._asker.ask_in_vain(query, "relation_never_stated")

    def _step(self, start: Entity, end: Entity) -> Cell:
        (x, y), (to_x, to_y) = self.cell[start], self.cell[end]
        return to_x - x, to_y - y


class Picture(Layout):
    """Things in a picture or on a wall."""

    def _make(self, cast: Cast) -> Callable[[], Entity]:
        return cast.shape

    def _tell(self, first: Entity, second: Entity, step: Cell) -> Told:
        side = self._draw.one(word_lists()[SIDES[step]])
        return self._teller.state("position", "timeless", a=first.the, b=second.the, side=side)

    def ask(self) -> Asked | None:
        path = self._pair(2) if self.cell else None
        if path is None:
            return None
        draw = self._draw
        (x, y), (to_x, to_y) = self.cell[path[0]], self.cell[path[-1]]
        away = (to_x - x, to_y - y)
        if draw.happens(0.5):
            step = draw.one([each for each in _STEPS if each[0] * away[0] + each[1] * away[1] > 0])
        else:
            step = draw.one(_STEPS)
        yes = step[0] * away[0] + step[1] * away[1] > 0
        slots = {"a": path[-1].the, "b": path[0].the, "side": draw.one(word_lists()[SIDES[step]])}
        return self._asker.ask(Query("is_side", "place", slots), (("yes" if yes else "no",), self.gold(path)))

    def ask_in_vain(self, cast: Cast | None) -> Asked | None:
        if not self.cell:
            return None
        draw = self._draw
        known = draw.one(list(self.cell))
        if cast:
            pair = draw.shuffled((known, cast.shape()))
            side = draw.one(word_lists()[draw.one(tuple(SIDES.values()))])
            query = Query("is_side", "place", {"a": pair[0].the, "b": pair[1].the, "side": side})
            return self._asker.ask_in_vain(query, "entity_never_mentioned")
        if not known.plain:
            return None
        query = Query("what_colour", "being", about_thing(known))
        return self._asker.ask_in_vain(query, "relation_never_stated")


def _back(step: Cell) -> Cell:
    return -step[0], -step[1]
