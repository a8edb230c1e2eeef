"""Training throughput on one core: MemN2N, where its time goes, and the multi-head network beside it.

    python benchmarks/training_speed.py [--data DIR] [--epochs 3] [--turns 5] [--beside]

For task 1, task 3 and all tasks jointly (1k), with the paper's recipe: questions per second of wall time and
of CPU time over whole epochs of training (draw a batch, forward, backward, clip, update), the fastest and
the median epoch. `single` draws questions as the paper does, `stories` whole stories; `10 stacked` trains ten
restarts as one. Then one profiled epoch says which share of the time is arithmetic (products, sums,
softmax), which is layout (gathering, scattering, copying), and which is neither: dispatch, autograd's
bookkeeping and Python. Accuracy is not measured here.

A second table (the only one with --beside) has the joint recipes of both networks on the same files, taking
turns of a few seconds, so that whatever else runs on the machine disturbs both alike: an epoch of MemN2N,
then four seconds of updates of the multi-head network.
"""

from __future__ import annotations

import argparse
import itertools
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import torch
from rich.console import Console
from rich.table import Table
from torch.profiler import ProfilerActivity, profile

from memnet.babi.dataset import data_dir
from memnet.babi.tasks import TASK_NAMES
from memnet.nn.memn2n import MemN2N
from memnet.nn.stacked import FactTable, StackedMemN2N
from memnet.training.data import RunSpec, load_run_data
from memnet.training.loop import train_epoch
from memnet.training.multihead.data import MultiHeadRunSpec
from memnet.training.multihead.recipe import MultiHeadRecipe
from memnet.training.multihead.run import MultiHeadRun
from memnet.training.recipe import PAPER_JOINT, PAPER_SINGLE, Recipe
from memnet.training.restarts import train_stacked_epoch

ARITHMETIC = [
    "aten::mm",
    "aten::bmm",
    "aten::mul",
    "aten::add",
    "aten::add_",
    "aten::sum",
    "aten::_softmax",
    "aten::_softmax_backward_data",
    "aten::_log_softmax",
    "aten::_log_softmax_backward_data",
    "aten::addcmul_",
    "aten::linalg_vector_norm",
    "aten::embedding_dense_backward",
]
LAYOUT = [
    "aten::index",
    "aten::index_select",
    "aten::gather",
    "aten::scatter_add",
    "aten::scatter_add_",
    "aten::scatter_",
    "aten::copy_",
    "aten::cat",
    "aten::sort",
    "aten::cumsum",
    "aten::nonzero",
    "aten::fill_",
    "aten::zero_",
    "aten::masked_fill_",
]


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    data: str
    training: str
    epoch: Callable[[int], object]
    questions: int
    """Per epoch."""
    repeats: int


def cases(directory: Path, epochs: int) -> list[Case]:
    """What is measured."""
    found = []
    for name, tasks, recipe, repeats in (
        ("task 1", (1,), PAPER_SINGLE, epochs * 10),
        ("task 3", (3,), PAPER_SINGLE, epochs * 10),
        ("joint", tuple(TASK_NAMES), PAPER_JOINT, epochs),
    ):
        data = load_run_data(RunSpec(directory, "en", tasks, {}, recipe))
        per_epoch = len(data.training) // recipe.batch_size * recipe.batch_size

        def single(recipe: Recipe, data=data) -> Callable[[int], object]:
            network = MemN2N(data.config, generator=torch.Generator().manual_seed(0))
            return lambda epoch: train_epoch(network, data.training, recipe, epoch)

        def stacked(recipe: Recipe, data=data) -> Callable[[int], object]:
            generators = [torch.Generator().manual_seed(seed) for seed in range(10)]
            stack = StackedMemN2N([MemN2N(data.config, generator=g) for g in generators])
            table = FactTable(data.training.facts, data.config)
            recipes = [replace(recipe, seed=seed) for seed in range(10)]
            return lambda epoch: train_stacked_epoch(stack, data.training, table, recipes, epoch)

        found.append(Case(name, "single", single(recipe), per_epoch, repeats))
        found.append(Case(name, "stories", single(replace(recipe, draw="stories")), per_epoch, repeats))
        if len(tasks) == 1:
            found.append(Case(name, "10 stacked", stacked(recipe), per_epoch * 10, repeats))
    return found


