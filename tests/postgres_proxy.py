"""Between a store and its PostgreSQL server: a proxy that cuts connections and swallows replies when told."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PORT = 5432
"""What the name of the server's socket ends in."""

_COMMIT = b"COMMIT\0"
"""The statement, and the tag of its reply; BEGIN has a level called READ COMMITTED."""


class PostgresProxy:
    """Listens on a port of this machine and passes on what is sent to a server's socket, and its replies."""

    def __init__(self, folder: Path) -> None:
        """Of the server whose socket lies in a folder."""
        self.cut: str | None = None
        """`before`: the next COMMIT does not reach the server. `after`: its reply does not reach the client,
        and was sent. Either cuts the connection, once."""
        self.silent = threading.Event()
        """Set: nothing comes back any more, and no connection is closed. New ones are accepted."""
        self.accepted = 0
        """Connections so far."""
        self._server = str(folder / f".s.PGSQL.{PORT}")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def url(self, database: str) -> str:
        """The address of a database, for `open_database`."""
        port = self._listener.getsockname()[1]
        return f"postgresql://postgres@127.0.0.1:{port}/{database}"

    def close(self) -> None:
        """Cut everything."""
        self._closing.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _start(self, work, *arguments) -> None:
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            if select.select([self._listener], [], [], 0.05)[0]:
                client, _ = self._listener.accept()
                self.accepted += 1
                self._start(self._pass_on, client)

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, suppress(ConnectionError):
            server.connect(self._server)
            committing = False
            while not self._closing.is_set():
                ready, _, _ = select.select([client, server], [], [], 0.05)
                if client in ready:
                    sent = client.recv(1 << 16)
                    if not sent:
                        return
                    if self.cut and _COMMIT in sent:
                        if self.cut == "before":
                            self.cut = None
                            return
                        committing = True
                    server.sendall(sent)
                if server in ready:
                    reply = server.recv(1 << 16)
                    if not reply:
                        return
                    if committing:
                        # The server replies when it has committed, and not before.
                        assert _COMMIT in reply
                        self.cut = None
                        return
                    if not self.silent.is_set():
                        client.sendall(reply)


@contextmanager
def running_proxy(folder: Path) -> Iterator[PostgresProxy]:
    """A proxy in front of the server whose socket lies in a folder, until the block ends."""
    proxy = PostgresProxy(folder)
    try:
        yield proxy
    finally:
        proxy.close()
