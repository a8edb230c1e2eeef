"""Answers that are kept, and what becomes of them when they are computed again."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from memnet.kept import KeptAnswer
from service.schemas.answer import AnswerOut
from service.schemas.answer_example import ANSWER_EXAMPLE

ANSWER_ID = "7a0c2c5e-3f83-4f0e-8a53-0d7f3a1b2c11"
DIGEST = "sha256:4c1f2f6d1b0c7ae6a9d5a5d3c0c4b9f2e1d0a7b6c5d4e3f2a1b0c9d8e7f6a5b4"
KEPT_EXAMPLE = {
    **ANSWER_EXAMPLE,
    "answer_id": ANSWER_ID,
    "digest": DIGEST,
    "created_at": "2026-11-20T09:15:00Z",
    "timing_ms": None,
}


class KeptLine(BaseModel):
    """A kept answer in a list."""

    answer_id: UUID
    question: str
    answer: str | None = Field(description="null when the memory abstained")
    revision: int = Field(description="The state that was read")
    digest: str
    created_at: AwareDatetime

    @classmethod
    def of(cls, one: KeptAnswer) -> KeptLine:
        """Show a kept answer in a line."""
        return cls(
            answer_id=one.answer_id,
            question=one.asked.question,
            answer=one.answer.text,
            revision=one.answer.revision,
            digest=one.digest,
            created_at=one.created_at,
        )


class KeptPage(BaseModel):
    """A page of kept answers, newest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "answer_id": ANSWER_ID,
                            "question": ANSWER_EXAMPLE["question"],
                            "answer": ANSWER_EXAMPLE["answer"],
                            "revision": 1,
                            "digest": DIGEST,
                            "created_at": "2026-11-20T09:15:00Z",
                        }
                    ],
                    "next_cursor": None,
                    "has_more": False,
                }
            ]
        }
    )

    items: list[KeptLine]
    next_cursor: str | None = Field(description="Hand it back as `cursor` for the next page")
    has_more: bool


class ReplayOut(BaseModel):
    """A kept answer, computed again from the state that it was read from."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "answer_id": ANSWER_ID,
                    "outcome": "identical",
                    "identical": True,
                    "max_abs_diff": 0.0,
                    "digest": DIGEST,
                    "kept_digest": DIGEST,
                    "answer": ANSWER_EXAMPLE,
                }
            ]
        }
    )

    answer_id: UUID
    outcome: Literal["identical", "different", "model_changed"] = Field(
        description="`identical`: every number is the same, to the last bit. `different`: the same network "
        "computed other numbers, on another machine perhaps. `model_changed`: another network answers now"
    )
    identical: bool
    max_abs_diff: float | None = Field(
        description="Largest difference between two probabilities, weights or scores; null for another "
        "network, and where other facts or words are listed"
    )
    digest: str = Field(description="Of the answer as computed now")
    kept_digest: str = Field(description="Of the answer as it is kept")
    answer: AnswerOut = Field(description="As computed now")
