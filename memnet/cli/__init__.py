"""The `memnet` command. One module per group of commands; errors are one line and a hint, on stderr."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

import click

from memnet import __version__
from memnet.cli.lazy import LazyGroup
from memnet.errors import InputError, MemnetError, NotFound


class _Commands(LazyGroup):
    """Turns deliberate exceptions into messages.

    Exit codes: 2 when what was given cannot be used, 1 when memnet could not do its work, 130 after
    Ctrl-C. Anything else is a defect and keeps its traceback.
    """

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MemnetError as error:
            click.echo(f"error: {error}", err=True)
            if error.hint:
                click.echo(f"hint: {error.hint}", err=True)
            ctx.exit(2 if isinstance(error, InputError | NotFound) else 1)


@click.group(
    cls=_Commands,
    targets={
        "ask": "memnet.cli.store:ask",
        "babi": "memnet.cli.babi:babi",
        "backup": "memnet.cli.backup:backup",
        "compact": "memnet.cli.compact:compact",
        "facts": "memnet.cli.store:facts",
        "index": "memnet.cli.index:index",
        "keys": "memnet.cli.keys:keys",
        "migrate": "memnet.cli.migrate:migrate",
        "model": "memnet.cli.model:model",
        "restore": "memnet.cli.backup:restore",
        "wording": "memnet.cli.wording:wording",
        # Of other packages: the service depends on the library, never the other way round.
        **{plugin.name: plugin.value for plugin in entry_points(group="memnet.commands")},
    },
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="memnet")
def main() -> None:
    """A memory that answers: facts in, questions answered with the attention of every hop."""
