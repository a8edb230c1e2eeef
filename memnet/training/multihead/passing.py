"""Strangers who pass through a story: where they go, and when they are told.

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

NEVER = 1e6
"""Time of a fact that no question reaches."""

IN_A_ROW = 0.5
"""Share of the stories with strangers where these are told in a row, not here and there."""

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


def before_what_pronouns_speak_of(when: np.ndarray, times: np.ndarray, pronoun: np.ndarray) -> np.ndarray:
    """Moments that fall between a fact and the one that says "she" of it, put before both.

    Args:
        when: (stories, strangers), between the times of facts.
        times: (stories, facts), rising.
        pronoun: (stories, facts): which facts begin with a pronoun.
    """
    for _ in range(3):  # as many facts in a row may say "she"
        following = (times[:, None] < when[..., None]).sum(axis=2)
        parts = np.take_along_axis(pronoun, np.minimum(following, times.shape[1] - 1), axis=1)
        parts &= (following > 0) & (following < times.shape[1])
        before = np.take_along_axis(times, np.maximum(following - 1, 0), axis=1) - 0.5
        when = np.where(parts, before, when)
    return when


def some_in_a_row(
    rng: np.random.Generator,
    when: np.ndarray,
    times: np.ndarray,
    now: np.ndarray,
    told: np.ndarray,
    count: np.ndarray,
    pronoun: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """In some stories all strangers are told in a row, a step each, and what follows comes later by so much.

    Args:
        when: (stories, strangers), where they stand otherwise.
        times: (stories, facts), rising; from NEVER on there are no facts.
        now: (stories, questions).
        told: (stories, questions): facts before each question.
        count: (stories,): facts of each story.
        pronoun: (stories, facts): which facts begin with a pronoun; none is parted from what it speaks of.

    Returns:
        The same three moments: of strangers, facts and questions.
    """
    stories, strangers = when.shape
    chosen = np.less(rng.random((stories, 1)), IN_A_ROW)
    # Behind the last fact as often as before two others: what users ask about is seldom what was told last.
    first = np.minimum(np.floor(rng.random(stories) * (count + 2)), count).astype(np.int64)[:, None]
    for _ in range(3):
        follows = np.take_along_axis(pronoun, np.minimum(first, pronoun.shape[1] - 1), axis=1)
        first = np.where(follows & (first < count[:, None]), first - 1, first)
    before = np.where(first > 0, np.take_along_axis(times, np.maximum(first - 1, 0), axis=1), 0.0)
    later = chosen & (np.arange(times.shape[1]) >= first) & (times < NEVER)
    return (
        np.where(chosen, before + 1.0 + np.arange(strangers), when),
        np.where(later, times + strangers, times),
        np.where(chosen & (told >= first), now + strangers, now),
    )
