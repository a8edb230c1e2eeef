"""The wording that facts.toml, questions.toml and the shapes hold, in its training and its held-out part."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Any

from memnet.text import words
from memnet.wording.english import Forms, agreeing, forms
from memnet.wording.shapes import FUNCTION_WORDS, SHAPE_WORDS, SHAPES

_FOLDER = files("memnet.wording")
_SLOT = re.compile(r"\{\w+\}")
_NO_PASSIVE = re.compile(
    r"\{poss\}|\{self\}|\{giver\}|\{it\}|\b(?:let|and)\b|\b(?:be|get|go|to|of|with|find|from|for|without|stop|come)\b[^{]*\{thing\}"
)
_AGREEMENT = {
    "is": ("is", "are"),
    "isnt": ("isn't", "aren't"),
    "was": ("was", "were"),
    "has": ("has", "have"),
    "does": ("does", "do"),
}


@dataclass(frozen=True, slots=True)
class Verb:
    """What somebody does, in a verb and what belongs to it."""

    pattern: str
    """The line of the table; it names the wording."""
    forms: Forms
    passive: str | None
    """What follows "was" in the passive: `picked up by {s}`; None where nobody would say it."""
    reverse: bool
    """The one who receives is the subject."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A whole clause about a state."""

    pattern: str
    singular: str
    plural: str


@dataclass(frozen=True, slots=True)
class Tables:
    """A part of the wording."""

    verbs: Mapping[str, tuple[Verb, ...]]
    clauses: Mapping[str, tuple[Clause, ...]]
    questions: Mapping[str, tuple[str, ...]]
    shapes: frozenset[str]


OF_THINGS = frozenset({"lying", "colour"})
"""Clauses about things, which may be several: "the scissors are in the garden". People are one at a time."""


@cache
def source() -> dict[str, dict[str, tuple[str, ...]]]:
    """Every line of the tables as written, star included: `verbs`, `clauses`, `questions`."""
    facts = loads(_FOLDER.joinpath("facts.toml").read_text(encoding="utf-8"))
    questions = loads(_FOLDER.joinpath("questions.toml").read_text(encoding="utf-8"))
    return {
        group: {name: tuple(text.strip().splitlines()) for name, text in lists.items()}
        for group, lists in (
            ("verbs", facts["verbs"]),
            ("clauses", facts["clauses"]),
            ("questions", questions),
        )
    }


def bare_line(line: str) -> str:
    """A line of a table without its mark."""
    return line.removesuffix(" *").removesuffix(" +")


def drawn_from(lines: Iterable[str]) -> list[str]:
    """The lines of a list that were there when the held-out ones were drawn."""
    return [line for line in lines if not line.endswith(" +")]


@cache
def word_lists() -> dict[str, tuple[str, ...]]:
    """Adverbials and other words that sentences are made with."""
    lists = loads(_FOLDER.joinpath("facts.toml").read_text(encoding="utf-8"))["words"]
    return {
        name: tuple(" ".join(entry.split()) for entry in text.replace("\n", " ").split(","))
        for name, text in lists.items()
    }


@cache
def held_out() -> dict[str, Any]:
    """The record of what was held out, when and how it was chosen: held_out.json."""
    record: dict[str, Any] = json.loads(_FOLDER.joinpath("held_out.json").read_text(encoding="utf-8"))
    return record


@cache
def tables(*, held: bool) -> Tables:
    """The wording for training, or the held-out one."""
    record = held_out()

    def part(group: str) -> Iterator[tuple[str, list[str]]]:
        for name, lines in source()[group].items():
            chosen = set(record[group].get(name, ()))
            patterns = [bare_line(line) for line in lines]
            yield name, [pattern for pattern in patterns if (pattern in chosen) == held]

    shapes = frozenset(record["shapes"])
    return Tables(
        verbs={name: tuple(map(_verb, patterns)) for name, patterns in part("verbs")},
        clauses={name: tuple(map(_clause, patterns)) for name, patterns in part("clauses")},
        questions={name: tuple(patterns) for name, patterns in part("questions")},
        shapes=shapes if held else frozenset(SHAPES) - shapes,
    )


@cache
def independent() -> Tables:
    """Wording by somebody who had not seen the other; no network was trained on it."""
    lists = loads(_FOLDER.joinpath("independent.toml").read_text(encoding="utf-8"))

    def part(group: str) -> dict[str, list[str]]:
        return {name: text.strip().splitlines() for name, text in lists[group].items()}

    return Tables(
        verbs={name: tuple(map(_verb, lines)) for name, lines in part("verbs").items()},
        clauses={name: tuple(map(_clause, lines)) for name, lines in part("clauses").items()},
        questions={name: tuple(lines) for name, lines in part("questions").items()},
        shapes=frozenset(),
    )


def _verb(pattern: str) -> Verb:
    conjugated = forms(pattern)
    passive = None
    if "{thing}" in pattern and not _NO_PASSIVE.search(pattern) and "{other} {thing}" not in pattern:
        passive = " ".join(conjugated.participle.replace("{thing}", " ").split()) + " by {s}"
    return Verb(pattern, conjugated, passive, "{giver}" in pattern)


