"""Which network answered."""

from __future__ import annotations

from pydantic import BaseModel, Field

from memnet.reader import ModelInfo


class ModelOut(BaseModel):
    """The network that answered."""

    model_id: str
    sha256: str = Field(description="Digest of its checkpoint")
    hops: int

    @classmethod
    def of(cls, model: ModelInfo) -> ModelOut:
        """Name a network."""
        return cls(model_id=model.name, sha256=model.sha256, hops=model.num_hops)
