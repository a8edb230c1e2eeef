"""An answer as the picture of its attention, which the page, the terminal and a figure draw each in its way.

Facts as rows in the order told, hops as columns, the null slot and what is not listed beneath them, so that
each column sums to 1; and the flow from hop to hop. `web/reading.js` has the same rules; a test compares.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from memnet.story import Answer

EVIDENT = 0.1
"""From this weight on, at any hop, a fact counts as evidence in the picture."""

LEAST_SHARE = 0.02
MOST_FLOWS = 6
"""Flows drawn between two hops: the strongest ones, none with a share under `LEAST_SHARE`."""

MOST_ROWS = 60
"""With more facts than this, only the evidence is drawn."""

Key = int | Literal["null", "other"]
"""A row: the number of a fact, the null slot, or what is not listed."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the picture."""

    key: Key
    text: str
    weights: tuple[float, ...]
    """Attention at each hop; 0 where the answer does not list the fact."""
    evident: bool
    gold: bool


@dataclass(frozen=True, slots=True)
class Flow:
    """A link between what one hop read and what the next one read."""

    gap: int
    """0 for the one between the first two hops."""
    source: Key
    target: Key
    share: float
    """The product of the two weights."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that is drawn."""

    hops: tuple[int, ...]
    rows: tuple[Row, ...]
    """Facts in the order told, then the null slot and what is not listed."""
    flows: tuple[Flow, ...]
    tops: tuple[Key, ...]
    """The row that each hop attended to most."""
    path: str
    """The reading as a sentence."""

    def place(self, key: Key) -> int:
        """Position of a row."""
        return next(place for place, row in enumerate(self.rows) if row.key == key)


def picture(answer: Answer, *, gold: Collection[int] = (), most_rows: int = MOST_ROWS) -> Picture:
    """The picture of an answer.

    Args:
        answer: Asked with `limit=None`, so that every fact is listed; what is not is one row.
        gold: `seq` of bAbI's gold supporting facts.
        most_rows: With more facts, only the evidence gets rows of its own.
    """
    listed: dict[Key, tuple[float, ...]] = {
        fact.seq: tuple(
            next((each.weight for each in hop.attention if each.seq == fact.seq), 0.0) for hop in answer.hops
        )
        for fact in sorted(answer.evidence, key=lambda each: each.seq)
    }
    if len(listed) > most_rows:
        listed = {key: weights for key, weights in listed.items() if max(weights) >= EVIDENT or key in gold}
    null = tuple(hop.null_mass for hop in answer.hops)
    # What has no row of its own, because the answer or the picture leaves it out.
    other = tuple(
        math.fsum([hop.other_mass, *(each.weight for each in hop.attention if each.seq not in listed)])
        for hop in answer.hops
    )
    texts = {fact.seq: fact.text for fact in answer.evidence}
    rows = [
        Row(key, texts[key], weights, evident=max(weights, default=0.0) >= EVIDENT, gold=key in gold)
        for key, weights in listed.items()
        if isinstance(key, int)
    ]
    rows.append(Row("null", "null slot", null, evident=False, gold=False))
    rows.append(Row("other", "not listed", other, evident=False, gold=False))
    weights = {**listed, "null": null}
    return Picture(
        hops=tuple(hop.hop for hop in answer.hops),
        rows=tuple(rows),
        flows=_flows(weights, len(answer.hops)),
        tops=tuple(max(weights, key=lambda key: weights[key][hop]) for hop in range(len(answer.hops))),
        path=_path(weights, [hop.hop for hop in answer.hops]),
    )


def _flows(weights: dict[Key, tuple[float, ...]], hops: int) -> tuple[Flow, ...]:
    """A hop reads a mixture and the next starts from what was read: a pair's share is the product."""
    found: list[Flow] = []
    for gap in range(hops - 1):
        pairs = [
            Flow(gap, source, target, weights[source][gap] * weights[target][gap + 1])
            for source in weights
            for target in weights
        ]
        strong = [flow for flow in pairs if flow.share >= LEAST_SHARE]
        found += sorted(strong, key=lambda flow: -flow.share)[:MOST_FLOWS]
    return tuple(found)


def _path(weights: dict[Key, tuple[float, ...]], hops: list[int]) -> str:
    parts = []
    for column, hop in enumerate(hops):
        read = sorted(
            ((of_hops[column], key) for key, of_hops in weights.items() if of_hops[column] >= EVIDENT),
            key=lambda each: -each[0],
        )[:3]
        names = [f"{'the null slot' if key == 'null' else f'fact {key}'} ({p:.3f})" for p, key in read]
        parts.append(f"hop {hop} read {_list(names) if names else 'a little of everything'}")
    sentence = "; ".join(parts)
    return f"{sentence[:1].upper()}{sentence[1:]}." if sentence else ""


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
