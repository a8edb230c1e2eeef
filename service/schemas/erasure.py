"""An erasure: what it would remove, and what it removed."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from memnet.store import Traces
from service.schemas.fact import FIRST_ID
from service.schemas.text import Request, uuid_text

_WORD: JsonDict = {"pattern": r"^[A-Za-z0-9_-]+$"}
"""What a plan is written in."""

PLAN_EXAMPLE = "yMq1oJ9k2iFbImVyYXN1cmUiLHsidWlkIjoiOTJkNSJ9XQ"


class NewErasure(Request):
    """Facts to erase, to see what that would do; or the plan that came back, to do it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"fact_ids": [FIRST_ID]}, {"plan_id": PLAN_EXAMPLE, "dry_run": False}],
            "oneOf": [
                {
                    "required": ["fact_ids"],
                    "properties": {
                        "fact_ids": {"type": "array"},
                        "plan_id": {"type": "null"},
                        "dry_run": {"const": True},
                    },
                },
                {
                    "required": ["plan_id"],
                    "properties": {"plan_id": {"type": "string"}, "fact_ids": {"type": "null"}},
                },
            ],
        }
    )

    fact_ids: Annotated[list[Annotated[UUID, BeforeValidator(uuid_text)]], Field(min_length=1)] | None = (
        Field(default=None, description="Facts of this memory, live or forgotten")
    )
    plan_id: Annotated[str, Field(min_length=1, max_length=100_000, json_schema_extra=_WORD)] | None = Field(
        default=None, description="From the dry run, unchanged"
    )
    dry_run: bool = Field(default=True, strict=True, description="Only say what would be erased")

    @model_validator(mode="after")
    def _plan_first(self) -> NewErasure:
        if (self.fact_ids is None) == (self.plan_id is None):
            raise PydanticCustomError("not_one_set", "exactly one of fact_ids and plan_id")
        if self.plan_id is None and not self.dry_run:
            raise PydanticCustomError("plan_first", "plan_id is required when dry_run is false")
        return self


class ErasureCounts(BaseModel):
    """How much there is, place by place."""

    facts: int = Field(description="Facts with their text")
    forgotten: int = Field(description="How many of these were forgotten before")
    vectors: int = Field(description="Vectors of these facts, of all models")
    answers: int = Field(
        description="Kept answers: those read from a state that held one of these facts, and those with "
        "added facts"
    )


class ErasureOut(BaseModel):
    """What an erasure would do or did."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "plan_id": PLAN_EXAMPLE,
                    "dry_run": True,
                    "revision": 2,
                    "counts": {"facts": 1, "forgotten": 0, "vectors": 1, "answers": 0},
                    "oldest_readable_revision": 3,
                    "scrubbed": None,
                }
            ]
        }
    )

    plan_id: str = Field(description="Names exactly this set of facts in exactly this state of the memory")
    dry_run: bool = Field(description="Whether nothing was erased yet")
    revision: int = Field(description="The state it was planned on, or the revision that erased")
    counts: ErasureCounts
    oldest_readable_revision: int = Field(
        description="Once erased, no earlier state of this memory can be read: an answer without these "
        "facts would be one that was never given"
    )
    scrubbed: bool | None = Field(
        description="Whether the database's files hold no trace any more; null for a dry run. False while "
        "a reader needs them; the next erasure or checkpoint removes the rest"
    )

    @classmethod
    def planned(cls, plan_id: str, traces: Traces) -> ErasureOut:
        """What it would do."""
        revision = traces.memory.revision
        return cls(
            plan_id=plan_id,
            dry_run=True,
            revision=revision,
            counts=_counts(traces),
            oldest_readable_revision=revision + 1,
            scrubbed=None,
        )

    @classmethod
    def done(cls, plan_id: str, traces: Traces, *, revision: int, scrubbed: bool) -> ErasureOut:
        """What it did."""
        return cls(
            plan_id=plan_id,
            dry_run=False,
            revision=revision,
            counts=_counts(traces),
            oldest_readable_revision=revision,
            scrubbed=scrubbed,
        )


def _counts(traces: Traces) -> ErasureCounts:
    return ErasureCounts(
        facts=traces.facts, forgotten=traces.forgotten, vectors=traces.vectors, answers=traces.answers
    )
