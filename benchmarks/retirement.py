"""How many facts could leave the hot index: those of which later facts left little, and what an error costs.

    python benchmarks/retirement.py [RUN] --data DIR [--below -3 -5 -10]

For every task's test questions: the share of the facts told by then whose retention is below a threshold, and
the error when these get no attention at all. RUN defaults to the shipped model.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from memnet.babi.dataset import data_dir, load_task
from memnet.babi.tasks import TASK_NAMES
from memnet.evaluation.exams import MultiHeadExam
from memnet.models import SHIPPED
from memnet.nn.multihead import MultiHeadMemory, Outcome, QuestionBatch
from memnet.training.checkpoint import load_checkpoint


class Retiring(torch.nn.Module):
    """A network in which superseded facts get no attention."""

    def __init__(self, network: MultiHeadMemory, below: float) -> None:
        super().__init__()
        self.network, self.config, self.below = network, network.config, below
        self.told, self.retired = 0, 0

    def forward(self, batch: QuestionBatch) -> Outcome:
        outcome = self.network(batch, retire_below=self.below)
        told = batch.times[:, None] < batch.now[:, :, None]
        self.told += int(told.sum())
        if outcome.retention is not None:
            self.retired += int((told & (outcome.retention < self.below)).sum())
        return outcome


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", nargs="?", type=Path, default=SHIPPED)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--below", type=float, nargs="+", default=[-1.0, -3.0, -5.0, -10.0])
    given = parser.parse_args()
    torch.set_num_threads(1)
    checkpoint = load_checkpoint(given.run)
    print(
        f"| task | | error % | {' | '.join(f'below {each:g}: retired %, error %' for each in given.below)} |"
    )
    print("|---" * (3 + len(given.below)) + "|")
    means = np.zeros(1 + 2 * len(given.below))
    for task, name in TASK_NAMES.items():
        stories = load_task(data_dir(given.data), "en", task, "test").stories
        row = [_error(checkpoint, stories, -np.inf)[1]]
        for below in given.below:
            row += _error(checkpoint, stories, below)
        means += np.array(row) / len(TASK_NAMES)
        print(_line(f"{task} | {name}", row), flush=True)
    print(_line("mean |", means.tolist()))


def _error(checkpoint, stories, below: float) -> tuple[float, float]:
    network = Retiring(checkpoint.network, below)
    exam = MultiHeadExam(network, checkpoint.vocabulary, stories)
    right = exam.right(exam.sit().answers)
    return 100 * network.retired / max(1, network.told), 100 * (1 - float(right.double().mean()))


def _line(what: str, row: list[float]) -> str:
    pairs = [f"{retired:.0f}, {error:.1f}" for retired, error in zip(row[1::2], row[2::2], strict=True)]
    return f"| {what} | {row[0]:.1f} | {' | '.join(pairs)} |"


if __name__ == "__main__":
    main()
