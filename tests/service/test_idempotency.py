"""`Idempotency-Key`: a request that is sent again does nothing more and gets the same answer."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from tests.service.problem import problem

BODY = {"facts": [{"text": "John got the zeppelin."}, {"text": "John is there."}]}
KEY = "6f0c0b1e-story-1"


def _tell(client: TestClient, house: str, key: str | bytes = KEY, body: Any = BODY) -> Any:
    return client.post(f"{house}/facts", json=body, headers={"Idempotency-Key": key})


@contextmanager
def _commits_fail() -> Iterator[None]:
    def refuse(connection: Connection) -> None:
        raise OperationalError("COMMIT", {}, Exception("disk full"))

    event.listen(Engine, "commit", refuse)
    try:
        yield
    finally:
        event.remove(Engine, "commit", refuse)


def test_the_same_request_again_gets_the_same_answer_and_stores_nothing(
    client: TestClient, house: str
) -> None:
    first = _tell(client, house)
    client.post(f"{house}/facts", json={"facts": [{"text": "Mary is back."}]})

    again = _tell(client, house)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["Memnet-Revision"] == first.headers["Memnet-Revision"] == "2"
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert client.get(house).json()["counts"]["facts"] == 5


@pytest.mark.parametrize(
    "other", [{"facts": BODY["facts"][:1]}, {"facts": BODY["facts"][::-1]}, {"facts": [{"text": "a"}] * 2}]
)
def test_another_request_with_the_same_key_is_refused(client: TestClient, house: str, other: Any) -> None:
    _tell(client, house)

    assert problem(_tell(client, house, body=other)) == {
        "type": "/problems/idempotency-key-reused",
        "title": "The idempotency key belongs to another request",
        "status": 422,
        "detail": "the idempotency key came with another request before",
        "instance": f"{house}/facts",
        "code": "idempotency_key_reused",
    }
    assert client.get(house).json()["counts"]["facts"] == 4


def test_a_key_with_quotes_is_the_same_key(client: TestClient, house: str) -> None:
    _tell(client, house)

    assert _tell(client, house, f'"{KEY}"').headers["Idempotency-Replayed"] == "true"


def test_a_key_belongs_to_one_memory(client: TestClient, house: str) -> None:
    _tell(client, house)
    client.put("/v1/memories/garden")

    other = _tell(client, "/v1/memories/garden")

    assert other.status_code == 201
    assert "Idempotency-Replayed" not in other.headers


def test_a_commit_that_fails_leaves_neither_facts_nor_key(app: FastAPI, house: str) -> None:
    with TestClient(app, "http://localhost", raise_server_exceptions=False) as client:
        with _commits_fail():
            failed = _tell(client, house)
        assert problem(failed)["code"] == "database_unavailable"
        assert client.get(house).json()["counts"]["facts"] == 2

        retried = _tell(client, house)

    assert retried.status_code == 201
    assert "Idempotency-Replayed" not in retried.headers
    assert [fact["seq"] for fact in retried.json()["facts"]] == [3, 4]


def test_a_request_that_was_refused_does_not_use_its_key_up(client: TestClient, house: str) -> None:
    assert _tell(client, house, body={"facts": [{"text": "?!"}]}).status_code == 422

    assert _tell(client, house).status_code == 201


def test_the_same_request_at_the_same_time_is_done_once(client: TestClient, house: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda _: _tell(client, house), range(6)))

    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.content for reply in replies}) == 1
    assert sum("Idempotency-Replayed" not in reply.headers for reply in replies) == 1
    assert client.get(house).json()["counts"]["facts"] == 4


@pytest.mark.parametrize("key", ["", '""', '"a', " ", b"k\xc3\xa9y", "a\tb", "k" * 256])
def test_a_key_that_is_none_is_refused(client: TestClient, house: str, key: str | bytes) -> None:
    assert problem(_tell(client, house, key)) == {
        "type": "/problems/invalid-idempotency-key",
        "title": "The idempotency key is not valid",
        "status": 400,
        "detail": "1 to 255 printable ASCII characters",
        "instance": f"{house}/facts",
        "code": "invalid_idempotency_key",
    }
    assert client.get(house).json()["counts"]["facts"] == 2
