"""Keys: who is asked for one, what it opens, and what those are told whom it does not let in."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from memnet.errors import InputError, StoreUnavailable
from memnet.memory import Memory
from service import access, keyring
from service.access import needs
from service.app import create_app, open_memory
from service.settings import Settings
from tests.service.keys import LOCAL, bearer, holding, make
from tests.service.problem import problem


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys are looked up for every request, so that a test need not wait."""
    monkeypatch.setattr(keyring, "REMEMBERED_S", 0.0)


def test_a_service_without_keys_on_this_machine_asks_nobody(client: TestClient, house: str) -> None:
    assert client.get(house).status_code == 200


@pytest.mark.usefixtures("moment")
def test_the_first_key_closes_a_service_that_runs(client: TestClient, house: str, memory: Memory) -> None:
    key = make(memory, "ops")

    assert client.get(house).status_code == 401
    assert client.get(house, headers=bearer(key)).status_code == 200


@pytest.mark.usefixtures("moment")
def test_a_service_does_not_open_again_when_its_last_key_is_revoked(
    client: TestClient, house: str, memory: Memory
) -> None:
    key = make(memory, "ops")
    memory.store.keys.revoke("ops")

    assert client.get(house).status_code == 401
    assert client.get(house, headers=bearer(key)).status_code == 401


def test_who_sends_no_key_is_told_how(client: TestClient, house: str, memory: Memory) -> None:
    make(memory, "ops")
    app = create_app(Settings(), memory)

    response = TestClient(app, LOCAL).get(house)

    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert problem(response) == {
        "type": "/problems/unauthenticated",
        "title": "A key is needed",
        "status": 401,
        "detail": "a key is needed: Authorization: Bearer mn_…",
        "instance": house,
        "code": "unauthenticated",
    }


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        ("Bearer mn_00000000_" + "a" * 43, "there is no such key"),
        ("Bearer nonsense", "there is no such key"),
        ("Bearer", "a key is needed: Authorization: Bearer mn_…"),
        ("Basic b3BzOm9wcw==", "a key is needed: Authorization: Bearer mn_…"),
        ("Bearer " + "x" * 9000, "there is no such key"),
    ],
)
def test_a_header_that_holds_no_key_opens_nothing(memory: Memory, header: str, detail: str) -> None:
    make(memory, "ops")
    app = create_app(Settings(), memory)

    response = TestClient(app, LOCAL).get("/v1/memories", headers={"Authorization": header})

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert problem(response)["detail"] == detail


def test_a_key_that_has_expired_or_was_revoked_says_so(memory: Memory) -> None:
    soon = datetime.now(UTC) + timedelta(milliseconds=50)
    expired = make(memory, "expired", expires_at=soon)
    revoked = make(memory, "revoked")
    memory.store.keys.revoke("revoked")
    app = create_app(Settings(), memory)
    time.sleep(0.1)

    for key, detail in ((expired, "the key has expired"), (revoked, "the key was revoked")):
        response = holding(app, key).get("/v1/memories")
        assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
        assert problem(response)["detail"] == detail


def test_a_key_expires_also_while_it_is_remembered(memory: Memory) -> None:
    expires_at = datetime.now(UTC) + timedelta(seconds=4)
    key = make(memory, "short", expires_at=expires_at)
    with holding(create_app(Settings(), memory), key) as client:
        assert client.get("/v1/memories").status_code == 200
        time.sleep((expires_at - datetime.now(UTC)).total_seconds() + 0.1)
        assert client.get("/v1/memories").status_code == 401


def test_a_revoked_key_works_for_two_seconds_at_most(memory: Memory) -> None:
    key = make(memory, "ops")
    app = create_app(Settings(), memory)
    with holding(app, key) as client:
        assert client.get("/v1/memories").status_code == 200
        memory.store.keys.revoke("ops")
        deadline = time.monotonic() + keyring.REMEMBERED_S + 1
        while client.get("/v1/memories").status_code == 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_key_is_asked_for_before_the_body_is_read(memory: Memory) -> None:
    make(memory, "ops")
    app = create_app(Settings(max_body_bytes=2048), memory)

    for body in (b"{", b" " * 4000):
        response = TestClient(app, LOCAL).post(
            "/v1/answers", content=body, headers={"Content-Type": "application/json"}
        )
        assert response.status_code == 401


