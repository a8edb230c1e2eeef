"""Training throughput of MemN2N on one core, and where the time goes.

    python benchmarks/training_speed.py [--data DIR] [--epochs 3]

For task 1, task 3 and all tasks jointly (1k), with the paper's recipe: questions per second of wall time and
of CPU time over whole epochs of training (draw a batch, forward, backward, clip, update), the fastest and
the median epoch. `single` draws questions as the paper does, `stories` whole stories; `10 stacked` trains ten
restarts as one. Then one profiled epoch says which share of the time is arithmetic (products, sums,
softmax), which is layout (gathering, scattering, copying), and which is neither: dispatch, autograd's
bookkeeping and Python. Accuracy is not measured here.
"""

from __future__ import annotations

import argparse
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
    arguments = parser.parse_args()
    torch.set_num_threads(1)
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
    for case in cases(data_dir(arguments.data), arguments.epochs):
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
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
