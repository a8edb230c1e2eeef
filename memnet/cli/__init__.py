"""The `memnet` command. One module per group of commands; errors are one line and a hint, on stderr.

A command's module is imported when the command is called: `memnet --help` need not wait for PyTorch.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

import click

from memnet import __version__
from memnet.errors import InputError, MemnetError, NotFound

_COMMANDS = {
    "ask": "memnet.cli.store:ask",
    "babi": "memnet.cli.babi:babi",
    "facts": "memnet.cli.store:facts",
    "migrate": "memnet.cli.migrate:migrate",
}


class _Commands(click.Group):
    """Loads commands by name, and turns deliberate exceptions into messages.

    Exit codes: 2 when what was given cannot be used, 1 when memnet could not do its work, 130 after
    Ctrl-C. Anything else is a defect and keeps its traceback.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*_COMMANDS, *_plugins()])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if target := _COMMANDS.get(cmd_name):
            module, _, name = target.partition(":")
            return getattr(import_module(module), name)  # type: ignore[no-any-return]
        plugin = _plugins().get(cmd_name)
        return plugin.load() if plugin else None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MemnetError as error:
            click.echo(f"error: {error}", err=True)
            if error.hint:
                click.echo(f"hint: {error.hint}", err=True)
            ctx.exit(2 if isinstance(error, InputError | NotFound) else 1)


def _plugins() -> dict[str, Any]:
    """Commands of other packages: the service depends on the library, never the other way round."""
    return {plugin.name: plugin for plugin in entry_points(group="memnet.commands")}


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="memnet")
def main() -> None:
    """A memory that answers: facts in, questions answered with the attention of every hop."""
