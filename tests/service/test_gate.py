"""How many requests are inside at once, how long one may take, and what the others are told."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest
from fastapi import FastAPI
from starlette.responses import StreamingResponse
from starlette.testclient import TestClient

from memnet.memory import Memory
from service.app import create_app
from service.settings import Settings
from tests.service.keys import LOCAL
from tests.service.problem import problem


class Held:
    """A route that answers when it is let go."""

    def __init__(self, app: FastAPI) -> None:
        self.entered = threading.Semaphore(0)
        self.let_go = threading.Event()
        self.done = 0

        @app.get("/held")
        def held() -> str:
            self.entered.release()
            assert self.let_go.wait(60)
            self.done += 1
            return "done"


def test_one_more_than_may_be_inside_is_told_at_once_and_the_probes_are_answered(memory: Memory) -> None:
    app = create_app(Settings(max_concurrent_requests=2), memory)
    held = Held(app)
    with TestClient(app, LOCAL) as client, ThreadPoolExecutor(2) as pool:
        inside = [pool.submit(client.get, "/held") for _ in range(2)]
        for _ in inside:
            assert held.entered.acquire(timeout=30)
        refused = client.get("/v1/memories")
        probes = [client.get(path).status_code for path in ("/livez", "/readyz")]
        held.let_go.set()
        answered = [each.result(timeout=30).status_code for each in inside]
        after = client.get("/v1/memories")

    assert refused.headers["Retry-After"] == "1"
    assert problem(refused) == {
        "type": "/problems/overloaded",
        "title": "Too many requests are waiting",
        "status": 503,
        "detail": "2 requests are being answered already",
        "instance": "/v1/memories",
        "code": "overloaded",
    }
    assert probes == answered == [200, 200]
    assert after.status_code == 200


def test_a_request_that_takes_too_long_is_answered_and_keeps_its_place_until_it_is_done(
    memory: Memory,
) -> None:
    app = create_app(Settings(request_timeout_s=0.3, max_concurrent_requests=1), memory)
    held = Held(app)
    with TestClient(app, LOCAL) as client:
        late = client.get("/held")
        meanwhile = client.get("/v1/memories")
        held.let_go.set()
        for _ in range(600):
            if client.get("/v1/memories").status_code == 200:
                break
            threading.Event().wait(0.05)
        assert client.get("/v1/memories").status_code == 200

    assert late.headers["Retry-After"] == "5"
    assert problem(late) == {
        "type": "/problems/timed-out",
        "title": "The request takes too long",
        "status": 503,
        "detail": "not done within 0.3 s",
        "instance": "/held",
        "code": "timed_out",
    }
    assert problem(meanwhile)["code"] == "overloaded"
    assert held.done == 1


def test_a_body_that_never_ends_is_not_waited_for(memory: Memory) -> None:
    app = create_app(Settings(request_timeout_s=0.3), memory)
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        if not receive_began.is_set():
            receive_began.set()
            return {"type": "http.request", "body": b"{", "more_body": True}
        await anyio.sleep(60)
        raise AssertionError

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    receive_began = threading.Event()
    scope = {
        "type": "http", "method": "POST", "path": "/v1/answers", "raw_path": b"/v1/answers",
        "query_string": b"", "headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000), "scheme": "http", "http_version": "1.1", "root_path": "",
    }  # fmt: skip
    anyio.run(app, scope, receive, send)

    assert sent[0]["status"] == 503


def test_a_stream_of_events_has_no_end_and_no_place(memory: Memory) -> None:
    app = create_app(Settings(request_timeout_s=3, max_concurrent_requests=1), memory)
    begun, last = threading.Event(), threading.Event()

    @app.get("/events")
    async def events() -> StreamingResponse:
        async def told() -> AsyncIterator[str]:
            yield "data: 1\n\n"
            begun.set()
            while not last.is_set():
                await anyio.sleep(0.01)
            yield "data: 2\n\n"

        return StreamingResponse(told(), media_type="text/event-stream")

    with TestClient(app, LOCAL) as client, ThreadPoolExecutor(1) as pool:
        stream = pool.submit(client.get, "/events")
        try:
            assert begun.wait(20)
            assert client.get("/livez").status_code == 200
            threading.Event().wait(3.5)
            assert client.get("/v1/version").status_code == 200
        finally:
            last.set()
        assert stream.result(timeout=20).text == "data: 1\n\ndata: 2\n\n"


@pytest.mark.filterwarnings("error")
def test_what_fails_behind_the_gate_is_still_a_problem(memory: Memory) -> None:
    app = create_app(Settings(), memory)

    @app.get("/fail")
    def fail() -> None:
        raise RuntimeError("hunter2")

    with TestClient(app, LOCAL) as client:
        assert problem(client.get("/fail"))["code"] == "internal_error"
