"""The client against the running service: every operation, retries that do nothing twice, errors, events."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from memnet.client import (
    AsyncClient,
    Client,
    Conflict,
    Gone,
    Invalid,
    NotFound,
    Retries,
    TooManyRequests,
    Unavailable,
    Unreachable,
)
from memnet.client.transport import Call
from service import reference
from tests.service.server import serving

STORY = [{"text": "Mary got the football there."}, {"text": "Mary went back to the garden."}]
QUESTION = "Where is the football?"
AT_ONCE = Retries(first_wait_s=0.0)


@pytest.fixture
def address(database: Path) -> Iterator[str]:
    with serving(database) as http:
        yield str(http.base_url)


def answering(
    *replies: httpx2.Response | Exception | Callable[[httpx2.Request], Any],
) -> tuple[Client, list[httpx2.Request]]:
    """A client whose requests are answered one after the other like this."""
    requests: list[httpx2.Request] = []
    rest = iter(replies)

    def answer(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        reply = next(rest)
        if isinstance(reply, Exception):
            raise reply
        response: httpx2.Response = reply if isinstance(reply, httpx2.Response) else reply(request)
        return response

    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    return Client("http://memnet", key="mn_x", retries=AT_ONCE, http=http), requests


def problem(status: int, **headers: str) -> httpx2.Response:
    return httpx2.Response(status, json={"title": "No", "code": "no", "status": status}, headers=headers)


def test_every_operation_is_a_method_of_both_clients() -> None:
    operations = {
        operation["operationId"]
        for verbs in json.loads(reference.api())["paths"].values()
        for operation in verbs.values()
    }
    for client in (Client, AsyncClient):
        for name in operations:
            assert callable(getattr(client, name)), name
    for name in operations - {"follow_watch"}:
        sync, awaited = (
            inspect.signature(getattr(Client, name)),
            inspect.signature(getattr(AsyncClient, name)),
        )
        assert sync == awaited
        assert inspect.iscoroutinefunction(getattr(AsyncClient, name))


def test_the_football_story_by_a_program_that_waits(address: str) -> None:
    with Client(address) as memnet:
        memnet.put_memory("house", description="where things are")
        told = memnet.post_facts("house", STORY)
        answer = memnet.ask_memory("house", QUESTION, save=True, attention="none")
        assert (answer["answer"], answer["hops"][0]["attention"]) == ("garden", [])
        assert answer["answer_id"] is not None
        replay = memnet.replay_answer("house", answer["answer_id"])
        assert replay["identical"]
        supposed = memnet.ask_memory(
            "house", QUESTION, overlay={"add": [{"text": "Mary went to the kitchen."}]}
        )
        assert supposed["answer"] == "kitchen"
        past = memnet.list_facts("house", as_of_revision=0)
        assert (past["items"], past["has_more"]) == ([], False)
        memnet.forget_fact("house", told["facts"][0]["fact_id"])
        assert [fact["seq"] for fact in memnet.list_facts("house", order="desc")["items"]] == [2]
        assert memnet.get_memory("house")["description"] == "where things are"
        with pytest.raises(NotFound) as raised:
            memnet.get_fact("house", told["facts"][0]["fact_id"])
        assert raised.value.code == "not_found"
        plan = memnet.erase_facts("house", fact_ids=[told["facts"][0]["fact_id"]])["plan_id"]
        assert memnet.erase_facts("house", plan_id=plan, dry_run=False)["dry_run"] is False
        with pytest.raises(Gone):
            memnet.ask_memory("house", QUESTION, as_of={"revision": 1})
        memnet.delete_memory("house", confirm="house")
        assert memnet.list_memories()["items"] == []


def test_the_football_story_by_an_asynchronous_program(address: str) -> None:
    async def story() -> list[str | None]:
        async with AsyncClient(address) as memnet:
            await memnet.put_memory("house")
            await memnet.post_facts("house", STORY)
            answers = await asyncio.gather(*(memnet.ask_memory("house", QUESTION) for _ in range(5)))
            watch = await memnet.post_watch("house", QUESTION)
            heard: list[str | None] = [answer["answer"] for answer in answers]
            async for event in memnet.follow_watch("house", watch["watch_id"]):
                heard.append(f"{event.name} {event.id}")
                if event.name == "answer":
                    await memnet.delete_watch("house", watch["watch_id"])
            with pytest.raises(NotFound):
                await memnet.get_watch("house", watch["watch_id"])
            return heard

    assert asyncio.run(story()) == ["garden"] * 5 + ["answer 1", "gone 1"]


def test_a_watch_is_followed_until_it_is_gone(address: str) -> None:
    heard = []
    with Client(address) as memnet:
        memnet.put_memory("house")
        watch = memnet.post_watch("house", QUESTION)["watch_id"]
        for event in memnet.follow_watch("house", watch):
            if event.name == "answer":
                memnet.post_facts("house", STORY)
            elif event.name == "answer_changed":
                heard.append(event.data["now"]["answer"])
                memnet.delete_watch("house", watch)
    assert heard == ["garden"]


class LosingReplies(httpx2.HTTPTransport):
    """Delivers every request; the first replies are lost on the way."""

    def __init__(self, lost: int) -> None:
        super().__init__()
        self.lost = lost

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = super().handle_request(request)
        if self.lost:
            self.lost -= 1
            response.read()
            raise httpx2.ReadError("the connection was lost")
        return response


def test_facts_whose_reply_was_lost_are_stored_once(address: str) -> None:
    with Client(address) as plain:
        plain.put_memory("house")
    http = httpx2.Client(transport=LosingReplies(2), timeout=10)

    with Client(address, http=http, retries=AT_ONCE) as memnet:
        told = memnet.post_facts("house", STORY)
        again = memnet.post_facts("house", STORY)

    assert [fact["seq"] for fact in told["facts"]] == [1, 2]
    assert [fact["seq"] for fact in again["facts"]] == [3, 4]  # another call is another request


def test_a_deletion_whose_reply_was_lost_is_done_and_not_an_error(address: str) -> None:
    with Client(address) as plain:
        plain.put_memory("house")
        fact_id = plain.post_facts("house", STORY)["facts"][0]["fact_id"]
        http = httpx2.Client(transport=LosingReplies(1), timeout=10)

        with Client(address, http=http, retries=AT_ONCE) as memnet:
            memnet.forget_fact("house", fact_id)

        assert plain.get_memory("house")["counts"]["facts"] == 1
        with pytest.raises(NotFound):
            plain.forget_fact("house", fact_id)


@pytest.mark.parametrize("failure", [503, 502, 504, "read", "connect"])
def test_what_may_be_sent_twice_is_sent_again(failure: int | str) -> None:
    failing = {
        "read": httpx2.ReadTimeout("slow"),
        "connect": httpx2.ConnectError("refused"),
    }.get(str(failure)) or problem(int(failure))
    client, requests = answering(failing, failing, httpx2.Response(200, json={"answer": "garden"}))

    assert client.ask_memory("house", QUESTION)["answer"] == "garden"
    assert len({request.content for request in requests}) == 1
    assert len(requests) == 3


def test_the_same_key_names_every_try_of_a_post_of_facts() -> None:
    client, requests = answering(problem(503), httpx2.ReadError("lost"), httpx2.Response(201, json={}))

    client.post_facts("house", [{"text": "Mary is there."}])

    keys = {request.headers["Idempotency-Key"] for request in requests}
    assert (len(requests), len(keys)) == (3, 1)
    mine, sent = answering(httpx2.Response(201, json={}))
    mine.post_facts("house", [{"text": "Mary is there."}], idempotency_key="robot-7")
    assert sent[0].headers.get_list("Idempotency-Key") == ["robot-7"]


@pytest.mark.parametrize(
    "call",
    [
        lambda memnet: memnet.ask_memory("house", QUESTION, save=True),
        lambda memnet: memnet.post_watch("house", QUESTION),
        lambda memnet: memnet.erase_facts("house", plan_id="x", dry_run=False),
    ],
)
def test_what_may_not_be_sent_twice_is_sent_again_only_if_it_cannot_have_been_done(
    call: Callable[[Client], Any],
) -> None:
    for failure, error in ((problem(503), Unavailable), (httpx2.ReadError("lost"), Unreachable)):
        client, requests = answering(failure)
        with pytest.raises(error):
            call(client)
        assert len(requests) == 1
    client, requests = answering(httpx2.ConnectError("no"), problem(429), httpx2.Response(200, json={}))
    call(client)
    assert len(requests) == 3


def test_it_gives_up_and_says_what_was_wrong() -> None:
    client, requests = answering(*[problem(429)] * 4)
    with pytest.raises(TooManyRequests):
        client.get_limits()
    assert len(requests) == 4
    client, _ = answering(*[httpx2.ConnectError("refused")] * 4)
    with pytest.raises(Unreachable, match="no answer from http://memnet: refused"):
        client.get_limits()


def test_it_waits_as_long_as_it_is_told() -> None:
    retries = Retries(first_wait_s=0.2)

    assert retries.wait_s(1, problem(503, **{"Retry-After": "7"})) == 7
    assert retries.wait_s(1, problem(503, **{"Retry-After": "9999"})) == 30
    assert 0.1 <= retries.wait_s(1, None) <= 0.2
    assert 0.4 <= retries.wait_s(3, problem(503, **{"Retry-After": "Fri"})) <= 0.8
    assert not Retries(tries=1).again(Call("GET", "/"), 1, problem(503))


def test_an_error_names_the_fields_that_are_not_valid(address: str) -> None:
    with Client(address) as memnet, pytest.raises(Invalid) as raised:
        memnet.ask_facts([{"text": "?!"}], QUESTION)

    error = raised.value
    assert str(error) == "Request is not valid: 1 field is not valid: #/facts/0/text: at least one word"
    assert (error.status, error.code) == (422, "validation_error")
    assert error.errors == [{"pointer": "#/facts/0/text", "code": "no_words", "detail": "at least one word"}]
    assert error.request_id


def test_an_answer_of_something_in_between_is_an_error_too() -> None:
    client, _ = answering(httpx2.Response(409, text="<html>", headers={"X-Request-ID": "r1"}))

    with pytest.raises(Conflict, match="the service answered 409") as raised:
        client.get_limits()
    assert raised.value.request_id == "r1"


def test_the_example_of_the_page_runs(address: str) -> None:
    page = (reference.DOCS / "how-to" / "client.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)

    done = subprocess.run(
        [sys.executable, "-c", example.replace("http://127.0.0.1:8000", address)],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.stdout, done.stderr) == ("garden\n", "")


def test_the_key_is_sent_and_names_are_quoted() -> None:
    client, requests = answering(httpx2.Response(200, json={}))

    client.get_memory("a/b?c", min_revision=3)

    assert requests[0].headers["Authorization"] == "Bearer mn_x"
    assert requests[0].url.raw_path == b"/v1/memories/a%2Fb%3Fc?min_revision=3"


class Breaking(httpx2.SyncByteStream):
    """A stream whose connection is lost at its end."""

    def __init__(self, *chunks: str) -> None:
        self.chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            yield chunk.encode()
        raise httpx2.ReadError("lost")


def test_a_broken_stream_is_gone_on_with_behind_the_last_event() -> None:
    def stream(*chunks: str) -> httpx2.Response:
        return httpx2.Response(200, headers={"Content-Type": "text/event-stream"}, stream=Breaking(*chunks))

    client, requests = answering(
        stream("retry: 0\n\n", "event: answer\nid: 1\ndata: {}\n\n", "event: answer_changed\nid: 9\nda"),
        problem(503),
        httpx2.ConnectError("refused"),
        stream(": ping\n\n", "id: 4\n\n"),
        stream('event: gone\ndata: {"watch_id":\ndata: "w"}\n\n'),
    )

    events = list(client.follow_watch("house", "w"))

    assert [(each.name, each.id, each.data) for each in events] == [
        ("answer", "1", {}),
        ("gone", "4", {"watch_id": "w"}),
    ]
    # The half event with id 9 was never received as a whole.
    assert [request.headers.get("Last-Event-ID") for request in requests] == [None, "1", "1", "1", "4"]
    refused, _ = answering(problem(404))
    with pytest.raises(NotFound):
        list(refused.follow_watch("house", "w"))


def test_the_client_loads_no_network() -> None:
    """A program that only asks does not wait for PyTorch."""
    code = (
        "import sys, memnet.client; assert not {'torch', 'faiss', 'sqlalchemy', 'fastapi'} & set(sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    assert done.stderr == ""
