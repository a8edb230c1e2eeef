"""Which interpreter a checkpoint gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from memnet.interpreters import interpreter_of
from memnet.interpreters.memn2n import MemN2NInterpreter
from memnet.interpreters.multihead import MultiHeadInterpreter
from memnet.models import names
from memnet.training.checkpoint import load_checkpoint


@pytest.mark.parametrize("name", names())
def test_every_shipped_checkpoint_is_read_by_the_interpreter_of_its_family(name):
    interpreter = interpreter_of(load_checkpoint(Path(name)))

    kind = {"memn2n": MemN2NInterpreter, "multi-head": MultiHeadInterpreter}[interpreter.family]
    assert isinstance(interpreter, kind)
    assert interpreter.encode(["Mary went to the garden."]).shape == (1, interpreter.spaces, interpreter.dim)
