"""What only testing gets to see: about a quarter of each relation's wording, drawn once, before training.

    python -m memnet.wording.holdout 2026-11-27 6 > memnet/wording/held_out.json

Only starred lines can be drawn. A line drawn takes with it every other starred line that has a word of its
own in common with it (a word that no unstarred line has), so that no form of a held-out verb is ever met in
training, not even for another relation.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from memnet.wording.draw import Draw
from memnet.wording.shapes import HELD_OUT_CANDIDATES
from memnet.wording.tables import drawn_from, own_words, source

SHARE = 0.25
ADDED = ("did_move", "did_take", "did_drop", "did_give")
"""Lists written after the first draw, on 2026-11-28; drawn after it: what it chose stays as it was."""


def choose(date: str, seed: int) -> dict[str, Any]:
    """Draw the held-out wording.

    Args:
        date: When, for the record.
        seed: Of the draw.

    Returns:
        What held_out.json holds: patterns by group and list, names of shapes.
    """
    draw = Draw(seed)
    own = own_words()
    held: set[tuple[str, str, str]] = set()
    for group, lists in source().items():
        for name in (name for name in lists if name != "chatter" and name not in ADDED):
            _choose(draw, group, name, own, held)
    shapes = [
        shape for number, options in HELD_OUT_CANDIDATES.values() for shape in draw.some(options, number)
    ]
    for name in ADDED:
        _choose(draw, "questions", name, own, held)
    record: dict[str, Any] = {"chosen": date, "seed": seed, "shapes": sorted(shapes)}
    for group, lists in source().items():
        record[group] = {
            name: kept
            for name, lines in lists.items()
            if (kept := [line[:-2] for line in lines if (group, name, line.removesuffix(" *")) in held])
        }
    return record


def _choose(
    draw: Draw,
    group: str,
    name: str,
    own: dict[tuple[str, str, str], set[str]],
    held: set[tuple[str, str, str]],
) -> None:
    lines = drawn_from(source()[group][name])
    starred = draw.shuffled([line.removesuffix(" *") for line in lines if line.endswith(" *")])
    while starred and sum(key[:2] == (group, name) for key in held) < round(SHARE * len(lines)):
        _hold((group, name, starred.pop()), own, held)


def _hold(
    key: tuple[str, str, str],
    own: dict[tuple[str, str, str], set[str]],
    held: set[tuple[str, str, str]],
) -> None:
    if key in held:
        return
    held.add(key)
    for other, found in own.items():
        # The same line in two lists, such as "remains in", is one wording.
        if (found & own[key]) or other[2] == key[2]:
            _hold(other, own, held)


if __name__ == "__main__":
    print(json.dumps(choose(sys.argv[1], int(sys.argv[2])), indent=1, ensure_ascii=False))
