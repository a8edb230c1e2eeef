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
from memnet.evaluation.picture import picture
from memnet.evaluation.reliability import Reliability
from memnet.story import Answer

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

_MARKERS = "ox^sDvP*"

# The colours of the page in its light theme.
_COLD, _HEAT = (0.937, 0.945, 0.961), (0.114, 0.247, 0.580)
_INK, _MUTED, _RULE = "#1b1a18", "#625e56", "#e5e1d8"
_NO_ERROR = 0.01
"""Where an error of 0 % stands on a logarithmic axis."""
_FAINT = 0.0005
"""What is shown as 0.000 gets no ground of its own."""


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


def attention_figure(
    answer: Answer, *, gold: Collection[int] = (), title: str | None = None, heads_of: int | None = None
) -> Figure:
    """The attention of every hop on every fact and on the null slot, and the flow from hop to hop.

    The same picture as the page's and the terminal's (`memnet.evaluation.picture`): a dot marks evidence, a
    star bAbI's supporting facts, a frame the fact that a hop attended to most, a line's width its share.

    Args:
        answer: Asked with `limit=None`, so that every fact is listed.
        gold: `seq` of bAbI's gold supporting facts.
        title: The question and the answer by default.
        heads_of: The hop whose heads are drawn instead of the hops; needs an answer asked with `heads=True`.

    Raises:
        MemnetError: matplotlib is not installed, or the memory abstained and attended to nothing.
    """
    if answer.text is None:
        raise MemnetError(f"there is no attention to draw: the memory abstained ({answer.reason})")
    drawn = picture(answer, gold=gold, heads_of=heads_of)
    longest = max(len(row.text) for row in drawn.rows)
    figure = _figure(
        width=1.2 + 0.075 * longest + 1.05 * len(drawn.columns), height=1.0 + 0.32 * len(drawn.rows)
    )
    axes = figure.add_subplot()
    axes.set_xlim(-0.5, len(drawn.columns) - 0.5)
    axes.set_ylim(len(drawn.rows) - 0.5, -0.5)
    names = [
        f"{'●  ' if row.evident else ''}{row.key if isinstance(row.key, int) else ''}"
        f"{' ★' if row.gold else ''}  {row.text}"
        for row in drawn.rows
    ]
    axes.set_xticks(range(len(drawn.columns)), drawn.columns, fontsize=9)
    axes.set_yticks(range(len(drawn.rows)), names, fontsize=9)
    axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    for label, row in zip(axes.get_yticklabels(), drawn.rows, strict=True):
        if not isinstance(row.key, int):
            label.set(style="italic", color=_MUTED)
    for edge in axes.spines.values():
        edge.set_visible(False)
    for place in range(1, len(drawn.rows)):
        axes.axhline(place - 0.5, color=_RULE, linewidth=0.6, zorder=0)
    for flow in drawn.flows:
        _curve(axes, flow.gap, drawn.place(flow.source), drawn.place(flow.target), flow.share)
    for place, row in enumerate(drawn.rows):
        for hop, weight in enumerate(row.weights):
            _chip(axes, hop, place, weight, top=drawn.tops[hop] == row.key)
    figure.suptitle(title or f"{answer.question}  {answer.text} ({answer.probability:.1%})", fontsize=11)
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
    if linear := [each["epoch"] for each in history if each.get("linear")]:
        axes.axvspan(linear[0] - 0.5, linear[-1] + 0.5, color="0.92", label="linear start")
        lines += axes.patches
    axes.legend(handles=lines, fontsize=8)
    axes.set_title(title, fontsize=10)
    return figure


@dataclass(frozen=True, slots=True)
class Curves:
    """Training losses of restarts, epoch by epoch."""

    name: str
    losses: Sequence[Sequence[float]]
    """Of each restart, in nats per question."""
    selected: int
    """Which restart is drawn in front."""


