"""A mirror of the archive on this machine, that misbehaves as told."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from memnet.babi.archive import Archive

FILES = {
    "en/qa1_single-supporting-fact_test.txt": b"1 Mary got the football there.\n" * 999,
    "en/qa1_single-supporting-fact_train.txt": bytes(range(256)) * 1000,
    "LICENSE.txt": b"CC BY 3.0\n",
}
PINS = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}


def packed(
    files: Mapping[str, bytes] = FILES, *members: tarfile.TarInfo, root: str = "tasks_1-20_v1-2/"
) -> bytes:
    """A .tar.gz of these files, and of members that are no files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as tar:
        for member in members:
            tar.addfile(member)
        for name, content in files.items():
            info = tarfile.TarInfo(root + name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def archive_of(content: bytes, *urls: str, size: bool = True) -> Archive:
    return Archive(
        file_name="tasks.tar.gz",
        size_bytes=len(content) if size else None,
        sha256=hashlib.sha256(content).hexdigest(),
        urls=urls,
    )


@dataclass
class Mirror:
    """What the mirror gives, and what it was asked for."""

    content: bytes
    ranges: bool = True
    """Whether it can begin in the middle."""
    status: int = 200
    content_type: str = "application/gzip"
    with_length: bool = True
    cuts: list[int] = field(default_factory=list)
    """Of the next requests: how many bytes each gives before the connection is cut."""
    asked: list[str | None] = field(default_factory=list)
    """The Range header of each request."""
    url: str = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        wanted = request.headers.get("Range")
        self.asked.append(wanted)
        if self.status != 200:
            request.send_error(self.status)
            return
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and self.ranges else 0
        if start >= len(self.content):
            request.send_error(416)
            return
        body = self.content[start:]
        request.send_response(206 if start else 200)
        request.send_header("Content-Type", self.content_type)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        if self.with_length:
            request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body[: self.cuts.pop(0)] if self.cuts else body)


@contextmanager
def serving(mirror: Mirror) -> Iterator[Mirror]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            mirror.answer(self)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    mirror.url = f"http://127.0.0.1:{server.server_port}/tasks.tar.gz"
    try:
        yield mirror
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
