"""Plots, each a function from values to a matplotlib figure: nothing is written and nothing global is set.

In a notebook, after `%matplotlib inline`:

    from memnet.evaluation.plots import attention_figure
    attention_figure(memory.ask("house", "Where is the football?", limit=None))

Needs the extra `plots`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from memnet.babi.tasks import TASK_NAMES
from memnet.errors import MemnetError
from memnet.story import Answer

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

_MARKERS = "ox^sDvP*"


@dataclass(frozen=True, slots=True)
class Series:
    """One error per task, in [0, 1]; None where it is not known."""

    name: str
    errors: Mapping[int, float | None]
    deviations: Mapping[int, float] | None = None
    """Spread over seeds, drawn as whiskers."""


def require_matplotlib() -> None:
    """Fail early.

    Raises:
        MemnetError: matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise MemnetError(
            "plots need matplotlib, which is not installed",
            hint="install it with `pip install 'memnet[plots]'`",
        ) from None


def attention_figure(answer: Answer, *, gold: Collection[int] = (), title: str | None = None) -> Figure:
    """The attention of every hop on every fact, and on the null slots.

    Args:
        answer: Asked with `limit=None`, so that every fact is listed.
        gold: `seq` of bAbI's gold supporting facts, marked with a star and a frame.
        title: The question and the answer by default.

    Raises:
        MemnetError: matplotlib is not installed, or the memory abstained and attended to nothing.
    """
    if answer.text is None:
        raise MemnetError(f"there is no attention to draw: the memory abstained ({answer.reason})")
    facts = sorted(answer.evidence, key=lambda each: each.seq)
    weights = [[*fact.per_hop] for fact in facts] + [[hop.null_mass for hop in answer.hops]]
    names = [f"{fact.seq}{'*' if fact.seq in gold else ' '} {fact.text}" for fact in facts]
    figure = _figure(width=3.8 + 0.8 * len(answer.hops), height=1.2 + 0.26 * len(weights))
    axes = figure.add_subplot()
    axes.imshow(weights, aspect="auto", cmap="Greens", vmin=0, vmax=1)
    axes.set_xticks(range(len(answer.hops)), [f"hop {hop.hop}" for hop in answer.hops])
    axes.set_yticks(range(len(weights)), [*names, "nothing (null slots)"], fontsize=8)
    axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    for row, cells in enumerate(weights):
        for column, weight in enumerate(cells):
            ink = "white" if weight > 0.6 else "black" if weight >= 0.005 else "0.7"
            axes.text(column, row, f"{weight:.2f}", ha="center", va="center", fontsize=8, color=ink)
    for row, fact in enumerate(facts):
        if fact.seq in gold:
            _frame(axes, row, len(answer.hops))
            axes.get_yticklabels()[row].set_fontweight("bold")
    figure.suptitle(title or f"{answer.question}  {answer.text} ({answer.probability:.1%})", fontsize=10)
    return figure


def error_figure(ours: Sequence[Series], beside: Sequence[Series] = (), *, title: str = "") -> Figure:
    """Error per task: ours as bars, others, such as published ones, as marks.

    Raises:
        MemnetError: matplotlib is not installed.
    """
    tasks = sorted({task for series in (*ours, *beside) for task in series.errors})
    figure = _figure(width=3 + 0.45 * len(tasks), height=4.2)
    axes = figure.add_subplot()
    width = 0.8 / max(1, len(ours))
    for number, series in enumerate(ours):
        known = [task for task in tasks if series.errors.get(task) is not None]
        places = [tasks.index(task) - 0.4 + width * (number + 0.5) for task in known]
        spread = [100 * series.deviations[task] for task in known] if series.deviations else None
        heights = [100 * (series.errors[task] or 0.0) for task in known]
        axes.bar(places, heights, width, label=series.name, yerr=spread, capsize=2, color=f"C{number}")
    for number, series in enumerate(beside):
        known = [task for task in tasks if series.errors.get(task) is not None]
        axes.plot(
            [tasks.index(task) for task in known],
            [100 * (series.errors[task] or 0.0) for task in known],
            linestyle="none",
            marker=_MARKERS[number % len(_MARKERS)],
            markersize=5,
            markerfacecolor="none",
            color=f"C{len(ours) + number}",
            label=series.name,
        )
    axes.axhline(5, color="0.6", linewidth=0.8, linestyle=":", label="5 %: above, a task counts as failed")
    names = [f"{task} {TASK_NAMES[task]}" for task in tasks]
    axes.set_xticks(range(len(tasks)), names, rotation=45, ha="right", fontsize=8)
    axes.set_ylabel("test error, %")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=7)
    axes.set_title(title, fontsize=10)
    return figure


def learning_figure(history: Sequence[Mapping[str, Any]], *, title: str = "") -> Figure:
    """Loss and validation error by epoch, from a checkpoint's history; the linear start is shaded.

    Raises:
        MemnetError: matplotlib is not installed.
    """
    figure = _figure(width=6.5, height=3.6)
    axes = figure.add_subplot()
    epochs = [each["epoch"] for each in history]
    lines: list[Artist] = []
    lines += axes.plot(epochs, [each["loss"] for each in history], color="C0", label="training loss")
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss, nats per question")
    axes.set_ylim(bottom=0)
    validated = [each for each in history if each["validation_error"] is not None]
    if validated:
        right = axes.twinx()
        errors = [100 * each["validation_error"] for each in validated]
        lines += right.plot(
            [each["epoch"] for each in validated], errors, color="C1", label="validation error"
        )
        right.set_ylabel("validation error, %")
        right.set_ylim(bottom=0)
    if linear := [each["epoch"] for each in history if each["linear"]]:
        axes.axvspan(linear[0] - 0.5, linear[-1] + 0.5, color="0.92", label="linear start")
        lines += axes.patches
    axes.legend(handles=lines, fontsize=8)
    axes.set_title(title, fontsize=10)
    return figure


def png(figure: Figure) -> bytes:
    """The figure as a PNG, the same bytes for the same figure."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()


def _figure(width: float, height: float) -> Figure:
    require_matplotlib()
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _frame(axes: Any, row: int, columns: int) -> None:
    """A frame around a row of the heat map."""
    edges = [-0.5, columns - 0.5], [row - 0.5, row + 0.5]
    (left, right), (top, bottom) = edges
    axes.plot(
        [left, right, right, left, left],
        [top, top, bottom, bottom, top],
        color="black",
        linewidth=1.2,
        clip_on=False,
    )
