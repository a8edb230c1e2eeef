"""An answer as the picture of its attention, which the page, the terminal and a figure draw each in its way.

Facts as rows in the order told, hops as columns, the null slot and what is not listed beneath them, so that
each column sums to 1; and the flow from hop to hop. Or the heads of one hop as columns, beside their mean.
`web/reading.js` has the same rules; a test compares.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from memnet.story import Answer, HeadReading, HopReading

EVIDENT = 0.1
"""From this weight on, at any hop, a fact counts as evidence in the picture."""

LEAST_SHARE = 0.02
MOST_FLOWS = 6
"""Flows drawn between two hops: the strongest ones, none with a share or a weight under `LEAST_SHARE`."""

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
    """Attention in each column; 0 where the answer does not list the fact."""
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
    """The product of the two weights, each as a part of what its hop found."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that is drawn."""

    columns: tuple[str, ...]
    """`hop 1` and on; with heads `mean`, then `head 1` and on."""
    rows: tuple[Row, ...]
    """Facts in the order told, then the null slot and what is not listed."""
    flows: tuple[Flow, ...]
    """None between heads, which read side by side."""
    tops: tuple[Key, ...]
    """The row that got the most of each column."""
    path: str
    """The reading as a sentence."""

    def place(self, key: Key) -> int:
        """Position of a row."""
        return next(place for place, row in enumerate(self.rows) if row.key == key)


def picture(
    answer: Answer, *, gold: Collection[int] = (), most_rows: int = MOST_ROWS, heads_of: int | None = None
) -> Picture:
    """The picture of an answer.

    Args:
        answer: Asked with `limit=None`, so that every fact is listed; what is not is one row.
        gold: `seq` of bAbI's gold supporting facts.
        most_rows: With more facts, only the evidence gets rows of its own.
        heads_of: The hop whose heads are the columns, from 1; None for the hops. The answer must have been
            asked for with its heads.
    """
    reads: list[tuple[str, HopReading | HeadReading]]
    if heads_of is None:
        reads = [(f"hop {hop.hop}", hop) for hop in answer.hops]
    else:
        hop = answer.hops[heads_of - 1]
        reads = [("mean", hop), *((f"head {head.head}", head) for head in hop.heads)]
    texts = {fact.seq: fact.text for fact in answer.evidence}
    received = [{fact.seq: fact.weight for fact in read.attention} for _, read in reads]
    listed: dict[Key, tuple[float, ...]] = {
        seq: tuple(each.get(seq, 0.0) for each in received) for seq in sorted(texts)
    }
    evident = {fact.seq for fact in answer.evidence if max(fact.per_hop, default=0.0) >= EVIDENT}
    if len(listed) > most_rows:
        listed = {
            key: weights
            for key, weights in listed.items()
            if max(weights) >= EVIDENT or key in evident or key in gold
        }
    null = tuple(read.null_mass for _, read in reads)
    # What has no row of its own, because the answer or the picture leaves it out.
    other = tuple(
        math.fsum([read.other_mass, *(each.weight for each in read.attention if each.seq not in listed)])
        for _, read in reads
    )
    rows = [
        Row(key, texts[key], weights, evident=key in evident, gold=key in gold)
        for key, weights in listed.items()
        if isinstance(key, int)
    ]
    rows.append(Row("null", "null slot", null, evident=False, gold=False))
    rows.append(Row("other", "not listed", other, evident=False, gold=False))
    weights = {**listed, "null": null}
    names = [name for name, _ in reads]
    return Picture(
        columns=tuple(names),
        rows=tuple(rows),
        flows=_flows(weights, len(names)) if heads_of is None else (),
        tops=tuple(max(weights, key=lambda key: weights[key][column]) for column in range(len(names))),
        path=_path(weights, names),
    )


def _flows(weights: dict[Key, tuple[float, ...]], hops: int) -> tuple[Flow, ...]:
    """A hop reads a mixture and the next starts from what was read: a pair's share is the product.

    The null slot holds nothing that could be handed on, so weights count as parts of what their hop found.
    """
    found: list[Flow] = []
    for gap in range(hops - 1):
        sources, targets = (
            [
                (key, each[hop] / (1 - weights["null"][hop]))
                for key, each in weights.items()
                if key != "null" and each[hop] >= LEAST_SHARE
            ]
            for hop in (gap, gap + 1)
        )
        pairs = [Flow(gap, source, target, p * q) for source, p in sources for target, q in targets]
        strong = [flow for flow in pairs if flow.share >= LEAST_SHARE]
        found += sorted(strong, key=lambda flow: -flow.share)[:MOST_FLOWS]
    return tuple(found)


def _path(weights: dict[Key, tuple[float, ...]], names: list[str]) -> str:
    parts = []
    for column, reader in enumerate(names):
        read = sorted(
            ((of_hops[column], key) for key, of_hops in weights.items() if of_hops[column] >= EVIDENT),
            key=lambda each: -each[0],
        )[:3]
        found = [f"{'the null slot' if key == 'null' else f'fact {key}'} ({p:.3f})" for p, key in read]
        parts.append(f"{reader} read {_list(found) if found else 'a little of everything'}")
    sentence = "; ".join(parts)
    return f"{sentence[:1].upper()}{sentence[1:]}." if sentence else ""


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
