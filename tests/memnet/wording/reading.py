"""Reads worded sentences back with the tables alone: what the generator wrote is not asked.

Names are replaced by marks first, so that a pattern of a table can be matched word by word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from importlib.resources import files

from memnet.wording.english import agreeing, forms
from memnet.wording.tables import source, word_lists

HELD_OUT = json.loads(files("memnet.wording").joinpath("held_out.json").read_text(encoding="utf-8"))
ARTICLE = r"(?:the |an? |some |his |her |its |their )?"
NAME = r"(?P<{}>\d+§)"

_FIXED = {
    "is": "is|are",
    "isnt": "isn't|aren't",
    "was": "was|were",
    "has": "has|have",
    "does": "does|do",
    "tis": "is|are",
    "twas": "was|were",
    "tdoes": "does|do",
    "thas": "has|have",
    "pis": "is|are",
    "poss": "his|her|its|their",
    "obj": "him|her|it|them",
    "self": "himself|herself|itself|themselves",
    "he": "he|she|it|they",
    "it": "it|they|them",
    "he_is": "is",
    "he_was": "was",
    "way": "north|south|east|west",
    "back": "north|south|east|west",
    "in2": "in|on|at",
    "into": "(?:into|onto|to) (?:the )?\\d+§",
    "in": "in|on|at",
    "poss_s": "(?:the )?\\d+§'s",
    "a_word": "an? \\d+§|an? \\w+",
    "word": "\\d+§|hungry|thirsty|tired|bored",
    "did": ".+",
    "he_did": ".+",
    "time": ".+",
    "Time": ".+",
}
_THINGS = rf"{ARTICLE}\d+§(?: and {ARTICLE}\d+§)?"


def marked(sentence: str, names: Iterable[str]) -> str:
    """The sentence in lower case with every name as a number and a sign: `7§ went to the 3§.`"""
    text = sentence.lower()
    numbered = sorted(enumerate(names), key=lambda pair: -len(pair[1]))
    for number, name in numbered:
        text = re.sub(rf"(?<![\w§-]){re.escape(name.lower())}(?![\w§-])", f"{number}§", text)
    return text


def regex(pattern: str, *, question: bool = False) -> str:
    """A pattern of a table, its slots filled with whatever can stand in them."""

    def slot(match: re.Match[str]) -> str:
        name = match[1]
        if name == "in" and question:
            return r"(?:in|on|at) (?:the )?(?:\d+§|kitchen|bedroom|garden)"
        if name in _FIXED:
            return f"(?:{_FIXED[name]})"
        if name == "side":
            sides = [side for key in ("left", "right", "above", "below") for side in word_lists()[key]]
            return f"(?:{'|'.join(sides)})"
        if name == "thing":
            return _THINGS
        if name in ("s", "p", "q", "a", "b", "x", "y", "r", "t", "t_", "place", "place2", "other", "giver"):
            group = f"(?P<{name}>" if f"{{{name}}}" not in pattern[: match.start()] else "(?:"
            rest = r"(?: and (?:the )?\d+§)?" if name == "s" else ""
            return f"(?:the |an? |some )?{group}\\d+§|kitchen|bedroom|garden){rest}"
        return r"(?:\w+ )?\d+§"

    pieces = re.split(r"(\{\w+\})", pattern)
    return "".join(
        slot(match) if (match := re.fullmatch(r"\{(\w+)\}", piece)) else re.escape(piece.lower())
        for piece in pieces
    )


def held_out_patterns() -> list[tuple[str, re.Pattern[str]]]:
    """A regular expression for every held-out line of the fact tables and every form it can take."""
    found = []
    for relation, patterns in HELD_OUT["verbs"].items():
        for pattern in patterns:
            conjugated = forms(pattern)
            found += [
                (f"{relation}: {pattern}", re.compile(rf"(?<![\w§]){regex(text)}(?!\w)"))
                for text in (conjugated.base, conjugated.third, conjugated.past, conjugated.participle)
            ]
            if "{thing}" in pattern and "{other} {thing}" not in pattern:
                rest = regex(" ".join(conjugated.participle.replace("{thing}", " ").split()))
                found.append((f"{relation}: {pattern}", re.compile(rf"(?:was|were|been) {rest} by ")))
    for relation, patterns in HELD_OUT["clauses"].items():
        for pattern in patterns:
            found += [
                (f"{relation}: {pattern}", re.compile(rf"(?<![\w§]){regex(text)}(?=[\s.]|$)"))
                for text in sorted(set(agreeing(pattern)))
            ]
    return found


def held_out_forms() -> list[re.Pattern[str]]:
    """A regular expression for every held-out form of question."""
    return [
        re.compile(regex(pattern.rstrip("?."), question=True) + r"[?.]?")
        for patterns in HELD_OUT["questions"].values()
        for pattern in patterns
    ]


def held_out_shapes(sentence: str) -> set[str]:
    """Which held-out shapes a marked sentence has, as far as its words tell."""
    lists = word_lists()
    times, nows = "|".join(lists["times"]), "|".join(lists["nows"])
    found = {
        "perfect just": r"\d+§ (?:has|have) just ",
        "sequence inside": r"\d+§ (?:then|afterwards|next|later) ",
        "time inside": rf"\d+§, (?:{times}), ",
        "two together": r"(?:together|along) with (?:the )?\d+§\.$",
        "now last": rf"§?.*(?:{nows})\.$",
        "remark": rf"^(?:{'|'.join(lists['remarks'])})",
    }
    return {
        shape
        for shape, pattern in found.items()
        if shape in HELD_OUT["shapes"] and re.search(pattern, sentence)
    }


def read(table: str, sentence: str) -> dict[str, str] | None:
    """Who is `a`, `b` … in a marked sentence of a table of clauses, or None when no line fits."""
    lists = word_lists()
    prefix = "|".join([*(f"{saw} " for saw in lists["saw"]), *(f"{r},? " for r in lists["remarks"])])
    for line in source()["clauses"][table]:
        pattern = line.removesuffix(" *")
        found = re.fullmatch(rf"(?:{prefix})?{regex(pattern)}\.", sentence)
        if found:
            return {"pattern": pattern, **found.groupdict()}
    return None


__all__ = [
    "HELD_OUT",
    "held_out_forms",
    "held_out_patterns",
    "held_out_shapes",
    "marked",
    "read",
    "regex",
]
