"""A server in a thread, as one of several workers on a database."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import uvicorn

from memnet.memory import Memory
from service.app import create_app
from service.cli import _listen
from service.settings import Settings


@contextmanager
def serving(database: Path, **settings: Any) -> Iterator[httpx2.Client]:
    """A server with the shipped network, as one of several workers."""
    # As `memnet serve` listens: on a socket that says it is TCP, for 40 ms less per answer.
    with Memory.open(f"sqlite:///{database}") as memory, _listen("127.0.0.1", 0) as listener:
        app = create_app(Settings(watch_interval_s=0.02, **settings), memory)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=5))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            with httpx2.Client(base_url=address, timeout=60) as client:
                while not server.started:
                    time.sleep(0.01)
                yield client
        finally:
            app.state.streams.close()
            server.should_exit = True
            thread.join(60)  # machines that run tests are busy
            assert not thread.is_alive()
