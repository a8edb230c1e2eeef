"""Which state of a memory is asked about."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from memnet.store.ids import MAX_SEQ
from service.schemas.text import WHOLE, Request

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _moment(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    # Numbers would be read as seconds since 1970, and a time without a zone as anybody's guess.
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise PydanticCustomError("not_a_moment", "must be a moment with a time zone: 2026-01-31T12:00:00Z")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise PydanticCustomError("not_a_moment", "must be a moment from year 1 to 9999") from None


Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
"""A moment as RFC 3339 writes it."""

Revision = Annotated[int, Field(ge=0, le=MAX_SEQ)]
"""The number of a committed change."""

WrittenRevision = Annotated[int, Field(ge=0, le=MAX_SEQ), WHOLE]
"""The same in a body."""


class AsOf(Request):
    """A state of the past: what the memory held then. Exactly one of the two."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"revision": 1}],
            "oneOf": [
                {
                    "required": ["revision"],
                    "properties": {"revision": {"type": "integer"}, "recorded_at": {"type": "null"}},
                },
                {
                    "required": ["recorded_at"],
                    "properties": {"recorded_at": {"type": "string"}, "revision": {"type": "null"}},
                },
            ],
        }
    )

    revision: WrittenRevision | None = Field(default=None, description="The state that this change left")
    recorded_at: Moment | None = Field(
        default=None, description="The state that the last change at or before this moment left"
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> AsOf:
        if (self.revision is None) == (self.recorded_at is None):
            raise PydanticCustomError("not_one_state", "exactly one of revision and recorded_at")
        return self


def as_of(revision: int | None, recorded_at: datetime | None) -> AsOf | None:
    """The state that was asked for; None for the last one."""
    if revision is None and recorded_at is None:
        return None
    return AsOf(revision=revision, recorded_at=recorded_at)


class ReadOptions(Request):
    """Which state a request with a body is answered from."""

    as_of: AsOf | None = Field(default=None, description="A state of the past; null for the last one")
    min_revision: WrittenRevision | None = Field(
        default=None,
        description="Refuse with 409 when the memory has not come so far. Every read sees every committed "
        "write, so this finds a mistake and never waits",
    )

    @property
    def state(self) -> dict[str, Any]:
        """The state, in the words of `Memory.at`."""
        as_of = self.as_of or AsOf.model_construct()
        return {"as_of_revision": as_of.revision, "recorded_at": as_of.recorded_at}


class RevisionQuery(BaseModel):
    """How far a memory must have come."""

    model_config = ConfigDict(extra="forbid")

    min_revision: Revision | None = Field(
        default=None, description="Refuse with 409 when the memory has not come so far"
    )


class StateQuery(RevisionQuery):
    """Which state a request without a body is answered from."""

    as_of_revision: Revision | None = Field(default=None, description="The state that this change left")
    recorded_at: Moment | None = Field(
        default=None,
        description="Instead of a revision: the state that the last change at or before this moment left",
    )
