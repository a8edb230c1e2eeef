"""Which words are one name together: "the blue backpack", "Ada's office", "José de la Cruz", "room 9"."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from memnet.tokens import SYMBOL, Token, singular

DETERMINERS = frozenset(
    [
        "a",
        "an",
        "the",
        "my",
        "your",
        "his",
        "her",
        "its",
        "our",
        "their",
        "this",
        "that",
        "these",
        "those",
        "some",
        "every",
        "each",
    ]
)
_BE = frozenset({"is", "are", "was", "were"})
_PARTICLES = frozenset(
    {
        "al",
        "ben",
        "bin",
        "da",
        "de",
        "del",
        "della",
        "den",
        "der",
        "di",
        "dos",
        "du",
        "el",
        "la",
        "le",
        "van",
        "von",
    }
)
_COMPASS = frozenset({"north", "south", "east", "west"})

_LONGEST_NAME = 6
"""Most words of a name that is recognised by what was told."""


def end_of_name(read: Sequence[Token], start: int, known: Collection[str]) -> int:
    """Where the name that begins at `start` ends; one on if it is a word by itself, or no name.

    Args:
        read: The words of a sentence, one by one.
        start: Position of the first.
        known: Keys of names that are spoken of.
    """
    end = _end_of_known(read, start, known) if known else start + 1
    if end == start + 1 and read[start].key is not None:
        end = _end_of_numbered(read, start, known)
    if end == start + 1 and (read[start].is_name or _is_of_compass(read, start)):
        end = _end_of_phrase(read, start, known)
    return end


def joined(words: Sequence[Token]) -> Token:
    """One token of the words of a name; a word by itself as it is."""
    if len(words) == 1:
        return words[0]
    *first, last = words
    surface = " ".join([*(word.surface + "'s" * word.owner for word in first), last.surface])
    return Token(SYMBOL, surface, _key(words), last.owner)


def _end_of_known(read: Sequence[Token], start: int, known: Collection[str]) -> int:
    """Where the longest known name of several words that begins at `start` ends; one on if there is none."""
    for end in range(min(len(read), start + _LONGEST_NAME), start + 1, -1):
        if _key(read[start:end]) in known:
            return end
    return start + 1


def _end_of_numbered(read: Sequence[Token], start: int, known: Collection[str]) -> int:
    """Where the numbered name that begins at `start` ends ("operating room 23"); one on if there is none."""
    if not read[start].is_name and not read[start].surface.endswith("ing"):
        return start + 1
    for end in range(start, min(len(read), start + _LONGEST_NAME)):
        word = read[end]
        if end > start and word.is_name and word.surface[:1].isdigit():
            return end + 1
        if (
            not word.surface.islower()
            or word.owner
            or word.key in known
            or (end > start and not word.is_name)
        ):
            break
    return start + 1


def _end_of_phrase(read: Sequence[Token], start: int, known: Collection[str]) -> int:
    """Where the name that begins at `start` ends."""
    before = read[start - 1] if start > 0 else None
    determined = before is not None and before.surface.lower() in DETERMINERS
    # "is pale yellow": in a question what follows "is" may be a name and more.
    described = before is not None and not known and before.surface in _BE and read[start].surface.islower()
    end = start + 1
    while end < len(read) and (read[end].is_name or (determined and _is_of_compass(read, end))):
        last, following = read[end - 1], read[end]
        named = _is_capital(last) or last.surface in _PARTICLES
        proper = named and (_is_capital(following) or _goes_on(read, end))
        described = described and following.surface.islower()
        if not (determined or proper or described or last.owner or following.surface[:1].isdigit()):
            break
        # What somebody owns has a name of one or more words, as after "the".
        determined = determined or last.owner
        end = end + 1 if following.surface not in _PARTICLES else _after_particles(read, end)
    if determined and end + 1 < len(read) and read[end].surface == "of" and read[end + 1].is_name:
        end += 2
        while end < len(read) and read[end].is_name and read[end].surface.islower():
            end += 1
    return end


def _is_capital(word: Token) -> bool:
    """Whether it is written as a name; scripts without capitals write all words so."""
    return not word.surface[:1].islower()


def _goes_on(read: Sequence[Token], position: int) -> bool:
    """Whether a name goes on with a particle: "de la Cruz"."""
    end = _after_particles(read, position)
    return position < end < len(read) and read[end].is_name and _is_capital(read[end])


def _after_particles(read: Sequence[Token], position: int) -> int:
    while position < len(read) and read[position].is_name and read[position].surface in _PARTICLES:
        position += 1
    return position


def _is_of_compass(read: Sequence[Token], position: int) -> bool:
    """Whether a direction is part of a name: "the west wing", but not "west of the hall"."""
    return (
        0 < position < len(read) - 1
        and read[position].surface in _COMPASS
        and (read[position - 1].surface.lower() in DETERMINERS or read[position - 1].is_name)
        and read[position + 1].is_name
        and read[position + 1].surface.islower()
    )


def _key(words: Sequence[Token]) -> str:
    return " ".join(word.key or singular(word.surface.lower()) for word in words)
