"""The held-out wording: verbs and sentence shapes chosen before training, names of the testing half.

    python benchmarks/wording.py [RUN] [--stories 2000] [--seed 0]

For every relation: the share of wrong answers on stories in which each decisive fact, or the question, is
in held-out wording; the same in training wording; and abstentions where the facts decide nothing.
Lists are compared as sets. RUN defaults to the shipped model.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from memnet.evaluation import card, wording
from memnet.models import SHIPPED
from memnet.reader import Reader
from memnet.training.checkpoint import load_checkpoint


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", nargs="?", type=Path, default=SHIPPED)
    parser.add_argument("--stories", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    reader = Reader(load_checkpoint(given.run))
    measured = wording.measure(reader, stories=given.stories, seed=given.seed).to_dict()
    print("\n".join([*card.relations(measured), "", *card.abstentions(measured)]))


if __name__ == "__main__":
    main()
