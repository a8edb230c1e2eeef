"""The outermost layer: request ids, and bodies that are too long before anything runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from memnet.memory import Memory
from service.app import create_app
from service.settings import Settings

LOCAL = "http://localhost"

LIMIT = 4 * 1024 * 1024


def _in_chunks(size_bytes: int) -> Iterator[bytes]:
    for _ in range(0, size_bytes, 65536):
        yield b" " * 65536


def test_a_callers_request_id_comes_back(client: TestClient) -> None:
    response = client.get("/livez", headers={"X-Request-ID": "robot-7.evt_991"})

    assert response.headers["X-Request-ID"] == "robot-7.evt_991"


def test_an_answer_names_its_request(client: TestClient, house: str) -> None:
    response = client.post(
        f"{house}/answers", json={"question": "Where is Mary?"}, headers={"X-Request-ID": "q1"}
    )

    assert response.json()["request_id"] == response.headers["X-Request-ID"] == "q1"


@pytest.mark.parametrize("name", [b"", b"a b", b"x" * 129, b"a;b", b'a"b', "ä".encode()])
def test_a_request_id_that_could_mean_something_to_a_log_is_replaced(client: TestClient, name: bytes) -> None:
    response = client.get("/livez", headers={b"X-Request-ID": name})

    assert len(response.headers["X-Request-ID"]) == 32
    assert response.headers["X-Request-ID"].isalnum()


def test_requests_without_an_id_get_different_ones(client: TestClient) -> None:
    assert len({client.get("/livez").headers["X-Request-ID"] for _ in range(5)}) == 5


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("POST", "/v1/memories/house/facts"),
        ("PUT", "/v1/memories/house"),
        ("DELETE", "/v1/memories/house?confirm=house"),
        ("GET", "/livez"),
        ("POST", "/nothing"),
    ],
)
def test_a_body_that_is_too_long(client: TestClient, house: str, verb: str, path: str, chunked: bool) -> None:
    body = _in_chunks(10 * 1024 * 1024) if chunked else b" " * (LIMIT + 1)

    response = client.request(verb, path, content=body, headers={"Content-Type": "application/json"})

    assert response.status_code == 413
    problem = response.json()
    assert problem.pop("request_id") == response.headers["X-Request-ID"]
    assert response.headers["Content-Type"] == "application/problem+json"
    assert problem == {
        "type": "/problems/body-too-large",
        "title": "The body is too large",
        "status": 413,
        "detail": "at most 4194304 bytes",
        "instance": path.partition("?")[0],
        "code": "body_too_large",
    }


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
def test_a_delete_whose_body_is_too_long_deletes_nothing(
    client: TestClient, house: str, chunked: bool
) -> None:
    fact = client.get(f"{house}/facts").json()["items"][0]["fact_id"]

    for path in (f"{house}?confirm=house", f"{house}/facts/{fact}"):
        body = _in_chunks(LIMIT + 65536) if chunked else b" " * (LIMIT + 1)
        assert client.request("DELETE", path, content=body).status_code == 413

    assert client.get(house).json()["counts"]["facts"] == 2


def test_a_declared_length_beyond_all_measure_is_too_long(client: TestClient) -> None:
    response = client.post("/v1/answers", content=b"{}", headers={"Content-Length": "9" * 5000})

    assert response.status_code == 413


def test_a_fact_of_ten_megabytes_is_too_long(client: TestClient, house: str) -> None:
    response = client.post(f"{house}/facts", json={"facts": [{"text": "x" * 10_000_000}]})

    assert response.status_code == 413
    assert client.get(house).json()["counts"]["facts"] == 2


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
def test_a_body_of_the_longest_length_is_read(memory: Memory, chunked: bool) -> None:
    question = b'{"facts": [], "question": "Where is Mary?"}'
    body = question + b" " * (2048 - len(question))
    with TestClient(create_app(Settings(max_body_bytes=2048), memory), LOCAL) as client:
        for content, status in ((body, 200), (body + b" ", 413)):
            halves = iter([content[:1000], content[1000:]])
            response = client.post(
                "/v1/answers",
                content=halves if chunked else content,
                headers={"Content-Type": "application/json"},
            )
            assert response.status_code == status
