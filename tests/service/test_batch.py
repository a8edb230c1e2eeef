"""Many questions in one request: each answered as if it were alone, all from the same facts."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from memnet.memory import Memory
from memnet.memory_at import MemoryAt
from memnet.story import Answer
from tests.service.problem import problem

QUESTIONS = ["Where is the football?", "Where is Mary?", "Quo vadis?"]


def _without_times(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in ("timing_ms", "request_id")}


def test_every_question_is_answered_as_if_it_were_alone(client: TestClient, house: str) -> None:
    response = client.post(f"{house}/answers/batch", json={"questions": QUESTIONS})

    assert response.status_code == 200
    body = response.json()
    assert (body["memory_id"], body["revision"]) == ("house", 1)
    assert [item["index"] for item in body["results"]] == [0, 1, 2]
    for item, question in zip(body["results"], QUESTIONS, strict=True):
        alone = client.post(f"{house}/answers", json={"question": question}).json()
        assert _without_times(item["answer"]) == _without_times(alone)
    assert body["results"][2]["answer"]["reason"] == "unknown_words"


def test_a_fact_that_arrives_meanwhile_is_in_no_answer(
    client: TestClient, house: str, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = MemoryAt.ask

    def ask_and_tell(at: MemoryAt, question: str, **options: Any) -> Answer:
        memory.remember("house", ["John got the football."])
        return ask(at, question, **options)

    monkeypatch.setattr(MemoryAt, "ask", ask_and_tell)

    body = client.post(f"{house}/answers/batch", json={"questions": QUESTIONS[:2]}).json()

    assert [item["answer"]["memory"]["revision"] for item in body["results"]] == [1, 1]
    assert [item["answer"]["memory"]["eligible"] for item in body["results"]] == [2, 2]
    assert client.get(house).json()["revision"] == 3


def test_a_batch_about_the_past(client: TestClient, house: str) -> None:
    client.post(f"{house}/facts", json={"facts": [{"text": "John got the football."}]})

    body = client.post(
        f"{house}/answers/batch", json={"questions": QUESTIONS[:1], "as_of": {"revision": 1}}
    ).json()

    assert body["revision"] == 1
    assert body["results"][0]["answer"]["memory"]["as_of"] == {"revision": 1, "recorded_at": None}


def test_every_question_that_is_none_is_named_and_none_is_answered(client: TestClient, house: str) -> None:
    body = {"questions": ["Where is Mary?", "?!", "w" * 501]}

    assert problem(client.post(f"{house}/answers/batch", json=body))["errors"] == [
        {"pointer": "#/questions/1", "code": "no_words", "detail": "at least one word"},
        {
            "pointer": "#/questions/2",
            "code": "string_too_long",
            "detail": "at most 500 characters",
            "limit": 500,
        },
    ]


def test_more_questions_than_one_batch_may_hold(client: TestClient, house: str) -> None:
    refused = problem(client.post(f"{house}/answers/batch", json={"questions": QUESTIONS[:1] * 101}))

    assert refused["code"] == "too_many_questions"
    assert refused["errors"] == [
        {"pointer": "#/questions", "code": "too_long", "detail": "at most 100 questions", "limit": 100}
    ]
    assert client.post(f"{house}/answers/batch", json={"questions": []}).status_code == 422