def _clause(pattern: str) -> Clause:
    numbers = list(agreeing(pattern))
    for word, forms_ in _AGREEMENT.items():
        numbers = [text.replace(f"{{{word}}}", form) for text, form in zip(numbers, forms_, strict=True)]
    return Clause(pattern, *numbers)


def words_of(group: str, name: str, patterns: Iterable[str], *, every_form: bool = False) -> set[str]:
    """All words that sentences made from these patterns of a list contain, beside names.

    Args:
        group: verbs, clauses or questions.
        name: Of the list.
        patterns: Of that list.
        every_form: Count forms too that no sentence uses, such as "they scurry".
    """
    texts: set[str] = set()
    for pattern in patterns:
        if group == "verbs":
            verb = _verb(pattern)
            texts |= {verb.forms.third, verb.forms.past, verb.forms.participle, verb.passive or ""}
            texts.add(verb.forms.base if every_form else "")
        elif group == "clauses":
            clause = _clause(pattern)
            texts |= {clause.singular, clause.plural if every_form or name in OF_THINGS else ""}
        else:
            texts.add(pattern)
    return {word for text in texts for word in words(_SLOT.sub(" ", text))}


@cache
def language() -> frozenset[str]:
    """Every lower-case word that training wording uses outside names."""
    training, found = tables(held=False), set(FUNCTION_WORDS)
    for group in ("verbs", "clauses", "questions"):
        for name, entries in getattr(training, group).items():
            found |= words_of(group, name, [getattr(entry, "pattern", entry) for entry in entries])
    for name, entries in word_lists().items():
        shape = SHAPE_WORDS.get(name)
        if shape is None or not shape.isdisjoint(training.shapes):
            found |= {word for entry in entries for word in words(entry)}
    return frozenset(found)


@cache
def own_words() -> dict[tuple[str, str, str], set[str]]:
    """For each starred line (group, list, pattern), its words that no unstarred line has.

    A reader understands a starred line without knowing them.
    """
    common = set(FUNCTION_WORDS) | {
        word for entries in word_lists().values() for entry in entries for word in words(entry)
    }
    own: dict[tuple[str, str, str], set[str]] = {}
    for group, lists in source().items():
        for name, lines in ((name, drawn_from(lines)) for name, lines in lists.items()):
            common |= words_of(
                group, name, [line for line in lines if not line.endswith(" *")], every_form=True
            )
            for line in lines:
                if line.endswith(" *"):
                    own[group, name, line[:-2]] = words_of(group, name, [line[:-2]], every_form=True)
    return {key: found - common for key, found in own.items()}


@cache
def heads() -> frozenset[str]:
    """Base forms of the verbs that training knows for what somebody does: "go", "take"."""
    return frozenset(
        words(verb.forms.base)[0] for verbs in tables(held=False).verbs.values() for verb in verbs
    )


_ANCHORS = 3
"""Verbs of more lines than this are what a reader knows if nothing else: went, took, got, gave, put."""


@cache
def anchors() -> frozenset[str]:
    """Their base forms."""
    lines = Counter(
        words(verb.forms.base)[0] for verbs in tables(held=False).verbs.values() for verb in verbs
    )
    return frozenset(word for word, count in lines.items() if count > _ANCHORS)


_FRAMES = ("saw", "asides", "adverbs", "openings", "calls", "sequences", "nows", "lasts", "leads")
"""Lists of what is said around a fact and does not change it."""


@cache
def guessable() -> frozenset[str]:
    """Words of training lines that a reader could do without: what they mean is seen from the rest.

    The own words of starred lines, verbs of few lines that only tell what somebody does, and words of frames
    ("I heard that", "a moment later").
    """
    record, training = held_out(), tables(held=False)
    found = {
        word
        for (group, name, pattern), own in own_words().items()
        if pattern not in record[group].get(name, ())
        for word in own
    }
    lines = Counter[str]()
    for verbs in training.verbs.values():
        for verb in verbs:
            heads = {verb.forms.base, verb.forms.third, verb.forms.past, verb.forms.participle}
            lines.update({words(_SLOT.sub(" ", form))[0] for form in heads})
    elsewhere = set(FUNCTION_WORDS)
    for name, clauses in training.clauses.items():
        elsewhere |= words_of("clauses", name, [clause.pattern for clause in clauses], every_form=True)
    found |= {word for word, count in lines.items() if count <= _ANCHORS and word not in elsewhere}
    for name, patterns in training.questions.items():
        elsewhere |= words_of("questions", name, patterns)
    frames = set[str]()
    for name, entries in word_lists().items():
        here = frames if name in _FRAMES else elsewhere
        here |= {word for entry in entries for word in words(entry)}
    return frozenset(found | (frames - elsewhere))


@cache
def times() -> tuple[str, ...]:
    """Answers to "when", as they are said: `Monday`, `this morning`, `five o'clock`."""
    return tuple(bare(time) for name in CALENDARS for time in word_lists()[name])


def bare(time: str) -> str:
    """The answer to "when": `Monday` of "on Monday"."""
    return time.split(" ", 1)[1] if time.startswith(("on ", "at ", "in ")) else time


CALENDARS: dict[str, float] = {"slots4": 4.0, "days": 2.0, "hours": 2.0, "dates": 1.0}
"""Lists of times that a story is told in, and how likely each is."""
