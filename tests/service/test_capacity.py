"""How many requests may use the network at once, how long the others wait, and what those are told who may not."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from memnet.memory import Memory
from memnet.memory_at import MemoryAt
from service import asking, problems
from service.app import create_app
from service.capacity import Capacity
from service.errors import Refused
from service.settings import Settings
from tests.service.keys import LOCAL
from tests.service.server import serving

QUESTION = {"question": "Where is the football?"}


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 30))


def test_no_more_than_the_bound_run_at_once_and_the_others_follow_in_their_order() -> None:
    async def all_of_them() -> None:
        capacity = Capacity(running=2, waiting=5, longest_s=20)
        inside: set[int] = set()
        order: list[int] = []

        async def work(number: int) -> None:
            async with capacity.turn():
                inside.add(number)
                order.append(number)
                assert len(inside) <= 2
                await asyncio.sleep(0.01)
                inside.discard(number)

        await asyncio.gather(*(work(number) for number in range(7)))
        assert order == list(range(7))

    run(all_of_them())


def test_one_more_than_may_wait_is_refused_at_once() -> None:
    async def all_of_them() -> None:
        capacity = Capacity(running=1, waiting=1, longest_s=20)

        async def wait() -> None:
            async with capacity.turn():
                pass

        async with capacity.turn():
            waiting = asyncio.create_task(wait())
            await asyncio.sleep(0)
            began = time.monotonic()
            with pytest.raises(Refused, match="1 requests wait for the network already") as caught:
                await wait()
            assert caught.value.kind is problems.OVERLOADED
            assert time.monotonic() - began < 10
        await waiting
        await wait()  # The places are free again.

    run(all_of_them())


def test_who_waits_longer_than_one_may_is_told_so_and_the_place_in_line_is_free_again() -> None:
    async def all_of_them() -> None:
        capacity = Capacity(running=1, waiting=1, longest_s=0.05)
        async with capacity.turn():
            for _ in range(3):
                with pytest.raises(Refused, match="not this request's turn within 0.05 s"):
                    async with capacity.turn():
                        raise AssertionError
        async with capacity.turn():
            pass

    run(all_of_them())


def test_a_place_is_given_back_when_the_work_fails() -> None:
    async def all_of_them() -> None:
        capacity = Capacity(running=1, waiting=0, longest_s=20)
        for _ in range(3):
            with pytest.raises(ValueError, match="no"):
                async with capacity.turn():
                    raise ValueError("no")

    run(all_of_them())


def slow_searches(monkeypatch: pytest.MonkeyPatch, each_s: float) -> None:
    """Searches that take a while, as on a busy machine."""
    nearest = MemoryAt.nearest

    def slowly(at: MemoryAt, *given: Any) -> Any:
        time.sleep(each_s)
        return nearest(at, *given)

    monkeypatch.setattr(MemoryAt, "nearest", slowly)


def test_128_connections_that_ask_at_once_are_all_answered(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_searches(monkeypatch, 0.005)
    with serving(database, max_wait_s=60, request_timeout_s=120) as client, ThreadPoolExecutor(128) as pool:
        client.put("/v1/memories/house").raise_for_status()
        client.post(
            "/v1/memories/house/facts", json={"facts": [{"text": "Mary is there."}]}
        ).raise_for_status()

        def ask(connection: httpx2.Client) -> int:
            with connection:
                return connection.post("/v1/memories/house/search", json={"text": "Mary"}).status_code

        tls = ssl.create_default_context()  # making one for each takes longer than asking
        connections = [httpx2.Client(base_url=client.base_url, timeout=120, verify=tls) for _ in range(128)]
        statuses = Counter(pool.map(ask, connections))

    assert statuses == {200: 128}


def _one_at_a_time(memory: Memory) -> FastAPI:
    app = create_app(Settings(max_wait_s=0.05), memory)
    app.state.capacity = Capacity(running=1, waiting=5, longest_s=0.05)
    return app


def test_an_overloaded_service_says_so_and_still_reads_and_remembers(
    memory: Memory, house: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_searches(monkeypatch, 2)
    app = _one_at_a_time(memory)
    with TestClient(app, LOCAL) as client, ThreadPoolExecutor(1) as pool:
        busy = pool.submit(client.post, f"{house}/search", json={"text": "Mary"})
        while not app.state.capacity._asking.locked():
            time.sleep(0.005)
        refused = client.post(f"{house}/answers", json=QUESTION)
        told = client.post(f"{house}/facts", json={"facts": [{"text": "Mary is there."}]})
        explained = client.get(f"{house}/facts", params={"writes": True})
        read = client.get(f"{house}/facts")
        assert busy.result(timeout=30).status_code == 200
        after = client.post(f"{house}/answers", json=QUESTION)

    assert [each.status_code for each in (refused, told, explained, read, after)] == [503, 201, 200, 200, 200]
    assert refused.json()["code"] == "overloaded"
    assert refused.json()["detail"] == "it was not this request's turn within 0.05 s"
    assert refused.headers["Retry-After"] == "1"
    assert len(read.json()["items"]) == 3


def test_questions_and_posts_do_not_wait_for_what_takes_long(
    memory: Memory, house: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    explain = asking.explain

    def slowly(*given: Any, **named: Any) -> Any:
        time.sleep(2)
        return explain(*given, **named)

    monkeypatch.setattr(asking, "explain", slowly)
    app = _one_at_a_time(memory)
    told = {"facts": [{"text": "Mary is there."}]}
    with TestClient(app, LOCAL) as client, ThreadPoolExecutor(1) as pool:
        busy = pool.submit(client.post, f"{house}/answers", json=QUESTION | {"explain": {}})
        while not app.state.capacity._places.locked():
            assert not busy.done()
            time.sleep(0.005)
        short = [client.post(f"{house}/answers", json=QUESTION)]
        short += [client.post(f"{house}/search", json={"text": "Mary"})]
        post = client.post(f"{house}/facts", json=told)
        long = [client.post(f"{house}/answers", json=QUESTION | {"save": True})]
        long += [client.post(f"{house}/answers/batch", json={"questions": ["Where is Mary?"]})]
        long += [client.get(f"{house}/facts", params={"writes": True})]
        assert busy.result(timeout=30).status_code == 200

    assert {each.status_code for each in short} == {200}
    assert post.status_code == 201
    assert {each.status_code for each in long} == {503}


def test_nothing_but_posts_waits_for_posts(
    memory: Memory, house: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember = Memory.remember

    def slowly(memory: Memory, *given: Any, **named: Any) -> Any:
        time.sleep(2)
        return remember(memory, *given, **named)

    monkeypatch.setattr(Memory, "remember", slowly)
    app = _one_at_a_time(memory)
    told = {"facts": [{"text": "Mary is there."}]}
    with TestClient(app, LOCAL) as client, ThreadPoolExecutor(1) as pool:
        busy = pool.submit(client.post, f"{house}/facts", json=told)
        while not app.state.capacity._telling.locked():
            assert not busy.done()
            time.sleep(0.005)
        short = client.post(f"{house}/answers", json=QUESTION)
        long = client.post(f"{house}/answers/batch", json={"questions": ["Where is Mary?"]})
        refused = client.post(f"{house}/facts", json=told)
        assert busy.result(timeout=30).status_code == 201

    assert [each.status_code for each in (short, long, refused)] == [200, 200, 503]


def test_workers_that_share_a_file_leave_each_other_the_processors(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    server = "postgresql://user@host/name"

    def at_once(**settings: Any) -> int:
        found: int = create_app(Settings(**settings), memory).state.capacity.asking
        return found

    assert [at_once(workers=each) for each in (1, 2, 3, 16)] == [8, 4, 2, 1]
    # Whoever waits for a server leaves the processor to others meanwhile.
    assert at_once(workers=8, database_url=server) == 8


def test_three_quarters_of_the_places_may_wait_for_the_network(memory: Memory) -> None:
    def capacity(**settings: Any) -> Capacity:
        app: FastAPI = create_app(Settings(**settings), memory)
        found: Capacity = app.state.capacity
        return found

    usual, small = capacity(), capacity(max_concurrent_requests=1)

    assert usual.running + usual.waiting == 192
    assert small.running >= 1
    assert small.waiting == 0
