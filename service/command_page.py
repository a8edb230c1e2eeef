"""The page of all commands: what each says to `--help`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from memnet.cli import main

WIDTH = 100

HEAD = """\
# Commands

What `memnet COMMAND --help` says, for every command. Made by `python -m service.reference`.

Exit codes: 0; 2 when what was given cannot be used, 1 when memnet could not do its work, with one line and a
hint on stderr; 130 after Ctrl-C.
"""


def page() -> str:
    """The page, as Markdown."""
    whole = click.Context(main, info_name="memnet", terminal_width=WIDTH, **main.context_settings)
    each = (f"## {one.command_path}\n\n```text\n{one.get_help().rstrip()}\n```\n" for one in _commands(whole))
    return "\n".join([HEAD, *each])


def _commands(context: click.Context) -> Iterator[click.Context]:
    """A command and all below it, in the order of their names."""
    yield context
    command = context.command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from _commands(click.Context(below, info_name=name, parent=context))
