"""Stories to try and published numbers: what somebody without data begins with."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from memnet.babi.published import published
from tests.service.problem import problem


def test_a_story_can_be_told_and_its_first_question_asked(client: TestClient) -> None:
    listed = client.get("/v1/examples", params={"task": 1}).json()
    story = listed["items"][0]
    asked = story["questions"][0]
    told = [{"text": fact["text"]} for fact in story["facts"][: asked["facts_before"]]]

    answer = client.post("/v1/answers", json={"facts": told, "question": asked["question"]})

    assert answer.status_code == 200
    assert {fact["seq"] for fact in story["facts"]} >= set(asked["supporting_facts"])
    assert max(asked["supporting_facts"]) <= asked["facts_before"]
    assert "Facebook" in listed["attribution"]
    assert listed["license"] == "CC-BY-3.0"


def test_the_supporting_facts_are_numbered_as_the_memory_numbers_them(client: TestClient) -> None:
    """bAbI counts lines, with the questions among them; a memory counts facts."""
    story = client.get("/v1/examples", params={"task": 2}).json()["items"][0]
    texts = {fact["seq"]: fact["text"] for fact in story["facts"]}
    asked = story["questions"][-1]

    assert asked["question"] == "Where is the milk?"
    assert [texts[seq] for seq in asked["supporting_facts"]] == [
        "Mary discarded the milk.",
        "Mary went to the garden.",
    ]


def test_all_stories_are_listed_by_task(client: TestClient) -> None:
    tasks = [story["task"] for story in client.get("/v1/examples").json()["items"]]

    assert tasks == sorted(tasks)
    assert set(tasks) == set(range(1, 21))


def test_a_published_column_is_the_printed_one_with_its_source(client: TestClient) -> None:
    listed = client.get("/v1/published", params={"train_size": "10k", "mode": "joint"}).json()["items"]
    paper = published("MemN2N PE LS RN 3 hops", "10k", "joint")
    [column] = [each for each in listed if each["model"] == paper.model]

    assert {int(task): score["error"] for task, score in column["tasks"].items()} == paper.errors
    assert column["mean_error"] == pytest.approx(0.075, abs=0.001)
    assert column["statistic"] == "best of 10 runs by training error"
    assert column["source"] == paper.source
    assert column["status"] == "verified"


def test_what_is_no_error_rate_is_not_listed_as_one(client: TestClient) -> None:
    listed = client.get("/v1/published").json()["items"]

    assert not [each for each in listed if each["statistic"].startswith("std")]
    assert all(0 <= each["mean_error"] <= 1 for each in listed)
    assert {(each["train_size"], each["mode"]) for each in listed} == {
        (size, mode) for size in ("1k", "10k") for mode in ("single", "joint")
    }


@pytest.mark.parametrize(
    ("path", "parameter", "value"),
    [("/v1/examples", "task", "21"), ("/v1/published", "mode", "both"), ("/v1/examples", "story", "1")],
)
def test_a_filter_that_does_not_exist_is_refused(
    client: TestClient, path: str, parameter: str, value: str
) -> None:
    answer = client.get(path, params={parameter: value})

    assert answer.status_code == 422
    found = problem(answer)
    assert [each["parameter"] for each in found["errors"]] == [parameter]
