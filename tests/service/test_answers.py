"""Asking over HTTP: the answer, its evidence, the attention of every hop, and abstention."""

from __future__ import annotations

import math
from typing import Any

import pytest
from starlette.testclient import TestClient

from memnet.memory import Memory
from tests.service.problem import problem

STORY = ["Mary got the football there.", "Mary went back to the garden."]
QUESTION = "Where is the football?"


def _ask(client: TestClient, house: str, **body: Any) -> dict[str, Any]:
    response = client.post(f"{house}/answers", json={"question": QUESTION, **body})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


@pytest.fixture
def crowded(client: TestClient, house: str) -> str:
    """The football story and facts around it: 15, of which the network attends to the newest 12."""
    facts = [{"text": f"John went to the kitchen, {n}."} for n in range(13)]
    client.post(f"{house}/facts", json={"facts": facts}).raise_for_status()
    return house


def test_an_answer_has_exactly_these_fields(client: TestClient, house: str, memory: Memory) -> None:
    answer = _ask(client, house)

    assert list(answer) == [
        "question",
        "answer",
        "abstained",
        "reason",
        "confidence",
        "entries",
        "alternatives",
        "hops",
        "evidence",
        "evidence_method",
        "unknown_words",
        "read_as",
        "memory",
        "model",
        "overlay",
        "explanation",
        "answer_id",
        "digest",
        "created_at",
        "timing_ms",
        "request_id",
    ]
    assert answer["question"] == QUESTION
    assert answer["abstained"] is False
    assert answer["reason"] is None
    assert answer["evidence_method"] == "mean_over_hops"
    revision = client.get(house).json()["revision"]
    assert answer["memory"] == {
        "memory_id": "house",
        "revision": revision,
        "as_of": None,
        "eligible": 2,
        "attended": 2,
        "exact": True,
    }
    assert answer["model"] == {"model_id": "untrained", "sha256": memory.model.sha256, "hops": 3}
    assert answer["timing_ms"]["total"] > 0


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"attention": "top", "attention_limit": 1},
        {"attention": "top", "attention_limit": 1000},
        {"attention": "full"},
        {"attention": "none"},
    ],
)
def test_the_attention_of_every_hop_sums_to_1(
    client: TestClient, crowded: str, options: dict[str, Any]
) -> None:
    answer = _ask(client, crowded, **options)

    assert [hop["hop"] for hop in answer["hops"]] == [1, 2, 3]
    for hop in answer["hops"]:
        listed = math.fsum(fact["weight"] for fact in hop["attention"])
        assert listed + hop["other_mass"] + hop["null_mass"] == pytest.approx(1.0, abs=1e-5)
        assert min([hop["other_mass"], hop["null_mass"], *(f["weight"] for f in hop["attention"])]) >= 0


@pytest.mark.parametrize(
    ("options", "listed"),
    [({}, 10), ({"attention": "top", "attention_limit": 3}, 3), ({"attention": "none"}, 0)],
)
def test_heads_are_shown_when_they_are_asked_for(
    client: TestClient, crowded: str, options: dict[str, Any], listed: int
) -> None:
    answer = _ask(client, crowded, heads=True, **options)

    for hop in answer["hops"]:
        assert list(hop) == ["hop", "null_mass", "other_mass", "attention", "heads"]
        # The network that answers here has one.
        (head,) = hop["heads"]
        assert head["head"] == 1
        assert len(head["attention"]) == listed
        assert head == {
            "head": 1,
            **{name: hop[name] for name in ("null_mass", "attention")},
            "other_mass": pytest.approx(hop["other_mass"], abs=1e-6),
        }
    assert [hop["heads"] for hop in _ask(client, crowded)["hops"]] == [None] * 3


def test_heads_that_are_neither_true_nor_false_are_refused(client: TestClient, house: str) -> None:
    refused = client.post(f"{house}/answers", json={"question": QUESTION, "heads": "all"})

    assert refused.status_code == 422
    assert problem(refused)["errors"][0]["pointer"] == "#/heads"


@pytest.mark.parametrize(
    ("options", "listed"),
    [
        ({"attention": "none"}, 0),
        ({"attention": "top", "attention_limit": 3}, 3),
        ({}, 10),
        ({"attention": "full"}, 12),
    ],
)
def test_as_many_facts_are_listed_as_asked_for(
    client: TestClient, crowded: str, options: dict[str, Any], listed: int
) -> None:
    answer = _ask(client, crowded, **options)

    for hop in answer["hops"]:
        assert [fact["rank"] for fact in hop["attention"]] == list(range(1, listed + 1))
        weights = [fact["weight"] for fact in hop["attention"]]
        assert weights == sorted(weights, reverse=True)
    assert answer["memory"]["eligible"] == 15
    assert answer["memory"]["attended"] == 12


def test_weights_are_the_softmax_of_the_scores(client: TestClient, house: str) -> None:
    for hop in _ask(client, house, attention="full")["hops"]:
        first, second = hop["attention"]
        ratio = math.exp(second["score"] - first["score"])
        assert second["weight"] / first["weight"] == pytest.approx(ratio, rel=1e-3)


