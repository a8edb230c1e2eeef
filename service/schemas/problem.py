"""Problem details (RFC 9457) as they are written in a response."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from service.problems import ProblemKind
from service.rates import RateClass


class FieldProblem(BaseModel):
    """What is wrong with one field; the value itself is never repeated."""

    pointer: str | None = Field(default=None, description="JSON pointer into the body, as a URI fragment")
    parameter: str | None = Field(default=None, description="Name of a parameter outside the body")
    location: Literal["query", "path", "header"] | None = Field(
        default=None, description="Where that parameter is"
    )
    code: str = Field(description="What is wrong, for programs")
    detail: str = Field(description="What was expected")
    limit: int | None = Field(default=None, description="The limit that was passed, if one was")


class Problem(BaseModel):
    """An error. `Content-Type` is `application/problem+json`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "/problems/validation-error",
                    "title": "Request is not valid",
                    "status": 422,
                    "detail": "1 field is not valid",
                    "instance": "/v1/memories/house/facts",
                    "code": "validation_error",
                    "request_id": "5a0c9e6d4b1f4e0f8f6d2c3b1a098765",
                    "errors": [
                        {
                            "pointer": "#/facts/0/text",
                            "code": "string_too_long",
                            "detail": "at most 2000 characters",
                            "limit": 2000,
                        }
                    ],
                }
            ]
        }
    )

    type: str = Field(description="Names the kind of problem; `GET` it to read what it means")
    title: str = Field(description="The kind of problem in words")
    status: int = Field(description="The HTTP status")
    detail: str = Field(description="What happened this time")
    instance: str = Field(description="Path of the request")
    code: str = Field(description="The kind of problem, for programs")
    request_id: str = Field(description="The request, as the log names it")
    hint: str | None = Field(default=None, description="What can be done about it")
    rate_class: RateClass | None = Field(
        default=None, description="Requests of which class came too often; the others are not held up"
    )
    errors: list[FieldProblem] | None = Field(default=None, description="The fields that are not valid")


class ProblemKindOut(BaseModel):
    """What a kind of problem means."""

    type: str
    code: str
    status: int
    title: str
    meaning: str
    remedy: str

    @classmethod
    def of(cls, kind: ProblemKind) -> ProblemKindOut:
        """Describe a kind of problem."""
        return cls(
            type=kind.type,
            code=kind.code,
            status=kind.status,
            title=kind.title,
            meaning=kind.meaning,
            remedy=kind.remedy,
        )
