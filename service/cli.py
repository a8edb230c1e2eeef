"""`memnet serve`: the service, from the command line."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from pydantic import ValidationError

from memnet.errors import InputError, MemnetError

if TYPE_CHECKING:
    from memnet.memory import Memory
    from service.settings import Settings

WRONG_USE = 2
FAILED = 1

GRACE_S = 10
"""Seconds that requests under way have to finish after a signal; `docker-compose.yml` waits longer."""

BACKLOG = 2048
"""Connections that may wait to be accepted; uvicorn's own figure."""


@click.command()
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; 0 chooses a free one.  [default: 8000]")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes that answer.  [default: 1]")
@click.option("--database-url", help="SQLAlchemy URL of the store.  [default: sqlite:///var/memnet.db]")
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path),
    help="The network to answer with.  [default: the shipped one]",
)
def serve(**options: Any) -> None:
    """Answer over HTTP.

    Every option is also an environment variable (MEMNET_PORT for --port); the option wins.
    """
    # Requests run beside each other, one per core; a second level of threads below them only gets in the
    # way. The libraries read this when they are loaded, so it comes before them.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

    from service import heap
    from service.settings import Settings, explain

    try:
        settings = Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        _stop(explain(error), code=WRONG_USE)

    heap.share()  # before there are threads
    code = 0
    with _listen(settings.host, settings.port) as listener, contextlib.suppress(KeyboardInterrupt):
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        address = f"http://{host}:{listener.getsockname()[1]}"
        said = f"memnet answers at {address} (documentation: {address}/docs)"
        if settings.workers == 1:
            _serve(settings, listener, said)
            return
        from service import workers

        code = workers.run(
            settings,
            listener,
            try_out=partial(_open_and_close, settings),
            ready=partial(click.echo, said),
            grace_s=GRACE_S,
        )
    sys.exit(code)


def _serve(settings: Settings, listener: socket.socket, said: str) -> None:
    """Answer in this process."""
    import torch
    import uvicorn

    from service import logs, workers
    from service.app import create_app

    if settings.pin_workers:
        workers.pin(0)
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    with _opened(settings) as memory:
        logs.configure(settings)
        try:
            app = create_app(settings, memory)
        except InputError as error:
            _stop(str(error), error.hint, code=WRONG_USE)
        # uvicorn stops in order, then raises the signal again for whoever asked: to end in order here too.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        click.echo(said)
        uvicorn.Server(workers.config(settings, app, grace_s=GRACE_S)).run(sockets=[listener])


def _open_and_close(settings: Settings) -> None:
    """Find mistakes, to tell them once and not by each worker."""
    _opened(settings).close()


def _opened(settings: Settings) -> Memory:
    from service.app import open_memory

    try:
        return open_memory(settings)
    except MemnetError as error:
        _stop(str(error), error.hint, code=WRONG_USE if isinstance(error, InputError) else FAILED)


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, opened before anything slow, so that a port in use is known at once."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )[0]
        # With the protocol by its name, and not through `create_server`, which leaves it at 0: asyncio turns
        # Nagle's algorithm off for what it knows to be TCP, and with it 40 ms per answer.
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
        return listener
    except socket.gaierror:
        _stop(f"'{host}' is not an address of this machine", "see --host", code=WRONG_USE)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            _stop(f"port {port} is in use", "choose another with --port", code=FAILED)
        _stop(f"cannot listen on {host} port {port}: {error.strerror}", "see --host and --port")


def _stop(message: str, hint: str | None = None, *, code: int = FAILED) -> NoReturn:
    """End with one line and a hint on stderr."""
    click.echo(f"error: {message}", err=True)
    if hint:
        click.echo(f"hint: {hint}", err=True)
    sys.exit(code)
