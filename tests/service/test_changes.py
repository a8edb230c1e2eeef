"""The log over HTTP: what each revision did, as pages or as lines, and where it no longer leads on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from memnet.memory import Memory
from tests.service.problem import problem


@pytest.fixture
def moved(client: TestClient, house: str) -> str:
    """Revision 1: the football story. Revision 2: a third fact. Revision 3: the first one is forgotten."""
    client.post(f"{house}/facts", json={"facts": [{"text": "John got the football."}]}).raise_for_status()
    first = client.get(f"{house}/facts").json()["items"][0]["fact_id"]
    client.delete(f"{house}/facts/{first}").raise_for_status()
    return house


def _told(change: dict[str, Any]) -> tuple[int, str, list[int]]:
    return change["revision"], change["op"], [fact["seq"] for fact in change["facts"]]


LOG = [(1, "add", [1, 2]), (2, "add", [3]), (3, "forget", [1])]


def test_the_log_names_every_change_in_order(client: TestClient, moved: str) -> None:
    ids = [fact["fact_id"] for fact in client.get(f"{moved}/facts?as_of_revision=2").json()["items"]]

    page = client.get(f"{moved}/changes")

    assert page.status_code == 200
    body = page.json()
    assert list(map(_told, body["items"])) == LOG
    assert [fact["fact_id"] for fact in body["items"][0]["facts"]] == ids[:2]
    assert list(body["items"][0]) == ["revision", "op", "facts", "recorded_at", "actor"]
    assert (body["revision"], body["has_more"], body["next_after_revision"]) == (3, False, None)
    assert "football" not in page.text


@pytest.mark.parametrize("kind", ["application/json", "application/jsonl"])
def test_the_log_is_read_page_after_page(client: TestClient, moved: str, kind: str) -> None:
    pages = []
    url: str | None = f"{moved}/changes?limit=2"
    while url:
        page = client.get(url, headers={"Accept": kind})
        assert page.headers["Content-Type"].partition(";")[0] == kind
        assert page.headers["Memnet-Revision"] == "3"
        items = (
            page.json()["items"]
            if kind == "application/json"
            else [json.loads(line) for line in page.text.splitlines()]
        )
        pages.append(list(map(_told, items)))
        url = page.links.get("next", {}).get("url")

    assert pages == [LOG[:2], LOG[2:]]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("application/jsonl;q=0.9, */*", "application/jsonl"),
        ("application/json, application/jsonl", "application/json"),
        ("application/jsonl;q=0, */*", "application/json"),
    ],
)
def test_who_does_not_ask_for_lines_gets_an_object(
    client: TestClient, moved: str, accept: str, kind: str
) -> None:
    page = client.get(f"{moved}/changes", headers={"Accept": accept})

    assert page.headers["Content-Type"].partition(";")[0] == kind
    assert page.headers["Vary"] == "Accept"


def test_who_is_up_to_date_gets_nothing_and_no_end(client: TestClient, moved: str) -> None:
    for after in (3, 9):
        assert client.get(f"{moved}/changes?after_revision={after}").json() == {
            "revision": 3,
            "items": [],
            "next_after_revision": None,
            "has_more": False,
        }


def test_a_part_of_the_log_that_does_not_lead_on_is_gone(
    client: TestClient, moved: str, memory: Memory
) -> None:
    memory.erase("house", [2])

    assert problem(client.get(f"{moved}/changes?after_revision=3")) == {
        "type": "/problems/compacted",
        "title": "This part of the log is gone",
        "status": 410,
        "detail": "the log of memory 'house' cannot be read from revision 3 on",
        "instance": f"{moved}/changes",
        "code": "compacted",
        "hint": "read its facts, then the log from revision 4 on",
    }
    assert client.get(f"{moved}/changes?after_revision=4").json()["items"] == []


def test_a_log_that_has_not_come_so_far(client: TestClient, moved: str) -> None:
    assert problem(client.get(f"{moved}/changes?min_revision=4"))["code"] == "revision_not_reached"


@pytest.mark.parametrize("query", ["after_revision=-1", "limit=0", "limit=501", "after=1"])
def test_a_part_of_the_log_that_cannot_be_given_is_refused(
    client: TestClient, house: str, query: str
) -> None:
    assert client.get(f"{house}/changes?{query}").status_code == 422