@pytest.mark.parametrize(
    "path", ["/livez", "/readyz", "/docs", "/openapi.json", "/ui", "/problems/not-found"]
)
def test_what_says_nothing_of_memories_needs_no_key(memory: Memory, path: str) -> None:
    make(memory, "ops")

    assert TestClient(create_app(Settings(), memory), LOCAL).get(path).status_code == 200


def test_a_verb_that_the_key_lacks_is_403_for_a_memory_it_sees(
    client: TestClient, house: str, memory: Memory
) -> None:
    key = make(memory, "reader", memories=("house",), verbs=("read",))
    app = create_app(Settings(), memory)

    response = holding(app, key).post(f"{house}/facts", json={"facts": [{"text": "John is there."}]})

    assert response.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="write"'
    assert problem(response) == {
        "type": "/problems/insufficient-scope",
        "title": "The key does not allow this",
        "status": 403,
        "detail": "the key does not allow 'write'",
        "instance": f"{house}/facts",
        "code": "insufficient_scope",
    }
    assert memory.store.get_memory("house").revision == 1


ASK: dict[str, Any] = {"json": {"question": "Where is Mary?"}}
TELL: dict[str, Any] = {"json": {"facts": [{"text": "John is there."}]}}

ALLOWED = [
    ("read", "GET", "/v1/memories", {}),
    ("read", "GET", "/v1/memories/house", {}),
    ("read", "GET", "/v1/memories/house/facts", {}),
    ("read", "GET", "/v1/memories/house/changes", {}),
    ("ask", "POST", "/v1/memories/house/answers", ASK),
    ("ask", "POST", "/v1/memories/house/answers/batch", {"json": {"questions": ["Where is Mary?"]}}),
    ("ask", "POST", "/v1/memories/house/search", {"json": {"text": "Mary"}}),
    ("ask", "POST", "/v1/answers", {"json": {"facts": [], "question": "Where is Mary?"}}),
    ("write", "PUT", "/v1/memories/house", {}),
    ("write", "POST", "/v1/memories/house/facts", TELL),
    ("erase", "POST", "/v1/memories/house/erasures", {"json": {"plan_id": "x"}}),
    ("erase", "DELETE", "/v1/memories/house?confirm=no", {}),
]


def test_keeping_and_standing_need_the_verb_of_writing_too(house: str, memory: Memory) -> None:
    app = create_app(Settings(), memory)
    asks = holding(app, make(memory, "asks", verbs=("ask",)))
    writes = holding(app, make(memory, "writes", verbs=("ask", "write")))
    question = {"question": "Where is Mary?"}

    for path, body in (("answers", {**question, "save": True}), ("watches", question)):
        assert problem(asks.post(f"{house}/{path}", json=body))["detail"] == "the key does not allow 'write'"
        made = writes.post(f"{house}/{path}", json=body)
        assert made.status_code == 201
        assert asks.get(made.headers["Location"]).status_code == 200
        assert asks.delete(made.headers["Location"]).status_code == 403
    assert asks.post(f"{house}/answers", json=question).status_code == 200
    assert problem(writes.delete(f"{house}/answers/x"))["detail"] == "the key does not allow 'erase'"


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(("verb", "method", "path", "sent"), ALLOWED)
def test_a_verb_allows_its_routes_and_no_others_do(
    memory: Memory, verb: str, method: str, path: str, sent: dict[str, Any]
) -> None:
    others = tuple(each for each in ("read", "ask", "write", "erase", "admin") if each != verb)
    with_it, without = make(memory, "with", verbs=(verb,)), make(memory, "without", verbs=others)
    app = create_app(Settings(), memory)

    assert holding(app, without).request(method, path, **sent).status_code == 403
    # The last two are refused for what was sent, behind the key.
    assert holding(app, with_it).request(method, path, **sent).status_code in (200, 201, 422)


