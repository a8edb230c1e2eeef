"""What if, over HTTP: facts added or hidden for one question, and nothing stored."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.service.problem import problem

QUESTION = "Where is the football?"
STORY = ["Mary got the football there.", "Mary went back to the garden."]


def _ask(client: TestClient, house: str, **body: Any) -> Any:
    return client.post(f"{house}/answers", json={"question": QUESTION, "attention": "full", **body})


@pytest.fixture
def ids(client: TestClient, house: str) -> list[str]:
    return [fact["fact_id"] for fact in client.get(f"{house}/facts").json()["items"]]


def test_a_what_if_is_answered_as_facts_that_come_with_the_question_are(
    client: TestClient, house: str, ids: list[str]
) -> None:
    overlay = {"add": [{"text": "John got the football."}], "hide": [ids[0]]}

    answer = _ask(client, house, overlay=overlay).json()

    told = {"question": QUESTION, "attention": "full"}
    told["facts"] = [{"text": STORY[1]}, {"text": "John got the football."}]  # type: ignore[assignment]
    stateless = client.post("/v1/answers", json=told).json()
    assert answer["answer"] == stateless["answer"]
    assert answer["confidence"]["probability"] == pytest.approx(stateless["confidence"]["probability"])
    assert {fact["seq"]: fact["fact_id"] for fact in answer["evidence"]} == {2: ids[1], 3: None}
    assert answer["overlay"] == {
        "added": [{"seq": 3, "text": "John got the football."}],
        "hidden": [{"fact_id": ids[0], "seq": 1}],
    }
    assert (answer["memory"]["eligible"], answer["memory"]["revision"]) == (2, 1)


def test_nothing_that_is_supposed_is_stored(client: TestClient, house: str, ids: list[str]) -> None:
    before, plain = client.get(house).json(), _ask(client, house).json()

    _ask(client, house, overlay={"add": [{"text": "John got the football."}], "hide": ids})

    assert client.get(house).json() == before
    after = _ask(client, house).json()
    for answer in (plain, after):
        del answer["timing_ms"], answer["request_id"]
    assert after == plain
    assert plain["overlay"] is None


def test_a_batch_supposes_the_same_for_every_question(client: TestClient, house: str, ids: list[str]) -> None:
    body = {"questions": [QUESTION, "Where is Mary?"], "overlay": {"hide": [ids[0]]}}

    results = client.post(f"{house}/answers/batch", json=body).json()["results"]

    assert [item["answer"]["memory"]["eligible"] for item in results] == [1, 1]
    assert [item["answer"]["overlay"]["hidden"][0]["seq"] for item in results] == [1, 1]


def test_hiding_every_fact_abstains(client: TestClient, house: str, ids: list[str]) -> None:
    assert _ask(client, house, overlay={"hide": ids}).json()["reason"] == "no_eligible_facts"


def test_a_fact_that_is_not_there_cannot_be_hidden(client: TestClient, house: str, ids: list[str]) -> None:
    client.delete(f"{house}/facts/{ids[0]}")

    refused = problem(_ask(client, house, overlay={"hide": [ids[0]]}))
    assert (refused["status"], refused["detail"]) == (404, "memory 'house' has no fact 1")
    assert _ask(client, house, overlay={"hide": [ids[0]]}, as_of={"revision": 1}).status_code == 200
    for never_told in (f"{ids[0][:-1]}9", "00000000-0000-4000-8000-000000000001"):
        refused = problem(_ask(client, house, overlay={"hide": [ids[1], never_told]}))
        assert refused["detail"] == "memory 'house' has no fact with one of the ids to hide"


@pytest.mark.parametrize(
    ("overlay", "pointer"),
    [
        ({"add": [{"text": "John is there."}, {"text": "?!"}]}, "#/overlay/add/1/text"),
        ({"add": [{"text": "w" * 2001}]}, "#/overlay/add/0/text"),
        ({"add": [{"text": "John is there."}] * 501}, "#/overlay/add"),
        ({"add": ["John is there."]}, "#/overlay/add/0"),
        ({"hide": [1]}, "#/overlay/hide/0"),
        ({"hide": ["mary"]}, "#/overlay/hide/0"),
        ({"remove": []}, "#/overlay/remove"),
        ({"add": None}, "#/overlay/add"),
    ],
)
def test_an_overlay_that_cannot_be_is_refused(
    client: TestClient, house: str, overlay: Any, pointer: str
) -> None:
    refused = problem(_ask(client, house, overlay=overlay))

    assert refused["status"] == 422
    assert refused["errors"][0]["pointer"] == pointer
