"""Facts over HTTP: tell, list, read, forget."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

LOCAL = "http://localhost"

STORY = ["Mary got the football there.", "Mary went back to the garden."]


def test_facts_are_created_in_order_and_searchable(client: TestClient) -> None:
    before = client.put("/v1/memories/house").json()["revision"]

    told = client.post("/v1/memories/house/facts", json={"facts": [{"text": text} for text in STORY]})

    assert told.status_code == 201
    body = told.json()
    ids = [fact.pop("fact_id") for fact in body["facts"]]
    assert len({UUID(each) for each in ids}) == 2
    superseded = [fact.pop("superseded") for fact in body["facts"]]
    assert superseded[0] == []
    assert all(gate["seq"] == 1 and 0 < gate["gate"] <= 1 for gate in superseded[1])
    assert body == {
        "revision": before + 1,
        "searchable": True,
        "counts": {"created": 2},
        "facts": [
            {"index": 0, "seq": 1, "status": "created", "unknown_words": [], "read_as": []},
            {"index": 1, "seq": 2, "status": "created", "unknown_words": [], "read_as": []},
        ],
    }
    assert told.headers["Memnet-Revision"] == str(before + 1)


def test_words_the_network_does_not_know_are_named(client: TestClient, house: str) -> None:
    told = client.post(f"{house}/facts", json={"facts": [{"text": "Zoe got the Zeppelin, the zeppelin!"}]})

    assert told.json()["facts"][0]["unknown_words"] == ["zoe", "zeppelin"]


def test_a_fact_is_read_back_verbatim(client: TestClient, house: str) -> None:
    text = "  Größe: “Mary” went\tto the 花园 🌱 \n"
    told = client.post(f"{house}/facts", json={"facts": [{"text": text}]}).json()

    fact = client.get(f"{house}/facts/{told['facts'][0]['fact_id']}")

    assert fact.status_code == 200
    assert fact.json()["text"] == text
    assert fact.json()["seq"] == 3
    assert fact.json()["created_revision"] == told["revision"]


def test_the_same_sentence_twice_is_two_facts(client: TestClient, house: str) -> None:
    client.post(f"{house}/facts", json={"facts": [{"text": STORY[0]}, {"text": STORY[0]}]})

    facts = client.get(f"{house}/facts").json()["items"]

    assert [fact["seq"] for fact in facts if fact["text"] == STORY[0]] == [1, 3, 4]
    assert len({fact["fact_id"] for fact in facts}) == 4


def test_a_forgotten_fact_is_gone_and_its_number_is_not_used_again(client: TestClient, house: str) -> None:
    newest = client.get(f"{house}/facts?order=desc&limit=1").json()["items"][0]
    before = client.get(house).json()["revision"]

    forgotten = client.delete(f"{house}/facts/{newest['fact_id']}")

    assert forgotten.status_code == 204
    assert forgotten.headers["Memnet-Revision"] == str(before + 1)
    assert client.get(f"{house}/facts/{newest['fact_id']}").status_code == 404
    assert client.delete(f"{house}/facts/{newest['fact_id']}").status_code == 404
    told = client.post(f"{house}/facts", json={"facts": [{"text": STORY[0]}]}).json()
    assert told["facts"][0]["seq"] == newest["seq"] + 1


@pytest.mark.parametrize("verb", ["get", "delete"])
def test_the_id_of_another_memorys_fact_is_not_found(client: TestClient, house: str, verb: str) -> None:
    fact_id = client.get(f"{house}/facts").json()["items"][0]["fact_id"]
    client.put("/v1/memories/garden")
    client.post("/v1/memories/garden/facts", json={"facts": [{"text": "John is there."}]})

    assert client.request(verb, f"/v1/memories/garden/facts/{fact_id}").status_code == 404
    assert client.get(f"{house}/facts/{fact_id}").status_code == 200


@pytest.mark.parametrize("fact_id", ["1", "nobody", "%00", "00000000-0000-0000-0000-000000000000", "🌱"])
@pytest.mark.parametrize("verb", ["get", "delete"])
def test_what_is_no_fact_id_is_not_found(client: TestClient, house: str, verb: str, fact_id: str) -> None:
    assert client.request(verb, f"{house}/facts/{fact_id}").status_code == 404


@pytest.mark.parametrize(
    ("order", "expected"), [("asc", [[1, 2], [3, 4], [5]]), ("desc", [[5, 4], [3, 2], [1]])]
)
def test_facts_are_listed_page_after_page(
    client: TestClient, house: str, order: str, expected: list[list[int]]
) -> None:
    client.post(f"{house}/facts", json={"facts": [{"text": f"John got {n}."} for n in (3, 4, 5)]})

    pages = []
    url: str | None = f"{house}/facts?limit=2&order={order}"
    while url:
        page = client.get(url)
        pages.append([fact["seq"] for fact in page.json()["items"]])
        url = page.links.get("next", {}).get("url")

    assert pages == expected


def test_facts_that_arrive_meanwhile_do_not_shift_the_pages(client: TestClient, house: str) -> None:
    first = client.get(f"{house}/facts?limit=1&order=desc").json()
    client.post(f"{house}/facts", json={"facts": [{"text": "John is in the kitchen."}]})

    second = client.get(
        f"{house}/facts", params={"limit": 1, "order": "desc", "cursor": first["next_cursor"]}
    ).json()

    assert [fact["seq"] for fact in first["items"] + second["items"]] == [2, 1]
    assert second["revision"] == first["revision"] + 1


@pytest.mark.parametrize("cursor", ["x", "%F0%9F%8C%B1", "AAAA", "W10", ""])
def test_an_invented_cursor_is_refused(client: TestClient, house: str, cursor: str) -> None:
    refused = client.get(f"{house}/facts?cursor={cursor}")

    assert refused.status_code == 400
    assert refused.json()["code"] == "invalid_cursor"


def test_a_cursor_belongs_to_its_list_and_its_order(client: TestClient, house: str) -> None:
    cursor = client.get(f"{house}/facts?limit=1").json()["next_cursor"]
    client.put("/v1/memories/garden")

    for url in (f"{house}/facts?order=desc", "/v1/memories/garden/facts?order=asc", "/v1/memories?limit=1"):
        assert client.get(f"{url}&cursor={cursor}").status_code == 400


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "order=up", "q=football", "offset=1"])
def test_a_page_that_cannot_be_given_is_refused_and_not_guessed(
    client: TestClient, house: str, query: str
) -> None:
    assert client.get(f"{house}/facts?{query}").status_code == 422


def test_one_bad_fact_keeps_all_of_its_request_out(client: TestClient, house: str) -> None:
    refused = client.post(f"{house}/facts", json={"facts": [{"text": "John is there."}, {"text": "?!"}]})

    assert refused.status_code == 422
    assert client.get(house).json()["counts"]["facts"] == 2


@contextmanager
def _commits_fail() -> Iterator[None]:
    def refuse(connection: Connection) -> None:
        raise OperationalError("COMMIT", {}, Exception("disk full"))

    event.listen(Engine, "commit", refuse)
    try:
        yield
    finally:
        event.remove(Engine, "commit", refuse)


def test_a_commit_that_fails_is_no_success_and_stores_nothing(app: FastAPI, house: str) -> None:
    with TestClient(app, LOCAL, raise_server_exceptions=False) as client:
        with _commits_fail():
            told = client.post(f"{house}/facts", json={"facts": [{"text": "John got the football."}]})
            made = client.put("/v1/memories/garden")

        assert told.status_code == 503
        assert told.json()["code"] == "database_unavailable"
        assert made.status_code == 503
        assert int(told.headers["Retry-After"]) > 0
        assert "disk full" not in told.text
        assert client.get(house).json()["counts"]["facts"] == 2
        assert client.get("/v1/memories/garden").status_code == 404
        # And the service goes on.
        again = client.post(f"{house}/facts", json={"facts": [{"text": "John got the football."}]})
        assert again.json()["facts"][0]["seq"] == 3
