"""Why this answer, over HTTP: with the answer, or of one that is kept."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.service.problem import problem

QUESTION = "Where is the football?"


@pytest.fixture
def crowd(client: TestClient, house: str) -> str:
    """The football story and three facts around it."""
    facts = [{"text": f"John went to the {place}."} for place in ("kitchen", "garden", "kitchen")]
    client.post(f"{house}/facts", json={"facts": facts}).raise_for_status()
    return house


def _ask(client: TestClient, house: str, **body: Any) -> Any:
    return client.post(f"{house}/answers", json={"question": QUESTION, "attention": "full", **body})


def test_each_fact_is_explained_by_what_is_answered_when_it_is_hidden(client: TestClient, crowd: str) -> None:
    answer = _ask(client, crowd, explain={}).json()

    explanation = answer["explanation"]
    assert (explanation["answer"], explanation["why_not"]) == (answer["answer"], None)
    assert explanation["every_fact_tried"] is True
    assert sorted(fact["seq"] for fact in explanation["facts"]) == [1, 2, 3, 4, 5]
    for fact in explanation["facts"]:
        hidden = _ask(client, crowd, overlay={"hide": [fact["fact_id"]]}, top_answers=100).json()
        assert fact["answer_without"] == hidden["answer"]
        of_the_first = {each["text"]: each["probability"] for each in hidden["alternatives"]}
        assert fact["probability_without"] == pytest.approx(of_the_first[answer["answer"]])
        assert fact["change"] == pytest.approx(
            answer["confidence"]["probability"] - fact["probability_without"]
        )


def test_without_the_facts_of_the_removal_there_is_another_answer(client: TestClient, crowd: str) -> None:
    answer = _ask(client, crowd, explain={}).json()
    removal = answer["explanation"]["removal"]

    hidden = _ask(client, crowd, overlay={"hide": [fact["fact_id"] for fact in removal["facts"]]}).json()

    assert hidden["answer"] == removal["answer_without"] != answer["answer"]
    assert hidden["confidence"]["probability"] == pytest.approx(removal["probability_without"])


def test_why_not_another_answer(client: TestClient, crowd: str) -> None:
    answer = _ask(client, crowd, top_answers=3).json()
    other = answer["alternatives"][1]["text"]

    why_not = _ask(client, crowd, explain={"why_not": other.upper()}).json()["explanation"]["why_not"]

    assert why_not["answer"] == other
    assert why_not["probability"] == pytest.approx(answer["alternatives"][1]["probability"])
    assert {fact["effect"] > 0 for fact in why_not["speaking_for"]} <= {True}
    assert {fact["effect"] < 0 for fact in why_not["speaking_against"]} <= {True}
    assert len(why_not["speaking_for"]) + len(why_not["speaking_against"]) > 0


def test_a_supposed_fact_is_explained_like_any_other(client: TestClient, crowd: str) -> None:
    overlay = {"add": [{"text": "Mary went to the kitchen."}]}

    facts = _ask(client, crowd, explain={}, overlay=overlay).json()["explanation"]["facts"]

    assert {fact["seq"]: fact["fact_id"] for fact in facts}[6] is None
    assert len(facts) == 6


def test_a_kept_answer_is_explained_from_the_facts_it_was_read_from(client: TestClient, crowd: str) -> None:
    kept = _ask(client, crowd, save=True, explain={}).json()
    client.post(f"{crowd}/facts", json={"facts": [{"text": "John got the football."}]})

    response = client.post(f"{crowd}/answers/{kept['answer_id']}/explain", json={})

    assert response.status_code == 200
    assert response.headers["Memnet-Revision"] == "2"
    assert response.json() == {
        "answer_id": kept["answer_id"],
        "model_changed": False,
        "model": kept["model"],
        "explanation": kept["explanation"],
    }
    assert client.get(f"{crowd}/answers/{kept['answer_id']}").json()["explanation"] is None


def test_the_bound_on_questions_is_kept(client: TestClient, crowd: str) -> None:
    explanation = _ask(client, crowd, explain={"most_questions": 2}).json()["explanation"]

    assert explanation["questions_asked"] == 2
    assert (explanation["every_fact_tried"], explanation["exhausted"]) == (False, True)
    assert len(explanation["facts"]) == 2


def test_where_there_is_no_answer_there_is_nothing_to_explain(client: TestClient, crowd: str) -> None:
    explanation = _ask(client, crowd, question="Quo vadis?", explain={}).json()["explanation"]

    assert explanation["answer"] is None
    assert (explanation["facts"], explanation["removal"], explanation["questions_asked"]) == ([], None, 0)


@pytest.mark.parametrize(
    ("explain", "field", "detail"),
    [
        ({"why_not": "zeppelin"}, "why_not", "the network does not know this answer"),
        ({"why_not": ""}, "why_not", "at least 1 characters"),
        ({"most_questions": 0}, "most_questions", "at least 1"),
        ({"most_questions": 2001}, "most_questions", "at most 2000"),
        ({"most": 1}, "most", "is not a field of this request"),
    ],
)
def test_an_explanation_that_cannot_be_is_refused(
    client: TestClient, crowd: str, explain: dict[str, Any], field: str, detail: str
) -> None:
    kept = _ask(client, crowd, save=True).json()["answer_id"]

    for response, pointer in (
        (_ask(client, crowd, explain=explain), f"#/explain/{field}"),
        (client.post(f"{crowd}/answers/{kept}/explain", json=explain), f"#/{field}"),
    ):
        refused = problem(response)
        assert refused["status"] == 422
        assert (refused["errors"][0]["pointer"], refused["errors"][0]["detail"]) == (pointer, detail)


def test_the_answer_that_was_given_is_not_another_one(client: TestClient, crowd: str) -> None:
    given = _ask(client, crowd).json()["answer"]

    refused = problem(_ask(client, crowd, explain={"why_not": given}, save=True))

    assert refused["errors"][0]["detail"] == "this is the answer that was given"
    assert client.get(f"{crowd}/answers").json()["items"] == []
