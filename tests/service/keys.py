"""Keys in tests: made in the database, sent with every request."""

from __future__ import annotations

from datetime import datetime

from fastapi import FastAPI
from starlette.testclient import TestClient

from memnet.memory import Memory
from memnet.store import VERBS

LOCAL = "http://localhost"


def make(
    memory: Memory,
    name: str,
    *,
    memories: tuple[str, ...] = ("*",),
    verbs: tuple[str, ...] = VERBS,
    expires_at: datetime | None = None,
) -> str:
    """A key of this name; for everything unless told otherwise."""
    _, key = memory.store.keys.create(name, memories=memories, verbs=verbs, expires_at=expires_at)
    return key


def bearer(key: str) -> dict[str, str]:
    """The header that a key is sent in."""
    return {"Authorization": f"Bearer {key}"}


def holding(app: FastAPI, key: str) -> TestClient:
    """A client that sends a key with every request."""
    return TestClient(app, LOCAL, headers=bearer(key))
