"""An answer in the terminal: facts as rows, hops as columns, attention in the cells, the flow between."""

from __future__ import annotations

from collections.abc import Collection

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from memnet.evaluation.picture import Picture, Row, picture
from memnet.story import Answer

_SHADES = ("", "on grey15", "on grey27", "bold on dark_blue", "bold white on blue3")
_REASONS = {
    "no_eligible_facts": "no facts to answer from",
    "unknown_words": "a word means nothing here",
    "no_relevant_facts": "no fact is about this",
    "undecided": "the facts do not decide it",
    "low_confidence": "too little speaks for an answer",
}
_FAINT = 0.0005
"""What is shown as 0.000."""


def attention_table(answer: Answer, *, gold: Collection[int] = ()) -> RenderableType:
    """The picture of an answer's attention.

    Args:
        answer: Asked with `limit=None`, so that every fact is listed.
        gold: `seq` of bAbI's gold supporting facts, marked with a star.
    """
    if answer.text is None:
        return _said(answer)
    drawn = picture(answer, gold=gold)
    return Group(_table(drawn), Text(), Text(drawn.path), _said(answer))


def heads_tables(answer: Answer, *, gold: Collection[int] = ()) -> RenderableType:
    """The same, with a table per hop that has its heads as columns, beside their mean.

    Args:
        answer: Asked with `limit=None` and `heads=True`.
        gold: See `attention_table`.
    """
    parts: list[RenderableType] = []
    for hop in answer.hops:
        parts += [
            Text(f"hop {hop.hop}, by head", style="bold"),
            _table(picture(answer, gold=gold, heads_of=hop.hop)),
        ]
        parts.append(Text())
    return Group(attention_table(answer, gold=gold), Text(), *parts[:-1])


def _table(drawn: Picture) -> Table:
    table = Table(box=None, pad_edge=False, padding=0, header_style="bold")
    table.add_column("", justify="right")
    table.add_column("  fact", overflow="fold")
    for column, name in enumerate(drawn.columns):
        table.add_column("   " if column and drawn.flows else " ")
        table.add_column(name.removeprefix("head "), justify="right")
    lines = _lines(drawn)
    for place, row in enumerate(drawn.rows):
        cells: list[RenderableType] = []
        for column, weight in enumerate(row.weights):
            cells += [
                lines[column - 1][place] if column and lines else "  ",
                _cell(weight, drawn.tops[column] == row.key),
            ]
        table.add_row(_number(row), _text(row), *cells)
    return table


def answer_line(answer: Answer) -> RenderableType:
    """An answer and the facts it was read from, without the numbers."""
    drawn = picture(answer)
    return Group(
        _said(answer), *(Text.assemble(_number(row), _text(row)) for row in drawn.rows if row.evident)
    )


def _said(answer: Answer) -> RenderableType:
    if answer.text is None:
        return Text(f"no answer: {_REASONS.get(answer.reason or '', answer.reason)}")
    others = ", ".join(f"{a.text} {a.probability:.1%}" for a in answer.alternatives[1:])
    lines = [
        Text.assemble(
            ("answer  ", "dim"),
            (answer.text, "bold"),
            f"  {answer.probability:.1%}",
            (f"  then {others}", "dim"),
        )
    ]
    if answer.read_as:
        read = ", ".join(f"{each.word} as {each.taught}" for each in answer.read_as)
        lines.append(Text(f"read  {read}", style="dim"))
    if answer.unknown_words:
        lines.append(Text(f"unknown words  {', '.join(answer.unknown_words)}", style="yellow"))
    if answer.attended < answer.eligible:
        lines.append(Text(f"{answer.attended} of {answer.eligible} facts were read", style="dim"))
    return Group(*lines)


def _number(row: Row) -> str:
    return f"{row.key}{'*' if row.gold else ' '}" if isinstance(row.key, int) else ""


def _text(row: Row) -> Text:
    mark = "• " if row.evident else "  "
    return Text.assemble((mark, "yellow"), (row.text, "" if isinstance(row.key, int) else "italic dim"))


def _cell(weight: float, top: bool) -> Text:
    """A weight, shaded by size; the number stands for itself without colour."""
    shade = _SHADES[min(int(weight * len(_SHADES)), len(_SHADES) - 1)] if weight >= 0.1 else ""
    dim = " dim" if weight < _FAINT and not top else ""
    return Text(f"{weight:.3f}", style=f"{shade}{dim}".strip())


def _lines(drawn: Picture) -> list[list[str]]:
    """The strongest flow between each pair of hops, by gap and row: where it leaves, runs and arrives."""
    gaps: list[list[str]] = []
    if not drawn.flows:
        return gaps
    for gap in range(len(drawn.columns) - 1):
        cells = ["   "] * len(drawn.rows)
        strongest = next((flow for flow in drawn.flows if flow.gap == gap), None)
        if strongest is not None:
            source, target = drawn.place(strongest.source), drawn.place(strongest.target)
            first, last = sorted((source, target))
            cells[first : last + 1] = [" │ "] * (last - first + 1)
            down = target > source
            cells[source] = "───" if source == target else "─╮ " if down else "─╯ "
            if source != target:
                cells[target] = " ╰─" if down else " ╭─"
        gaps.append(cells)
    return gaps
