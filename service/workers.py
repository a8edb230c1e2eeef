"""Several processes on one socket: `memnet serve --workers N`.

The first process loads the code, and does nothing else: it opens no database, computes nothing and starts no
thread. Workers are forked from it, so that one is there a moment after it is wanted. Where a fork is not safe
(macOS), each loads the code itself.

The workers get the listener as it was opened. uvicorn would open one of its own without saying that it is
TCP, and asyncio would then let each answer on a kept connection wait for the caller's acknowledgement.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from service import logs
from service.settings import METRICS_FOLDER, Settings
from service.shares import FairServer, Shares

log = logging.getLogger("memnet.service")

STOPPING = (signal.SIGTERM, signal.SIGINT)

PAUSE_S = 0.5
"""Before a worker that died is replaced: one that cannot live does not keep a processor busy."""

STUCK_S = 30.0
"""A worker whose event loop did nothing for so long is killed and replaced."""

_CONTEXT: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


def config(settings: Settings, application: Any, *, grace_s: int) -> uvicorn.Config:
    """How uvicorn serves an application."""
    return uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=grace_s,
    )


def run(
    settings: Settings,
    listener: socket.socket,
    *,
    try_out: Callable[[], None],
    ready: Callable[[], None],
    grace_s: int,
) -> int:
    """Start workers, replace those that die, and end when a signal says so.

    Args:
        settings: What the operator chose.
        listener: The socket.
        try_out: Is run first, in a process of its own, so that workers inherit nothing of it; there are none
            unless it goes well.
        ready: Is called then.
        grace_s: Seconds that requests under way have to finish.

    Returns:
        The exit code: that of `try_out`, or 1 when a worker cannot start.
    """
    with tempfile.TemporaryDirectory(prefix="memnet-metrics-") as folder:
        # Read when the code is loaded.
        os.environ[METRICS_FOLDER] = folder
        import service.app  # noqa: F401

        first = _CONTEXT.Process(target=try_out)
        first.start()
        first.join()
        if first.exitcode:
            return int(first.exitcode)
        ready()
        logs.configure(settings)
        return Workers(settings, listener, grace_s).run()


class Workers:
    """The processes that answer, looked after."""

    def __init__(self, settings: Settings, listener: socket.socket, grace_s: int) -> None:
        self._settings, self._listener, self._grace_s = settings, listener, grace_s
        self._shares = Shares(_CONTEXT, settings.workers)
        self._processes: list[BaseProcess] = []
        self._stopping = False
        self._failed = False

    def run(self) -> int:
        """Until a signal comes, or a worker cannot start; the exit code."""
        for number in STOPPING:
            signal.signal(number, self._stop)
        self._processes = [self._started(place) for place in range(self._settings.workers)]
        while alive := [each for each in self._processes if each.exitcode is None]:
            wait([each.sentinel for each in alive], timeout=STUCK_S / 10)
            for place in range(len(self._processes)):
                if not self._stopping:
                    self._look_after(place)
        return int(self._failed)

    def _look_after(self, place: int) -> None:
        process = self._processes[place]
        if process.exitcode is None:
            if self._shares.silent_s(place) > STUCK_S:
                log.error("worker %d is stuck; killing it", process.pid)
                process.kill()
            return
        self._shares.leave(place)
        if process.exitcode == STARTUP_FAILURE:
            log.error("worker %d could not start; ending", process.pid)
            self._failed = True
            self._stop(signal.SIGTERM, None)
            return
        log.warning("worker %d died (%d)", process.pid, process.exitcode)
        time.sleep(PAUSE_S)
        if not self._stopping:
            self._processes[place] = self._started(place)

    def _started(self, place: int) -> BaseProcess:
        process: BaseProcess = _CONTEXT.Process(
            target=_work, args=(self._settings, self._listener, self._grace_s, self._shares, place)
        )
        # A worker that is told to stop before it knows what that means would take itself for this process.
        with _held_back():
            process.start()
        if self._stopping:
            process.terminate()
        return process

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True
        for each in self._processes:
            if each.exitcode is None:
                each.terminate()


@contextmanager
def _held_back() -> Iterator[None]:
    """Signals that stop a process wait until the end of the block."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)


def _work(settings: Settings, listener: socket.socket, grace_s: int, shares: Shares, place: int) -> None:
    """What each worker does."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
    if settings.pin_workers:
        pin(place)

    import torch

    from service.app import create_app

    logs.configure(settings)
    threading.Thread(target=_end_with_its_parent, daemon=True).start()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    server = FairServer(config(settings, create_app(settings), grace_s=grace_s), shares, place)
    server.run(sockets=[listener])


def pin(place: int) -> None:
    """Keep this process, and every thread that it will start, on one of the processors that it may use.

    Its threads take turns at computing, so they lose little by it, and the event loop need not wake another
    processor, asleep, to have a question answered.
    """
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {allowed[place % len(allowed)]})


def _end_with_its_parent() -> None:
    """End this process when the one that looks after it is gone: nobody would, and the port stays taken."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return  # Not one of ours.
    parent.join()
    log.error("the process that looks after this worker is gone; ending")
    os.kill(os.getpid(), signal.SIGTERM)
