"""A benchmark's table: every task beside the published column, and never a selected number alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from memnet.babi.published import Published
from memnet.babi.tasks import TASK_NAMES
from memnet.evaluation.answers import FAILED
from memnet.training.results import Unit, UnitResult


@dataclass(frozen=True, slots=True)
class Row:
    """Test errors of one task, in [0, 1]."""

    task: int
    selected: float
    """Of the restart that was chosen, by training or validation error."""
    mean: float
    """Over all restarts."""
    deviation: float
    """Sample standard deviation over the restarts; 0 for one."""
    published: float | None


def row(task: int, test_errors: Sequence[float], chosen_by: Sequence[float], column: Published | None) -> Row:
    """The row of one task; the restart with the lowest `chosen_by` is selected, of equal ones the first."""
    best = min(range(len(test_errors)), key=lambda index: chosen_by[index])
    return Row(
        task=task,
        selected=test_errors[best],
        mean=fmean(test_errors),
        deviation=stdev(test_errors) if len(test_errors) > 1 else 0.0,
        published=column.errors.get(task) if column else None,
    )


def rows(
    tasks: Sequence[int], results: Sequence[tuple[Unit, UnitResult]], column: Published | None
) -> list[Row]:
    """The rows of a benchmark's results."""
    found = []
    for task in tasks:
        restarts = [each for unit, result in results if task in unit.tasks for each in result.restarts]
        errors = [each.test_errors[task] for each in restarts]
        found.append(row(task, errors, [each.chosen_by for each in restarts], column))
    return found


def spread(results: Sequence[tuple[Unit, UnitResult]], tasks: Sequence[int]) -> float | None:
    """Sample standard deviation of the mean error over the restarts that answer all tasks; None below two."""
    restarts = [each for _, result in results for each in result.restarts]
    if len(restarts) < 2 or any(set(tasks) - each.test_errors.keys() for each in restarts):
        return None
    return stdev(fmean(each.test_errors[task] for task in tasks) for each in restarts)


def summary(rows: Sequence[Row]) -> Mapping[str, float | int | None]:
    """Means over the tasks and failed tasks, of ours and of the published column."""
    theirs = [each.published for each in rows if each.published is not None]
    whole = len(theirs) == len(rows)
    return {
        "selected": fmean(each.selected for each in rows),
        "mean": fmean(each.mean for each in rows),
        "published": fmean(theirs) if whole else None,
        "selected_failed": sum(each.selected > FAILED for each in rows),
        "published_failed": sum(value > FAILED for value in theirs) if whole else None,
    }


def markdown(
    rows: Sequence[Row],
    restarts: int,
    column: Published | None,
    *,
    selected_by: str = "training error",
    deviation: float | None = None,
) -> str:
    """The table in Markdown, errors in %.

    Args:
        rows: One per task.
        restarts: How many there were.
        column: What stands beside.
        selected_by: What the selected one had least of.
        deviation: Of the mean over all tasks; see `spread`.
    """
    beside = f"published ({column.statistic}; {column.status})" if column else "published"
    lines = [
        f"| task | | selected of {restarts} by {selected_by} | mean of {restarts} | ± | {beside} |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {each.task} | {TASK_NAMES[each.task]} | {_percent(each.selected)} | {_percent(each.mean)} "
        f"| {_percent(each.deviation)} | {_percent(each.published)} |"
        for each in rows
    ]
    total = summary(rows)
    ours = f"**{_percent(total['selected'])}** | **{_percent(total['mean'])}**"
    theirs = "" if total["published"] is None else f"**{_percent(total['published'])}**"
    around = "" if deviation is None else f"{_percent(deviation)} "
    lines.append(f"| | **mean** | {ours} | {around}| {theirs} |")
    failed = "" if total["published_failed"] is None else str(total["published_failed"])
    lines.append(f"| | failed (> 5 %) | {total['selected_failed']} | | | {failed} |")
    return "\n".join(lines) + "\n"


def _percent(value: float | int | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"
