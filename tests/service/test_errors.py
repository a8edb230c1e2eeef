"""Errors: every one is problem details, none repeats what was sent or tells what went on inside."""

from __future__ import annotations

import html
import json
import logging
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from memnet.errors import CheckpointError, MemnetError, SchemaMismatch, StoreUnavailable, VectorDamaged
from service.app import create_app
from service.problems import KINDS
from service.settings import Settings

LOCAL = "http://localhost"

FACTS = "/v1/memories/house/facts"
JSON = {"Content-Type": "application/json"}


def _problem(response: Any) -> dict[str, Any]:
    """The body of a problem, without the request id, which differs every time."""
    assert response.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == response.status_code
    assert body.pop("request_id") == response.headers["X-Request-ID"]
    return body


def test_a_path_that_does_not_exist(client: TestClient) -> None:
    assert _problem(client.get("/v1/nothing")) == {
        "type": "/problems/not-found",
        "title": "Not found",
        "status": 404,
        "detail": "there is nothing at this path",
        "instance": "/v1/nothing",
        "code": "not_found",
    }


def test_a_path_with_a_slash_too_many_is_not_redirected(client: TestClient) -> None:
    assert _problem(client.get("/v1/memories/"))["code"] == "not_found"


def test_a_memory_that_does_not_exist(client: TestClient) -> None:
    assert _problem(client.get("/v1/memories/nowhere")) == {
        "type": "/problems/not-found",
        "title": "Not found",
        "status": 404,
        "detail": "there is no memory 'nowhere'",
        "instance": "/v1/memories/nowhere",
        "code": "not_found",
        "hint": "create it first",
    }


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/memories", "GET"),
        ("/v1/memories/house", "GET, PUT, DELETE"),
        (FACTS, "GET, POST"),
        (f"{FACTS}/1", "GET, DELETE"),
        ("/v1/answers", "POST"),
        ("/livez", "GET"),
        ("/docs/assets/swagger-ui.css", "GET, HEAD"),
    ],
)
def test_a_method_the_path_does_not_know_names_every_method_it_knows(
    client: TestClient, path: str, allowed: str
) -> None:
    response = client.patch(path)

    assert response.headers["Allow"] == allowed
    assert _problem(response) == {
        "type": "/problems/method-not-allowed",
        "title": "Method not allowed",
        "status": 405,
        "detail": "this path does not know PATCH",
        "instance": path,
        "code": "method_not_allowed",
    }


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"facts": [}',
        b"\xff\xfe\xfd",
        b'{"facts": [{"text": "\xe4"}]}',
        b"[" * 100_000,
        b'{"facts": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"question": ' + b"9" * 10_000 + b"}",
    ],
    ids=["cut off", "syntax", "not UTF-8", "Latin-1", "nested", "nested and closed", "huge number"],
)
def test_a_body_that_is_not_json(client: TestClient, body: bytes) -> None:
    problem = _problem(client.post("/v1/answers", content=body, headers=JSON))

    assert problem.pop("detail").startswith("the body ")
    assert problem == {
        "type": "/problems/malformed-json",
        "title": "The body is not JSON",
        "status": 400,
        "instance": "/v1/answers",
        "code": "malformed_json",
    }


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "nonsense", None])
@pytest.mark.parametrize(("verb", "path"), [("POST", "/v1/answers"), ("PUT", "/v1/memories/house")])
def test_a_body_that_is_not_declared_as_json(
    client: TestClient, verb: str, path: str, kind: str | None
) -> None:
    headers = {"Content-Type": kind} if kind else {}

    problem = _problem(client.request(verb, path, content=b'{"description": "x"}', headers=headers))

    assert problem == {
        "type": "/problems/unsupported-media-type",
        "title": "The body is not declared as JSON",
        "status": 415,
        "detail": "the body needs Content-Type: application/json",
        "instance": path,
        "code": "unsupported_media_type",
    }
    assert client.get("/v1/memories").json()["items"] == []


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "Application/JSON", "application/x+json"]
)
def test_json_by_another_spelling_is_json(client: TestClient, kind: str) -> None:
    response = client.put("/v1/memories/house", content=b"{}", headers={"Content-Type": kind})

    assert response.status_code == 201


