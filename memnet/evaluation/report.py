"""Reports of runs: Markdown to read, JSON to compute with (`report.schema.json`), PNG plots to look at."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from memnet import __version__
from memnet.babi.published import Published
from memnet.babi.tasks import TASK_NAMES
from memnet.errors import InputError
from memnet.evaluation import plots, table
from memnet.evaluation.answers import FAILED
from memnet.evaluation.evaluate import TaskReport, mean_of
from memnet.evaluation.plots import Series
from memnet.evaluation.runs import AskedStory, BenchmarkRun, CheckpointRun
from memnet.nn.multihead import MultiHeadMemory
from memnet.training.checkpoint import write_atomically
from memnet.training.recipe import Recipe

FORMAT = 1
"""Format of `report.json`."""


def schema() -> dict[str, Any]:
    """The JSON Schema of `report.json`."""
    text = files("memnet.evaluation").joinpath("report.schema.json").read_text(encoding="utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def write(runs: Sequence[CheckpointRun | BenchmarkRun], out: Path, *, with_plots: bool = True) -> list[Path]:
    """Write `report.md`, `report.json` and the plots into a folder, and say which files.

    Raises:
        InputError: Two runs have one name.
        MemnetError: Plots are wanted and matplotlib is not installed.
    """
    names = [run.name for run in runs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"two runs are named '{twice[0]}'", hint="rename one of the folders")
    drawn = {run.name: draw(run) for run in runs} if with_plots else {}
    contents = {name: image for images in drawn.values() for name, image in images.items()}
    contents["report.md"] = markdown(runs, drawn).encode()
    contents["report.json"] = json.dumps(machine(runs, drawn), indent=2, ensure_ascii=False).encode() + b"\n"
    out.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        write_atomically(out / name, content)
    return [out / name for name in contents]


def machine(
    runs: Sequence[CheckpointRun | BenchmarkRun], drawn: Mapping[str, Mapping[str, bytes]]
) -> dict[str, Any]:
    """The report as JSON."""
    return {
        "format": FORMAT,
        "memnet": __version__,
        "runs": [run.to_dict() | {"plots": list(drawn.get(run.name, {}))} for run in runs],
    }


def markdown(runs: Sequence[CheckpointRun | BenchmarkRun], drawn: Mapping[str, Mapping[str, bytes]]) -> str:
    """The report as Markdown; plots are linked by file name."""
    lines = ["# bAbI report", "", f"memnet {__version__}. Test errors in %.", ""]
    for run in runs:
        lines += _checkpoint(run) if isinstance(run, CheckpointRun) else _benchmark(run)
        for name in drawn.get(run.name, {}):
            lines += [f"![{name.removesuffix('.png')}]({name})", ""]
    return "\n".join(lines)


def _checkpoint(run: CheckpointRun) -> list[str]:
    evaluation = run.evaluation
    return [
        f"## {run.name}",
        "",
        f"Checkpoint `{evaluation.checkpoint.digest[:12]}`, trained on bAbI `{evaluation.trained_on}`, "
        f"tested on `{evaluation.split}`.",
        "",
        *(f"- {note}" for note in evaluation.notes),
        "",
        *_errors(run),
        "",
        "Without duplicates: without the test questions that training holds verbatim, with the whole story "
        "before them. Majority: the most frequent training answer. Lexical: an answer word of the fact that "
        "shares most with the question."
        + (" The published columns had the official files of all tasks." if run.published else ""),
        "",
        *_evidence(run.evaluation.tasks),
        "",
        *_asked(run.asked),
    ]


def _errors(run: CheckpointRun) -> list[str]:
    tasks, beside = run.evaluation.tasks, run.published
    ours = ["error", "without duplicates", "majority", "lexical"]
    columns = {
        task: [
            each.error,
            each.error_without_duplicates,
            each.majority_error,
            each.lexical_error,
            *(column.errors.get(task) for column in beside),
        ]
        for task, each in tasks.items()
    }
    lines = [
        _line(["task", "", *ours, *(_heading(column) for column in beside)]),
        _line(["---"] * (2 + len(ours) + len(beside))),
        *(_line([str(task), TASK_NAMES[task], *map(_cell, cells)]) for task, cells in columns.items()),
        _means("mean", list(columns.values())),
    ]
    official = run.evaluation.official
    if 0 < len(official) < len(tasks):
        lines.append(_means(f"mean over {len(official)} official", [columns[task] for task in official]))
    return [*lines, _line(["", "failed (> 5 %)", *map(_failed, zip(*columns.values(), strict=True))])]


def _failed(errors: Sequence[float | None]) -> str:
    known = [error for error in errors if error is not None]
    return str(sum(error > FAILED for error in known)) if len(known) == len(errors) else ""


def _evidence(tasks: Mapping[int, TaskReport]) -> list[str]:
    found = {task: each.evidence for task, each in tasks.items() if each.evidence}
    if not found:
        return []
    hops = range(max(len(each.hops) for each in found.values()))
    heading = ["R-precision", *(f"hop {hop + 1}" for hop in hops), "lexical", "recency", "all gold in top 5"]
    heading += ["null mass", "sufficiency", "comprehensiveness"]
    cells = {
        task: [
            each.r_precision,
            *(each.hops[hop].r_precision for hop in hops),
            each.lexical.r_precision,
            each.recency.r_precision,
            each.all_gold_in_top5,
            each.null_mass,
            each.sufficiency,
            each.comprehensiveness,
        ]
        for task, each in found.items()
    }
    return [
        "### Evidence",
        "",
        "Attention against the gold supporting facts, in %. Hops, lexical and recency: R-precision of one "
        "hop's attention, of shared words, of the newest facts.",
        "",
        _line(["task", "", *heading]),
        _line(["---"] * (2 + len(heading))),
        *(_line([str(task), TASK_NAMES[task], *map(_cell, values)]) for task, values in cells.items()),
        _means("mean", list(cells.values())),
    ]


def _asked(asked: Sequence[AskedStory]) -> list[str]:
    if not asked:
        return []
    lines = [
        "### Stories",
        "",
        _line(["story", "question", "answer", "gold", "gold facts"]),
        _line(["---"] * 5),
    ]
    for each in asked:
        given = each.answer.text or f"– ({each.answer.reason})"
        gold = ", ".join(str(seq) for seq in each.question.supporting)
        lines.append(_line([str(each.choice), each.question.text, given, each.question.answer, gold]))
    return [*lines, ""]


def _benchmark(run: BenchmarkRun) -> list[str]:
    recipe = run.recipe
    mode = "one network per task" if recipe.mode == "single" else "one network for all tasks"
    labels = sorted(set(run.labels.values()))
    return [
        f"## {run.name}",
        "",
        f"bAbI `{recipe.split}`, {mode}, seeds {', '.join(map(str, run.seeds))}, {_weights(run)}. "
        f"Training data: {'; '.join(labels)}. {run.elapsed_s:,.0f} s of training.",
        "",
        *(f"- {note}" for note in [*run.notes, *_without_curves(run)]),
        "",
        table.markdown(
            run.rows,
            recipe.restarts,
            recipe.published,
            selected_by=recipe.selected_by,
            deviation=table.spread(run.results, [row.task for row in run.rows]),
        ),
    ]


def _weights(run: BenchmarkRun) -> str:
    averaged = run.recipe.network == MultiHeadMemory.family
    return "the averaged weights after the last update" if averaged else "the weights after the last epoch"


def _without_curves(run: BenchmarkRun) -> list[str]:
    return [] if run.curves else ["no learning curves: the memnet that trained these kept errors only"]


def draw(run: CheckpointRun | BenchmarkRun) -> dict[str, bytes]:
    """The plots of a run by file name."""
    beside = [Series(_heading(column), column.errors) for column in run.published]
    if isinstance(run, BenchmarkRun):
        count = run.recipe.restarts
        ours = [
            Series(
                f"selected of {count} by {run.recipe.selected_by}",
                {row.task: row.selected for row in run.rows},
            ),
            Series(
                f"mean of {count}, ± standard deviation",
                {row.task: row.mean for row in run.rows},
                {row.task: row.deviation for row in run.rows},
            ),
        ]
        beside = [Series(each.name, {row.task: row.published for row in run.rows}) for each in beside]
        title = f"{run.name}: bAbI {run.recipe.split}"
        drawn = {f"{run.name}-errors.png": plots.png(plots.error_figure(ours, beside, title=title))}
        if curves := run.curves:
            recipe = run.recipe.recipe
            linear = recipe.linear_epochs if isinstance(recipe, Recipe) else 0
            figure = plots.restarts_figure(curves, linear_epochs=linear, title=title)
            drawn[f"{run.name}-learning.png"] = plots.png(figure)
        if courses := run.courses:
            drawn[f"{run.name}-cost.png"] = plots.png(plots.course_figure(courses, title=title))
        return drawn
    tasks = run.evaluation.tasks
    errors = Series(f"{run.name}, one run", {task: each.error for task, each in tasks.items()})
    beside = [Series(each.name, {task: each.errors.get(task) for task in tasks}) for each in beside]
    title = f"{run.name}: bAbI {run.evaluation.trained_on}"
    images = {f"{run.name}-errors.png": plots.png(plots.error_figure([errors], beside, title=title))}
    if run.history:
        figure = plots.learning_figure(run.history, title=title)
        images[f"{run.name}-learning.png"] = plots.png(figure)
    if course := run.course:
        images[f"{run.name}-cost.png"] = plots.png(plots.course_figure([course], title=title))
    for each in run.asked:
        if each.answer.text is not None:
            name = f"{run.name}-attention-{str(each.choice).replace(':', '-')}.png"
            images[name] = _heat_map(each)
    return images


def _heat_map(asked: AskedStory) -> bytes:
    verdict = "right" if asked.answer.text == asked.question.answer else f"wrong: {asked.question.answer}"
    title = f"{asked.question.text}  {asked.answer.text} ({asked.answer.probability:.1%}, {verdict})"
    return plots.png(plots.attention_figure(asked.answer, gold=asked.question.supporting, title=title))


def _heading(column: Published) -> str:
    return f"{column.model} ({column.train_size} {column.mode}; {column.statistic}; {column.status})"


def _means(name: str, rows: Sequence[Sequence[float | None]]) -> str:
    means = (mean_of(column) for column in zip(*rows, strict=True))
    return _line(["", f"**{name}**", *(f"**{_cell(mean)}**" if mean is not None else "" for mean in means)])


def _cell(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
