"""Memories over HTTP: create, list, read, delete."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from starlette.testclient import TestClient


def test_a_new_memory_is_created_and_found_at_its_location(client: TestClient) -> None:
    created = client.put("/v1/memories/house", json={"description": "Who has what, and where."})

    assert created.status_code == 201
    assert created.headers["Location"] == "/v1/memories/house"
    found = client.get(created.headers["Location"])
    assert found.status_code == 200
    assert found.json() == created.json()
    assert found.headers["Memnet-Revision"] == str(found.json()["revision"])


def test_a_new_memory_holds_no_facts(client: TestClient) -> None:
    memory = client.put("/v1/memories/house").json()

    assert memory["memory_id"] == "house"
    assert memory["description"] is None
    assert memory["counts"]["facts"] == 0
    assert memory["last_seq"] == 0


def test_creating_twice_keeps_the_facts(client: TestClient, house: str) -> None:
    again = client.put(house, json={"description": "The house."})

    assert again.status_code == 200
    assert again.json()["counts"]["facts"] == 2
    assert again.json()["description"] == "The house."


def test_times_are_in_utc(client: TestClient) -> None:
    memory = client.put("/v1/memories/house").json()

    for name in ("created_at", "updated_at"):
        assert datetime.fromisoformat(memory[name]).utcoffset() == timedelta(0)


@pytest.mark.parametrize("name", ["House", "-house", "a" * 64, "a.b", "haus%20", "%00", "h%C3%BCtte"])
def test_a_name_that_is_not_a_slug_is_refused(client: TestClient, name: str) -> None:
    refused = client.put(f"/v1/memories/{name}")

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["parameter"] == "memory_id"
    assert client.get(f"/v1/memories/{name}").status_code == 404


@pytest.mark.parametrize("name", ["7", "a" * 63, "robot_7-b"])
def test_a_slug_is_a_name(client: TestClient, name: str) -> None:
    assert client.put(f"/v1/memories/{name}").status_code == 201


def test_a_deleted_memory_is_gone_with_its_facts(client: TestClient, house: str) -> None:
    fact_id = client.get(f"{house}/facts").json()["items"][0]["fact_id"]

    assert client.delete(house, params={"confirm": "house"}).status_code == 204

    assert client.get(house).status_code == 404
    assert client.get(f"{house}/facts").status_code == 404
    client.put(house)
    assert client.get(f"{house}/facts").json()["items"] == []
    assert client.get(f"{house}/facts/{fact_id}").status_code == 404


@pytest.mark.parametrize("query", ["", "?confirm=", "?confirm=garden"])
def test_deleting_without_repeating_the_name_deletes_nothing(
    client: TestClient, house: str, query: str
) -> None:
    refused = client.delete(f"{house}{query}")

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["parameter"] == "confirm"
    assert client.get(house).json()["counts"]["facts"] == 2


def test_a_memory_that_does_not_exist_cannot_be_deleted(client: TestClient) -> None:
    assert client.delete("/v1/memories/house?confirm=house").status_code == 404


def test_memories_are_listed_by_name_page_after_page(client: TestClient) -> None:
    for name in ("garden", "attic", "house", "cellar", "barn"):
        client.put(f"/v1/memories/{name}")

    pages = []
    url: str | None = "/v1/memories?limit=2"
    while url:
        page = client.get(url)
        pages.append([memory["memory_id"] for memory in page.json()["items"]])
        assert page.json()["has_more"] == ("next" in page.links)
        assert page.json()["has_more"] == (page.json()["next_cursor"] is not None)
        url = page.links.get("next", {}).get("url")

    assert pages == [["attic", "barn"], ["cellar", "garden"], ["house"]]


def test_a_service_without_memories_lists_none(client: TestClient) -> None:
    assert client.get("/v1/memories").json() == {"items": [], "next_cursor": None, "has_more": False}
