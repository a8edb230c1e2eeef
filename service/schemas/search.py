"""Looking facts up, without reasoning about them."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from memnet.memory_at import Nearest
from memnet.store import fact_id
from service.schemas.fact import FIRST_ID, STORY
from service.schemas.moment import AsOf, ReadOptions
from service.schemas.named_model import ModelOut
from service.schemas.text import WHOLE, Sentence


class Search(ReadOptions):
    """A text to compare facts with."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "Where is the football?", "limit": 1}]}
    )

    text: Sentence = Field(description="A question or any other sentence")
    limit: Annotated[int, Field(ge=1, le=500), WHOLE] = Field(default=10, description="Most facts to return")


class Found(BaseModel):
    """A fact that was found."""

    rank: int = Field(description="1 for the best")
    fact_id: UUID
    seq: int
    text: str
    score: float = Field(description="What `score_type` says; larger is nearer, and it may be negative")

    @classmethod
    def of(cls, rank: int, uid: UUID, nearest: Nearest) -> Found:
        """Show a fact of the memory that has this uid."""
        return cls(
            rank=rank,
            fact_id=fact_id(uid, nearest.seq),
            seq=nearest.seq,
            text=nearest.text,
            score=nearest.score,
        )


class SearchRead(BaseModel):
    """What was searched."""

    memory_id: str
    revision: int = Field(description="The state that was read")
    as_of: AsOf | None = Field(description="The state that was asked for; null for the last one")
    eligible: int = Field(description="Facts that were compared: all there were")


class SearchOut(BaseModel):
    """The facts whose keys best match the text, best first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "results": [{"rank": 1, "fact_id": FIRST_ID, "seq": 1, "text": STORY[0], "score": 4.25}],
                    "score_type": "inner_product",
                    "unknown_words": [],
                    "memory": {"memory_id": "house", "revision": 1, "as_of": None, "eligible": 2},
                    "model": {"model_id": "memnet-joint", "sha256": "9f86d081884c7d65…", "hops": 3},
                    "request_id": "5a0c9e6d4b1f4e0f8f6d2c3b1a098765",
                }
            ]
        }
    )

    results: list[Found]
    score_type: Literal["inner_product"] = Field(
        default="inner_product",
        description="Inner product of the text's query and the fact's first key, as the network computes "
        "them; neither a probability nor a distance, and not comparable between models",
    )
    unknown_words: list[str] = Field(description="Words of the text that the network never saw in training")
    memory: SearchRead
    model: ModelOut
    request_id: str
