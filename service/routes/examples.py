"""For whoever has no data yet: stories to try, and what was published about the tasks they are of."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from memnet.babi.examples import examples
from memnet.babi.published import columns
from service.access import needs
from service.openapi import problem_responses
from service.schemas.example import ExampleList, ExampleOut, PublishedList, PublishedOut

router = APIRouter(prefix="/v1", tags=["operations"], dependencies=[needs("read")])


class ExamplesQuery(BaseModel):
    """Which stories are asked for."""

    model_config = ConfigDict(extra="forbid")

    task: int | None = Field(default=None, ge=1, le=20, description="Only stories of this bAbI task")


class PublishedQuery(BaseModel):
    """Which columns are asked for."""

    model_config = ConfigDict(extra="forbid")

    train_size: Literal["1k", "10k"] | None = Field(default=None, description="Training questions per task")
    mode: Literal["single", "joint"] | None = Field(
        default=None, description="One network per task, or one for all"
    )


@router.get("/examples", operation_id="list_examples", responses=problem_responses(422))
def list_examples(query: Annotated[ExamplesQuery, Query()]) -> ExampleList:
    """List stories of the 20 bAbI tasks to try, with questions and the facts their answers follow from."""
    return ExampleList(
        items=[ExampleOut.of(each) for each in examples() if query.task in (None, each.story.task)]
    )


@router.get("/published", operation_id="list_published", responses=problem_responses(422))
def list_published(query: Annotated[PublishedQuery, Query()]) -> PublishedList:
    """List published errors on the 20 bAbI tasks, to read a network's scorecard beside them."""
    return PublishedList(items=[PublishedOut.of(each) for each in columns(query.train_size, query.mode)])
