"""A memory, as it is written and read."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from memnet.store.facts import MemoryRow
from service.schemas.text import Request, Text

MEMORY_EXAMPLE: dict[str, Any] = {
    "memory_id": "house",
    "description": "Who has what, and where.",
    "revision": 1,
    "counts": {"facts": 2, "retired": 0},
    "last_seq": 2,
    "created_at": "2026-11-20T09:14:00Z",
    "updated_at": "2026-11-20T09:14:03Z",
}


class NewMemory(Request):
    """What a caller says about a memory; every field may be left out."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"description": "Who has what, and where."}]})

    description: Annotated[Text, StringConstraints(max_length=500)] | None = Field(
        default=None, description="What the memory is about, for people; null leaves it as it is"
    )


class MemoryCounts(BaseModel):
    """How much a memory holds."""

    facts: int = Field(description="Facts it holds now; forgotten ones do not count")
    retired: int | None = Field(
        description="How many of them later ones superseded so far that no answer attends to them; null in "
        "lists, and with a network without gates"
    )


class MemoryOut(BaseModel):
    """A memory: a named, ordered, growing collection of facts."""

    model_config = ConfigDict(json_schema_extra={"examples": [MEMORY_EXAMPLE]})

    memory_id: str = Field(description="The name its caller chose")
    description: str | None
    revision: int = Field(description="Number of its last committed change")
    counts: MemoryCounts
    last_seq: int = Field(description="Number of the newest fact it ever held")
    created_at: AwareDatetime
    updated_at: AwareDatetime

    @classmethod
    def of(cls, row: MemoryRow, retired: int | None = None) -> MemoryOut:
        """Describe a memory of the store, of whose facts so many are retired."""
        return cls(
            memory_id=row.name,
            description=row.description,
            revision=row.revision,
            counts=MemoryCounts(facts=row.live_count, retired=retired),
            last_seq=row.last_seq,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


class MemoryPage(BaseModel):
    """A page of memories, by name."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [MEMORY_EXAMPLE], "next_cursor": None, "has_more": False}]}
    )

    items: list[MemoryOut]
    next_cursor: str | None = Field(description="Hand it back as `cursor` for the next page")
    has_more: bool
