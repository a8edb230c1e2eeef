"""`memnet babi`: the benchmark on the 20 bAbI tasks. One module per command."""

from __future__ import annotations

import click

from memnet.cli.lazy import LazyGroup


@click.group(
    cls=LazyGroup,
    targets={
        "ask": "memnet.cli.babi.ask:ask",
        "evaluate": "memnet.cli.babi.evaluate:evaluate",
        "train": "memnet.cli.babi.train:train",
    },
)
def babi() -> None:
    """Train, evaluate and ask on the bAbI tasks."""
