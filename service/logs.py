"""Log lines: JSON objects, or for eyes; with the id of the request they are about, and no text of it."""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO

import structlog
from structlog.types import EventDict, Processor

from service.settings import Settings


def configure(settings: Settings, stream: TextIO | None = None) -> None:
    """Send everything that this process logs to one stream, in one shape.

    Args:
        settings: The shape, and how much.
        stream: None for stderr.
    """
    out = stream or sys.stderr
    shape = settings.log_format or ("console" if out.isatty() else "json")
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        # What a record was given with `extra`.
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_colours,
    ]
    last: list[Processor]
    if shape == "json":
        last = [
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    else:
        last = [
            structlog.dev.ConsoleRenderer(
                colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        # Requests are logged at the edge, with more about them.
        logger.propagate = name != "uvicorn.access"


def _without_colours(_: Any, __: str, event: EventDict) -> EventDict:
    """uvicorn adds the same message again with colours."""
    event.pop("color_message", None)
    return event
