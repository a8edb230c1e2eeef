"""Servers that remember texts and find them again, as `peers.py` drives them: installed, started, asked."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import httpx2
import numpy as np
from served import Served, served, stop

STARTED_WITHIN_S = 300


@dataclass(frozen=True)
class Request:
    """What is sent; made before the clock runs."""

    path: str
    body: bytes

    @classmethod
    def of(cls, path: str, body: object) -> Request:
        """One with a JSON body."""
        return cls(path, json.dumps(body, separators=(",", ":")).encode())


class Peer(Protocol):
    """What is measured."""

    name: str
    does: str
    """What it is given and does with it, for the page."""
    makes_vectors: bool
    """Whether it makes vectors of its own, so that the given ones say nothing about what it finds."""

    def install(self, folder: Path) -> str:
        """Install it under a folder where it is not installed yet; its version."""

    @contextmanager
    def running(self, folder: Path) -> Iterator[Served]:
        """Start it over what is in a folder."""

    def prepare(self, one: Served) -> None:
        """Make an empty place for facts, or find the one that was made."""

    def tell(self, first: int, texts: list[str], vectors: np.ndarray) -> Request:
        """Keep facts; `first` is the number of the first one, `vectors` are float32, one row each."""

    def search(self, text: str, vector: np.ndarray, limit: int) -> Request:
        """Find the nearest facts, with their texts."""

    def found(self, reply: bytes) -> list[str]:
        """The texts that were found, nearest first."""

    def count(self, one: Served) -> int:
        """How many facts there are."""


class Memnet:
    """`memnet serve`, this checkout."""

    name = "memnet"
    makes_vectors = True

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._before: Served | None = None
        self.does = (
            f"`memnet serve`, {workers} worker processes, a key with every request: given a **text**. It "
            "encodes the text with its network, decides how far each earlier fact is superseded, and commits "
            "text, vectors, gates and log in one transaction (SQLite, synchronous=FULL). A search encodes "
            "the text and compares it with every fact, exactly."
        )

    def install(self, folder: Path) -> str:
        return version("memnet")

    @contextmanager
    def running(self, folder: Path) -> Iterator[Served]:
        with served(folder, self.workers, again=self._before) as one:
            self._before = one
            yield one

    def prepare(self, one: Served) -> None:
        with one.client() as client:
            client.put("/v1/memories/house").raise_for_status()

    def tell(self, first: int, texts: list[str], vectors: np.ndarray) -> Request:
        return Request.of("/v1/memories/house/facts", {"facts": [{"text": text} for text in texts]})

    def search(self, text: str, vector: np.ndarray, limit: int) -> Request:
        return Request.of("/v1/memories/house/search", {"text": text, "limit": limit})

    def found(self, reply: bytes) -> list[str]:
        return [each["text"] for each in json.loads(reply)["results"]]

    def count(self, one: Served) -> int:
        with one.client() as client:
            return int(client.get("/v1/memories/house").json()["counts"]["facts"])


class Chroma:
    """`chroma run`, in a virtual environment of its own."""

    name = "chroma"
    makes_vectors = False
    does = (
        "`chroma run`, one process with as many threads as it likes, no keys: given a **text and its "
        "vector**, made before the clock runs and sent as its own client sends it (float32 in base64). It "
        "keeps both and indexes the vector (HNSW, cosine, its defaults). A search is given a vector and is "
        "approximate."
    )
    _database = "/api/v2/tenants/default_tenant/databases/default_database"

    def install(self, folder: Path) -> str:
        self.python = folder / "chroma" / "bin" / "python"
        if not self.python.exists():
            subprocess.run([sys.executable, "-m", "venv", folder / "chroma"], check=True)
        pip = [self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "chromadb>=1.0,<2"], check=True)
        said = "from importlib.metadata import version; print(version('chromadb'))"
        return subprocess.run(
            [self.python, "-c", said], check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()

    @contextmanager
    def running(self, folder: Path) -> Iterator[Served]:
        port = _free_port()
        process = subprocess.Popen(
            [self.python.with_name("chroma"), "run", "--path", folder, "--port", str(port)],
            cwd=folder,
            env={**os.environ, "ANONYMIZED_TELEMETRY": "False"},
            stdout=subprocess.DEVNULL,
            text=True,
        )
        try:
            one = Served(process, f"http://127.0.0.1:{port}", {}, several=False)
            _await(one, "/api/v2/heartbeat")
            yield one
        finally:
            stop(process)

    def prepare(self, one: Served) -> None:
        body = {"name": "house", "get_or_create": True, "configuration": {"hnsw": {"space": "cosine"}}}
        with one.client() as client:
            made = client.post(f"{self._database}/collections", json=body).raise_for_status()
            self._collection = f"{self._database}/collections/{made.json()['id']}"

    def tell(self, first: int, texts: list[str], vectors: np.ndarray) -> Request:
        ids = [str(first + number) for number in range(len(texts))]
        coded = [base64.b64encode(each.astype("<f4").tobytes()).decode() for each in vectors]
        return Request.of(f"{self._collection}/add", {"ids": ids, "embeddings": coded, "documents": texts})

    def search(self, text: str, vector: np.ndarray, limit: int) -> Request:
        body = {
            "query_embeddings": [vector.tolist()],
            "n_results": limit,
            "include": ["documents", "distances"],
        }
        return Request.of(f"{self._collection}/query", body)

    def found(self, reply: bytes) -> list[str]:
        return list(json.loads(reply)["documents"][0])

    def count(self, one: Served) -> int:
        with one.client() as client:
            return int(client.get(f"{self._collection}/count").json())


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _await(one: Served, path: str) -> None:
    deadline = time.monotonic() + STARTED_WITHIN_S
    with one.client() as client:
        while time.monotonic() < deadline and one.process.poll() is None:
            try:
                if client.get(path).status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            time.sleep(0.01)
    raise SystemExit(f"{one.process.args} did not get ready")
