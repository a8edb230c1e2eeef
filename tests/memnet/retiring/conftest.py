"""A memory whose network retires facts."""

from __future__ import annotations

from pathlib import Path

import pytest

from memnet.memory import Memory
from memnet.store import migrate
from memnet.training.checkpoint import load_checkpoint
from tests.memnet.retirement import checkpoint_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return checkpoint_of(tmp_path_factory.mktemp("checkpoints") / "writes")


@pytest.fixture(scope="module")
def checkpoint(folder):
    return load_checkpoint(folder)


@pytest.fixture
def url(tmp_path) -> str:
    url = f"sqlite:///{tmp_path / 'memory.db'}"
    migrate.upgrade(url)
    return url


@pytest.fixture
def memory(url, folder):
    with Memory.open(url, folder) as opened:
        opened.store.put_memory("house")
        yield opened
