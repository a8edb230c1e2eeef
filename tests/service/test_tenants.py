"""Tenants: every route of the application, asked with a key that is for somebody else's memories.

The routes are those that the application has, so that a new one is here on the day it is written.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from memnet.memory import Memory
from service.access import guarded
from service.app import create_app
from service.settings import Settings
from tests.service.keys import LOCAL, holding, make
from tests.service.problem import problem

PUBLIC = {
    "/",
    "/docs",
    "/docs/openapi.json",
    "/docs/start.js",
    "/docs/assets",
    "/livez",
    "/openapi.json",
    "/problems/{slug}",
    "/readyz",
    "/ui",
    "/ui/",
}
"""What anybody may read; nothing of it is about a memory."""


def _routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    for route in iter_route_contexts(app.routes):
        for method in sorted(getattr(route, "methods", None) or {"GET"}):
            yield method, route.path or ""


APP = create_app(Settings())
"""Nobody asks it anything."""

API = APP.openapi()
GUARDED = [route for route in sorted(_routes(APP)) if guarded(route[1])]
OF_A_MEMORY = [route for route in GUARDED if "{memory_id}" in route[1]]


@dataclass(frozen=True)
class Town:
    """A service with one memory, and keys of three people. No test changes anything in it."""

    memory: Memory
    names: dict[str, str]
    """What stands for the names in paths, of the memory that is there."""
    owner: TestClient
    stranger: TestClient
    """Whose key is for other memories, some of them with names that are nearly this one's."""
    nobody: TestClient


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, empty_database: Path, checkpoint: Path) -> Iterator[Town]:
    file = shutil.copy(empty_database, tmp_path_factory.mktemp("town") / "memnet.db")
    with Memory.open(f"sqlite:///{file}", checkpoint) as memory:
        app = create_app(Settings(), memory)
        owner = holding(app, make(memory, "owner"))
        stranger = holding(app, make(memory, "stranger", memories=("garden", "hous", "house-*")))
        owner.put("/v1/memories/house").raise_for_status()
        told = owner.post("/v1/memories/house/facts", json={"facts": [{"text": "Mary is there."}]})
        names = {"memory_id": "house", "fact_id": told.json()["facts"][0]["fact_id"]}
        yield Town(memory, names, owner, stranger, TestClient(app, LOCAL))


class _Names(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "0199a1f0-0000-7000-8000-000000000001"


def _path(template: str, names: dict[str, str]) -> str:
    return template.format_map(_Names(names))


def test_the_matrix_has_every_route() -> None:
    assert {path for _, path in _routes(APP) if not guarded(path)} == PUBLIC
    assert len(OF_A_MEMORY) >= 12
    assert ("POST", "/v1/memories/{memory_id}/facts") in OF_A_MEMORY


@pytest.mark.parametrize(("method", "template"), OF_A_MEMORY, ids=lambda part: part)
def test_somebody_elses_memory_is_a_missing_one_in_every_word(town: Town, method: str, template: str) -> None:
    before = town.memory.store.get_memory("house")
    found = {}
    for name in ("house", "nowhere"):
        path = _path(template, {**town.names, "memory_id": name})
        response = town.stranger.request(method, f"{path}?confirm={name}", json={})
        assert response.status_code == 404
        found[name] = problem(response)

    assert found["house"] == {
        "type": "/problems/not-found",
        "title": "Not found",
        "status": 404,
        "detail": "there is no memory 'house'",
        "instance": _path(template, town.names),
        "code": "not_found",
        "hint": "create it first",
    }
    # And the one that is not there is told of in the same words.
    assert found["nowhere"] == {
        **found["house"],
        "detail": "there is no memory 'nowhere'",
        "instance": _path(template, {**town.names, "memory_id": "nowhere"}),
    }
    assert town.memory.store.get_memory("house") == before
    assert [row.name for row in town.memory.store.list_memories()] == ["house"]


@pytest.mark.parametrize(("method", "template"), OF_A_MEMORY, ids=lambda part: part)
def test_a_missing_memory_is_told_of_in_these_words_to_its_owner_too(
    town: Town, method: str, template: str
) -> None:
    if (method, template) == ("PUT", "/v1/memories/{memory_id}"):
        return  # It would make the memory.
    path = _path(template, {**town.names, "memory_id": "nowhere"})
    query = "?confirm=nowhere" if (method, template) == ("DELETE", "/v1/memories/{memory_id}") else ""

    response = town.owner.request(method, path + query, json=_example(method, template))

    assert problem(response) == {
        "type": "/problems/not-found",
        "title": "Not found",
        "status": 404,
        "detail": "there is no memory 'nowhere'",
        "instance": path,
        "code": "not_found",
        "hint": "create it first",
    }


def _example(method: str, template: str) -> Any:
    """A body that the route accepts, so that it comes to look for the memory: the first published example."""
    body = API["paths"][template][method.lower()].get("requestBody")
    if body is None:
        return None
    schema = body["content"]["application/json"]["schema"]
    name = schema["$ref"].rpartition("/")[2]
    return API["components"]["schemas"][name]["examples"][0]


@pytest.mark.parametrize(("method", "template"), GUARDED, ids=lambda part: part)
def test_without_a_key_no_route_says_anything(town: Town, method: str, template: str) -> None:
    found = [
        problem(town.nobody.request(method, _path(template, {**town.names, "memory_id": name}), json={}))
        for name in ("house", "nowhere")
    ]

    assert [each["code"] for each in found] == ["unauthenticated"] * 2
    assert {each["detail"] for each in found} == {"a key is needed: Authorization: Bearer mn_…"}
