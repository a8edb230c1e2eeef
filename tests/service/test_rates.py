"""How often one may ask, and what those are told who ask more often."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from memnet.memory import Memory
from service import door, rates
from service.app import create_app
from service.rates import CLASSES, Rates
from service.settings import Settings
from tests.service.keys import LOCAL, bearer, holding, make
from tests.service.problem import problem


def test_a_minutes_requests_may_come_at_once_and_then_one_by_one() -> None:
    now = [0.0]
    bucket = Rates(3, lambda: now[0])

    assert [bucket.take("a").left for _ in range(3)] == [2, 1, 0]
    assert bucket.take("a").wait_s == 20.0
    assert bucket.take("b").wait_s == 0.0
    now[0] = 15.0
    assert bucket.take("a").wait_s == 5.0
    now[0] = 20.0
    assert bucket.take("a").wait_s == 0.0
    now[0] = 1000.0
    assert bucket.take("a").left == 2


def test_no_more_callers_are_remembered_than_there_is_room_for() -> None:
    bucket = Rates(1)
    for number in range(rates.MOST + 10):
        bucket.take(str(number))

    assert len(bucket._buckets) == rates.MOST


def test_a_key_that_asks_too_often_is_told_how_long_to_wait(memory: Memory) -> None:
    one, other = make(memory, "one"), make(memory, "other")
    app = create_app(Settings(rate_limit_per_minute=2), memory)
    with holding(app, one) as client:
        first = client.get("/v1/memories")
        assert first.headers["RateLimit-Policy"] == '"read";q=2;w=60'
        assert first.headers["RateLimit"] == '"read";r=1'
        client.get("/v1/memories")
        refused = client.get("/v1/memories")

        assert refused.headers["Retry-After"] == "30"
        assert refused.headers["RateLimit-Policy"] == '"read";q=2;w=60'
        assert refused.headers["RateLimit"] == '"read";r=0;t=30'
        assert problem(refused) == {
            "type": "/problems/rate-limited",
            "title": "Too many requests",
            "status": 429,
            "detail": "2 'read' requests per minute for this key",
            "instance": "/v1/memories",
            "code": "rate_limited",
            "rate_class": "read",
        }
        # Another key has a rate of its own, and the probes none.
        assert client.get("/v1/memories", headers=bearer(other)).status_code == 200
        assert client.get("/livez").status_code == 200


def test_a_request_that_is_refused_for_its_rate_does_nothing(memory: Memory) -> None:
    app = create_app(Settings(rate_limit_per_minute=1), memory)
    with TestClient(app, LOCAL) as client:
        assert client.put("/v1/memories/house").status_code == 201
        refused = client.put("/v1/memories/shed")

    assert problem(refused)["detail"] == "1 'write' requests per minute for this address"
    assert [row.name for row in memory.store.list_memories()] == ["house"]


def test_who_works_alone_is_not_counted_unasked(memory: Memory, client: TestClient) -> None:
    assert "RateLimit" not in client.get("/v1/memories").headers
    any_number = dict.fromkeys(CLASSES)
    assert client.get("/v1/limits").json()["requests_per_minute"] == any_number

    key = make(memory, "ops")
    with holding(create_app(Settings(), memory), key) as asked:
        assert asked.get("/v1/limits").json()["requests_per_minute"] == dict.fromkeys(CLASSES, 12_000)
        assert asked.get("/v1/limits").headers["RateLimit-Policy"] == '"read";q=12000;w=60'


def test_who_tries_keys_is_told_to_wait_and_holders_of_keys_are_not(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = make(memory, "ops")
    monkeypatch.setattr(door, "WRONG_KEYS_PER_MINUTE", 3)
    with TestClient(create_app(Settings(), memory), LOCAL) as client:
        tried = [
            client.get("/v1/memories", headers=bearer(f"mn_00000000_{number:043}")) for number in range(4)
        ]
        assert client.get("/v1/memories", headers=bearer(key)).status_code == 200

    assert [each.status_code for each in tried] == [401, 401, 401, 429]
    assert problem(tried[-1])["detail"] == "too many requests with keys that open nothing"
    assert "rate_class" not in problem(tried[-1])


def test_who_asks_too_often_can_still_tell_and_read(memory: Memory) -> None:
    key = make(memory, "robot")
    limits = Settings(rate_limit_per_minute=100, rate_limit_ask_per_minute=2, rate_limit_write_per_minute=0)
    with holding(create_app(limits, memory), key) as client:
        assert client.get("/v1/limits").json()["requests_per_minute"] == {
            "read": 100,
            "ask": 2,
            "write": None,
            "admin": 100,
        }
        told = client.put("/v1/memories/house")
        client.post("/v1/memories/house/facts", json={"facts": [{"text": "Mary is there."}]})
        question = {"question": "Where is Mary?"}
        asked = [client.post("/v1/memories/house/answers", json=question) for _ in range(2)]
        # A search is a question as well.
        refused = client.post("/v1/memories/house/search", json={"text": "Mary"})
        after = client.post("/v1/memories/house/facts", json={"facts": [{"text": "Mary is here."}]})
        read = client.get("/v1/memories/house")
        gone = client.delete("/v1/memories/house", params={"confirm": "house"})

    assert "RateLimit" not in told.headers
    assert [each.headers["RateLimit"] for each in asked] == ['"ask";r=1', '"ask";r=0']
    assert problem(refused)["rate_class"] == "ask"
    assert problem(refused)["detail"] == "2 'ask' requests per minute for this key"
    assert (after.status_code, read.status_code, gone.status_code) == (201, 200, 204)
    assert read.headers["RateLimit-Policy"] == '"read";q=100;w=60'
    assert gone.headers["RateLimit-Policy"] == '"admin";q=100;w=60'


@pytest.mark.parametrize(
    ("method", "path", "rate_class"),
    [
        ("GET", "/v1/memories/house/facts", "read"),
        ("GET", "/v1/limits", "read"),
        ("GET", "/v1/memories/house/answers", "ask"),
        ("POST", "/v1/memories/house/answers/batch", "ask"),
        ("POST", "/v1/memories/house/watches", "write"),
        ("DELETE", "/v1/memories/house/facts/1", "write"),
        ("POST", "/v1/memories/house/erasures", "admin"),
        ("GET", "/metrics", "admin"),
        ("GET", "/v1/nowhere", "read"),
        ("PATCH", "/v1/memories/house", "read"),
    ],
)
def test_a_request_is_counted_by_what_its_key_has_to_allow(
    memory: Memory, method: str, path: str, rate_class: str
) -> None:
    with holding(create_app(Settings(), memory), make(memory, "ops")) as client:
        answered = client.request(method, path)

    assert answered.headers["RateLimit"] == f'"{rate_class}";r=11999'