def test_evidence_is_the_mean_attention_over_the_hops(client: TestClient, house: str) -> None:
    answer = _ask(client, house, attention="full")
    ids = {fact["seq"]: fact["fact_id"] for fact in client.get(f"{house}/facts").json()["items"]}

    assert len(answer["evidence"]) == 2
    for evidence in answer["evidence"]:
        seq = evidence["seq"]
        per_hop = [
            next(fact["weight"] for fact in hop["attention"] if fact["seq"] == seq) for hop in answer["hops"]
        ]
        assert evidence["text"] == STORY[seq - 1]
        assert evidence["fact_id"] == ids[seq]
        assert evidence["per_hop"] == pytest.approx(per_hop)
        assert evidence["weight"] == pytest.approx(math.fsum(per_hop) / 3, abs=1e-6)
        assert evidence["per_hop"][evidence["peak_hop"] - 1] == max(evidence["per_hop"])


def test_every_attended_fact_can_be_fetched_by_its_id(client: TestClient, house: str) -> None:
    for fact in _ask(client, house)["hops"][0]["attention"]:
        assert client.get(f"{house}/facts/{fact['fact_id']}").json()["seq"] == fact["seq"]


@pytest.mark.parametrize("count", [1, 2, 4])
def test_the_margin_does_not_depend_on_how_many_alternatives_are_listed(
    client: TestClient, house: str, count: int
) -> None:
    answer = _ask(client, house, top_answers=count)

    assert len(answer["alternatives"]) == count
    assert answer["alternatives"][0]["text"] == answer["answer"]
    assert answer["confidence"] == _ask(client, house, top_answers=5)["confidence"]
    assert answer["confidence"]["margin"] < answer["confidence"]["probability"]


def test_the_same_question_gets_the_same_answer(client: TestClient, house: str) -> None:
    first, second = _ask(client, house), _ask(client, house)

    for answer in (first, second):
        del answer["timing_ms"], answer["request_id"]
    assert first == second


def test_a_memory_without_facts_abstains(client: TestClient) -> None:
    client.put("/v1/memories/empty")

    answer = _ask(client, "/v1/memories/empty")

    assert answer["answer"] is None
    assert answer["abstained"] is True
    assert answer["reason"] == "no_eligible_facts"
    assert answer["confidence"] == {"probability": 0.0, "margin": 0.0}
    assert answer["alternatives"] == answer["hops"] == answer["evidence"] == []


def test_a_question_of_unknown_words_abstains_and_names_them(client: TestClient, house: str) -> None:
    answer = _ask(client, house, question="Quo vadis?")

    assert answer["reason"] == "unknown_words"
    assert answer["answer"] is None
    assert answer["unknown_words"] == ["quo", "vadis"]


def test_a_forgotten_fact_is_never_evidence_again(client: TestClient, house: str) -> None:
    fact_id = client.get(f"{house}/facts").json()["items"][0]["fact_id"]
    _ask(client, house)

    client.delete(f"{house}/facts/{fact_id}")

    answer = _ask(client, house, attention="full")
    assert answer["memory"]["eligible"] == 1
    assert [evidence["seq"] for evidence in answer["evidence"]] == [2]


def test_the_answer_names_the_revision_that_was_read(client: TestClient, house: str) -> None:
    told = client.post(f"{house}/facts", json={"facts": [{"text": "John got the football."}]})

    asked = client.post(f"{house}/answers", json={"question": QUESTION})

    assert asked.json()["memory"]["revision"] == told.json()["revision"]
    assert asked.headers["Memnet-Revision"] == told.headers["Memnet-Revision"]


def test_asking_changes_nothing(client: TestClient, house: str) -> None:
    before = client.get(house).json()

    _ask(client, house)

    assert client.get(house).json() == before


def test_a_memory_that_does_not_exist_cannot_be_asked(client: TestClient) -> None:
    response = client.post("/v1/memories/nowhere/answers", json={"question": QUESTION})

    assert response.status_code == 404


def test_facts_in_the_question_are_answered_like_stored_ones(client: TestClient, house: str) -> None:
    stored = _ask(client, house, attention="full")
    body = {"facts": [{"text": text} for text in STORY], "question": QUESTION, "attention": "full"}

    response = client.post("/v1/answers", json=body)

    assert response.status_code == 200
    answer = response.json()
    assert answer["answer"] == stored["answer"]
    assert answer["confidence"]["probability"] == pytest.approx(stored["confidence"]["probability"], abs=1e-5)
    assert [e["seq"] for e in answer["evidence"]] == [e["seq"] for e in stored["evidence"]]
    assert {e["fact_id"] for e in answer["evidence"]} == {None}
    assert answer["memory"] == {
        "memory_id": None,
        "revision": None,
        "as_of": None,
        "eligible": 2,
        "attended": 2,
        "exact": True,
    }


def test_facts_in_the_question_are_not_stored(client: TestClient) -> None:
    client.post("/v1/answers", json={"facts": [{"text": STORY[0]}], "question": QUESTION})

    assert client.get("/v1/memories").json()["items"] == []


def test_a_question_that_brings_no_facts_abstains(client: TestClient) -> None:
    answer = client.post("/v1/answers", json={"facts": [], "question": QUESTION})

    assert answer.status_code == 200
    assert answer.json()["reason"] == "no_eligible_facts"


@pytest.mark.parametrize(
    "options",
    [
        {"attention": "all"},
        {"attention_limit": 0},
        {"attention_limit": 1001},
        {"attention_limit": 2.5},
        {"attention_limit": True},
        {"attention_limit": "5"},
        {"min_revision": False},
        {"top_answers": 0},
        {"top_answers": 101},
        {"top_answers": None},
        {"hops": 2},
    ],
)
def test_an_option_that_does_not_exist_is_refused(
    client: TestClient, house: str, options: dict[str, Any]
) -> None:
    response = client.post(f"{house}/answers", json={"question": QUESTION, **options})

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == f"#/{next(iter(options))}"
