"""Strangers who come to the story's own places: what training shows of facts that nearly fit a question.

Facts of other stories, put among those of a story, have symbols of their own: nothing in them resembles it.
Users' memories are not like that, a thousand people go to the same kitchen. A stranger who goes to a place of
the story changes no answer, since questions are about the story's people and things, and is the hardest to
tell from them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Int

from memnet.lexicon import Lexicon
from memnet.nn.roles import PER_SENTENCE
from memnet.tokens import NIL, SYMBOL

COMES = 0.5
"""Share of the strangers who go somewhere that go to a place of the story."""
_GOES = ("went", "moved", "journeyed", "travelled")
_WAYS = ("north", "south", "east", "west")


def forms(lexicon: Lexicon) -> tuple[frozenset[tuple[int, ...]], frozenset[tuple[int, ...]]]:
    """Wordings, as word indices: "§ went to the §", "the § is north of the §".

    Args:
        lexicon: Whose indices. A form with a word that it lacks is none.
    """
    to, the, back, is_, of = (lexicon[word] for word in ("to", "the", "back", "is", "of"))
    goes = [lexicon[word] for word in _GOES]
    moves = {(SYMBOL, verb, *rest, the, SYMBOL) for verb in goes for rest in ((to,), (back, to))}
    ways = {(the, SYMBOL, is_, lexicon[word], of, the, SYMBOL) for word in _WAYS}
    return frozenset(form for form in moves if NIL not in form), frozenset(
        form for form in ways if NIL not in form
    )


def place_slots(
    wordings: Sequence[tuple[int, ...]], lexicon: Lexicon
) -> tuple[Bool[np.ndarray, " wordings"], Bool[np.ndarray, "wordings symbols"]]:
    """Which wordings say that somebody goes somewhere, and which symbols of a wording are places."""
    moves, ways = forms(lexicon)
    goes = np.array([wording in moves for wording in wordings])
    slots = np.zeros((len(wordings), PER_SENTENCE), bool)
    slots[goes, 1] = True
    slots[[wording in ways for wording in wordings], :2] = True
    return goes, slots


def drawn_places(
    rng: np.random.Generator,
    symbols: Int[np.ndarray, "stories facts symbols"],
    are_places: Bool[np.ndarray, "stories facts symbols"],
    strangers: int,
) -> Int[np.ndarray, "stories strangers"]:
    """For each stranger one of the story's places: its column among the symbols; -1 where it has none."""
    stories = len(symbols)
    flat, chosen = symbols.reshape(stories, -1), are_places.reshape(stories, -1)
    first = np.argsort(~chosen, axis=1, kind="stable")
    count = chosen.sum(axis=1, keepdims=True)
    column = np.floor(rng.random((stories, strangers)) * count).astype(np.int64)
    found = np.take_along_axis(flat, np.take_along_axis(first, column, axis=1), axis=1)
    return np.where(count > 0, found, -1)
