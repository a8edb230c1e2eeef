"""Answers that are kept, over HTTP: read, listed, computed again, deleted; gone with the facts they were from."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import torch
from starlette.testclient import TestClient

from memnet.memory import Memory
from memnet.nn.memn2n import MemN2N, MemN2NConfig
from memnet.training.checkpoint import save_checkpoint
from memnet.vocabulary import Vocabulary
from service import paging
from service.app import create_app
from service.settings import Settings
from tests.service.conftest import LOCAL, WORDS
from tests.service.problem import problem

QUESTION = "Where is the football?"


def _keep(client: TestClient, house: str, **body: Any) -> dict[str, Any]:
    response = client.post(f"{house}/answers", json={"question": QUESTION, "save": True, **body})
    assert response.status_code == 201, response.text
    answer: dict[str, Any] = response.json()
    assert response.headers["Location"] == f"{house}/answers/{answer['answer_id']}"
    return answer


def _erase(client: TestClient, house: str, fact_id: str) -> None:
    plan = client.post(f"{house}/erasures", json={"fact_ids": [fact_id]}).json()["plan_id"]
    client.post(f"{house}/erasures", json={"plan_id": plan, "dry_run": False}).raise_for_status()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"attention": "none", "top_answers": 5},
        {"attention_limit": 1, "heads": True},
        {"attention": "full", "as_of": {"revision": 1}},
        {"as_of": {"recorded_at": "2100-01-01T00:00:00Z"}},
        {"overlay": {"add": [{"text": "John got the football."}]}},
    ],
)
def test_a_kept_answer_reads_as_it_was_given(client: TestClient, house: str, body: dict[str, Any]) -> None:
    given = _keep(client, house, **body)
    client.post(f"{house}/facts", json={"facts": [{"text": "John got the football."}]})

    response = client.get(f"{house}/answers/{given['answer_id']}")

    assert response.status_code == 200
    assert response.headers["Memnet-Revision"] == "1"
    read = response.json()
    assert read.pop("timing_ms") is None
    del given["timing_ms"], given["request_id"], read["request_id"]
    assert read == given


def test_an_answer_is_kept_only_when_asked_for(client: TestClient, house: str) -> None:
    response = client.post(f"{house}/answers", json={"question": QUESTION})

    assert response.status_code == 200
    assert "Location" not in response.headers
    assert (response.json()["answer_id"], response.json()["digest"]) == (None, None)
    assert client.get(f"{house}/answers").json()["items"] == []


def test_a_replay_is_identical_whatever_was_told_since(client: TestClient, house: str) -> None:
    given = _keep(client, house, attention="full")
    client.post(f"{house}/facts", json={"facts": [{"text": "John got the football."}]})

    response = client.post(f"{house}/answers/{given['answer_id']}/replay")

    assert response.status_code == 200
    assert response.headers["Memnet-Revision"] == "1"
    replay = response.json()
    assert replay["outcome"] == "identical"
    assert (replay["identical"], replay["max_abs_diff"]) == (True, 0.0)
    assert replay["digest"] == replay["kept_digest"] == given["digest"]
    for name in ("answer", "confidence", "alternatives", "hops", "evidence", "memory", "model"):
        assert replay["answer"][name] == given[name]


def test_a_replay_after_a_change_of_the_model_says_so(
    client: TestClient, house: str, database: Path, tmp_path: Path
) -> None:
    given = _keep(client, house)
    vocabulary = Vocabulary.of(WORDS)
    config = MemN2NConfig(vocab_size=len(vocabulary), longest_sentence=7, memory_size=12, dim=5)
    other = MemN2N(config, generator=torch.Generator().manual_seed(8))
    save_checkpoint(tmp_path / "other", other, vocabulary, training={})

    with (
        Memory.open(f"sqlite:///{database}", tmp_path / "other") as memory,
        TestClient(create_app(Settings(), memory), LOCAL) as changed,
    ):
        replay = changed.post(f"{house}/answers/{given['answer_id']}/replay").json()
        read = changed.get(f"{house}/answers/{given['answer_id']}").json()

    assert replay["outcome"] == "model_changed"
    assert (replay["identical"], replay["max_abs_diff"]) == (False, None)
    assert replay["answer"]["model"] == {
        "model_id": "other",
        "sha256": memory.model.sha256,
        "hops": 3,
    }
    assert read["model"] == given["model"]


def test_a_replay_of_a_state_whose_facts_were_erased_is_refused(client: TestClient, house: str) -> None:
    given = _keep(client, house)
    told = client.post(f"{house}/facts", json={"facts": [{"text": "John got the football."}]}).json()
    _erase(client, house, told["facts"][0]["fact_id"])

    # It was answered before the fact was told, so nothing of the fact can be in it.
    assert client.get(f"{house}/answers/{given['answer_id']}").status_code == 200
    refused = problem(client.post(f"{house}/answers/{given['answer_id']}/replay"))
    assert (refused["status"], refused["code"]) == (410, "erased")
    assert refused["hint"] == "the oldest revision that can be read is 3"


def test_an_answer_goes_with_the_facts_it_was_read_from(client: TestClient, house: str) -> None:
    given = _keep(client, house)
    _erase(client, house, client.get(f"{house}/facts").json()["items"][0]["fact_id"])

    assert client.get(f"{house}/answers/{given['answer_id']}").status_code == 404
    assert client.get(f"{house}/answers").json()["items"] == []


def test_kept_answers_are_listed_newest_first(client: TestClient, house: str) -> None:
    given = [_keep(client, house, question=q) for q in (QUESTION, "Where is Mary?", "Quo vadis?")]

    first = client.get(f"{house}/answers?limit=2")
    second = client.get(f"{house}/answers?limit=2&cursor={first.json()['next_cursor']}")

    assert 'rel="next"' in first.headers["Link"]
    items = first.json()["items"] + second.json()["items"]
    assert (first.json()["has_more"], second.json()["has_more"]) == (True, False)
    assert items == [
        {
            "answer_id": one["answer_id"],
            "question": one["question"],
            "answer": one["answer"],
            "revision": 1,
            "digest": one["digest"],
            "created_at": one["created_at"],
        }
        for one in given[::-1]
    ]


@pytest.mark.parametrize(
    "position", [{}, {"uid": "0", "before": "now", "answer_id": "0"}, {"uid": "00" * 16}, None]
)
def test_a_cursor_that_is_none_of_this_list_is_refused(
    client: TestClient, house: str, position: dict[str, str] | None
) -> None:
    if position is None:
        position = {"uid": uuid4().hex, "before": "2026-01-01T00:00:00+00:00", "answer_id": uuid4().hex}
    cursor = paging.encode("answers", {**position})

    refused = problem(client.get(f"{house}/answers?cursor={cursor}"))

    assert (refused["status"], refused["code"]) == (400, "invalid_cursor")


def test_an_answer_can_be_deleted(client: TestClient, house: str) -> None:
    given = _keep(client, house)

    statuses = [client.delete(f"{house}/answers/{given['answer_id']}").status_code for _ in range(2)]

    assert statuses == [204, 404]


@pytest.mark.parametrize("answer_id", ["7", "00000000-0000-4000-8000-000000000001"])
def test_an_answer_that_is_not_kept_is_not_found(client: TestClient, house: str, answer_id: str) -> None:
    for verb, path in (("GET", ""), ("DELETE", ""), ("POST", "/replay")):
        assert client.request(verb, f"{house}/answers/{answer_id}{path}").status_code == 404


def test_an_answer_belongs_to_its_memory(client: TestClient, house: str) -> None:
    given = _keep(client, house)
    client.put("/v1/memories/other")

    assert client.get(f"/v1/memories/other/answers/{given['answer_id']}").status_code == 404


@pytest.mark.parametrize("save", ["true", 1, None])
def test_save_is_true_or_false(client: TestClient, house: str, save: Any) -> None:
    response = client.post(f"{house}/answers", json={"question": QUESTION, "save": save})

    assert response.json()["errors"][0]["pointer"] == "#/save"
