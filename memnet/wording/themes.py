"""What carrying stories are like: which kind how often, and what happens and is asked in each."""

from __future__ import annotations

from dataclasses import dataclass, field

from memnet.wording.entities import Entity
from memnet.wording.ledger import Ledger

THEMES = {
    "rooms": 2.5,
    "travels": 1.5,
    "things": 2.5,
    "loads": 3.0,
    "hoards": 1.0,
    "gifts": 2.0,
    "journeys": 2.0,
    "states": 1.5,
}
"""Chances of each kind."""

_WITHOUT_THINGS = ("rooms", "travels")

EVENTS = {
    "rooms": {"move": 6.0, "be": 3.0, "be absent": 6.0, "be either": 2.5},
    "travels": {"move": 1.0},
    "things": {"move": 6.0, "take": 6.0, "drop": 3.0, "have": 1.0, "be": 0.6, "lie": 0.6},
    "loads": {"move": 1.5, "take": 6.0, "drop": 1.8, "have": 2.0, "give": 0.7},
    "hoards": {"move": 0.7, "take": 7.0, "drop": 0.8, "have": 2.0, "give": 0.3},
    "gifts": {"move": 2.0, "take": 4.0, "drop": 1.0, "have": 1.5, "give": 5.0},
    "journeys": {"move": 6.0, "take": 2.0, "drop": 0.5},
    "states": {"be": 3.0, "have": 4.0, "lie": 3.0},
}
"""What happens how often in each kind of story."""

ASKED = {
    "rooms": {"is_in": 7.0, "where_person": 3.0, "before_person": 1.0, "did_move": 2.0},
    "travels": {
        "where_person": 2.5,
        "is_in": 2.0,
        "before_person": 4.0,
        "after_person": 4.0,
        "did_move": 3.0,
    },
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
        "did_take": 2.0,
        "did_drop": 2.0,
        "did_move": 1.0,
    },
    "loads": {
        "lists": 6.0,
        "counting": 6.0,
        "has": 3.0,
        "who_has": 2.0,
        "who_took": 1.5,
        "who_dropped": 1.0,
        "did_take": 2.0,
        "did_drop": 2.0,
    },
    "hoards": {"lists": 6.0, "counting": 6.0, "has": 1.5, "who_has": 1.0},
    "gifts": {
        "what_given": 3.0,
        "who_gave": 3.0,
        "who_received": 3.0,
        "who_has": 2.0,
        "has": 1.0,
        "lists": 1.5,
        "counting": 1.5,
        "where_thing": 2.0,
        "did_give": 5.0,
    },
    "journeys": {
        "before_thing": 8.0,
        "where_thing": 2.0,
        "before_person": 2.0,
        "after_person": 2.0,
        "did_move": 1.5,
    },
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

TWO_THINGS = {"loads": 0.3, "hoards": 0.4, "gifts": 0.1, "things": 0.1, "journeys": 0.0, "states": 0.0}
"""Share of takes that are of two things."""


def numbers(theme: str, length: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Fewest and most people, and things, of a story of so many facts."""
    more = (length > 5) + (length > 14)
    if theme == "hoards":
        return (1, 2), (5, 9)
    if theme == "loads":
        return (1 + more, 2 + more), (3, 4 + more)
    return (2 + more, 3 + more), (0, 0) if theme in _WITHOUT_THINGS else (1, 2 + more)


@dataclass(slots=True)
class Stage:
    """Who and what is there, and what has been told so far."""

    theme: str
    people: list[Entity]
    places: list[Entity]
    things: list[Entity]
    ledger: Ledger = field(default_factory=Ledger)
    mentioned: dict[Entity, None] = field(default_factory=dict)
    """The people told of so far."""
