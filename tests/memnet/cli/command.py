"""The `memnet` command, run in this process as the installed script runs it."""

from __future__ import annotations

import os

from click.testing import CliRunner, Result

from memnet.cli import main


def memnet(*arguments: object, **environment: str) -> Result:
    """Run a command with no MEMNET_* settings but the given ones; anything but an exit is raised."""
    settings = {name: None for name in os.environ if name.startswith("MEMNET_")}
    return CliRunner().invoke(
        main, [str(argument) for argument in arguments], env=settings | environment, catch_exceptions=False
    )


def expect(done: Result, code: int, *lines: str) -> None:
    """The command failed with exactly these lines on stderr and nothing else."""
    assert done.stdout == ""
    assert done.stderr.splitlines() == list(lines)
    assert done.exit_code == code
