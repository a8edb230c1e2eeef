"""The OpenAPI document: the errors each route declares, the limits that are settings, and a 3.0 rendition.

The document at /openapi.json is OpenAPI 3.1. The Swagger UI that the `swagger-ui-bundle` package installs is
of version 4, which reads 3.0 only; it is given the same document in those words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from fastapi import FastAPI

from service.schemas.problem import Problem
from service.schemas.watch import WatchEvent
from service.settings import Settings

_MEANINGS = {
    400: "The body is not JSON, or the cursor is not valid",
    401: "No key, or one that opens nothing",
    403: "The key does not allow this",
    404: "No such path, memory, fact or revision, or one that the key is not for",
    409: "The memory is not as the request supposes",
    410: "Erased, or a part of the log that is gone",
    412: "The precondition does not hold",
    413: "The body is too large",
    415: "The body is not declared as JSON",
    421: "The service was called by a name that is not its own",
    422: "A field is not valid",
    429: "Too many requests with this key or from this address",
    500: "The service failed",
    503: "The store cannot do its work, too many requests wait, or this one took too long",
}


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of a route; 413, 421 and 500 can meet every request."""
    return {status: _problem_response(status) for status in sorted({*statuses, 413, 421, 500})}


def _problem_response(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    response: dict[str, Any] = {
        "description": _MEANINGS[status],
        "content": {"application/problem+json": {"schema": schema}},
    }
    if status in (429, 503):
        response["headers"] = {
            "Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer"}}
        }
    if status == 429:
        response["headers"] |= {
            "RateLimit": {
                "description": "The request's class, how many more may come now (`r`), seconds to wait (`t`)",
                "schema": {"type": "string"},
            },
            "RateLimit-Policy": {
                "description": "The class, and how many may come (`q`) in a window of seconds (`w`)",
                "schema": {"type": "string"},
            },
        }
    if status == 401:
        response["headers"] = {"WWW-Authenticate": {"description": "`Bearer`", "schema": {"type": "string"}}}
    return response


def document(app: FastAPI, settings: Settings, *, order: Sequence[str]) -> Callable[[], dict[str, Any]]:
    """What takes the place of `app.openapi`: the framework's document, completed, its paths in an order."""
    build = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema:
            return app.openapi_schema
        api = build()
        places = {path: place for place, path in reversed(list(enumerate(order)))}
        api["paths"] = dict(sorted(api["paths"].items(), key=lambda each: places.get(each[0], len(places))))
        schemas = api["components"]["schemas"]
        for model in (Problem, WatchEvent):
            schema = model.model_json_schema(
                mode="serialization", ref_template="#/components/schemas/{model}"
            )
            schemas |= schema.pop("$defs")
            schemas[model.__name__] = schema
        schemas["NewFact"]["properties"]["text"]["maxLength"] = settings.max_fact_characters
        for name in ("NewFacts", "AskFacts"):
            schemas[name]["properties"]["facts"]["maxItems"] = settings.max_facts_per_request
        for name in ("Ask", "AskFacts", "NewWatch"):
            schemas[name]["properties"]["question"]["maxLength"] = settings.max_question_characters
        questions = schemas["AskBatch"]["properties"]["questions"]
        questions["maxItems"] = settings.max_questions_per_batch
        questions["items"]["maxLength"] = settings.max_question_characters
        schemas["Search"]["properties"]["text"]["maxLength"] = settings.max_question_characters
        _describe_events(api)
        _take_null_out_of_parameters(api)
        _drop_the_frameworks_own_errors(api)
        _add_the_doors_errors(api)
        return api

    return openapi


def _describe_events(api: dict[str, Any]) -> None:
    """Say what the data of events is; the framework only knows that it is text."""
    for verbs in api["paths"].values():
        for operation in verbs.values():
            for response in operation["responses"].values():
                events = response.get("content", {}).get("text/event-stream")
                if events is not None:
                    events["itemSchema"]["properties"]["data"] |= {
                        "contentMediaType": "application/json",
                        "contentSchema": {"$ref": "#/components/schemas/WatchEvent"},
                    }


def _take_null_out_of_parameters(api: dict[str, Any]) -> None:
    """In a URL or a header nothing can be null: who means that leaves the parameter out."""
    for verbs in api["paths"].values():
        for operation in verbs.values():
            for parameter in operation.get("parameters", []):
                schema = parameter["schema"]
                options = schema.get("anyOf", [])
                if {"type": "null"} in options:
                    schema |= next(each for each in options if each != {"type": "null"})
                    del schema["anyOf"]


def _drop_the_frameworks_own_errors(api: dict[str, Any]) -> None:
    """Take out the 422 that the framework adds where a route has a parameter and declares none."""
    for verbs in api["paths"].values():
        for operation in verbs.values():
            declared = operation["responses"].get("422", {}).get("content", {})
            if "application/json" in declared:
                del operation["responses"]["422"]
    for unused in ("HTTPValidationError", "ValidationError"):
        api["components"]["schemas"].pop(unused, None)


def _add_the_doors_errors(api: dict[str, Any]) -> None:
    """Declare what a route that asks for a key can be answered with before it runs."""
    for verbs in api["paths"].values():
        for operation in verbs.values():
            needed = [verb for each in operation.get("security", []) for verb in each.get("key", [])]
            statuses = [503]
            if "security" in operation:
                statuses += [401, 429, *([403] if needed else [])]
            responses = operation["responses"]
            for status in statuses:
                responses.setdefault(str(status), _problem_response(status))
            operation["responses"] = dict(sorted(responses.items()))


def in_version_3_0(api: Any) -> Any:
    """The same document in the words of OpenAPI 3.0: `nullable`, one `example`, `enum` of one value."""
    if isinstance(api, list):
        return [in_version_3_0(item) for item in api]
    if not isinstance(api, dict):
        return api
    if api == {"type": "null"}:
        return {"nullable": True, "enum": [None]}
    node = {key: in_version_3_0(value) for key, value in api.items()}
    if isinstance(node.get("openapi"), str):
        node["openapi"] = "3.0.3"
    if isinstance(api.get("anyOf"), list) and {"type": "null"} in api["anyOf"]:
        del node["anyOf"]
        others = [in_version_3_0(option) for option in api["anyOf"] if option != {"type": "null"}]
        node |= {"nullable": True, **(others[0] if len(others) == 1 else {"anyOf": others})}
    if isinstance(node.get("examples"), list):
        node["example"] = node.pop("examples")[0]
    if "const" in node:
        node["enum"] = [node.pop("const")]
    return node


def rendered(app: FastAPI) -> str:
    """The document as `docs/openapi.json` holds it."""
    return json.dumps(app.openapi(), ensure_ascii=False, indent=2) + "\n"
