"""Tools for agents, called as agents do: through the protocol's own client, over HTTP, with keys."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from memnet.errors import InputError
from memnet.memory import Memory
from service.app import create_app
from service.settings import Settings
from tests.service.keys import bearer, make
from tests.service.server import serving

STORY = ["Mary got the football there.", "Mary went back to the garden."]
QUESTION = "Where is the football?"


@pytest.fixture
def http(database: Path) -> Iterator[httpx2.Client]:
    with serving(database, mcp=True) as http:
        yield http


def calls(http: httpx2.Client, *wanted: tuple[str, dict[str, Any]], key: str | None = None) -> list[Any]:
    """What tools answer, called one after the other: their results, or the text of their errors."""

    async def call() -> list[Any]:
        headers = {} if key is None else bearer(key)
        async with httpx2.AsyncClient(headers=headers, timeout=10) as own:
            transport = streamable_http_client(f"{str(http.base_url).rstrip(chr(47))}/mcp", http_client=own)
            async with Client(transport) as agent:
                found = []
                for name, arguments in wanted:
                    result = await agent.call_tool(name, arguments)
                    text = getattr(result.content[0], "text", "")
                    error = text.removeprefix(f"Error executing tool {name}: ")
                    found.append(error if result.is_error else result.structured_content)
                return found

    return asyncio.run(call())


def test_an_agent_remembers_asks_and_is_told_why(http: httpx2.Client) -> None:
    told, said, reasons, found = calls(
        http,
        ("remember", {"memory_id": "house", "facts": STORY, "create": True}),
        ("ask", {"memory_id": "house", "question": QUESTION}),
        ("why", {"memory_id": "house", "question": QUESTION, "why_not": "kitchen"}),
        ("search", {"memory_id": "house", "text": "Where is the football?", "limit": 1}),
    )

    ids = [fact["fact_id"] for fact in told["facts"]]
    assert (told["revision"], told["repeated"]) == (1, False)
    assert (said["answer"], said["reason"], said["revision"]) == ("garden", None, 1)
    assert {fact["fact_id"] for fact in said["evidence"][:2]} == set(ids)
    assert {fact["text"] for fact in said["evidence"][:2]} == set(STORY)
    assert reasons["answer"] == "garden"
    assert ids[1] in [fact["fact_id"] for fact in reasons["needed"]]
    assert reasons["smallest_change"] in ([ids[0]], [ids[1]])
    assert [fact["fact_id"] for fact in found["facts"]] == [ids[0]]
    # It is the memory of the HTTP API.
    assert http.get("/v1/memories/house").json()["counts"]["facts"] == 2


def test_a_forgotten_fact_is_used_no_more_and_the_past_can_be_asked(http: httpx2.Client) -> None:
    (told,) = calls(http, ("remember", {"memory_id": "house", "facts": STORY, "create": True}))
    fact_id = told["facts"][1]["fact_id"]

    forgotten, again, past, unknown = calls(
        http,
        ("forget", {"memory_id": "house", "fact_id": fact_id}),
        ("forget", {"memory_id": "house", "fact_id": fact_id}),
        ("ask", {"memory_id": "house", "question": QUESTION, "revision": 1}),
        ("forget", {"memory_id": "house", "fact_id": "the second one"}),
    )

    assert forgotten == {"revision": 2}
    assert again == "memory 'house' has no fact 2"
    assert past["answer"] == "garden"
    assert unknown == "memory 'house' has no fact with this id"


def test_a_call_under_the_same_name_stores_nothing_more(http: httpx2.Client) -> None:
    remember = ("remember", {"memory_id": "house", "facts": STORY, "create": True, "once": "monday"})

    first, second = calls(http, remember, remember)

    assert (first["repeated"], second["repeated"]) == (False, True)
    assert http.get("/v1/memories/house").json()["counts"]["facts"] == 2


def test_what_cannot_be_done_is_said_in_words(http: httpx2.Client) -> None:
    errors = calls(
        http,
        ("ask", {"memory_id": "house", "question": QUESTION}),
        ("remember", {"memory_id": "house", "facts": ["Mary is there.", "?!"], "create": True}),
        ("remember", {"memory_id": "house", "facts": [], "create": True}),
        ("ask", {"memory_id": "No memory!", "question": QUESTION}),
    )

    assert errors == [
        "there is no memory 'house'; create it first",
        "Request is not valid: #/facts/1/text: at least one word",
        "facts: at least 1 item",
        "there is no memory 'No memory!'; create it first",
    ]
    assert http.get("/v1/memories").json()["items"] == []  # not even made


def test_what_nobody_expected_stays_inside(http: httpx2.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("postgresql://user:secret@host")

    monkeypatch.setattr(Memory, "at", fail)

    (error,) = calls(http, ("ask", {"memory_id": "house", "question": QUESTION}))

    assert error == "Error executing tool ask"


def test_a_tool_is_counted_as_what_it_does(database: Path) -> None:
    with serving(database, mcp=True, rate_limit_ask_per_minute=1) as http:
        told, _, refused, again = calls(
            http,
            ("remember", {"memory_id": "house", "facts": STORY, "create": True}),
            ("ask", {"memory_id": "house", "question": QUESTION}),
            ("search", {"memory_id": "house", "text": QUESTION}),
            ("remember", {"memory_id": "house", "facts": STORY}),
        )

    assert (told["revision"], again["revision"]) == (1, 2)
    assert refused == ("Too many requests: 1 'ask' requests per minute for this address; call again in 60 s")


def test_a_key_is_asked_for_what_it_allows(http: httpx2.Client, database: Path) -> None:
    with Memory.open(f"sqlite:///{database}") as memory:
        owner = make(memory, "owner")
        reader = make(memory, "reader", memories=("house",), verbs=("read", "ask"))
        stranger = make(memory, "stranger", memories=("garden",))
    for name in ("house", "shed"):
        calls(http, ("remember", {"memory_id": name, "facts": STORY, "create": True}), key=owner)
    ask = ("ask", {"memory_id": "house", "question": QUESTION})

    said, refused, names = calls(
        http, ask, ("remember", {"memory_id": "house", "facts": STORY}), ("memories", {}), key=reader
    )
    foreign, missing, none = calls(
        http, ask, ("ask", {"memory_id": "nowhere", "question": QUESTION}), ("memories", {}), key=stranger
    )

    assert said["answer"] == "garden"
    assert refused == "The key does not allow this: the key does not allow 'write'"
    assert names == {"memories": ["house"], "more": False}
    assert foreign == "there is no memory 'house'; create it first"
    assert missing == foreign.replace("house", "nowhere")
    assert none == {"memories": [], "more": False}
    assert http.post("/mcp", json={}).status_code == 401
    log = http.get("/v1/memories/house/changes", headers=bearer(owner)).json()["items"]
    assert [change["actor"] for change in log] == ["owner"]


def test_without_the_setting_there_are_no_tools(database: Path) -> None:
    with serving(database) as http:
        assert http.post("/mcp", json={}).status_code == 404


def test_a_service_that_lacks_the_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "service.tools", raising=False)
    monkeypatch.setitem(sys.modules, "mcp.server", None)

    with pytest.raises(
        InputError, match="MEMNET_MCP is set, and the package 'mcp.server' is not installed"
    ) as raised:
        create_app(Settings(mcp=True))

    assert raised.value.hint == "install it with `pip install 'memnet[mcp]'`"
