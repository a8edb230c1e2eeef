"""Between the word to stop and the end: say so to those who balance, and go on answering."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from starlette.datastructures import State

log = logging.getLogger("memnet.service")


@contextlib.contextmanager
def announced(state: State, drain_s: float, stopping: Callable[[], None]) -> Iterator[None]:
    """Note a SIGTERM in `state.draining`; the server learns of it after a while, or when it comes again.

    Ctrl-C it learns of at once. For the event loop of a server, which has handlers of its own by then;
    elsewhere, in a test's thread, nothing.

    Args:
        state: Of the application.
        drain_s: How long, in seconds.
        stopping: What to do before the server stops accepting.
    """
    state.draining = False
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping()
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    def note(number: int, frame: FrameType | None) -> None:
        again, state.draining = state.draining, True
        if again or not drain_s or number != signal.SIGTERM:
            stop(number, frame)
            return
        log.info("draining: /readyz says 503, and accepting ends in %g s", drain_s)
        loop.call_soon_threadsafe(loop.call_later, drain_s, stop, number, None)

    theirs = [number for number, handler in before.items() if callable(handler)]
    for number in theirs:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number in theirs:
            signal.signal(number, before[number])
