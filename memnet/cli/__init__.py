"""The `memnet` command. One module per group of commands; errors are one line and a hint, on stderr."""

from __future__ import annotations

from importlib.metadata import entry_points

import click

from memnet import __version__
from memnet.cli.babi import babi
from memnet.cli.errors import reports_errors
from memnet.cli.store import ask, facts, migrate


@click.group(cls=reports_errors(click.Group), context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="memnet")
def main() -> None:
    """A memory that answers: facts in, questions answered with the attention of every hop."""


main.add_command(babi)
main.add_command(facts)
main.add_command(ask)
main.add_command(migrate)
# The service depends on the library, never the other way round, so its command comes as a plug-in.
for plugin in entry_points(group="memnet.commands"):
    main.add_command(plugin.load())
