"""Probes, the version, and the service's start and end."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

import memnet
from memnet.errors import SchemaMismatch, StoreUnavailable
from memnet.memory import Memory
from memnet.store import database as store_database
from service.app import create_app
from service.settings import Settings
from tests.service.problem import problem

LOCAL = "http://localhost"


def _pretend_a_newer_schema(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'from_the_future'")


def test_a_service_with_its_database_is_alive_and_ready(client: TestClient) -> None:
    assert client.get("/livez").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_a_service_whose_schema_is_newer_is_alive_and_not_ready(client: TestClient, database: Path) -> None:
    _pretend_a_newer_schema(database)

    assert client.get("/livez").status_code == 200
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["code"] == "schema_out_of_date"
    assert "Retry-After" in ready.headers


def test_a_service_whose_database_was_replaced_by_nonsense_is_not_ready(
    memory: Memory, client: TestClient, database: Path
) -> None:
    memory.close()
    for leftover in (f"{database}-wal", f"{database}-shm"):
        Path(leftover).unlink(missing_ok=True)
    database.write_bytes(b"this is not a database " * 1000)

    ready = client.get("/readyz")

    assert ready.status_code == 503
    assert ready.json()["code"] == "database_unavailable"
    assert client.get("/livez").status_code == 200


def test_a_service_that_could_not_store_a_write_is_not_ready(
    database: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_database, "BUSY_TIMEOUT_S", 0.1)
    with (
        Memory.open(f"sqlite:///{database}", checkpoint) as memory,
        TestClient(create_app(Settings(), memory), LOCAL) as client,
        closing(sqlite3.connect(database, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")  # As long as somebody else writes, a write would wait and then fail.
        ready = client.get("/readyz")
        read = client.get("/v1/memories")
        other.execute("ROLLBACK")
        again = client.get("/readyz")

    assert problem(ready)["code"] == "database_unavailable"
    assert read.status_code == again.status_code == 200


def test_asking_whether_it_is_ready_does_not_write_every_time(
    client: TestClient, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    real = memory.store.check_writable
    monkeypatch.setattr(memory.store, "check_writable", lambda: (written.append(1), real()))

    for _ in range(20):
        assert client.get("/readyz").status_code == 200

    assert len(written) == 1


def test_a_write_that_fails_is_tried_again_the_next_time(
    client: TestClient, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise StoreUnavailable("no room")

    with monkeypatch.context() as patch:
        patch.setattr(memory.store, "check_writable", full)
        assert [client.get("/readyz").status_code for _ in range(2)] == [503, 503]

    assert client.get("/readyz").status_code == 200


def test_a_service_that_was_told_to_stop_says_so_and_goes_on_answering(
    app: FastAPI, client: TestClient
) -> None:
    app.state.draining = True

    assert problem(client.get("/readyz"))["code"] == "draining"
    assert client.get("/livez").status_code == 200
    assert client.get("/v1/memories").status_code == 200


def test_the_version_names_the_network_that_answers(client: TestClient, memory: Memory) -> None:
    assert client.get("/v1/version").json() == {
        "name": "memnet",
        "version": memnet.__version__,
        "api": "v1",
        "model": {
            "model_id": "untrained",
            "sha256": memory.model.sha256,
            "family": "memn2n",
            "hops": 3,
            "heads": 1,
            "gates": False,
            "memory_size": 12,
            "dim": 5,
        },
    }


def test_a_service_opens_its_own_memory_and_keeps_it(tmp_path: Path, checkpoint: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/new/folder/memnet.db", checkpoint=checkpoint)
    with TestClient(create_app(settings), LOCAL) as client:
        client.put("/v1/memories/house").raise_for_status()
        client.post("/v1/memories/house/facts", json={"facts": [{"text": "Mary got it."}]})

    with TestClient(create_app(settings), LOCAL) as client:
        assert client.get("/v1/memories/house").json()["counts"]["facts"] == 1


def test_a_service_that_must_not_migrate_does_not_start_without_a_schema(
    tmp_path: Path, checkpoint: Path
) -> None:
    settings = Settings(
        database_url=f"sqlite:///{tmp_path}/memnet.db", checkpoint=checkpoint, auto_migrate=False
    )

    with pytest.raises(SchemaMismatch), TestClient(create_app(settings)):
        pass


def test_a_service_does_not_start_on_a_newer_schema(database: Path, checkpoint: Path) -> None:
    _pretend_a_newer_schema(database)
    settings = Settings(database_url=f"sqlite:///{database}", checkpoint=checkpoint)

    with pytest.raises(SchemaMismatch), TestClient(create_app(settings)):
        pass
