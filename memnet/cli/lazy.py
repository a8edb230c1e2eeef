"""Groups whose commands are imported when they are called."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """A group that knows its commands by name: `memnet --help` need not wait for PyTorch."""

    def __init__(self, *args: Any, targets: Mapping[str, str], **kwargs: Any) -> None:
        """Take the commands.

        Args:
            *args: For `click.Group`.
            targets: `module:attribute` of each command, by name.
            **kwargs: For `click.Group`.
        """
        super().__init__(*args, **kwargs)
        self._targets = targets

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._targets)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        target = self._targets.get(cmd_name)
        if target is None:
            return None
        module, _, attribute = target.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command
