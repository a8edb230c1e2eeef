"""The service in several workers, and what `/proc` says of them."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

WORKERS = 2
TIMEOUT_S = 30.0

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Server:
    """A uvicorn supervisor and its workers."""

    process: subprocess.Popen[bytes]
    port: int
    workers: tuple[int, ...]

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


def worker_pids(supervisor: int) -> tuple[int, ...]:
    """The worker processes, without the helper process of multiprocessing."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    return tuple(
        int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    )


@contextmanager
def serving(folder: Path, url: str) -> Iterator[Server]:
    """The service in two workers on a database, until the block ends; its log is written under `folder`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = {name: value for name, value in os.environ.items() if not name.startswith("MEMNET_")}
    environment = {
        **own,
        "OMP_NUM_THREADS": "1",
        "MEMNET_DATABASE_URL": url,
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "uvicorn", "--factory", "service.app:create_app"]
    command += ["--workers", str(WORKERS), "--host", "127.0.0.1", "--port", str(port)]
    command += ["--no-access-log", "--log-level", "info"]
    log_file = folder / f"server-{port}.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        await_start(log_file, process)
        yield Server(process, port, worker_pids(process.pid))
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            for pid in (*worker_pids(process.pid), process.pid):
                os.kill(pid, 9)
            process.wait()


def await_start(log: Path, process: subprocess.Popen[bytes]) -> None:
    """Return when every worker says that it has started."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if log.read_text().count("Application startup complete") >= WORKERS:
            return
        time.sleep(0.1)
    raise SystemExit(f"the server did not start:\n{log.read_text()}")


def resident_mib(pid: int) -> float:
    """What a process holds in memory now; 0 when there is none."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def worker_of(server: Server, client_port: int) -> int | None:
    """The worker that holds the other end of the connection from `client_port`; None when none does."""
    wanted = f":{server.port:04X}", f":{client_port:04X}"
    inode = None
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(wanted[0]) and fields[2].endswith(wanted[1]):
            inode = fields[9]
    for pid in server.workers:
        try:
            descriptors = list(Path(f"/proc/{pid}/fd").iterdir())
        except OSError:
            continue
        for descriptor in descriptors:
            try:
                if str(descriptor.readlink()) == f"socket:[{inode}]":
                    return pid
            except OSError:
                continue
    return None


def logged(folder: Path) -> list[str]:
    """The errors that servers have written to their logs."""
    log = "".join(path.read_text() for path in folder.glob("server-*.log"))
    return re.findall(r"^(?:ERROR|CRITICAL|Traceback).*", log, re.M)
