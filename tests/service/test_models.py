"""The network that answers, what it scores, and the limits of requests."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from memnet.memory import Memory
from service.app import create_app
from service.settings import Settings
from tests.service.problem import problem

CARD: dict[str, Any] = {
    "model": {"name": "untrained", "sha256": None},
    "tasks": {"1": {"error": 0.5, "evidence": None}, "20": {"error": 0.25}},
    "mean_error": 0.375,
    "failed": [1, 20],
    "data": {"split": "en-10k", "part": "test", "files": {"1": "…"}},
    "notes": ["one run, seed 7, nothing selected"],
    "unchanged": {"mean_error": 0.1},
}


@pytest.fixture
def folder(tmp_path: Path, checkpoint: Path) -> Path:
    """A checkpoint of this test's own."""
    return Path(shutil.copytree(checkpoint, tmp_path / "own"))


@pytest.fixture
def own(database: Path, folder: Path) -> Iterator[TestClient]:
    with (
        Memory.open(f"sqlite:///{database}", folder) as memory,
        TestClient(create_app(Settings(), memory), "http://localhost") as client,
    ):
        yield client


def test_a_model_is_described_with_its_training(client: TestClient, memory: Memory) -> None:
    expected = {
        "model_id": "untrained",
        "sha256": memory.model.sha256,
        "family": "memn2n",
        "hops": 3,
        "heads": 1,
        "gates": False,
        "memory_size": 12,
        "dim": 5,
        "vocabulary_size": 13,
        # Adjacent tying: 4 tables of 14 words (nil included) and 12 ages.
        "parameters": 4 * (14 + 12) * 5,
        "key_spaces": 4,
        "recipe": None,
        "data": None,
        "scorecard": None,
    }

    assert client.get("/v1/models").json() == {"items": [expected]}
    for name in ("untrained", memory.model.sha256):
        assert client.get(f"/v1/models/{name}").json() == expected


def test_a_model_that_does_not_answer_is_not_found(client: TestClient) -> None:
    assert problem(client.get("/v1/models/another")) == {
        "type": "/problems/not-found",
        "title": "Not found",
        "status": 404,
        "detail": "there is no such model; GET /v1/models lists those that answer",
        "instance": "/v1/models/another",
        "code": "not_found",
    }


def test_the_scorecard_beside_the_weights_is_served(own: TestClient, folder: Path) -> None:
    digest = own.get("/v1/models/own").json()["sha256"]
    (folder / "scorecard.json").write_text(json.dumps({**CARD, "model": {"sha256": digest}}))

    assert own.get("/v1/models/own").json()["scorecard"] == {
        "tasks": {"1": {"error": 0.5}, "20": {"error": 0.25}},
        "mean_error": 0.375,
        "failed": [1, 20],
        "data": {"split": "en-10k", "part": "test"},
        "notes": ["one run, seed 7, nothing selected"],
    }


@pytest.mark.parametrize(
    "content", [json.dumps({**CARD, "model": {"sha256": "another"}}), "[]", "{", '{"model": 1}']
)
def test_what_is_no_scorecard_of_this_checkpoint_is_not_served(
    own: TestClient, folder: Path, content: str
) -> None:
    (folder / "scorecard.json").write_text(content)

    assert own.get("/v1/models/own").json()["scorecard"] is None


def test_the_limits_are_those_of_the_settings(memory: Memory) -> None:
    settings = Settings(max_facts_per_request=7, max_body_bytes=2048)
    with TestClient(create_app(settings, memory), "http://localhost") as client:
        limits = client.get("/v1/limits").json()

    assert limits["concurrent_questions"] >= 1
    assert limits.pop("concurrent_questions") + limits.pop("waiting_questions") == 192
    assert limits == {
        "body_bytes": 2048,
        "facts_per_request": 7,
        "fact_characters": 2000,
        "question_characters": 500,
        "questions_per_batch": 100,
        "concurrent_requests": 256,
        "request_timeout_s": 30.0,
        "wait_s": 5.0,
        "requests_per_minute": {"read": None, "ask": None, "write": None, "admin": None},
        "watches_per_memory": 100,
        "streams": 100,
        "page_items": 500,
        "search_results": 500,
        "attention_limit": 1000,
        "top_answers": 100,
        "description_characters": 500,
        "memory_id_characters": 63,
        "idempotency_key_characters": 255,
        "idempotency_key_hours": 24,
    }


def test_the_limits_that_are_not_settings_are_those_of_the_requests(client: TestClient) -> None:
    limits = client.get("/v1/limits").json()
    schemas = client.get("/openapi.json").json()["components"]["schemas"]

    assert schemas["Search"]["properties"]["limit"]["maximum"] == limits["search_results"]
    assert schemas["Ask"]["properties"]["attention_limit"]["maximum"] == limits["attention_limit"]
    assert schemas["Ask"]["properties"]["top_answers"]["maximum"] == limits["top_answers"]
    assert client.get(f"/v1/memories?limit={limits['page_items']}").status_code == 200
    assert client.get(f"/v1/memories?limit={limits['page_items'] + 1}").status_code == 422
    longest = "a" * limits["memory_id_characters"]
    description = "d" * limits["description_characters"]
    assert client.put(f"/v1/memories/{longest}", json={"description": description}).status_code == 201
    assert client.put("/v1/memories/a", json={"description": description + "d"}).status_code == 422
