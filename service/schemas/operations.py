"""What the service says about itself."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from memnet.reader import ModelInfo


class Alive(BaseModel):
    """The process runs."""

    status: Literal["alive"] = "alive"


class Ready(BaseModel):
    """The service can answer."""

    status: Literal["ready"] = "ready"


class ServedModel(BaseModel):
    """The network that answers."""

    model_id: str
    sha256: str = Field(description="Digest of its checkpoint")
    family: str
    hops: int
    heads: int = Field(description="Attention reads per hop; what a hop shows is their mean")
    gates: bool = Field(description="Whether a new fact may supersede older ones")
    memory_size: int | None = Field(description="Newest facts it can attend to; null for every fact")
    dim: int

    @classmethod
    def of(cls, model: ModelInfo) -> ServedModel:
        """Describe a network."""
        return cls(
            model_id=model.name,
            sha256=model.sha256,
            family=model.family,
            hops=model.num_hops,
            heads=model.num_heads,
            gates=model.has_gates,
            memory_size=model.memory_size,
            dim=model.dim,
        )


class VersionOut(BaseModel):
    """What is running."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "memnet",
                    "version": "0.1.0",
                    "api": "v1",
                    "model": {
                        "model_id": "memnet-joint",
                        "sha256": "9f86d081884c7d65…",
                        "family": "memn2n",
                        "hops": 3,
                        "heads": 1,
                        "gates": False,
                        "memory_size": 50,
                        "dim": 50,
                    },
                }
            ]
        }
    )

    name: Literal["memnet"] = "memnet"
    version: str
    api: Literal["v1"] = "v1"
    model: ServedModel
