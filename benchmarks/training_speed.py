"""Training throughput of MemN2N on one core, and where the time goes.

    python benchmarks/training_speed.py [--data DIR] [--epochs 3]

For task 1, task 3 and all tasks jointly (1k), with the paper's recipe: questions per second of wall
time and of CPU time over whole epochs of training (draw a batch, forward, backward, clip, update), the
fastest and the median epoch. Then one profiled epoch says which share of the time is arithmetic
(products, sums, softmax), which is layout (gathering, scattering, copying), and which is neither:
dispatch, autograd's bookkeeping and Python. Accuracy is not measured here.
"""

from __future__ import annotations

import argparse
import platform
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch
from rich.console import Console
from rich.table import Table
from torch.profiler import ProfilerActivity, profile

from memnet.babi.dataset import data_dir
from memnet.babi.tasks import TASK_NAMES
from memnet.training.data import RunSpec
from memnet.training.loop import train_epoch
from memnet.training.recipe import PAPER_JOINT, PAPER_SINGLE
from memnet.training.run import Run

ARITHMETIC = {
    "aten::mm",
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
}
LAYOUT = {
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
}


def shares(run: Run, epoch: int) -> tuple[float, float]:
    """Shares of the profiled time spent in arithmetic and in layout kernels, in [0, 1]."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        began = time.perf_counter()
        train_epoch(run.network, run.data.training, run.spec.recipe, epoch)
        elapsed_us = (time.perf_counter() - began) * 1e6
    own = {event.key: event.self_cpu_time_total for event in profiler.key_averages()}
    return tuple(sum(own.get(name, 0.0) for name in names) / elapsed_us for names in (ARITHMETIC, LAYOUT))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path)
    parser.add_argument(
        "--epochs", type=int, default=3, help="measured epochs of the joint set; tasks take ten times as many"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    directory = data_dir(arguments.data)
    table = Table(title=f"{platform.machine()}, torch {torch.__version__}, one thread")
    for column in (
        "data",
        "draw",
        "questions/s, best",
        "median",
        "per CPU-second",
        "arithmetic",
        "layout",
        "rest",
    ):
        table.add_column(column, justify="left" if column in ("data", "draw") else "right")
    with TemporaryDirectory() as folder:
        for name, tasks, recipe, epochs in (
            ("task 1, 1k", (1,), PAPER_SINGLE, arguments.epochs * 10),
            ("task 3, 1k", (3,), PAPER_SINGLE, arguments.epochs * 10),
            ("joint, 1k", tuple(TASK_NAMES), PAPER_JOINT, arguments.epochs),
        ):
            for draw in ("questions", "stories"):
                run = Run(Path(folder), RunSpec(directory, "en", tasks, {}, replace(recipe, draw=draw)))
                first = recipe.linear_epochs
                train_epoch(run.network, run.data.training, run.spec.recipe, first)  # warm up
                questions = run.batches_per_epoch * recipe.batch_size
                rates, cpu = [], time.process_time()
                for epoch in range(first, first + epochs):
                    began = time.perf_counter()
                    train_epoch(run.network, run.data.training, run.spec.recipe, epoch)
                    rates.append(questions / (time.perf_counter() - began))
                cpu_rate = questions * epochs / (time.process_time() - cpu)
                arithmetic, layout = shares(run, first)
                table.add_row(
                    name,
                    draw,
                    *(f"{value:,.0f}" for value in (max(rates), median(rates), cpu_rate)),
                    *(f"{value:.0%}" for value in (arithmetic, layout, 1 - arithmetic - layout)),
                )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
