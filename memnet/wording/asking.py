"""From what is asked to a question: which form, which spelling."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from memnet.wording.draw import Draw
from memnet.wording.english import IT, THEY
from memnet.wording.entities import Entity
from memnet.wording.tables import Tables, tables, word_lists
from memnet.wording.telling import Mode, Told
from memnet.wording.values import Reason

_NO_MARK = 0.25
_LOWER_CASE = 0.2
_OPENINGS = ("Tell me ", "Do you know ", "Can you tell me ")
"""In training others often stand for them: what comes before "where" hardly matters."""
_OTHER_OPENING = 0.6
_CALL = 0.06

Decided = tuple[tuple[str, ...], tuple[Told, ...]]
"""An answer, and the facts that decide it."""


@dataclass(slots=True, eq=False)
class Asked:
    """A question of a story that is not numbered yet."""

    text: str
    kind: str
    relation: str
    answers: tuple[str, ...] | None
    gold: tuple[Told, ...]
    reason: Reason | None = None
    held_out: tuple[str, ...] = ()


@dataclass(slots=True)
class Query:
    """What could be asked: the list of questions.toml and who and what it is about."""

    kind: str
    relation: str
    slots: dict[str, str]


class Asker:
    """Asks the questions of one story."""

    def __init__(self, draw: Draw, mode: Mode, held: Tables) -> None:
        self._draw = draw
        self._held = mode == "questions"
        self._tables = held if self._held else tables(held=False)

    def ask(self, query: Query, decided: Decided) -> Asked:
        """A question and its answer."""
        text, found = self._worded(query)
        return Asked(text, query.kind, query.relation, decided[0], decided[1], held_out=found)

    def ask_in_vain(self, query: Query, reason: Reason) -> Asked:
        """A question that the facts do not decide."""
        text, found = self._worded(query)
        return Asked(text, query.kind, query.relation, None, (), reason, found)

    def _worded(self, query: Query) -> tuple[str, tuple[str, ...]]:
        draw = self._draw
        form = draw.one(self._tables.questions[query.kind])
        text = (form if self._held else self._opened(form, query.kind)).format_map(query.slots)
        text = text[0].upper() + text[1:]
        if draw.happens(_NO_MARK):
            text = text[:-1]
        if draw.happens(_LOWER_CASE):
            text = text.lower()
        return text, (f"{query.kind}: {form}",) if self._held else ()

    def _opened(self, form: str, kind: str) -> str:
        """As it could begin just as well, "I wonder where" or "Hey, where", but not as a held-out line."""
        draw, lists = self._draw, word_lists()
        for opening in _OPENINGS:
            if form.startswith(opening) and draw.happens(_OTHER_OPENING):
                other = f"{draw.one(lists['openings'])} {form.removeprefix(opening)}"
                return form if _bare(other) in _held_out(kind) else other
        if draw.happens(_CALL):
            start = form[0] if form.startswith("I ") else form[0].lower()
            return f"{draw.one(lists['calls'])}, {start}{form[1:]}"
        return form


def _bare(form: str) -> str:
    return form.rstrip("?.").lower()


@cache
def _held_out(kind: str) -> frozenset[str]:
    return frozenset(map(_bare, tables(held=True).questions[kind]))


def about_person(person: Entity) -> dict[str, str]:
    """Slots of somebody."""
    pronoun = person.pronoun
    return {"p": person.the, "he": pronoun.subject, "obj": pronoun.object}


def about_thing(thing: Entity) -> dict[str, str]:
    """Slots of something, with the verbs that agree with it."""
    if thing.plural:
        verbs = {"tis": "are", "twas": "were", "tdoes": "do", "thas": "have"}
        return {"t": thing.the, "it": THEY.subject, **verbs}
    return {"t": thing.the, "it": IT.subject, "tis": "is", "twas": "was", "tdoes": "does", "thas": "has"}


def about_place(place: Entity) -> dict[str, str]:
    """Slots of a place."""
    return {"r": place.the, "in": place.inside}
