"""`memnet babi benchmark`."""

from __future__ import annotations

import json
import platform
from dataclasses import replace
from pathlib import Path

import click
import torch
from rich.console import Console
from rich.markdown import Markdown
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from memnet import __version__, recipes
from memnet.babi.dataset import data_dir
from memnet.babi.tasks import parse_tasks
from memnet.cli.babi.options import data_option, parse_train_files, tasks_option, train_files_option
from memnet.evaluation import plots, table
from memnet.evaluation import report as reports
from memnet.evaluation.runs import BenchmarkRun
from memnet.nn.memn2n import MemN2N
from memnet.recipes import BenchmarkRecipe
from memnet.training import benchmark as benchmarks
from memnet.training.checkpoint import write_atomically
from memnet.training.multihead.halving import Rung, read_rungs
from memnet.training.results import Unit, UnitResult


@click.command()
@click.option("--recipe", "name", required=True, help=f"{', '.join(recipes.names())}, or a TOML file.")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of results."
)
@click.option(
    "--restarts",
    "--seeds",
    "restarts",
    type=click.IntRange(1),
    help="Runs from different seeds; the recipe's by default.",
)
@click.option(
    "--candidates",
    type=click.IntRange(2),
    help="Joint multi-head recipes: begin so many seeds and keep as many as there are restarts by successive "
    "halving on validation stories.",
)
@click.option("--no-plots", is_flag=True, help="Markdown and JSON only; needs no matplotlib.")
@data_option
@tasks_option
@train_files_option
def benchmark(
    name: str,
    out: Path,
    restarts: int | None,
    candidates: int | None,
    no_plots: bool,
    data: Path | None,
    tasks: str,
    train_files: tuple[str, ...],
) -> None:
    """Train and test a published setting: every restart of every task, beside the published numbers.

    Results are kept per unit of work, so that the same command goes on after a stop; multi-head networks go
    on in the middle of their training. The folder ends with report.md, report.json and plots of the errors,
    of every restart's learning curve and, where it is known, of error against CPU time.
    """
    torch.set_num_threads(1)
    if not no_plots:
        # Now, not after hours of training.
        plots.require_matplotlib()
    recipe = recipes.load(name)
    recipe = replace(recipe, restarts=restarts or recipe.restarts)
    numbers = parse_tasks(tasks)
    others = parse_train_files(train_files, numbers)
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    work = benchmarks.units(recipe, numbers)
    total = sum(len(unit.seeds) for unit in work) * recipe.work
    results: list[tuple[Unit, UnitResult]] = []
    with progress:
        bar = progress.add_task(recipe.name, total=total)
        for unit, result in benchmarks.run(
            recipe,
            numbers,
            data_dir(data),
            out,
            train_files=others,
            candidates=candidates,
            on_rung=lambda rung: progress.console.print(_rung(rung)),
            on_work=lambda done: progress.advance(bar, done),
        ):
            results.append((unit, result))
            after = f"{len(results)} of {len(work)} units done"
            progress.update(bar, description=f"{recipe.name}: {after}")
    rows = table.rows(numbers, results, recipe.published)
    run = BenchmarkRun(recipe, tuple(rows), tuple(results))
    text = _report(run, read_rungs(out))
    drawn = {} if no_plots else reports.draw(run)
    for file, image in drawn.items():
        write_atomically(out / file, image)
        text += f"\n![{file.removesuffix('.png')}]({file})\n"
    write_atomically(out / "report.md", text.encode())
    write_atomically(out / "report.json", json.dumps(_machine(recipe, rows, results), indent=2).encode())
    Console().print(Markdown(text))


def _report(run: BenchmarkRun, rungs: list[Rung]) -> str:
    recipe = run.recipe
    settings = recipe.recipe.to_dict()
    del settings["seed"]
    lines = [
        f"# {recipe.name}",
        "",
        f"`memnet babi benchmark --recipe {recipe.name}{_candidates(rungs)}`: "
        f"bAbI `{recipe.split}`, {_mode(recipe)}, seeds {', '.join(map(str, run.seeds))}. The run with the "
        f"lowest {recipe.selected_by} is selected"
        f"{' for each task' if recipe.mode == 'single' else ''}"
        f"{', as in the paper' if recipe.network == MemN2N.family else ''}; the mean of all stands "
        "beside it. Test error in %.",
        "",
        table.markdown(
            run.rows,
            recipe.restarts,
            recipe.published,
            selected_by=recipe.selected_by,
            deviation=table.spread(run.results, [row.task for row in run.rows]),
        ),
        *(f"**{note}**\n" for note in run.notes),
        *(f"- {_rung(rung)}" for rung in rungs),
        *([""] if rungs else []),
        f"Recipe: {', '.join(f'{name} {value}' for name, value in settings.items())}.",
        "",
        f"{run.elapsed_s:,.0f} s of training, all runs added up ({platform.machine()}, "
        f"torch {torch.__version__}, memnet {__version__}).",
        "",
    ]
    return "\n".join(lines)


def _candidates(rungs: list[Rung]) -> str:
    return f" --candidates {len(rungs[0].errors)}" if rungs else ""


def _rung(rung: Rung) -> str:
    errors = ", ".join(f"seed {seed} {error:.1%}" for seed, error in sorted(rung.errors.items()))
    kept = ", ".join(str(seed) for seed in sorted(rung.kept))
    return f"After {rung.questions:,} questions, validation errors: {errors}; kept: {kept}"


def _mode(recipe: BenchmarkRecipe) -> str:
    return "one network per task" if recipe.mode == "single" else "one network for all tasks"


def _machine(
    recipe: BenchmarkRecipe, rows: list[table.Row], results: list[tuple[Unit, UnitResult]]
) -> dict[str, object]:
    return {
        "benchmark": recipe.to_dict(),
        "tasks": {
            str(each.task): {
                "selected": round(each.selected, 6),
                "mean": round(each.mean, 6),
                "deviation": round(each.deviation, 6),
                "published": each.published,
            }
            for each in rows
        },
        "summary": table.summary(rows),
        "notes": sorted({note for _, result in results for note in result.data["notes"]}),
        "elapsed_s": round(sum(result.elapsed_s for _, result in results), 1),
        "torch": torch.__version__,
        "memnet": __version__,
    }
