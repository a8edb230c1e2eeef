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


@pytest.fixture(scope="session")
def full_babi_dir() -> Path:
    """The whole bAbI archive, for tests marked `babi`."""
    from memnet.babi.dataset import data_dir

    if not os.environ.get("MEMNET_BABI_DIR"):
        pytest.skip("MEMNET_BABI_DIR does not name the bAbI files")
    return data_dir(None)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """With MEMNET_NO_SKIPS=1, as in CI, a skipped test is a failure: that tier did not run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("MEMNET_NO_SKIPS") == "1" and reporter and reporter.stats.get("skipped"):
        reporter.write_line("MEMNET_NO_SKIPS=1, and a test was skipped")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