def restarts_figure(curves: Sequence[Curves], *, linear_epochs: int, title: str = "") -> Figure:
    """Training loss by epoch: a panel for what was trained together, a line per restart.

    The selected restart is in front; the linear start is shaded.

    Raises:
        MemnetError: matplotlib is not installed.
    """
    columns = min(5, len(curves))
    rows = -(-len(curves) // columns)
    figure = _figure(width=1.2 + 2.2 * columns, height=1.0 + 1.7 * rows)
    panels = figure.subplots(rows, columns, sharex=True, squeeze=False)
    for number, axes in enumerate(panels.flat):
        if number >= len(curves):
            axes.set_axis_off()
            continue
        each = curves[number]
        for restart, losses in enumerate(each.losses):
            chosen = restart == each.selected
            axes.plot(
                range(1, len(losses) + 1),
                losses,
                color="C0" if chosen else "0.7",
                linewidth=1.4 if chosen else 0.6,
                zorder=3 if chosen else 2,
            )
        if linear_epochs:
            axes.axvspan(0.5, linear_epochs + 0.5, color="0.93", zorder=0)
        axes.set_ylim(bottom=0)
        axes.set_title(each.name, fontsize=7)
        axes.tick_params(labelsize=6)
    figure.supxlabel("epoch", fontsize=8)
    figure.supylabel("training loss, nats per question", fontsize=8)
    figure.suptitle(title, fontsize=10)
    return figure


@dataclass(frozen=True, slots=True)
class Course:
    """What restarts had learned by when."""

    name: str
    points: Sequence[Sequence[tuple[float, float]]]
    """Of each restart, after each epoch: CPU time in seconds, and validation error in [0, 1]."""
    selected: int
    """Which restart is drawn in front."""


def course_figure(courses: Sequence[Course], *, title: str = "") -> Figure:
    """Validation error against CPU time: a panel for what was trained together, a line per restart.

    The error is on a logarithmic axis, where the last tenths of a percent can be seen as well as the first
    plateau; no wrong answer at all is drawn at the bottom, at 0.01 %.

    Raises:
        MemnetError: matplotlib is not installed.
    """
    columns = min(4, len(courses))
    rows = -(-len(courses) // columns)
    alone = len(courses) == 1
    figure = _figure(width=6.5 if alone else 1.2 + 2.6 * columns, height=3.6 if alone else 1.0 + 1.9 * rows)
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
    longest = max((points[-1][0] for each in courses for points in each.points if points), default=0.0)
    unit, name = (3600.0, "CPU hours") if longest >= 3600 else (60.0, "CPU minutes")
    for number, axes in enumerate(panels.flat):
        if number >= len(courses):
            axes.set_axis_off()
            continue
        each = courses[number]
        for restart, points in enumerate(each.points):
            chosen = restart == each.selected
            axes.plot(
                [seconds / unit for seconds, _ in points],
                [max(100 * error, _NO_ERROR) for _, error in points],
                color="C0" if chosen else "0.7",
                linewidth=1.4 if chosen else 0.8,
                marker="." if len(points) < 40 else "",
                markersize=3,
                zorder=3 if chosen else 2,
            )
        axes.set_yscale("log")
        axes.set_ylim(_NO_ERROR, 100)
        axes.set_xlim(left=0)
        axes.set_yticks([0.01, 0.1, 1, 10, 100], ["0", "0.1", "1", "10", "100"])
        axes.minorticks_off()
        axes.grid(axis="y", color="0.9", linewidth=0.6)
        axes.set_title(each.name, fontsize=8)
        axes.tick_params(labelsize=7)
    figure.supxlabel(name, fontsize=8)
    figure.supylabel("validation error, %", fontsize=8)
    figure.suptitle(title, fontsize=10)
    return figure


def reliability_figure(curves: Sequence[Reliability]) -> Figure:
    """Share of right answers against their probability, a line per kind of question.

    A dot's area grows with its number of answers; on the diagonal probabilities hold.

    Raises:
        MemnetError: matplotlib is not installed.
    """
    figure = _figure(width=5.2, height=4.6)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=_RULE, linewidth=1.2, zorder=0)
    for number, curve in enumerate(curves):
        x, y = [each.probability for each in curve.bins], [each.right for each in curve.bins]
        label = f"{curve.name}: calibration error {curve.error:.1%} of {curve.answers:,}"
        axes.plot(x, y, color=f"C{number}", linewidth=1, label=label)
        share = [each.answers / max(1, curve.answers) for each in curve.bins]
        axes.scatter(x, y, s=[12 + 150 * each for each in share], color=f"C{number}", alpha=0.6)
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("probability of the answer")
    axes.set_ylabel("share right")
    axes.legend(fontsize=7, loc="lower right")
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


def _chip(axes: Any, hop: int, place: int, weight: float, *, top: bool) -> None:
    """One weight: the number, on a ground that deepens with it, as on the page."""
    from matplotlib.patches import FancyBboxPatch

    seen = weight >= _FAINT or top
    depth = weight**0.72
    ground = tuple(cold + depth * (heat - cold) for cold, heat in zip(_COLD, _HEAT, strict=True))
    if seen:
        box = FancyBboxPatch(
            (hop - 0.24, place - 0.3),
            0.48,
            0.6,
            boxstyle="round,pad=0,rounding_size=0.06",
            facecolor=ground,
            edgecolor=_INK if top else "none",
            linewidth=1.2,
            zorder=2,
        )
        axes.add_patch(box)
    ink = "white" if depth > 0.55 and seen else _INK if seen else _MUTED
    axes.text(hop, place, f"{weight:.3f}", ha="center", va="center_baseline", fontsize=8, color=ink, zorder=3)


def _curve(axes: Any, gap: int, source: int, target: int, share: float) -> None:
    """A calm curve from one hop's chip to the next one's."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    start, end = gap + 0.24, gap + 0.76
    middle = (start + end) / 2
    points = [(start, source), (middle, source), (middle, target), (end, target)]
    path = Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    width = max(0.8, share * 5)
    axes.add_patch(
        PathPatch(
            path,
            fill=False,
            edgecolor=_HEAT,
            alpha=0.25 + 0.5 * share,
            linewidth=width,
            zorder=1,
            capstyle="butt",
        )
    )
