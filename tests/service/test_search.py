"""Search over HTTP: the nearest facts by inner product, without inference."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from memnet.memory import Memory
from tests.service.problem import problem

STORY = ["Mary got the football there.", "Mary went back to the garden."]
TEXT = "Where is the football?"


def _search(client: TestClient, house: str, **body: Any) -> Any:
    return client.post(f"{house}/search", json={"text": TEXT, **body})


def test_the_nearest_facts_come_first_with_what_their_scores_are(
    client: TestClient, house: str, memory: Memory
) -> None:
    facts = {fact["seq"]: fact for fact in client.get(f"{house}/facts").json()["items"]}
    scores = memory.reader.encode(STORY)[:, 0] @ memory.reader.encode_question(TEXT)[0]

    response = _search(client, house)

    assert response.status_code == 200
    body = response.json()
    order = [1, 2] if scores[0] >= scores[1] else [2, 1]
    assert body["results"] == [
        {
            "rank": rank,
            "fact_id": facts[seq]["fact_id"],
            "seq": seq,
            "text": STORY[seq - 1],
            "score": pytest.approx(float(scores[seq - 1]), abs=1e-5),
        }
        for rank, seq in enumerate(order, start=1)
    ]
    assert body["score_type"] == "inner_product"
    assert body["memory"] == {"memory_id": "house", "revision": 1, "as_of": None, "eligible": 2}
    assert body["unknown_words"] == []
    assert response.headers["Memnet-Revision"] == "1"


def test_facts_too_old_to_be_attended_to_are_found(client: TestClient, house: str) -> None:
    client.post(f"{house}/facts", json={"facts": [{"text": "John went to the kitchen."}] * 13})

    body = _search(client, house, limit=500).json()

    assert sorted(fact["seq"] for fact in body["results"]) == list(range(1, 16))
    scores = [fact["score"] for fact in body["results"]]
    assert scores == sorted(scores, reverse=True)
    assert len(_search(client, house, limit=3).json()["results"]) == 3


def test_the_past_can_be_searched(client: TestClient, house: str) -> None:
    client.post(f"{house}/facts", json={"facts": [{"text": TEXT}]})

    body = _search(client, house, as_of={"revision": 1}).json()

    assert sorted(fact["seq"] for fact in body["results"]) == [1, 2]
    assert body["memory"]["as_of"] == {"revision": 1, "recorded_at": None}
    assert problem(_search(client, house, min_revision=3))["code"] == "revision_not_reached"


def test_an_empty_memory_has_no_nearest_fact(client: TestClient) -> None:
    client.put("/v1/memories/empty")

    assert _search(client, "/v1/memories/empty").json()["results"] == []


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"text": "?!"}, ("#/text", "no_words")),
        ({"text": "w" * 501}, ("#/text", "string_too_long")),
        ({"limit": 501}, ("#/limit", "less_than_equal")),
        ({"question": "Where?"}, ("#/question", "extra_forbidden")),
    ],
)
def test_a_search_that_is_none_is_refused(
    client: TestClient, house: str, body: dict[str, Any], error: tuple[str, str]
) -> None:
    errors = problem(_search(client, house, **body))["errors"]

    assert [(each["pointer"], each["code"]) for each in errors] == [error]
