"""`memnet babi`: the benchmark on the 20 bAbI tasks. One module per command."""

from __future__ import annotations

import click

from memnet.cli.lazy import LazyGroup


@click.group(
    cls=LazyGroup,
    targets={
        "ask": "memnet.cli.babi.ask:ask",
        "benchmark": "memnet.cli.babi.benchmark:benchmark",
        "calibrate": "memnet.cli.babi.calibrate:calibrate",
        "card": "memnet.cli.babi.card:card",
        "download": "memnet.cli.babi.download:download",
        "evaluate": "memnet.cli.babi.evaluate:evaluate",
        "generate": "memnet.cli.babi.generate:generate",
        "mix": "memnet.cli.babi.mix:mix",
        "report": "memnet.cli.babi.report:report",
        "train": "memnet.cli.babi.train:train",
        "verify": "memnet.cli.babi.verify:verify",
    },
)
def babi() -> None:
    """Train, evaluate and ask on the bAbI tasks."""
