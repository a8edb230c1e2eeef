"""The log: JSON objects that name the request, and hold nothing of what was said."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from memnet.memory import Memory
from service import logs
from service.app import create_app
from service.settings import Settings
from tests.service.keys import LOCAL, holding, make


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What the service logs, in this process; afterwards all is as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    out = io.StringIO()
    try:
        yield out
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_request_is_one_line_that_names_it(memory: Memory, stream: io.StringIO) -> None:
    logs.configure(Settings(log_format="json"), stream)
    key = make(memory, "robot-7")
    with holding(create_app(Settings(), memory), key) as client:
        stream.truncate(0)
        client.put("/v1/memories/house", headers={"X-Request-ID": "here-i-am"})
        client.get("/v1/memories/nowhere/facts")
        client.get("/livez")

    first, second = [line for line in _lines(stream) if line["logger"] == "memnet.access"]
    assert first.pop("elapsed_ms") >= 0
    assert first.pop("timestamp").endswith("Z")
    assert first == {
        "request_id": "here-i-am",
        "level": "info",
        "logger": "memnet.access",
        "method": "PUT",
        "path": "/v1/memories/house",
        "route": "/v1/memories/{memory_id}",
        "status": 201,
        "problem": None,
        "key": "robot-7",
        "client": "testclient",
        "message": "PUT /v1/memories/house 201",
    }
    assert (second["status"], second["problem"]) == (404, "not_found")
    assert second["request_id"] != "here-i-am"


def test_what_fails_is_logged_under_the_requests_id_on_one_line(app: FastAPI, stream: io.StringIO) -> None:
    logs.configure(Settings(log_format="json"), stream)

    @app.get("/fail")
    def fail() -> None:
        raise RuntimeError("the plug was pulled")

    with TestClient(app, LOCAL) as client:
        client.get("/fail", headers={"X-Request-ID": "here-i-am"})

    failed = next(line for line in _lines(stream) if line["level"] == "error")
    assert failed["request_id"] == "here-i-am"
    assert failed["message"] == "request here-i-am failed: GET /fail"
    assert "RuntimeError: the plug was pulled" in failed["exception"]


def test_nothing_that_was_said_or_asked_is_logged_at_any_level(memory: Memory, stream: io.StringIO) -> None:
    logs.configure(Settings(log_format="json", log_level="debug"), stream)
    key = make(memory, "robot-7")
    secret = "the diary is under the bed"
    with holding(create_app(Settings(), memory), key) as client:
        client.put("/v1/memories/house", json={"description": secret})
        client.post("/v1/memories/house/facts", json={"facts": [{"text": secret}, {"text": "Mary got it."}]})
        client.post("/v1/memories/house/facts", json={"facts": [{"text": [secret]}]})
        client.post("/v1/memories/house/answers", json={"question": f"Where is {secret}?"})
        client.post("/v1/memories/house/search", json={"text": secret})
        client.post("/v1/answers", json={"facts": [{"text": secret}], "question": secret})
        client.get("/v1/memories/house/facts", params={"q": secret})

    # The client's own lines are of this process too.
    said = "\n".join(str(line) for line in _lines(stream) if not line["logger"].startswith("httpx2"))
    assert said.count("memnet.access") == 7
    assert "diary" not in said
    assert key.split("_", 2)[2] not in said


def test_for_eyes_there_are_plain_lines(stream: io.StringIO) -> None:
    logs.configure(Settings(log_format="console", log_level="warning"), stream)

    logging.getLogger("memnet.service").info("quiet")
    logging.getLogger("memnet.service").warning("loud %d", 7, extra={"key": "robot-7"})

    line = stream.getvalue()
    assert "quiet" not in line
    assert "loud 7" in line
    assert "key=robot-7" in line
