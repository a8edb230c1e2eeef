"""Several processes on one socket: `memnet serve --workers N`."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import tempfile
import threading

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from service import logs
from service.metrics import FOLDER
from service.settings import Settings

log = logging.getLogger("memnet.service")


def app() -> FastAPI:
    """What each worker serves; its settings are those of the environment."""
    import torch

    from service.app import create_app

    settings = Settings()
    logs.configure(settings)
    threading.Thread(target=_end_with_its_parent, daemon=True).start()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    return create_app(settings)


def _end_with_its_parent() -> None:
    """End this process when the one that looks after it is gone: nobody would, and the port stays taken."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return  # Not one of ours.
    parent.join()
    log.error("the process that looks after this worker is gone; ending")
    os.kill(os.getpid(), signal.SIGTERM)


def config(settings: Settings, application: FastAPI | str, *, grace_s: int) -> uvicorn.Config:
    """How uvicorn serves an application, or what a path like `service.workers:app` makes."""
    return uvicorn.Config(
        application,
        factory=isinstance(application, str),
        workers=settings.workers,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=grace_s,
    )


def run(settings: Settings, listener: socket.socket, *, grace_s: int) -> None:
    """Start workers, replace those that die, and end when a signal says so.

    The workers get the listener as it was opened. uvicorn would open one of its own without saying that it is
    TCP, and asyncio would then let each answer on a kept connection wait for the caller's acknowledgement.
    """
    with tempfile.TemporaryDirectory(prefix="memnet-metrics-") as folder:
        os.environ[FOLDER] = folder
        Multiprocess(config(settings, "service.workers:app", grace_s=grace_s), [listener]).run()
