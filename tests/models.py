"""Networks for tests: built on the spot, so that no test waits for a training run."""

from __future__ import annotations

from pathlib import Path

import torch

from memnet.babi.parser import read_stories
from memnet.nn.memn2n import MemN2N, MemN2NConfig
from memnet.story import Story
from memnet.training.checkpoint import save_checkpoint
from memnet.training.vectorise import vocabulary_of


def genuine_stories(babi_dir: Path) -> list[Story]:
    """The stories of every task's test file in the repository's extract of bAbI."""
    return [
        story
        for task in range(1, 21)
        for path in (babi_dir / "en").glob(f"qa{task}_*_test.txt")
        for story in read_stories(path, task)
    ]


def untrained_checkpoint(folder: Path, babi_dir: Path, *, seed: int = 0, **settings: object) -> Path:
    """A MemN2N that knows bAbI's words and nothing else; its attention is far from uniform."""
    vocabulary = vocabulary_of(genuine_stories(babi_dir))
    config = MemN2NConfig(
        **{
            "vocab_size": len(vocabulary),
            "longest_sentence": 11,
            "memory_size": 30,
            "dim": 12,
            "init_std": 0.4,
            "encoding": "position-released",
            **settings,
        }
    )
    network = MemN2N(config, generator=torch.Generator().manual_seed(seed))
    save_checkpoint(folder, network, vocabulary, {})
    return folder
