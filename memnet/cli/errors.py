"""How a command fails: one line, a hint, and an exit code."""

from __future__ import annotations

from typing import Any

import click

from memnet.errors import InputError, MemnetError, NotFound


def reports_errors(group: type[click.Group]) -> type[click.Group]:
    """A kind of group whose commands turn deliberate exceptions into messages.

    Exit codes: 2 when what was given cannot be used, 1 when memnet could not do its work, 130 after
    Ctrl-C. Anything else is a defect and keeps its traceback.
    """

    class ReportingGroup(group):  # type: ignore[misc,valid-type]
        def invoke(self, ctx: click.Context) -> Any:
            try:
                return super().invoke(ctx)
            except MemnetError as error:
                click.echo(f"error: {error}", err=True)
                if error.hint:
                    click.echo(f"hint: {error.hint}", err=True)
                ctx.exit(2 if isinstance(error, InputError | NotFound) else 1)

    return ReportingGroup
