"""The OpenAPI document and the page that shows it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.openapi import in_version_3_0
from service.schemas.answer import AnswerOut, Ask, AskFacts
from service.schemas.answer_example import ANSWER_EXAMPLE

OPERATIONS = {
    "put_memory": ("PUT", "/v1/memories/{memory_id}"),
    "get_memory": ("GET", "/v1/memories/{memory_id}"),
    "delete_memory": ("DELETE", "/v1/memories/{memory_id}"),
    "list_memories": ("GET", "/v1/memories"),
    "post_facts": ("POST", "/v1/memories/{memory_id}/facts"),
    "list_facts": ("GET", "/v1/memories/{memory_id}/facts"),
    "get_fact": ("GET", "/v1/memories/{memory_id}/facts/{fact_id}"),
    "forget_fact": ("DELETE", "/v1/memories/{memory_id}/facts/{fact_id}"),
    "erase_facts": ("POST", "/v1/memories/{memory_id}/erasures"),
    "list_changes": ("GET", "/v1/memories/{memory_id}/changes"),
    "search_facts": ("POST", "/v1/memories/{memory_id}/search"),
    "list_answers": ("GET", "/v1/memories/{memory_id}/answers"),
    "get_answer": ("GET", "/v1/memories/{memory_id}/answers/{answer_id}"),
    "delete_answer": ("DELETE", "/v1/memories/{memory_id}/answers/{answer_id}"),
    "replay_answer": ("POST", "/v1/memories/{memory_id}/answers/{answer_id}/replay"),
    "explain_answer": ("POST", "/v1/memories/{memory_id}/answers/{answer_id}/explain"),
    "post_watch": ("POST", "/v1/memories/{memory_id}/watches"),
    "list_watches": ("GET", "/v1/memories/{memory_id}/watches"),
    "get_watch": ("GET", "/v1/memories/{memory_id}/watches/{watch_id}"),
    "delete_watch": ("DELETE", "/v1/memories/{memory_id}/watches/{watch_id}"),
    "follow_watch": ("GET", "/v1/memories/{memory_id}/watches/{watch_id}/events"),
    "ask_batch": ("POST", "/v1/memories/{memory_id}/answers/batch"),
    "list_examples": ("GET", "/v1/examples"),
    "list_published": ("GET", "/v1/published"),
    "list_models": ("GET", "/v1/models"),
    "get_model": ("GET", "/v1/models/{model_id}"),
    "get_limits": ("GET", "/v1/limits"),
    "ask_memory": ("POST", "/v1/memories/{memory_id}/answers"),
    "ask_facts": ("POST", "/v1/answers"),
    "get_version": ("GET", "/v1/version"),
    "get_problem": ("GET", "/problems/{slug}"),
    "livez": ("GET", "/livez"),
    "readyz": ("GET", "/readyz"),
}


@pytest.fixture
def api(client: TestClient) -> dict[str, Any]:
    document: dict[str, Any] = client.get("/openapi.json").json()
    return document


def _operations(api: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, verbs in api["paths"].items():
        for verb, operation in verbs.items():
            yield verb.upper(), path, operation


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _nodes(child)


def test_operation_ids_are_unique_and_stable(api: dict[str, Any]) -> None:
    found = [(operation["operationId"], (verb, path)) for verb, path, operation in _operations(api)]

    assert len(found) == len(OPERATIONS)
    assert dict(found) == OPERATIONS


def test_every_reference_leads_somewhere(api: dict[str, Any]) -> None:
    for node in _nodes(api):
        if isinstance(node.get("$ref"), str):
            assert node["$ref"].removeprefix("#/components/schemas/") in api["components"]["schemas"]


def test_every_error_is_declared_as_problem_details(api: dict[str, Any]) -> None:
    for _, _, operation in _operations(api):
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"]


def test_routes_declare_the_errors_they_can_answer_with(api: dict[str, Any]) -> None:
    for verb, path, operation in _operations(api):
        declared = set(operation["responses"])
        if "requestBody" in operation:
            assert {"400", "413", "415", "422", "503"} <= declared, (verb, path)
        if "{memory_id}" in path and verb != "PUT":
            assert {"404", "503"} <= declared, (verb, path)


def test_limits_are_published(api: dict[str, Any]) -> None:
    schemas = api["components"]["schemas"]

    assert schemas["NewFact"]["properties"]["text"]["maxLength"] == 2000
    assert schemas["NewFacts"]["properties"]["facts"]["maxItems"] == 500
    assert schemas["AskFacts"]["properties"]["facts"]["maxItems"] == 500
    assert schemas["Ask"]["properties"]["question"]["maxLength"] == 500


def test_the_example_answer_keeps_the_contract() -> None:
    answer = AnswerOut.model_validate({**ANSWER_EXAMPLE})

    assert json.loads(answer.model_dump_json()) == ANSWER_EXAMPLE
    for hop in answer.hops:
        listed = sum(fact.weight for fact in hop.attention)
        assert listed + hop.other_mass + hop.null_mass == pytest.approx(1.0)
    for evidence in answer.evidence:
        assert evidence.weight == pytest.approx(sum(evidence.per_hop) / len(evidence.per_hop))


@pytest.mark.parametrize(("model", "path"), [(AskFacts, "/v1/answers"), (Ask, "/v1/memories/house/answers")])
def test_the_example_requests_are_answered(
    client: TestClient, house: str, model: type[AskFacts] | type[Ask], path: str
) -> None:
    for example in model.model_json_schema()["examples"]:
        expected = 201 if example.get("save") else 200
        assert client.post(path, json=example).status_code == expected


def test_the_page_needs_nothing_from_another_host(client: TestClient) -> None:
    page = client.get("/docs")

    assert page.status_code == 200
    assert not re.findall(r"(?:https?:)?//[a-z0-9-]+\.", page.text)
    links = re.findall(r'(?:href|src)="([^"]+)"', page.text)
    assert len(links) == 4
    for link in links:
        assert link.startswith("/docs/")
        assert client.get(link).status_code == 200
    url = re.search(r'url: "([^"]+)"', client.get("/docs/start.js").text)
    assert url is not None
    assert client.get(url.group(1)).json()["openapi"] == "3.0.3"


@pytest.mark.parametrize("path", ["/docs", "/ui", "/problems/not-found"])
def test_a_page_runs_no_script_that_is_written_in_it_and_none_of_another_host(
    client: TestClient, path: str
) -> None:
    page = client.get(path, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})

    assert page.headers["Content-Type"].startswith("text/html")
    assert not re.search(r"<script(?![^>]*\bsrc=)", page.text)
    assert not re.search(r"\son[a-z]+=", page.text)
    policy = dict(
        part.strip().partition(" ")[::2] for part in page.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] in ("'self'", "'none'")
    assert "script-src" not in policy
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_a_route_that_asks_for_a_key_says_so_and_what_it_must_allow(api: dict[str, Any]) -> None:
    assert api["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    for _, path, operation in _operations(api):
        if path.startswith("/v1/"):
            assert list(operation["security"][0]) == ["key"], path
            assert {"401", "429", "503"} <= set(operation["responses"]), path
        else:
            assert "security" not in operation, path
    facts = api["paths"]["/v1/memories/{memory_id}/facts"]
    assert facts["get"]["security"] == [{"key": ["read"]}]
    assert facts["post"]["security"] == [{"key": ["write"]}]
    assert "403" in facts["post"]["responses"]
    assert "403" not in api["paths"]["/v1/limits"]["get"]["responses"]


def test_the_3_0_document_has_no_words_of_3_1(api: dict[str, Any]) -> None:
    older = in_version_3_0(api)

    assert older["paths"].keys() == api["paths"].keys()
    for schema in _nodes(older["components"]["schemas"]):
        if "example" in schema:
            continue  # What an example holds is data.
        assert schema.get("type") != "null"
        assert "const" not in schema
        assert not isinstance(schema.get("examples"), list)


def test_what_may_be_null_is_nullable_in_3_0() -> None:
    newer = {"anyOf": [{"type": "string", "maxLength": 5}, {"type": "null"}], "description": "d"}

    assert in_version_3_0(newer) == {
        "nullable": True,
        "type": "string",
        "maxLength": 5,
        "description": "d",
    }
