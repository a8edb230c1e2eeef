"""Retired facts over HTTP: which they are, who superseded them, how many; and what forgetting brings back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from memnet.memory import Memory
from service.app import create_app
from service.settings import Settings
from tests.memnet.retirement import BELOW, QUESTION, checkpoint_of, tell

LOCAL = "http://localhost"
HOUSE = "/v1/memories/house"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint_of(tmp_path_factory.mktemp("checkpoints") / "writes")


@pytest.fixture
def client(database: Path, folder: Path) -> Iterator[TestClient]:
    """A service whose network has gates, and twenty facts."""
    draw = np.random.default_rng(0)
    with (
        Memory.open(f"sqlite:///{database}", folder) as memory,
        TestClient(create_app(Settings(), memory), LOCAL) as client,
    ):
        client.put(HOUSE).raise_for_status()
        body = {"facts": [{"text": tell(draw)} for _ in range(20)]}
        client.post(f"{HOUSE}/facts", json=body).raise_for_status()
        yield client


def facts(client: TestClient, query: str = "") -> dict[int, dict[str, Any]]:
    found = client.get(f"{HOUSE}/facts?limit=100&writes=true{query}").raise_for_status().json()["items"]
    return {fact["seq"]: fact | fact["writes"] for fact in found}


def one(client: TestClient, fact: dict[str, Any]) -> dict[str, Any]:
    """A fact with all its writers."""
    found = client.get(f"{HOUSE}/facts/{fact['fact_id']}?writes=true").raise_for_status().json()
    return dict(found | found["writes"])


def retired(client: TestClient, query: str = "") -> set[int]:
    return {seq for seq, fact in facts(client, query).items() if fact["retired"]}


def attended(client: TestClient, **options: Any) -> set[int]:
    body = {"question": QUESTION, "attention": "full", **options}
    hops = client.post(f"{HOUSE}/answers", json=body).raise_for_status().json()["hops"]
    (listed,) = {frozenset(fact["seq"] for fact in hop["attention"]) for hop in hops}
    return set(listed)


def test_a_listing_shows_which_facts_are_retired_and_by_whom(client: TestClient) -> None:
    listed = facts(client)
    gone = retired(client)

    assert gone
    for seq, fact in listed.items():
        assert fact["retired"] == (fact["retention"] < BELOW)
        assert one(client, fact)["retired"] == fact["retired"]
        assert seq not in gone or fact["superseded_by"]
    assert attended(client) == set(listed) - gone


def test_a_memory_says_how_many_facts_are_retired(client: TestClient) -> None:
    assert client.get(HOUSE).json()["counts"] == {"facts": 20, "retired": len(retired(client))}
    assert client.get("/v1/memories").json()["items"][0]["counts"] == {"facts": 20, "retired": None}


def test_forgetting_the_writers_brings_a_fact_back(client: TestClient) -> None:
    before, listed = retired(client), facts(client)
    target = max(before)
    writers = [by["seq"] for by in one(client, listed[target])["superseded_by"]]
    revision = client.get(HOUSE).json()["revision"]
    assert target not in attended(client)

    for writer in writers:
        client.delete(f"{HOUSE}/facts/{listed[writer]['fact_id']}").raise_for_status()

    assert (facts(client)[target]["retention"], facts(client)[target]["superseded_by"]) == (0, [])
    assert target in attended(client)
    assert client.get(HOUSE).json()["counts"] == {
        "facts": 20 - len(writers),
        "retired": len(retired(client)),
    }
    assert retired(client, f"&as_of_revision={revision}") == before
    assert target not in attended(client, as_of={"revision": revision})


def test_what_if_brings_facts_back_for_one_question(client: TestClient) -> None:
    before = retired(client)
    writers = [fact["fact_id"] for seq, fact in facts(client).items() if seq > 10]

    assert attended(client, overlay={"hide": writers}) & before
    assert retired(client) == before


def test_of_a_network_without_gates_nothing_is_retired(database: Path, checkpoint: Path) -> None:
    with (
        Memory.open(f"sqlite:///{database}", checkpoint) as memory,
        TestClient(create_app(Settings(), memory), LOCAL) as client,
    ):
        client.put(HOUSE)
        client.post(f"{HOUSE}/facts", json={"facts": [{"text": "Mary got the football there."}]})

        fact = facts(client)[1]

        assert (fact["retention"], fact["retired"], fact["superseded_by"]) == (0, False, [])
        assert client.get(HOUSE).json()["counts"]["retired"] is None
