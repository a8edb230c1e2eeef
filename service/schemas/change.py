"""The log of a memory, as it is read."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from memnet.store import Change, fact_id
from service.schemas.fact import FIRST_ID, SECOND_ID

CHANGE_EXAMPLE: dict[str, Any] = {
    "revision": 1,
    "op": "add",
    "facts": [{"fact_id": FIRST_ID, "seq": 1}, {"fact_id": SECOND_ID, "seq": 2}],
    "recorded_at": "2026-11-20T09:14:03Z",
    "actor": "robot-7",
}

Op = Literal["add", "forget", "erase", "model"]

OPS: dict[str, Op] = {"add": "add", "delete": "forget", "erase": "erase", "model": "model"}


class ChangedFact(BaseModel):
    """A fact that a change is about."""

    fact_id: UUID
    seq: int


class ChangeOut(BaseModel):
    """One committed change of a memory."""

    model_config = ConfigDict(json_schema_extra={"examples": [CHANGE_EXAMPLE]})

    revision: int
    op: Op = Field(description="`model`: the memory was encoded by another model; its facts are the same")
    facts: list[ChangedFact] = Field(description="In the order of their numbers; their text is not repeated")
    recorded_at: AwareDatetime
    actor: str | None = Field(
        description="The name of the key that asked for it; null where no key was asked for"
    )

    @classmethod
    def of(cls, uid: UUID, change: Change) -> ChangeOut:
        """Show a change of the memory that has this uid."""
        return cls(
            revision=change.revision,
            op=OPS[change.op],
            facts=[ChangedFact(fact_id=fact_id(uid, seq), seq=seq) for seq in change.seqs],
            recorded_at=change.created_at,
            actor=change.actor,
        )


class ChangePage(BaseModel):
    """A page of the log: revisions in order, without gaps."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"revision": 1, "items": [CHANGE_EXAMPLE], "next_after_revision": None, "has_more": False}
            ]
        }
    )

    revision: int = Field(description="The memory's last revision when the page was read")
    items: list[ChangeOut]
    next_after_revision: int | None = Field(
        description="Hand it back as `after_revision` for the next page; null when there is none yet"
    )
    has_more: bool