def test_a_body_that_is_missing(client: TestClient) -> None:
    problem = _problem(client.post("/v1/answers"))

    assert problem["errors"] == [{"pointer": "#", "code": "missing", "detail": "is required"}]


def test_every_field_that_is_not_valid_is_named(client: TestClient, house: str) -> None:
    body = {"facts": [{"text": 7}, {"txt": "x"}, {"text": ""}, {"text": "fine", "a/b~c": 1}]}

    assert _problem(client.post(FACTS, json=body)) == {
        "type": "/problems/validation-error",
        "title": "Request is not valid",
        "status": 422,
        "detail": "5 fields are not valid",
        "instance": FACTS,
        "code": "validation_error",
        "errors": [
            {"pointer": "#/facts/0/text", "code": "string_type", "detail": "must be a string"},
            {"pointer": "#/facts/1/text", "code": "missing", "detail": "is required"},
            {
                "pointer": "#/facts/1/txt",
                "code": "extra_forbidden",
                "detail": "is not a field of this request",
            },
            {
                "pointer": "#/facts/2/text",
                "code": "string_too_short",
                "detail": "at least 1 characters",
                "limit": 1,
            },
            {
                "pointer": "#/facts/3/a~1b~0c",
                "code": "extra_forbidden",
                "detail": "is not a field of this request",
            },
        ],
    }
    assert client.get(house).json()["counts"]["facts"] == 2


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("x" * 2001, {"code": "string_too_long", "detail": "at most 2000 characters", "limit": 2000}),
        ("?!", {"code": "no_words", "detail": "at least one word"}),
        ("a\0b", {"code": "not_storable", "detail": "must be text without NUL characters"}),
        ("a\ud800b", {"code": "string_unicode", "detail": "must be Unicode text"}),
    ],
)
def test_a_fact_that_cannot_be_kept(client: TestClient, house: str, text: str, error: Any) -> None:
    body = json.dumps({"facts": [{"text": "fine"}, {"text": text}]})

    response = client.post(FACTS, content=body, headers=JSON)

    assert response.status_code == 422
    assert _problem(response)["errors"] == [{"pointer": "#/facts/1/text", **error}]
    assert client.get(house).json()["counts"]["facts"] == 2


def test_a_fact_of_the_longest_length_is_kept(client: TestClient, house: str) -> None:
    assert client.post(FACTS, json={"facts": [{"text": "é" * 2000}]}).status_code == 201


@pytest.mark.parametrize("path", ["/v1/answers", "/v1/memories/house/answers"])
@pytest.mark.parametrize(
    ("question", "code"), [("", "string_too_short"), (" ?", "no_words"), ("w" * 501, "string_too_long")]
)
def test_a_question_that_is_none(client: TestClient, house: str, path: str, question: str, code: str) -> None:
    body: dict[str, Any] = {"question": question} | ({"facts": []} if path == "/v1/answers" else {})

    errors = _problem(client.post(path, json=body))["errors"]

    assert [(error["pointer"], error["code"]) for error in errors] == [("#/question", code)]


def test_no_facts_to_remember(client: TestClient, house: str) -> None:
    errors = _problem(client.post(FACTS, json={"facts": []}))["errors"]

    assert errors == [{"pointer": "#/facts", "code": "too_short", "detail": "at least 1 items", "limit": 1}]


def test_more_facts_than_one_request_may_hold(client: TestClient, house: str) -> None:
    problem = _problem(client.post(FACTS, json={"facts": [{"text": "John is there."}] * 501}))

    assert problem["code"] == "too_many_facts"
    assert problem["errors"] == [
        {"pointer": "#/facts", "code": "too_long", "detail": "at most 500 facts", "limit": 500}
    ]
    assert client.get(house).json()["counts"]["facts"] == 2


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_none_is_not_valid(client: TestClient, number: str) -> None:
    for field in ("question", "attention_limit"):
        body = f'{{"facts": [], "question": "Where?", "{field}": {number}}}'
        response = client.post("/v1/answers", content=body, headers=JSON)

        assert response.status_code == 422
        assert _problem(response)["errors"][0]["pointer"] == f"#/{field}"


