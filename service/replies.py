"""Answers as they leave: written as JSON once, where they were made.

A route that returns a model has it validated and written by the framework, on the event loop, while others
wait. What a route's `response_model` is stays in the OpenAPI document either way.
"""

from __future__ import annotations

from fastapi import Response
from pydantic import BaseModel

from service.dependencies import REVISION_HEADER


def json_reply(
    model: BaseModel, *, revision: int | None = None, status: int = 200, location: str | None = None
) -> Response:
    """A response with a model of its route as the body.

    Args:
        model: What the route promises.
        revision: Of the memory that was read; None for none.
        status: Of the response.
        location: Where what was made can be read.
    """
    response = Response(model.model_dump_json(), status_code=status, media_type="application/json")
    if revision is not None:
        response.headers[REVISION_HEADER] = str(revision)
    if location is not None:
        response.headers["Location"] = location
    return response
