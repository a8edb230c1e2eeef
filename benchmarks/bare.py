"""The least that a FastAPI application can do for a question: check it, and answer a text made before.

What an answer takes when there is no memory, no network, no key, no limit and no log: `load.py` holds the
service against it in the same minutes. Its workers share connections as those of the service do, so that only
the applications differ.
"""

from __future__ import annotations

import multiprocessing
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Response
from pydantic import BaseModel, ConfigDict
from report import ROOT
from served import Served, await_workers, stop

sys.path.insert(0, str(ROOT))
from service.shares import FairServer, Shares

ANSWER = b'{"answer": "garden", "attended": [%s]}' % b", ".join([b'{"seq": 12, "weight": 0.97123}'] * 100)
"""3 kB, like an answer with its hops."""


class Question(BaseModel):
    """A question, checked as the service checks one."""

    model_config = ConfigDict(extra="forbid", strict=True)
    question: str


app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)


@app.post("/answers")
async def answers(body: Question) -> Response:
    """The same answer to everything."""
    return Response(ANSWER, media_type="application/json")


@app.get("/readyz")
async def ready() -> None:
    """It is."""


def main() -> None:
    """Serve with so many workers until told to stop."""
    context = multiprocessing.get_context("fork")
    workers = int(sys.argv[1])
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    shares = Shares(context, workers)
    processes = [context.Process(target=_work, args=(listener, shares, place)) for place in range(workers)]
    for each in processes:
        each.start()
    signal.signal(signal.SIGTERM, lambda *_: [each.terminate() for each in processes])
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    for each in processes:
        each.join()


def _work(listener: socket.socket, shares: Shares, place: int) -> None:
    server = FairServer(uvicorn.Config(app, log_config=None, access_log=False), shares, place)
    server.run(sockets=[listener])


@contextmanager
def bare(workers: int) -> Iterator[Served]:
    """This application in so many processes."""
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__)), str(workers)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        one = Served(process, process.stdout.readline().strip(), {"Authorization": "none"}, several=True)
        await_workers(one, workers)
        yield one
    finally:
        stop(process)


if __name__ == "__main__":
    main()
