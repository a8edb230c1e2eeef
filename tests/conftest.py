"""Shapes in signatures are checked while tests run, and only then."""

from __future__ import annotations

import os
from pathlib import Path

# One thread: tiny matrices gain nothing from more, and results stay the same on every machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from jaxtyping import install_import_hook

install_import_hook(["memnet.nn", "memnet.training", "memnet.evaluation"], "beartype.beartype")

import pytest
import torch

torch.set_num_threads(1)

DATA = Path(__file__).parent / "data" / "babi"


@pytest.fixture(scope="session")
def babi_dir() -> Path:
    """A few genuine stories of every task, laid out like the official archive."""
    return DATA
