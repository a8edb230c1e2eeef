"""What if: facts to add to a memory or to hide from it, for one question."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from memnet.supposing import Overlay
from service.schemas.fact import FIRST_ID, NewFact
from service.schemas.text import Request, uuid_text


class OverlayIn(Request):
    """What is supposed for this question; nothing of it is stored."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"add": [{"text": "John got the football."}], "hide": [FIRST_ID]}]}
    )

    add: list[NewFact] = Field(default=[], description="Told after all others, in this order")
    hide: list[Annotated[UUID, BeforeValidator(uuid_text)]] = Field(
        default=[], description="Facts of this memory to leave out, as if they had never been told"
    )


class AddedFact(BaseModel):
    """A fact that was added for the question."""

    seq: int = Field(description="Its number in `hops` and `evidence`, behind those of the memory")
    text: str


class HiddenFact(BaseModel):
    """A fact that was left out of the question."""

    fact_id: UUID
    seq: int


class OverlayOut(BaseModel):
    """What was supposed."""

    added: list[AddedFact]
    hidden: list[HiddenFact]

    @classmethod
    def of(cls, overlay: Overlay, last_seq: int, fact_id: Callable[[int], UUID]) -> OverlayOut:
        """Show what was added behind the memory's last fact, and what was hidden."""
        return cls(
            added=[AddedFact(seq=seq, text=text) for seq, text in overlay.added(last_seq)],
            hidden=[HiddenFact(fact_id=fact_id(seq), seq=seq) for seq in sorted(overlay.hide)],
        )
