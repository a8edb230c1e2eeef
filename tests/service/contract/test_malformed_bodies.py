"""Bodies that nobody should send, to every route that reads one: each is refused as a problem, none is a 5xx.

Some are bytes without sense, some are the published examples with one part replaced by anything JSON can
write, also what it should not: NaN, half of a surrogate pair, numbers of a thousand digits, nests.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from memnet.memory import Memory
from service.app import create_app
from service.settings import Settings
from tests.service.keys import holding, make

API = create_app(Settings()).openapi()
ROUTES = [
    (verb.upper(), path)
    for path, verbs in sorted(API["paths"].items())
    for verb, operation in verbs.items()
    if "requestBody" in operation
]
TYPES = [
    "application/json",
    "application/json; charset=utf-16",
    "application/json; charset=nonsense",
    "application/vnd.api+json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "text/plain",
    "application/",
    "\xff/\xfe",
    "",
]

ODD = [
    float("nan"),
    float("inf"),
    -float("inf"),
    10**400,
    -(10**18),
    2**63,
    1e308,
    -0.0,
    "\ud800",
    "\udfff and more",
    "\0",
    "\u202e\u0301\ufeff",
    "x" * 5000,
    "a " * 3000,
    "9999-99-99T99:99:99Z",
    "00000000-0000-0000-0000-00000000000g",
]
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**400), 10**400)
    | st.floats()
    | st.text(st.characters(), max_size=20)
    | st.sampled_from(ODD),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def _example(verb: str, path: str) -> Any:
    """The first published body of a route."""
    schema = API["paths"][path][verb.lower()]["requestBody"]["content"]["application/json"]["schema"]
    options = [option for option in schema.get("anyOf", [schema]) if "$ref" in option]
    return API["components"]["schemas"][options[0]["$ref"].rpartition("/")[2]]["examples"][0]


def _places(node: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    for key, child in (
        node.items() if isinstance(node, dict) else enumerate(node if type(node) is list else ())
    ):
        yield from _places(child, (*at, key))


def _with(node: Any, place: tuple[Any, ...], value: Any) -> Any:
    """The same value with one part replaced."""
    if not place:
        return value
    changed = node.copy()
    changed[place[0]] = _with(node[place[0]], place[1:], value)
    return changed


@st.composite
def _bodies(draw: st.DrawFn, example: Any) -> bytes:
    written = json.dumps(example).encode()
    match draw(st.integers(0, 6)):
        case 0:
            return draw(st.binary(max_size=200))
        case 1:
            return written[: draw(st.integers(0, len(written) - 1))]
        case 2:
            at = draw(st.integers(0, len(written) - 1))
            return written[:at] + draw(st.binary(min_size=1, max_size=4)) + written[at + 1 :]
        case 3:
            depth = draw(st.sampled_from([10, 900, 5000, 100_000]))
            opening, closing = draw(st.sampled_from([(b"[", b"]"), (b'{"facts":', b"}"), (b"[", b"")]))
            return opening * depth + b"1" + closing * depth
        case 4:
            encoding = draw(st.sampled_from(["utf-16", "utf-32", "utf-8-sig", "latin-1"]))
            return (json.dumps(example, ensure_ascii=False) + "é").encode(encoding)
        case _:
            place = draw(st.sampled_from(list(_places(example))))
            # Both as escapes and as the bytes that no UTF-8 has.
            changed = json.dumps(_with(example, place, draw(ANYTHING)), ensure_ascii=draw(st.booleans()))
            return changed.encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory, empty_database: Path, checkpoint: Path
) -> Iterator[tuple[TestClient, dict[str, str]]]:
    """A service with something of everything, and the names of it."""
    file = shutil.copy(empty_database, tmp_path_factory.mktemp("malformed") / "memnet.db")
    with Memory.open(f"sqlite:///{file}", checkpoint) as memory:
        app = create_app(Settings(rate_limit_per_minute=0), memory)
        client = holding(app, make(memory, "fuzz"))
        client.put("/v1/memories/house").raise_for_status()
        client.post(
            "/v1/memories/house/facts", json={"facts": [{"text": "Mary is in the garden."}]}
        ).raise_for_status()
        kept = client.post("/v1/memories/house/answers", json={"question": "Where is Mary?", "save": True})
        # What the service does not expect is answered as it would be, and not raised here.
        quiet = TestClient(app, str(client.base_url), raise_server_exceptions=False, headers=client.headers)
        yield quiet, {"memory_id": "house", "answer_id": kept.json()["answer_id"]}


def test_every_route_with_a_body_is_here() -> None:
    assert len(ROUTES) >= 9
    assert ("POST", "/v1/memories/{memory_id}/facts") in ROUTES


@pytest.mark.parametrize(("verb", "path"), ROUTES, ids=lambda part: part)
def test_a_malformed_body_is_a_callers_mistake(
    service: tuple[TestClient, dict[str, str]], verb: str, path: str
) -> None:
    client, names = service

    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[*HealthCheck])
    @given(body=_bodies(_example(verb, path)), kind=st.sampled_from(TYPES[:1] * 12 + TYPES))
    def fuzz(body: bytes, kind: str) -> None:
        headers = [(b"content-type", kind.encode("latin-1"))]
        response = client.request(verb, path.format_map(names), content=body, headers=headers)

        assert response.status_code < 500, response.text
        if response.status_code >= 400:
            assert response.headers["Content-Type"] == "application/problem+json"
            assert response.json()["status"] == response.status_code

    fuzz()


@pytest.mark.parametrize(("verb", "path"), ROUTES, ids=lambda part: part)
def test_a_body_that_says_it_is_compressed_is_not_guessed_at(
    service: tuple[TestClient, dict[str, str]], verb: str, path: str
) -> None:
    client, names = service
    body = gzip.compress(json.dumps(_example(verb, path)).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}

    response = client.request(verb, path.format_map(names), content=body, headers=headers)

    assert (response.status_code, response.json()["code"]) == (400, "malformed_json")
