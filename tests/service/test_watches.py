"""Watches over HTTP: two running servers on one database, and listeners that come, go and come back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from memnet.memory import Memory
from service.app import create_app
from service.settings import Settings
from tests.service.problem import problem
from tests.service.server import serving

QUESTION = "Where is the football?"


@dataclass
class Event:
    name: str = ""
    id: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


@contextmanager
def listening(client: httpx2.Client, path: str, last: str | None = None) -> Iterator[Iterator[Event]]:
    """The events of a stream, as an EventSource would dispatch them."""
    headers = {"Last-Event-ID": last} if last is not None else {}
    with client.stream("GET", f"{path}/events", headers=headers) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["Content-Type"].startswith("text/event-stream")
        yield _events(response.iter_lines())


def _events(lines: Iterator[str]) -> Iterator[Event]:
    event = Event()
    for line in lines:
        if line.startswith("event: "):
            event.name = line.removeprefix("event: ")
        elif line.startswith("id: "):
            event.id = line.removeprefix("id: ")
        elif line.startswith("data: "):
            event.data = json.loads(line.removeprefix("data: "))
        elif not line:
            if event.data:
                yield event
            event = Event()


@pytest.fixture
def two(database: Path) -> Iterator[tuple[httpx2.Client, httpx2.Client]]:
    with serving(database) as one, serving(database) as other:
        one.put("/v1/memories/house").raise_for_status()
        yield one, other


def tell(client: httpx2.Client, *texts: str) -> list[str]:
    body = {"facts": [{"text": text} for text in texts]}
    told = client.post("/v1/memories/house/facts", json=body).raise_for_status().json()
    return [fact["fact_id"] for fact in told["facts"]]


def watch(client: httpx2.Client) -> str:
    response = client.post("/v1/memories/house/watches", json={"question": QUESTION})
    assert response.status_code == 201
    location: str = response.headers["Location"]
    assert location == f"/v1/memories/house/watches/{response.json()['watch_id']}"
    return location


def test_a_write_to_one_worker_is_told_by_the_other_with_the_fact_that_caused_it(
    two: tuple[httpx2.Client, httpx2.Client],
) -> None:
    one, other = two
    path = watch(one)
    with listening(other, path) as events:
        first = next(events)
        ids = tell(one, "Mary got the football there.", "Mary went back to the garden.")
        changed = next(events)
        tell(one, "John went to the office.")  # changes nothing
        forgotten = tell(one, "Mary travelled to the kitchen.")
        kitchen = next(events)
        one.delete(f"/v1/memories/house/facts/{forgotten[0]}").raise_for_status()
        back = next(events)

    assert (first.name, first.id) == ("answer", "0")
    assert (first.data["now"]["answer"], first.data["now"]["reason"]) == (None, "no_eligible_facts")
    assert (changed.name, changed.id) == ("answer_changed", "1")
    assert (changed.data["before"]["answer"], changed.data["now"]["answer"]) == (None, "garden")
    assert changed.data["cause"]["op"] == "add"
    assert {fact["fact_id"] for fact in changed.data["cause"]["facts"]} == set(ids)
    assert changed.data["evidence"][0]["text"] in (
        "Mary got the football there.",
        "Mary went back to the garden.",
    )
    assert (kitchen.id, kitchen.data["now"]["answer"]) == ("3", "kitchen")
    assert [fact["text"] for fact in kitchen.data["cause"]["facts"]] == ["Mary travelled to the kitchen."]
    assert (back.id, back.data["now"]["answer"], back.data["cause"]["op"]) == ("4", "garden", "forget")
    assert back.data["cause"]["facts"][0]["fact_id"] == forgotten[0]


def test_a_listener_that_comes_back_to_another_worker_misses_nothing_and_hears_nothing_twice(
    two: tuple[httpx2.Client, httpx2.Client],
) -> None:
    one, other = two
    path = watch(one)
    with listening(one, path) as events:
        tell(other, "Mary got the football there.", "Mary went back to the garden.")
        heard = [next(events)]
        while heard[-1].id != "1":
            heard.append(next(events))
    tell(one, "Mary travelled to the kitchen.")
    tell(one, "Sandra went to the bathroom.")
    tell(one, "Mary went to the hallway.")

    with listening(other, path, heard[-1].id) as events:
        missed = [next(events), next(events)]
    with listening(one, path, missed[-1].id) as events:
        tell(other, "Mary went to the office.")
        last = next(events)

    assert [(each.name, each.id, each.data["now"]["answer"]) for each in [*missed, last]] == [
        ("answer_changed", "2", "kitchen"),
        ("answer_changed", "4", "hallway"),
        ("answer_changed", "5", "office"),
    ]


@pytest.mark.parametrize("delete", ["watch", "memory"])
def test_a_stream_ends_when_the_watch_or_its_memory_is_deleted(
    two: tuple[httpx2.Client, httpx2.Client], delete: str
) -> None:
    one, other = two
    path = watch(one)
    with listening(other, path) as events:
        next(events)
        url = path if delete == "watch" else "/v1/memories/house?confirm=house"
        assert one.delete(url).status_code == 204
        rest = list(events)

    assert [(each.name, each.data) for each in rest] == [("gone", {"watch_id": path.rpartition("/")[2]})]
    assert other.get(f"{path}/events").status_code == 404


def test_a_server_that_stops_ends_its_streams_at_once(database: Path) -> None:
    with serving(database) as client:
        client.put("/v1/memories/house").raise_for_status()
        path = watch(client)
        stream = client.stream("GET", f"{path}/events")
        lines = stream.__enter__().iter_lines()
        assert next(lines).startswith("retry: ")
        began = time.monotonic()
    assert time.monotonic() - began < 4
    stream.__exit__(None, None, None)


def test_so_many_may_listen_at_once_and_the_next_one_is_told(database: Path) -> None:
    with serving(database, max_streams=1) as client:
        client.put("/v1/memories/house").raise_for_status()
        path = watch(client)
        with listening(client, path) as events:
            next(events)
            refused = client.get(f"{path}/events")
        assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
        for _ in range(200):  # until the server has noticed that the first one left
            with client.stream("GET", f"{path}/events") as again:
                if again.status_code == 200:
                    break
            time.sleep(0.02)
        assert again.status_code == 200


def test_a_stream_ends_in_time_and_is_gone_on_with(database: Path) -> None:
    with serving(database, max_stream_s=0.3) as client:
        client.put("/v1/memories/house").raise_for_status()
        path = watch(client)
        with listening(client, path) as events:
            (first,) = list(events)
        tell(client, "Mary got the football there.", "Mary went back to the garden.")
        with listening(client, path, first.id) as events:
            (second,) = list(events)

    assert (first.name, second.name, second.id) == ("answer", "answer_changed", "1")


def test_watches_are_listed_read_and_deleted(client: TestClient, house: str) -> None:
    made = [
        client.post(f"{house}/watches", json={"question": q}).json() for q in (QUESTION, "Where is Mary?")
    ]

    assert client.get(f"{house}/watches").json() == {"items": made}
    path = f"{house}/watches/{made[0]['watch_id']}"
    assert client.get(path).json() == made[0]
    assert [client.delete(path).status_code for _ in range(2)] == [204, 404]
    assert client.get(f"{house}/watches").json() == {"items": made[1:]}


def test_only_so_many_questions_stand(memory: Memory) -> None:
    with TestClient(create_app(Settings(max_watches_per_memory=1), memory), "http://localhost") as client:
        client.put("/v1/memories/house")
        client.post("/v1/memories/house/watches", json={"question": QUESTION}).raise_for_status()
        refused = problem(client.post("/v1/memories/house/watches", json={"question": QUESTION}))

    assert (refused["status"], refused["code"]) == (409, "too_many_watches")
    assert refused["detail"] == "memory 'house' has 1 watches, as many as it may"


@pytest.mark.parametrize(
    ("question", "detail"), [("?!", "at least one word"), ("w" * 501, "at most 500 characters")]
)
def test_a_question_that_is_none_does_not_stand(
    client: TestClient, house: str, question: str, detail: str
) -> None:
    refused = problem(client.post(f"{house}/watches", json={"question": question}))

    assert refused["errors"][0]["detail"] == detail


@pytest.mark.parametrize("watch_id", ["7", "00000000-0000-4000-8000-000000000001"])
def test_a_watch_that_is_not_there_is_not_found(client: TestClient, house: str, watch_id: str) -> None:
    for verb, path in (("GET", ""), ("DELETE", ""), ("GET", "/events")):
        assert problem(client.request(verb, f"{house}/watches/{watch_id}{path}"))["status"] == 404


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 16, "9" * 400])
def test_an_id_that_no_event_can_have_is_refused(client: TestClient, house: str, last: str) -> None:
    made = client.post(f"{house}/watches", json={"question": QUESTION}).json()

    refused = problem(
        client.get(f"{house}/watches/{made['watch_id']}/events", headers={"Last-Event-ID": last})
    )

    assert refused["errors"] == [
        {
            "parameter": "last-event-id",
            "location": "header",
            "code": "not_an_event",
            "detail": "must be an event's id",
        }
    ]