def test_a_list_shows_the_memories_that_the_key_is_for(client: TestClient, memory: Memory) -> None:
    for name in ("house", "robot-1", "robot-2", "robot-3", "shed"):
        client.put(f"/v1/memories/{name}").raise_for_status()
    key = make(memory, "robots", memories=("robot-*", "shed", "nothing"), verbs=("read",))
    app = create_app(Settings(), memory)

    names: list[str] = []
    url: str | None = "/v1/memories?limit=3"
    while url:
        page = holding(app, key).get(url)
        names += [item["memory_id"] for item in page.json()["items"]]
        url = page.links.get("next", {}).get("url")

    assert names == ["robot-1", "robot-2", "robot-3", "shed"]


def test_a_key_for_a_beginning_may_make_memories_that_begin_so_and_no_others(memory: Memory) -> None:
    key = make(memory, "robots", memories=("robot-*",), verbs=("write",))
    app = create_app(Settings(), memory)

    assert holding(app, key).put("/v1/memories/robot-7").status_code == 201
    assert holding(app, key).put("/v1/memories/house").status_code == 404
    assert [row.name for row in memory.store.list_memories()] == ["robot-7"]


def test_the_log_names_the_key_that_each_change_was_made_with(
    client: TestClient, house: str, memory: Memory
) -> None:
    robot, keeper = make(memory, "robot-7"), make(memory, "keeper")
    app = create_app(Settings(), memory)
    with holding(app, robot) as asking:
        asking.post(f"{house}/facts", **TELL).raise_for_status()
        fact = asking.get(f"{house}/facts?order=desc").json()["items"][0]["fact_id"]
    with holding(app, keeper) as asking:
        asking.delete(f"{house}/facts/{fact}").raise_for_status()
        changes = asking.get(f"{house}/changes").json()["items"]

    assert [(change["op"], change["actor"]) for change in changes] == [
        ("add", None),
        ("add", "robot-7"),
        ("forget", "keeper"),
    ]


def test_the_last_use_of_a_key_is_noted(memory: Memory) -> None:
    key = make(memory, "ops")
    before = datetime.now(UTC)

    holding(create_app(Settings(), memory), key).get("/v1/memories").raise_for_status()

    used = memory.store.keys.list()[0].last_used_at
    assert used is not None
    assert used >= before


def test_a_database_that_does_not_answer_lets_nobody_in(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> bool:
        raise StoreUnavailable("postgresql://memnet:hunter2@db")

    monkeypatch.setattr(memory.store.keys, "exist", away)

    response = TestClient(create_app(Settings(), memory), LOCAL).get("/v1/memories")

    assert problem(response)["code"] == "database_unavailable"
    assert "hunter2" not in response.text


def test_a_public_service_asks_for_keys_also_before_there_is_one(memory: Memory) -> None:
    app = create_app(Settings(host="0.0.0.0"), memory)

    assert TestClient(app, LOCAL).get("/v1/memories").status_code == 401


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.7", "memnet.example", "2001:db8::1"])
def test_a_public_service_does_not_start_without_a_key(database: Any, checkpoint: Any, host: str) -> None:
    settings = Settings(host=host, database_url=f"sqlite:///{database}", checkpoint=checkpoint)

    with pytest.raises(InputError) as raised:
        open_memory(settings)
    assert str(raised.value) == (
        f"host {host or '(every interface)'} can be reached from other machines, and there is no key to ask "
        "them for"
    )

    with Memory.open(settings.url, checkpoint) as memory:
        make(memory, "ops")
    open_memory(settings).close()


def test_a_public_service_without_keys_is_the_operators_decision(memory: Memory) -> None:
    settings = Settings(host="0.0.0.0", allow_unauthenticated=True)

    assert TestClient(create_app(settings, memory), LOCAL).get("/v1/memories").status_code == 200
    make(memory, "ops")
    assert TestClient(create_app(settings, memory), LOCAL).get("/v1/memories").status_code == 401


def test_a_route_that_somebody_forgets_to_guard_stops_the_service(app: FastAPI) -> None:
    access.check_routes(app)

    @app.get("/v1/memories/{memory_id}/diary")
    def diary(memory_id: str) -> None: ...

    with pytest.raises(RuntimeError, match=r"^GET /v1/memories/\{memory_id\}/diary asks for no key; "):
        access.check_routes(app)


def test_a_verb_that_is_none_cannot_be_needed() -> None:
    with pytest.raises(AssertionError):
        needs("dance")
