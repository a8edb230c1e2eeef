"""The families of networks by name, for checkpoints."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import torch

from memnet.nn.memn2n import MemN2N, MemN2NConfig


def build(family: str, config: dict[str, Any], *, generator: torch.Generator | None = None) -> MemN2N:
    """A network of a family, with fresh weights.

    Raises:
        KeyError: No such family.
        TypeError: A setting that the family does not have.
        RecipeError: A setting that cannot be.
    """
    network, config_type = {MemN2N.family: (MemN2N, MemN2NConfig)}[family]
    return network(config_type(**config), generator=generator)


def config_of(network: MemN2N) -> dict[str, Any]:
    """The settings from which `build` makes the same network."""
    return asdict(network.config)
