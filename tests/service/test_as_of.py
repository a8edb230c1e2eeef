"""The past over HTTP: what a memory knew at a revision or a moment, and what can be read no more."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from memnet.memory import Memory
from tests.service.problem import problem

QUESTION = "Where is the football?"


@pytest.fixture
def moved(client: TestClient, house: str) -> str:
    """Revision 1: the football story. Revision 2: a third fact. Revision 3: the first one is forgotten."""
    client.post(f"{house}/facts", json={"facts": [{"text": "John got the football."}]}).raise_for_status()
    first = client.get(f"{house}/facts").json()["items"][0]["fact_id"]
    client.delete(f"{house}/facts/{first}").raise_for_status()
    return house


def _ask(client: TestClient, house: str, **body: Any) -> Any:
    return client.post(f"{house}/answers", json={"question": QUESTION, "attention": "full", **body})


@pytest.mark.parametrize(("revision", "seqs"), [(0, []), (1, [1, 2]), (2, [1, 2, 3]), (3, [2, 3])])
def test_a_question_is_answered_from_what_was_known_at_a_revision(
    client: TestClient, moved: str, revision: int, seqs: list[int]
) -> None:
    response = _ask(client, moved, as_of={"revision": revision})

    assert response.status_code == 200
    answer = response.json()
    assert sorted(fact["seq"] for fact in answer["evidence"]) == seqs
    assert answer["memory"]["revision"] == revision
    assert answer["memory"]["as_of"] == {"revision": revision, "recorded_at": None}
    assert answer["memory"]["eligible"] == len(seqs)
    assert response.headers["Memnet-Revision"] == str(revision)


def test_the_past_is_answered_as_it_was(client: TestClient, house: str) -> None:
    before = _ask(client, house).json()
    client.post(f"{house}/facts", json={"facts": [{"text": "John got the football."}]})

    after = _ask(client, house, as_of=before["memory"]["as_of"] or {"revision": 1}).json()

    for answer in (before, after):
        del answer["timing_ms"], answer["request_id"], answer["memory"]["as_of"]
    assert after == before


def test_a_question_is_answered_from_what_was_known_at_a_moment(client: TestClient, house: str) -> None:
    told = client.get(f"{house}/facts").json()["items"][1]["created_at"]
    client.post(f"{house}/facts", json={"facts": [{"text": "John got the football."}]})

    then = _ask(client, house, as_of={"recorded_at": told}).json()["memory"]
    before = _ask(client, house, as_of={"recorded_at": "2020-01-31T12:00:00+01:00"}).json()["memory"]

    assert (then["revision"], then["eligible"]) == (1, 2)
    assert then["as_of"] == {"revision": None, "recorded_at": told}
    assert (before["revision"], before["eligible"]) == (0, 0)
    assert before["as_of"] == {"revision": None, "recorded_at": "2020-01-31T11:00:00Z"}


@pytest.mark.parametrize(
    ("query", "seqs"), [("as_of_revision=1", [1, 2]), ("as_of_revision=0", []), ("", [2, 3])]
)
def test_facts_are_listed_as_of_a_revision(
    client: TestClient, moved: str, query: str, seqs: list[int]
) -> None:
    page = client.get(f"{moved}/facts?{query}")

    assert [fact["seq"] for fact in page.json()["items"]] == seqs
    assert page.headers["Memnet-Revision"] == str(page.json()["revision"])


def test_facts_are_listed_as_of_a_moment(client: TestClient, moved: str) -> None:
    told = client.get(f"{moved}/facts?as_of_revision=1").json()["items"][0]["created_at"]

    page = client.get(f"{moved}/facts", params={"recorded_at": told}).json()

    assert (page["revision"], [fact["seq"] for fact in page["items"]]) == (1, [1, 2])


def test_pages_of_the_past_go_on_in_the_past(client: TestClient, moved: str) -> None:
    seqs, url = [], f"{moved}/facts?limit=1&as_of_revision=2"
    while url:
        page = client.get(url)
        seqs += [fact["seq"] for fact in page.json()["items"]]
        url = page.links.get("next", {}).get("url")

    assert seqs == [1, 2, 3]
    cursor = client.get(f"{moved}/facts?limit=1&as_of_revision=2").json()["next_cursor"]
    for other in ("", "&as_of_revision=1"):
        assert client.get(f"{moved}/facts?cursor={cursor}{other}").status_code == 400


def test_a_forgotten_fact_is_there_as_of_then(client: TestClient, moved: str) -> None:
    fact = client.get(f"{moved}/facts?as_of_revision=2").json()["items"][0]

    assert client.get(f"{moved}/facts/{fact['fact_id']}?as_of_revision=2").json() == fact
    assert client.get(f"{moved}/facts/{fact['fact_id']}").status_code == 404
    assert client.get(f"{moved}/facts/{fact['fact_id']}?as_of_revision=0").status_code == 404


def test_a_revision_that_was_never_reached_is_not_found(client: TestClient, moved: str) -> None:
    expected = {
        "type": "/problems/revision-not-found",
        "title": "The memory has no such revision",
        "status": 404,
        "detail": "memory 'house' has no revision 4",
        "code": "revision_not_found",
        "hint": "its last revision is 3",
    }

    asked = problem(_ask(client, moved, as_of={"revision": 4}))
    listed = problem(client.get(f"{moved}/facts?as_of_revision=4"))

    assert asked == {**expected, "instance": f"{moved}/answers"}
    assert listed == {**expected, "instance": f"{moved}/facts"}


def test_a_past_whose_facts_were_erased_is_gone(client: TestClient, moved: str, memory: Memory) -> None:
    memory.erase("house", [2])
    expected = {
        "type": "/problems/erased",
        "title": "Erased",
        "status": 410,
        "detail": "memory 'house' cannot be read as of revision 3: facts of that time were erased",
        "code": "erased",
        "hint": "the oldest revision that can be read is 4",
    }

    asked = problem(_ask(client, moved, as_of={"revision": 3}))
    listed = problem(client.get(f"{moved}/facts?as_of_revision=3"))

    assert asked == {**expected, "instance": f"{moved}/answers"}
    assert listed == {**expected, "instance": f"{moved}/facts"}
    assert _ask(client, moved, as_of={"revision": 4}).status_code == 200


def test_a_read_that_needs_a_revision_the_memory_has_not_reached_is_refused(
    client: TestClient, house: str
) -> None:
    fact = client.get(f"{house}/facts").json()["items"][0]["fact_id"]
    expected = {
        "type": "/problems/revision-not-reached",
        "title": "The memory is at an earlier revision",
        "status": 409,
        "detail": "the memory is at revision 1",
        "code": "revision_not_reached",
    }

    assert problem(_ask(client, house, min_revision=2)) == {**expected, "instance": f"{house}/answers"}
    for path in ("facts", f"facts/{fact}"):
        refused = problem(client.get(f"{house}/{path}?min_revision=2"))
        assert refused == {**expected, "instance": f"{house}/{path}"}


def test_a_read_after_a_write_needs_no_waiting(client: TestClient, house: str) -> None:
    for _ in range(3):
        body = {"facts": [{"text": "John got the football."}]}
        revision = client.post(f"{house}/facts", json=body).json()["revision"]

        assert _ask(client, house, min_revision=revision).json()["memory"]["revision"] == revision
        assert client.get(f"{house}/facts?min_revision={revision}").json()["revision"] == revision
    # The past is read from a memory that has come far enough.
    assert _ask(client, house, min_revision=4, as_of={"revision": 1}).status_code == 200


@pytest.mark.parametrize(
    ("as_of", "error"),
    [
        ({}, ("#/as_of", "exactly one of revision and recorded_at")),
        (
            {"revision": 1, "recorded_at": "2026-01-31T12:00:00Z"},
            ("#/as_of", "exactly one of revision and recorded_at"),
        ),
        ({"revision": -1}, ("#/as_of/revision", "at least 0")),
        ({"revision": 2**60}, ("#/as_of/revision", f"at most {2**48 - 1}")),
        (
            {"recorded_at": "2026-01-31T12:00:00"},
            ("#/as_of/recorded_at", "must be a moment with a time zone: 2026-01-31T12:00:00Z"),
        ),
        (
            {"recorded_at": 1700000000},
            ("#/as_of/recorded_at", "must be a moment with a time zone: 2026-01-31T12:00:00Z"),
        ),
        (
            {"recorded_at": "0001-01-01T00:00:00+23:59"},
            ("#/as_of/recorded_at", "must be a moment from year 1 to 9999"),
        ),
        ({"valid_at": "2026-01-31T12:00:00Z"}, ("#/as_of/valid_at", "is not a field of this request")),
    ],
)
def test_a_state_that_is_none_is_refused(
    client: TestClient, house: str, as_of: dict[str, Any], error: tuple[str, str]
) -> None:
    response = _ask(client, house, as_of=as_of)

    assert response.status_code == 422
    found = response.json()["errors"][0]
    assert (found["pointer"], found["detail"]) == error


def test_a_query_for_two_states_is_refused(client: TestClient, house: str) -> None:
    query = "as_of_revision=1&recorded_at=2026-01-31T12:00:00Z"
    fact = client.get(f"{house}/facts").json()["items"][0]["fact_id"]

    for path in ("facts", f"facts/{fact}"):
        response = client.get(f"{house}/{path}?{query}")
        assert response.status_code == 422
        assert response.json()["errors"] == [
            {
                "parameter": "recorded_at",
                "location": "query",
                "code": "not_one_state",
                "detail": "at most one of as_of_revision and recorded_at",
            }
        ]
