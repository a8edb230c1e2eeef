"""Accuracy among strangers: unrelated facts about other names around every story.

    python benchmarks/padding.py [RUN] --data DIR [--facts 0 10 1000 100000] [--questions 50] [--where before]

For every task: the error, in %, of the same questions among so many facts about a hundred invented people who
move between the rooms of the stories; all told before the story, or, with `--where around`, half of them
between the story and the question. RUN defaults to the shipped model.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch

from memnet.babi.dataset import data_dir, load_task
from memnet.babi.tasks import TASK_NAMES, parse_tasks
from memnet.evaluation.padding import NAMES, Crowd, error_among
from memnet.models import SHIPPED
from memnet.training.checkpoint import load_checkpoint


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", nargs="?", type=Path, default=SHIPPED)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--tasks", default="all")
    parser.add_argument("--facts", type=int, nargs="+", default=[0, 10, 1_000, 100_000])
    parser.add_argument("--questions", type=int, default=50, help="per task")
    parser.add_argument("--where", choices=["before", "around"], default="before")
    parser.add_argument("--names", type=int, default=NAMES, help="people among the strangers")
    given = parser.parse_args()
    torch.set_num_threads(1)
    checkpoint = load_checkpoint(given.run)
    print(f"{checkpoint.name}, {given.questions} questions per task, strangers {given.where} the story\n")
    print("| task | | " + " | ".join(f"{count:,}" for count in given.facts) + " |")
    print("|---" * (2 + len(given.facts)) + "|")
    rows = []
    started = time.perf_counter()
    crowds = [Crowd(checkpoint, count, where=given.where, names=given.names) for count in given.facts]
    for task in parse_tasks(given.tasks):
        stories = load_task(data_dir(given.data), "en", task, "test").stories
        rows.append([error_among(crowd, stories, given.questions) for crowd in crowds])
        print(_line(f"{task} | {TASK_NAMES[task]}", rows[-1]), flush=True)
    means = [sum(column) / len(column) for column in zip(*rows, strict=True)]
    print(_line(" | **mean**", means))
    print(f"\n{time.perf_counter() - started:.0f} s")


def _line(what: str, errors: list[float]) -> str:
    return f"| {what} | {' | '.join(f'{100 * error:.1f}' for error in errors)} |"


if __name__ == "__main__":
    main()
