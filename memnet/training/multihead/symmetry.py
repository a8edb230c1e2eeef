"""Symmetries of bAbI's spatial tasks: the same story seen from another side.

In tasks 4 and 19 the compass can be turned and mirrored (8 ways), in task 17 left and right, above and below,
and the two axes can be exchanged (8 ways): facts, question and answer together, the answer stays right. Only
the words of the training text are used; results say that training used them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from memnet.training.multihead.lessons import Lesson

SIDED_TASKS = (17, 19)
"""Tasks that are told from all sides. Task 4 has the same symmetry and no need of it."""

SIDES = 8

_AXES = ((1, 0), (-1, 0), (0, 1), (0, -1))
_MAPS = tuple(
    tuple((sx * x, sy * y) if not swap else (sy * y, sx * x) for x, y in _AXES)
    for swap in (False, True)
    for sx in (1, -1)
    for sy in (1, -1)
)
_COMPASS = ("east", "west", "north", "south")
_PICTURE = ("to the right of", "to the left of", "above", "below")


def variants(lesson: Lesson) -> list[Lesson]:
    """The lesson from all sides, itself first; itself alone where there are no sides."""
    words = {4: _COMPASS, 19: _COMPASS, 17: _PICTURE}.get(lesson.task)
    if words is None:
        return [lesson]
    seen = []
    for image in _MAPS:
        turned = {word: words[_AXES.index(to)] for word, to in zip(words, image, strict=True)}
        if words is _COMPASS:
            turned |= {word[0]: to[0] for word, to in list(turned.items())}
        seen.append(_turned(lesson, turned))
    return seen


def _turned(lesson: Lesson, words: Mapping[str, str]) -> Lesson:
    pattern = re.compile("|".join(rf"\b{re.escape(word)}\b" for word in sorted(words, key=len, reverse=True)))

    def put(text: str) -> str:
        return pattern.sub(lambda match: words[match.group()], text)

    return replace(
        lesson,
        facts=tuple(map(put, lesson.facts)),
        questions=tuple(
            replace(asked, text=put(asked.text), answers=tuple(words.get(a, a) for a in asked.answers))
            for asked in lesson.questions
        ),
    )
