"""Places where tests make the store fail: at every numbered step of writing and reading.

    MEMNET_FAILPOINTS="write.locked=kill@3;read.rows=sleep:0.5"

fails the process at its third write, and makes every load slow. Without the variable a failpoint is a
function call that finds nothing to do.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

from memnet.errors import InputError

WRITE = (
    "write.checked",  # validated and encoded, no transaction yet
    "write.begun",
    "write.locked",  # the row lock is held, the revision is taken
    "write.facts",
    "write.vectors",
    "write.writes",
    "write.log",
    "write.committed",  # durable, the caller does not know yet
)
FORGET = ("forget.locked", "forget.facts", "forget.log", "forget.committed")
ERASE = (
    "erase.locked",
    "erase.answers",
    "erase.rows",
    "erase.log",
    "erase.committed",
    "erase.dropped",
    "erase.scrubbed",
)
COMPACT = ("compact.locked", "compact.log", "compact.facts", "compact.committed")
MODEL = ("model.begun", "model.page", "model.verified", "model.switched", "model.committed")
READ = ("read.head", "read.log", "read.rows", "read.decoded", "read.writes", "read.published")

POINTS = (*WRITE, *FORGET, *ERASE, *COMPACT, *MODEL, *READ)


class Failpoint(Exception):
    """What a failpoint raises; no part of memnet expects it."""


@dataclass(slots=True)
class _Armed:
    action: str
    seconds: float = 0.0
    countdown: int = 1
    once: bool = False


def _parsed(spec: str) -> dict[str, _Armed]:
    armed = {}
    for entry in filter(None, spec.split(";")):
        name, _, what = entry.partition("=")
        what, _, countdown = what.partition("@")
        action, _, seconds = what.partition(":")
        if name not in POINTS or action not in ("raise", "exit", "kill", "sleep"):
            raise InputError(
                f"MEMNET_FAILPOINTS: '{entry}' is not a failpoint and what it does",
                hint="write write.locked=raise, =exit, =kill or =sleep:0.5, and @3 for the third time only",
            )
        armed[name] = _Armed(action, float(seconds or 0), int(countdown or 1), bool(countdown))
    return armed


_armed = _parsed(os.environ.get("MEMNET_FAILPOINTS", ""))
_lock = Lock()


def hit(name: str) -> None:
    """Fail here if this point is armed."""
    if _armed:
        _fire(name)


@contextmanager
def armed(spec: str) -> Iterator[None]:
    """Arm points in this process for a while.

    Raises:
        InputError: The specification names no failpoint.
    """
    global _armed
    before, _armed = _armed, _parsed(spec)
    try:
        yield
    finally:
        _armed = before


def _fire(name: str) -> None:
    with _lock:
        found = _armed.get(name)
        if found is None:
            return
        found.countdown -= 1
        if found.countdown > 0 or (found.once and found.countdown < 0):
            return
    match found.action:
        case "raise":
            raise Failpoint(name)
        case "exit":
            os._exit(86)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case _:
            time.sleep(found.seconds)
