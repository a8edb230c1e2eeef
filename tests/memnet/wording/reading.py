"""Reads worded sentences back with the tables alone: what the generator wrote is not asked.

Names are replaced by marks first, so that a pattern of a table can be matched word by word.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files

from memnet.wording.english import agreeing, forms
from memnet.wording.tables import bare_line, source, word_lists

HELD_OUT = json.loads(files("memnet.wording").joinpath("held_out.json").read_text(encoding="utf-8"))
CALENDARS = ("slots4", "days", "hours", "dates")
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
}
_THINGS = rf"{ARTICLE}\d+§(?: and {ARTICLE}\d+§)?"


@cache
def _names(names: tuple[str, ...]) -> tuple[re.Pattern[str], dict[str, str]]:
    numbers = {name.lower(): f"{number}§" for number, name in enumerate(names)}
    longest_first = "|".join(re.escape(name) for name in sorted(numbers, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?:{longest_first})(?![\w-])"), numbers


def marked(sentence: str, names: tuple[str, ...]) -> str:
    """The sentence in lower case with every name as a number and a sign: `7§ went to the 3§.`"""
    pattern, numbers = _names(names)
    return pattern.sub(lambda match: numbers[match[0]], sentence.lower())


def mentions(text: str, name: str) -> bool:
    """Whether a sentence names somebody or something, in any case."""
    return re.search(rf"(?<![\w']){re.escape(name.lower())}(?!\w)", text.lower()) is not None


def regex(pattern: str, *, question: bool = False) -> str:
    """A pattern of a table, its slots filled with whatever can stand in them."""

    said = set[str]()

    def slot(match: re.Match[str]) -> str:
        name = match[1]
        if name == "in" and question:
            return r"(?:in|on|at) (?:the )?(?:\d+§|kitchen|bedroom|garden)"
        if name in _FIXED:
            return f"(?:{_FIXED[name]})"
        if name == "side":
            sides = [side for key in ("left", "right", "above", "below") for side in word_lists()[key]]
            return f"(?:{'|'.join(sides)})"
        if name in ("time", "Time"):
            return f"(?:{'|'.join(time.lower() for key in CALENDARS for time in word_lists()[key])})"
        if name == "thing":
            return _THINGS
        if name in ("s", "p", "q", "a", "b", "x", "y", "r", "t", "t_", "place", "place2", "other", "giver"):
            # A name said twice is the same one: "of the box and the jar, the jar is the smaller one".
            group = "(?:" if name in said else f"(?P<{name}>"
            again = rf"(?P={name})" if name in said else r"\d+§|kitchen|bedroom|garden"
            said.add(name)
            rest = r"(?: and (?:the )?\d+§)?" if name == "s" else ""
            return f"(?:the |an? |some )?{group}{again}){rest}"
        return r"(?:\w+ )?\d+§"

    pieces = re.split(r"(\{\w+\})", pattern)
    return "".join(
        slot(match) if (match := re.fullmatch(r"\{(\w+)\}", piece)) else re.escape(piece.lower())
        for piece in pieces
    )


class HeldOut:
    """A form of a held-out line."""

    def __init__(self, name: str, text: str, before: str = r"(?<![\w§])", after: str = r"(?![\w'])") -> None:
        self.name = name
        self._pattern = re.compile(f"{before}{regex(text)}{after}")
        # Most sentences lack its longest piece, which is quicker to see.
        self._piece = max(re.split(r"\{\w+\}", text), key=len).strip().lower()

    def found_in(self, sentence: str) -> bool:
        return self._piece in sentence and self._pattern.search(sentence) is not None


def held_out_lines() -> list[HeldOut]:
    """Every held-out line of the fact tables in every form it can take."""
    found = []
    for relation, patterns in HELD_OUT["verbs"].items():
        for pattern in patterns:
            conjugated, name = forms(pattern), f"{relation}: {pattern}"
            texts = {conjugated.base, conjugated.third, conjugated.past, conjugated.participle}
            found += [HeldOut(name, text) for text in sorted(texts)]
            if "{thing}" in pattern and "{other} {thing}" not in pattern:
                passive = " ".join(conjugated.participle.replace("{thing}", " ").split())
                found.append(HeldOut(name, passive, "(?:was|were|been) ", " by "))
    for relation, patterns in HELD_OUT["clauses"].items():
        for pattern in patterns:
            found += [HeldOut(f"{relation}: {pattern}", text) for text in sorted(set(agreeing(pattern)))]
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
    prefix = "|".join(
        [
            *(f"{saw.lower()} " for saw in lists["saw"]),
            *(f"{r.lower()},? " for r in lists["remarks"] + lists["asides"]),
        ]
    )
    for line in source()["clauses"][table]:
        pattern = bare_line(line)
        found = re.fullmatch(rf"(?:{prefix})?{regex(pattern)}\.", sentence)
        if found:
            return {"pattern": pattern, **found.groupdict()}
    return None


__all__ = [
    "HELD_OUT",
    "held_out_forms",
    "held_out_lines",
    "held_out_shapes",
    "marked",
    "mentions",
    "read",
    "regex",
]
