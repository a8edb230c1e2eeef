"""Interpreters: what text means to a network of each family, and what its tensors mean in words."""

from __future__ import annotations

from memnet.interpreters.base import Facts, Interpretation, Interpreter, TextFacts, Told
from memnet.interpreters.memn2n import MemN2NInterpreter
from memnet.interpreters.multihead import MultiHeadInterpreter
from memnet.lexicon import Lexicon
from memnet.nn.memn2n import MemN2N
from memnet.nn.multihead import MultiHeadMemory
from memnet.training.checkpoint import Checkpoint
from memnet.vocabulary import Vocabulary

__all__ = ["Facts", "Interpretation", "Interpreter", "TextFacts", "Told", "interpreter_of"]


def interpreter_of(checkpoint: Checkpoint) -> Interpreter:
    """The interpreter of a checkpoint's network."""
    match checkpoint.network, checkpoint.vocabulary:
        case MemN2N() as network, Vocabulary() as vocabulary:
            return MemN2NInterpreter(network, vocabulary)
        case MultiHeadMemory() as network, Lexicon() as lexicon:
            return MultiHeadInterpreter(network, lexicon, checkpoint.calibration)
    raise AssertionError("a network with words of another family")