def side_by_side(directory: Path, turns: int, seconds: float = 4.0) -> Table:
    """Questions per second of both networks' joint training, in alternation."""
    paper = load_run_data(RunSpec(directory, "en", tuple(TASK_NAMES), {}, PAPER_JOINT))
    network = MemN2N(paper.config, generator=torch.Generator().manual_seed(0))
    per_epoch = len(paper.training) // PAPER_JOINT.batch_size * PAPER_JOINT.batch_size
    epochs = itertools.count(PAPER_JOINT.linear_epochs)

    def epoch() -> int:
        train_epoch(network, paper.training, PAPER_JOINT, next(epochs))
        return per_epoch

    ours = MultiHeadRecipe(worded=0, lead_in=0)
    run = MultiHeadRun(Path(), MultiHeadRunSpec(directory, "en", tuple(TASK_NAMES), {}, ours))
    batches = itertools.cycle(run.plan())

    def updates() -> int:
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            count += run.update(next(batches))
        return count

    names = {
        f"MemN2N, {PAPER_JOINT.num_hops} hops, {paper.config.dim} dimensions": epoch,
        f"multi-head, {ours.num_hops} hops, {ours.num_heads} heads, {run.network.dim} dimensions": updates,
    }
    rates: dict[str, list[float]] = {name: [] for name in names}
    cpu = {name: [0.0, 0.0] for name in names}
    for turn in range(turns + 1):
        for name, train in names.items():
            began, cpu_began = time.perf_counter(), time.process_time()
            count = train()
            if turn:  # the first one warms up
                rates[name].append(count / (time.perf_counter() - began))
                cpu[name][0] += count
                cpu[name][1] += time.process_time() - cpu_began
    table = Table(title="bAbI 1k, all tasks jointly, in turns on one core")
    for column in ("training", "questions/s, best", "median", "per CPU-second"):
        table.add_column(column, justify="left" if column == "training" else "right")
    for name in names:
        values = (max(rates[name]), median(rates[name]), cpu[name][0] / cpu[name][1])
        table.add_row(name, *(f"{value:,.0f}" for value in values))
    return table


def shares(epoch: Callable[[int], object]) -> tuple[float, float]:
    """Shares of the profiled time spent in arithmetic and in layout kernels, in [0, 1]."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        began = time.perf_counter()
        epoch(PAPER_SINGLE.linear_epochs)
        elapsed_us = (time.perf_counter() - began) * 1e6
    own = {event.key: event.self_cpu_time_total for event in profiler.key_averages()}
    arithmetic, layout = (sum(own.get(name, 0.0) for name in names) for names in (ARITHMETIC, LAYOUT))
    return arithmetic / elapsed_us, layout / elapsed_us


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path)
    parser.add_argument(
        "--epochs", type=int, default=3, help="of the joint set; single tasks take ten times as many"
    )
    parser.add_argument("--turns", type=int, default=5, help="of each network in the second table")
    parser.add_argument("--beside", action="store_true", help="the second table alone")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if not arguments.beside:
        Console(width=120).print(memn2n(data_dir(arguments.data), arguments.epochs))
    Console(width=120).print(side_by_side(data_dir(arguments.data), arguments.turns))


def memn2n(directory: Path, epochs: int) -> Table:
    """The first table."""
    table = Table(title=f"bAbI 1k, {platform.machine()}, torch {torch.__version__}, one thread")
    for column in (
        "data",
        "training",
        "questions/s, best",
        "median",
        "per CPU-second",
        "arithmetic",
        "layout",
        "rest",
    ):
        table.add_column(column, justify="left" if column in ("data", "training") else "right")
    for case in cases(directory, epochs):
        first = PAPER_JOINT.linear_epochs  # with softmax in every recipe
        case.epoch(first)  # warm up
        rates, cpu = [], time.process_time()
        for number in range(case.repeats):
            began = time.perf_counter()
            case.epoch(first + 1 + number)
            rates.append(case.questions / (time.perf_counter() - began))
        cpu_rate = case.questions * case.repeats / (time.process_time() - cpu)
        arithmetic, layout = shares(case.epoch)
        table.add_row(
            case.data,
            case.training,
            *(f"{value:,.0f}" for value in (max(rates), median(rates), cpu_rate)),
            *(f"{value:.0%}" for value in (arithmetic, layout, 1 - arithmetic - layout)),
        )
    return table


if __name__ == "__main__":
    main()
