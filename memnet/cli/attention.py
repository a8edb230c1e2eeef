"""An answer in the terminal: facts as rows, hops as columns, attention in the cells."""

from __future__ import annotations

from collections.abc import Collection

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from memnet.story import Answer

_SHADES = ("", "on grey15", "on grey27", "bold on dark_green", "bold white on green4")


def attention_table(answer: Answer, *, gold: Collection[int] = ()) -> RenderableType:
    """The facts an answer attended to, in the order they were told.

    Args:
        answer: Asked with `limit=None`, so that every fact is listed.
        gold: `seq` of bAbI's gold supporting facts, marked with a star.
    """
    if answer.text is None:
        reason = {"no_eligible_facts": "no facts to answer from", "unknown_words": "no word is known"}
        return Text(f"no answer: {reason.get(answer.reason or '', answer.reason)}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", justify="right")
    table.add_column("fact", overflow="fold")
    for hop in answer.hops:
        table.add_column(f"hop {hop.hop}", justify="right")
    for fact in sorted(answer.evidence, key=lambda e: e.seq):
        star = "*" if fact.seq in gold else " "
        table.add_row(f"{fact.seq}{star}", Text(fact.text), *(_cell(weight) for weight in fact.per_hop))
    table.add_row(
        "", Text("nothing (null slots)", style="italic dim"), *(_cell(h.null_mass) for h in answer.hops)
    )
    others = ", ".join(f"{a.text} {a.probability:.1%}" for a in answer.alternatives[1:])
    said = Text.assemble(
        ("answer  ", "dim"), (answer.text, "bold"), f"  {answer.probability:.1%}", (f"  then {others}", "dim")
    )
    lines: list[RenderableType] = [table, Text(), said]
    if answer.unknown_words:
        lines.append(Text(f"unknown words  {', '.join(answer.unknown_words)}", style="yellow"))
    if answer.attended < answer.eligible:
        lines.append(Text(f"the newest {answer.attended} of {answer.eligible} facts were read", style="dim"))
    return Group(*lines)


def _cell(weight: float) -> Text:
    """A weight with two decimals, shaded by size; the number stands for itself without colour."""
    shade = _SHADES[min(int(weight * len(_SHADES)), len(_SHADES) - 1)] if weight >= 0.1 else "dim"
    return Text(f"{weight:.2f}", style=shade)
