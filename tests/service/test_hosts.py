"""The name a service is called by: a page that gives its own name this address reads nothing."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from memnet.memory import Memory
from service.app import create_app
from service.settings import Settings


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8000", "LOCALHOST:1", "127.0.0.1:8000", "[::1]", "[::1]:8000", "localhost."],
)
def test_this_machine_is_called_by_its_own_names(client: TestClient, host: str) -> None:
    assert client.get("/v1/memories", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "127.0.0.1.nip.io",
        "192.168.1.7",
        "",
        "::1",
    ],
)
@pytest.mark.parametrize("path", ["/v1/memories", "/ui", "/docs", "/livez", "/nothing"])
def test_by_another_name_it_answers_nothing(client: TestClient, host: str, path: str) -> None:
    response = client.get(path, headers={"Host": host}, follow_redirects=False)

    body = response.json()
    assert body.pop("request_id") == response.headers["X-Request-ID"]
    assert body == {
        "type": "/problems/host-not-allowed",
        "title": "Not a name of this service",
        "status": 421,
        "detail": "call the service as localhost",
        "instance": path,
        "code": "host_not_allowed",
    }


def test_nothing_is_done_for_a_page_of_another_name(client: TestClient, house: str) -> None:
    client.delete(f"{house}?confirm=house", headers={"Host": "evil.example"})

    assert client.get(house).status_code == 200


def test_the_name_that_is_configured_is_one(memory: Memory) -> None:
    with TestClient(create_app(Settings(host="127.0.0.2"), memory), "http://127.0.0.2") as client:
        assert client.get("/livez").status_code == 200


def test_a_service_that_others_can_reach_has_names_nobody_here_knows(memory: Memory) -> None:
    settings = Settings(host="0.0.0.0", allow_unauthenticated=True)
    with TestClient(create_app(settings, memory), "http://memnet.example") as client:
        assert client.get("/livez").status_code == 200
