"""A running service over a real memory: an untrained network and a SQLite file, new for every test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from fastapi import FastAPI
from starlette.testclient import TestClient

from memnet.memory import Memory
from memnet.nn.memn2n import MemN2N, MemN2NConfig
from memnet.store import migrate
from memnet.training.checkpoint import save_checkpoint
from memnet.vocabulary import Vocabulary
from service.app import create_app
from service.settings import Settings

LOCAL = "http://localhost"
"""Where the service is called; by other names it does not answer."""

STORY = ["Mary got the football there.", "Mary went back to the garden."]
WORDS = [
    "where",
    "is",
    "the",
    "football",
    "mary",
    "john",
    "got",
    "there",
    "went",
    "back",
    "to",
    "garden",
    "kitchen",
]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of the developer's own environment decides no test."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"MEMNET_{name.upper()}", raising=False)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained network: its answers mean nothing, its attention sums to 1 all the same."""
    folder = tmp_path_factory.mktemp("checkpoints") / "untrained"
    vocabulary = Vocabulary.of(WORDS)
    config = MemN2NConfig(
        vocab_size=len(vocabulary), longest_sentence=7, memory_size=12, dim=5, num_hops=3, init_std=0.8
    )
    network = MemN2N(config, generator=torch.Generator().manual_seed(7))
    save_checkpoint(folder, network, vocabulary, training={})
    return folder


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the schema and nothing else; the tests copy it."""
    file = tmp_path_factory.mktemp("databases") / "empty.db"
    migrate.upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def database(tmp_path: Path, empty_database: Path) -> Path:
    """A database file of this test's own."""
    return Path(shutil.copy(empty_database, tmp_path / "memnet.db"))


@pytest.fixture
def memory(database: Path, checkpoint: Path) -> Iterator[Memory]:
    with Memory.open(f"sqlite:///{database}", checkpoint) as memory:
        yield memory


@pytest.fixture
def app(memory: Memory) -> FastAPI:
    return create_app(Settings(), memory)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, LOCAL) as client:
        yield client


@pytest.fixture
def house(client: TestClient) -> str:
    """A memory that holds the football story."""
    client.put("/v1/memories/house").raise_for_status()
    body = {"facts": [{"text": text} for text in STORY]}
    client.post("/v1/memories/house/facts", json=body).raise_for_status()
    return "/v1/memories/house"
