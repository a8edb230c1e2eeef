"""Erasing over HTTP: look first, then exactly what was looked at, and nothing of it is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from service import paging
from tests.service.problem import problem

SECRET = "Mary hid the zeppelin under the stairs."


@pytest.fixture
def ids(client: TestClient, house: str) -> list[str]:
    """The football story and a secret: three facts in two revisions."""
    client.post(f"{house}/facts", json={"facts": [{"text": SECRET}]}).raise_for_status()
    return [fact["fact_id"] for fact in client.get(f"{house}/facts").json()["items"]]


def _erase(client: TestClient, house: str, **body: Any) -> Any:
    return client.post(f"{house}/erasures", json=body)


def test_a_dry_run_says_what_would_go_and_erases_nothing(
    client: TestClient, house: str, ids: list[str]
) -> None:
    client.delete(f"{house}/facts/{ids[0]}")

    planned = _erase(client, house, fact_ids=[ids[2], ids[0], ids[2]])

    assert planned.status_code == 200
    body = planned.json()
    assert isinstance(body.pop("plan_id"), str)
    assert body == {
        "dry_run": True,
        "revision": 3,
        "counts": {"facts": 2, "forgotten": 1, "vectors": 2, "answers": 0},
        "oldest_readable_revision": 4,
        "scrubbed": None,
    }
    assert client.get(f"{house}/facts/{ids[2]}").json()["text"] == SECRET
    assert client.get(house).json()["revision"] == 3


def test_the_plan_erases_exactly_that_set(
    client: TestClient, house: str, ids: list[str], database: Path
) -> None:
    kept = {"question": "Where is Mary?", "attention": "full", "save": True}
    answer = client.post(f"{house}/answers", json=kept).json()
    assert SECRET in [fact["text"] for fact in answer["evidence"]]
    plan_id = _erase(client, house, fact_ids=[ids[2]]).json()["plan_id"]
    assert _erase(client, house, plan_id=plan_id).json()["dry_run"] is True

    erased = _erase(client, house, plan_id=plan_id, dry_run=False)

    assert erased.status_code == 200
    assert erased.json() == {
        "plan_id": plan_id,
        "dry_run": False,
        "revision": 3,
        "counts": {"facts": 1, "forgotten": 0, "vectors": 1, "answers": 1},
        "oldest_readable_revision": 3,
        "scrubbed": True,
    }
    assert erased.headers["Memnet-Revision"] == "3"
    assert [fact["fact_id"] for fact in client.get(f"{house}/facts").json()["items"]] == ids[:2]
    assert client.get(f"{house}/answers/{answer['answer_id']}").status_code == 404
    for file in database.parent.iterdir():
        assert b"zeppelin" not in file.read_bytes(), file
        assert b"zeppelin" not in plan_id.encode()


@pytest.mark.parametrize("verb", ["get", "delete"])
def test_an_erased_fact_is_gone(client: TestClient, house: str, ids: list[str], verb: str) -> None:
    plan_id = _erase(client, house, fact_ids=ids[:1]).json()["plan_id"]
    _erase(client, house, plan_id=plan_id, dry_run=False).raise_for_status()

    assert problem(client.request(verb, f"{house}/facts/{ids[0]}")) == {
        "type": "/problems/erased",
        "title": "Erased",
        "status": 410,
        "detail": "memory 'house' has no fact 1",
        "instance": f"{house}/facts/{ids[0]}",
        "code": "erased",
    }
    assert problem(_erase(client, house, fact_ids=ids[:1]))["code"] == "erased"


def test_a_plan_for_a_memory_that_has_moved_on_erases_nothing(
    client: TestClient, house: str, ids: list[str]
) -> None:
    plan_id = _erase(client, house, fact_ids=ids[:1]).json()["plan_id"]
    client.post(f"{house}/facts", json={"facts": [{"text": "John got the football."}]})

    for dry_run in (True, False):
        assert problem(_erase(client, house, plan_id=plan_id, dry_run=dry_run)) == {
            "type": "/problems/plan-stale",
            "title": "The memory has moved on",
            "status": 409,
            "detail": "memory 'house' has changed since the erasure was planned",
            "instance": f"{house}/erasures",
            "code": "plan_stale",
        }
    assert client.get(house).json()["counts"]["facts"] == 4


def test_a_plan_is_carried_out_once(client: TestClient, house: str, ids: list[str]) -> None:
    plan_id = _erase(client, house, fact_ids=ids[:1]).json()["plan_id"]

    statuses = [_erase(client, house, plan_id=plan_id, dry_run=False).status_code for _ in range(2)]

    assert statuses == [200, 409]


def test_a_plan_does_not_outlive_its_memory(client: TestClient, house: str, ids: list[str]) -> None:
    plan_id = _erase(client, house, fact_ids=ids[:1]).json()["plan_id"]
    client.delete(f"{house}?confirm=house")
    client.put(house)
    for text in ("John is there.", "Mary is there."):
        client.post(f"{house}/facts", json={"facts": [{"text": text}]})

    assert problem(_erase(client, house, plan_id=plan_id, dry_run=False))["code"] == "plan_stale"
    assert client.get(house).json()["counts"]["facts"] == 2


def test_facts_that_are_not_there_cannot_be_erased(client: TestClient, house: str, ids: list[str]) -> None:
    for fact_id in (str(uuid4()), ids[0][:-1] + "9"):
        refused = _erase(client, house, fact_ids=[ids[0], fact_id])
        assert refused.status_code == 404
    assert client.post("/v1/memories/nowhere/erasures", json={"fact_ids": ids}).status_code == 404


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, ("#", "exactly one of fact_ids and plan_id")),
        ({"fact_ids": [str(uuid4())], "plan_id": "x"}, ("#", "exactly one of fact_ids and plan_id")),
        (
            {"fact_ids": [str(uuid4())], "dry_run": False},
            ("#", "plan_id is required when dry_run is false"),
        ),
        ({"fact_ids": []}, ("#/fact_ids", "at least 1 items")),
        ({"fact_ids": [7]}, ("#/fact_ids/0", "must be a UUID as text")),
        ({"fact_ids": [str(uuid4())] * 501}, ("#/fact_ids", "at most 500 facts")),
        ({"plan_id": "invented"}, ("#/plan_id", "must be the plan_id of a dry run")),
    ],
)
def test_an_erasure_that_is_none_is_refused(
    client: TestClient, house: str, body: dict[str, Any], error: tuple[str, str]
) -> None:
    refused = client.post(f"{house}/erasures", json=body)

    assert refused.status_code == 422
    found = refused.json()["errors"][0]
    assert (found["pointer"], found["detail"]) == error


@pytest.mark.parametrize("seqs", ["1-ffffffffffff", "zz", "", "1-", "-1", "1--5"])
def test_a_plan_that_somebody_wrote_themselves_harms_nobody(
    client: TestClient, house: str, seqs: str
) -> None:
    written = paging.encode("erasure", {"uid": uuid4().hex, "revision": 1, "seqs": seqs})

    assert _erase(client, house, plan_id=written, dry_run=False).status_code in (409, 422)
    assert client.get(house).json()["counts"]["facts"] == 2


def test_runs_and_single_facts_are_planned_alike(client: TestClient, house: str) -> None:
    client.post(f"{house}/facts", json={"facts": [{"text": "John is there."}] * 40})
    ids = [fact["fact_id"] for fact in client.get(f"{house}/facts").json()["items"]]
    kept = [ids[5], ids[6], ids[30]]

    plan = _erase(client, house, fact_ids=[each for each in ids if each not in kept]).json()
    _erase(client, house, plan_id=plan["plan_id"], dry_run=False).raise_for_status()

    assert plan["counts"]["facts"] == 39
    assert [fact["fact_id"] for fact in client.get(f"{house}/facts").json()["items"]] == kept
