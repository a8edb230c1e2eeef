"""The families of networks by name, for checkpoints."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from memnet.lexicon import Lexicon
from memnet.nn.memn2n import MemN2N, MemN2NConfig
from memnet.nn.multihead import MultiHeadConfig, MultiHeadMemory
from memnet.vocabulary import Vocabulary

AnyNetwork = MemN2N | MultiHeadMemory
Words = Vocabulary | Lexicon


def build(family: str, config: dict[str, Any]) -> AnyNetwork:
    """A network of a family, with fresh weights from torch's own generator.

    Raises:
        KeyError: No such family.
        TypeError: A setting that the family does not have.
        RecipeError: A setting that cannot be.
    """
    if family == MultiHeadMemory.family:
        return MultiHeadMemory(MultiHeadConfig(**config))
    return {MemN2N.family: MemN2N}[family](MemN2NConfig(**config))


def config_of(network: AnyNetwork) -> dict[str, Any]:
    """The settings from which `build` makes the same network."""
    return asdict(network.config)


def words_of(family: str, values: Any) -> Words:
    """The words of a network of a family, from what their `to_json` wrote."""
    return Lexicon.from_json(values) if family == MultiHeadMemory.family else Vocabulary.from_json(values)
