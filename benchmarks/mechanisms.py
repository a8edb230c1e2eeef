"""Attention mechanisms beside one another: the same network, recipe and budget, one flag apart.

    python benchmarks/mechanisms.py --data DIR --out runs/mechanisms [--questions 300000] [--seeds 1]
        [--split en-10k] [--train-file 3=FILE] [--mechanisms scaled general] [--tasks all]

Trains a multi-head network with each mechanism of `memnet.nn.attention` on all tasks jointly, without worded
stories, tests it on the test files and prints one table in Markdown (OUT/mechanisms.md after every run).
Nothing is selected: the averaged weights after the last question. A stop costs a minute at most: the same
command goes on where it was. Speeds are of the training, per second of the clock and of CPU time; the latter
can be compared when other work shares the machine.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import torch

from memnet.babi.dataset import SPLITS, data_dir, load_task
from memnet.babi.tasks import TASK_NAMES, parse_tasks
from memnet.cli.babi.options import parse_train_files
from memnet.cli.babi.train_multihead import train_multihead
from memnet.errors import InputError
from memnet.evaluation.answers import FAILED
from memnet.evaluation.exams import MultiHeadExam
from memnet.nn.attention import MECHANISMS
from memnet.training.checkpoint import CONFIG, TRAINING, load_checkpoint
from memnet.training.multihead.data import MultiHeadRunSpec
from memnet.training.multihead.recipe import MultiHeadRecipe
from memnet.training.multihead.run import MultiHeadRun

FULL = MultiHeadRecipe()


@dataclass(frozen=True)
class Trained:
    """One trained network on the test files."""

    errors: dict[int, float]
    training: dict[str, Any]
    parameters: int

    @property
    def mean(self) -> float:
        return fmean(self.errors.values())


def recipe_of(mechanism: str, questions: int, seed: int) -> MultiHeadRecipe:
    """The default recipe in a smaller budget: the same share of it leads in."""
    lead_in = questions * FULL.lead_in // FULL.questions
    return replace(FULL, attention=mechanism, questions=questions, lead_in=lead_in, worded=0, seed=seed)


def train(folder: Path, spec: MultiHeadRunSpec) -> None:
    """Train to the end, from wherever the folder stands.

    Raises:
        InputError: It holds a run of another recipe.
    """
    if (folder / CONFIG).is_file():
        there = load_checkpoint(folder).training["recipe"]
    elif (folder / TRAINING).is_file():
        run = MultiHeadRun.resume(folder)
        there = run.spec.recipe.to_dict()
    else:
        run = MultiHeadRun.start(folder, spec)
        there = spec.recipe.to_dict()
    if there != spec.recipe.to_dict():
        raise InputError(f"{folder} holds a run of another recipe", hint="choose another --out")
    if not (folder / CONFIG).is_file():
        train_multihead(run)


def examine(folder: Path, spec: MultiHeadRunSpec) -> Trained:
    """Test errors of a finished run, in [0, 1] per task."""
    checkpoint = load_checkpoint(folder)
    errors = {}
    for task in spec.tasks:
        stories = load_task(spec.directory, spec.split, task, "test").stories
        exam = MultiHeadExam(checkpoint.network, checkpoint.vocabulary, stories)
        errors[task] = 1 - float(exam.right(exam.sit().answers).double().mean())
    parameters = sum(each.numel() for each in checkpoint.network.parameters())
    return Trained(errors, checkpoint.training, parameters)


def table(done: Mapping[str, Sequence[Trained]], tasks: Sequence[int], spec: MultiHeadRunSpec) -> str:
    """The table, errors in %; of several seeds the mean and the sample standard deviation."""
    seeds = {name: len(runs) for name, runs in done.items()}
    recipe = spec.recipe
    first = next(iter(done.values()))[0]
    lines = [
        f"bAbI `{spec.split}`, {len(tasks)} tasks jointly, {recipe.questions:,} training questions "
        f"({recipe.lead_in:,} of them lead in), {recipe.num_hops} hops, {recipe.num_heads} heads (dot: 1), "
        f"symbols renamed in {recipe.rename:.0%} of the batches. Test error in %, nothing selected; "
        f"{platform.machine()}, torch {torch.__version__}, one thread.",
        "",
        *(f"- {note}" for note in first.training["data"]["notes"]),
        "",
        _line(["task", "", *done]),
        _line(["---"] * 2 + ["---:"] * len(done)),
    ]
    for task in tasks:
        cells = [_percent([run.errors[task] for run in runs]) for runs in done.values()]
        lines.append(_line([str(task), TASK_NAMES[task], *cells]))
    rows: list[tuple[str, list[str]]] = [
        ("**mean**", [f"**{_percent([run.mean for run in runs])}**" for runs in done.values()]),
        (
            "failed (> 5 %)",
            [
                f"{fmean(sum(error > FAILED for error in run.errors.values()) for run in runs):g}"
                for runs in done.values()
            ],
        ),
        (
            "validation error",
            [_percent([run.training["validation_error"] for run in runs]) for runs in done.values()],
        ),
        ("parameters", [f"{runs[0].parameters:,}" for runs in done.values()]),
        ("training questions/s", [_rate(runs, "elapsed_s") for runs in done.values()]),
        ("per CPU-second", [_rate(runs, "cpu_s") for runs in done.values()]),
        ("seeds", [f"0 to {count - 1}" if count > 1 else "0" for count in seeds.values()]),
    ]
    lines += [_line(["", name, *cells]) for name, cells in rows]
    return "\n".join(lines) + "\n"


def _rate(runs: Sequence[Trained], clock: str) -> str:
    return f"{sum(r.training['questions'] for r in runs) / sum(r.training[clock] for r in runs):,.0f}"


def _percent(values: Sequence[float]) -> str:
    spread = f" ± {100 * stdev(values):.1f}" if len(values) > 1 else ""
    return f"{100 * fmean(values):.1f}{spread}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs, one for each")
    parser.add_argument("--questions", type=int, default=300_000, help="to train each network on")
    parser.add_argument("--seeds", type=int, default=1, help="networks of each mechanism")
    parser.add_argument("--split", choices=SPLITS, default="en-10k")
    parser.add_argument("--tasks", default="all")
    parser.add_argument("--train-file", action="append", default=[], metavar="TASK=FILE")
    parser.add_argument("--mechanisms", nargs="+", choices=list(MECHANISMS), default=list(MECHANISMS))
    given = parser.parse_args()
    torch.set_num_threads(1)
    tasks = parse_tasks(given.tasks)
    files = parse_train_files(given.train_file, tasks)
    done: dict[str, list[Trained]] = {}
    for seed in range(given.seeds):
        for name in given.mechanisms:
            recipe = recipe_of(name, given.questions, seed)
            spec = MultiHeadRunSpec(data_dir(given.data), given.split, tasks, files, recipe)
            folder = given.out / f"{name}-seed-{seed}"
            train(folder, spec)
            done.setdefault(name, []).append(examine(folder, spec))
            text = table(done, tasks, spec)
            fresh = given.out / f".mechanisms.{os.getpid()}"
            fresh.write_text(text)
            fresh.replace(given.out / "mechanisms.md")
    print(text)


if __name__ == "__main__":
    main()