def test_nothing_that_was_sent_is_sent_back(client: TestClient, house: str) -> None:
    secret = "the diary is under the bed"
    bodies: list[Any] = [
        {"facts": [{"text": [secret]}]},
        {"facts": secret},
        {"facts": [{"text": secret + "x" * 2000}]},
        {"facts": [{"text": secret + "\0"}]},
        secret,
        [secret],
    ]
    for body in bodies:
        response = client.post(FACTS, json=body)
        assert response.status_code == 422
        assert "diary" not in response.text


def test_many_bad_fields_are_counted_and_few_are_listed(client: TestClient, house: str) -> None:
    problem = _problem(client.post(FACTS, json={"facts": [{"x" * 500: 1}] * 300}))

    assert problem["detail"] == "600 fields are not valid; the first 20 are listed"
    assert len(problem["errors"]) == 20
    assert max(len(error["pointer"]) for error in problem["errors"]) < 130


def test_a_field_name_that_is_not_unicode_is_still_answered(client: TestClient, house: str) -> None:
    response = client.post(FACTS, content=b'{"facts": [{"text": "x", "\\ud800": 1}]}', headers=JSON)

    assert response.status_code == 422
    assert _problem(response)["code"] == "validation_error"


@pytest.fixture
def failing(app: FastAPI) -> FastAPI:
    """The service with one more route, which raises whatever is put into its state."""

    @app.get("/fail")
    def fail() -> None:
        raise app.state.failure

    return app


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (StoreUnavailable("no route to postgresql://memnet:hunter2@db"), "database_unavailable"),
        (SchemaMismatch("the schema is 7 at postgresql://memnet:hunter2@db"), "schema_out_of_date"),
        (VectorDamaged("vector 7 of hunter2"), "store_damaged"),
    ],
)
def test_a_store_that_cannot_work(failing: FastAPI, failure: MemnetError, code: str) -> None:
    failing.state.failure = failure
    with TestClient(failing, LOCAL) as client:
        response = client.get("/fail")

    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert _problem(response)["code"] == code
    assert "hunter2" not in response.text


@pytest.mark.parametrize("failure", [RuntimeError("hunter2"), CheckpointError("hunter2")])
def test_what_nobody_expected(failing: FastAPI, failure: Exception, caplog: pytest.LogCaptureFixture) -> None:
    failing.state.failure = failure
    with caplog.at_level(logging.ERROR, "memnet.service"), TestClient(failing, LOCAL) as client:
        response = client.get("/fail", headers={"X-Request-ID": "here-i-am"})

    assert _problem(response) == {
        "type": "/problems/internal-error",
        "title": "Internal error",
        "status": 500,
        "detail": "the service failed; see its log",
        "instance": "/fail",
        "code": "internal_error",
    }
    assert [record.getMessage() for record in caplog.records] == ["request here-i-am failed: GET /fail"]


def test_every_kind_of_problem_is_explained_at_its_type(client: TestClient) -> None:
    for kind in KINDS.values():
        explained = client.get(kind.type)
        assert explained.status_code == 200
        assert explained.json()["code"] == kind.code
        assert explained.json()["status"] == kind.status
        assert explained.json()["remedy"]

    assert _problem(client.get("/problems/nothing"))["code"] == "not_found"


@pytest.mark.parametrize("slug", sorted(KINDS))
def test_every_kind_of_problem_has_a_page_in_a_browser(client: TestClient, slug: str) -> None:
    page = client.get(f"/problems/{slug}", headers={"Accept": "text/html, */*;q=0.8"})

    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert f"<h1>{html.escape(KINDS[slug].title)}</h1>" in page.text
    assert html.escape(KINDS[slug].remedy) in page.text


def test_kinds_that_pass_say_when_to_come_back() -> None:
    assert {kind.code for kind in KINDS.values() if kind.retry_after_s} == {
        kind.code for kind in KINDS.values() if kind.status in (429, 503)
    }


def test_limits_are_settings(memory: Any, house: str) -> None:
    settings = Settings(max_facts_per_request=1, max_fact_characters=9, max_question_characters=8)
    with TestClient(create_app(settings, memory), LOCAL) as client:
        codes = [
            client.post(FACTS, json={"facts": [{"text": "a"}] * 2}).json()["code"],
            client.post(FACTS, json={"facts": [{"text": "a" * 10}]}).json()["errors"][0]["limit"],
            client.post(f"{house}/answers", json={"question": "a" * 9}).json()["errors"][0]["limit"],
        ]

    assert codes == ["too_many_facts", 9, 8]
