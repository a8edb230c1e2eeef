"""`memnet serve` in processes of its own, for benchmarks: started, filled, and what it used looked up.

Linux only: `/proc` says what the processes used.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from report import ROOT

TICKS = os.sysconf("SC_CLK_TCK")
PLACES = ("garden", "kitchen", "office", "hallway", "bathroom", "bedroom")


@dataclass
class Served:
    """A service that runs."""

    process: subprocess.Popen[str]
    address: str
    headers: dict[str, str]
    several: bool
    """Whether processes of its own answer, or the one that was started."""

    def workers(self) -> list[int]:
        """The processes that answer, oldest first."""
        if not self.several:
            return [self.process.pid]
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(each) for each in children]

    def cpu_s(self) -> float:
        """Seconds of processor time, user and system, that those that live have used."""
        return sum(_cpu_s(pid) for pid in self.workers())

    def resident_mib(self) -> dict[int, float]:
        """Memory that each worker holds now."""
        page = os.sysconf("SC_PAGE_SIZE") / 2**20
        held = {pid: _read(f"/proc/{pid}/statm").split() for pid in self.workers()}
        return {pid: int(each[1]) * page for pid, each in held.items() if each}

    def client(self, timeout_s: float = 60) -> httpx2.Client:
        """A client with the service's key, if it asks for one."""
        return httpx2.Client(base_url=self.address, headers=self.headers, timeout=timeout_s, trust_env=False)


@contextmanager
def served(
    folder: Path,
    workers: int = 1,
    port: int = 0,
    *,
    asks_for_key: bool = True,
    again: Served | None = None,
    **settings: object,
) -> Iterator[Served]:
    """The shipped network over an SQLite file under `folder`, asking for a key as in production.

    Args:
        folder: Where the database is; what is in it stays.
        workers: Processes that answer.
        port: To listen on; 0 for a free one.
        asks_for_key: Whether it does; a page in a browser here comes without one.
        again: The service that ran before on this database: only the server is started, and its key is used.
        settings: Of the service, by their names: `request_timeout_s=600`. None for the default.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("MEMNET_")}
    chosen = {f"MEMNET_{name.upper()}": str(value) for name, value in settings.items() if value is not None}
    environment = {
        **own,
        "OMP_NUM_THREADS": "1",
        "MEMNET_DATABASE_URL": f"sqlite:///{folder}/memnet.db",
        "MEMNET_LOG_LEVEL": "warning",
        "MEMNET_RATE_LIMIT_PER_MINUTE": "0",
        "PYTHONPATH": str(ROOT),
        **chosen,
    }
    memnet = [sys.executable, "-c", "from memnet.cli import main; main()"]
    headers = _prepared(memnet, environment, asks_for_key) if again is None else again.headers
    process = subprocess.Popen(
        [*memnet, "serve", "--workers", str(workers), "--port", str(port)],
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://[0-9.]+:\d+", process.stdout.readline())
        assert found, "the service did not start"
        one = Served(process, found.group(), headers, workers > 1)
        await_workers(one, workers)
        yield one
    finally:
        stop(process)


def _prepared(memnet: list[str], environment: dict[str, str], asks_for_key: bool) -> dict[str, str]:
    """Make the database, and a key if it is asked for."""
    subprocess.run([*memnet, "migrate"], env=environment, check=True, capture_output=True)
    if not asks_for_key:
        return {}
    made = subprocess.run(
        [*memnet, "keys", "create", f"load-{time.time_ns()}", "--memory", "*", "--may", "all"],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    key = re.search(r"mn_[\w-]+", made.stdout)
    assert key, made.stdout
    return {"Authorization": f"Bearer {key.group()}"}


def stop(process: subprocess.Popen[str]) -> None:
    """End a server. One that a busy machine keeps from ending in order is killed: what it measured counts."""
    process.terminate()
    try:
        process.wait(300)  # a worker that was killed may still be starting again
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def await_workers(one: Served, workers: int) -> None:
    """Until it is ready, and so many processes answer."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        try:
            with one.client() as client:
                if client.get("/readyz").status_code == 200 and len(one.workers()) == workers:
                    return
        except httpx2.TransportError:
            pass
        time.sleep(0.05)
    raise SystemExit("the service did not get ready")


def story(count: int, seed: int = 0) -> list[str]:
    """Facts about many people, each of whom goes somewhere now and then: few supersede few others."""
    draw = random.Random(seed)
    return [
        f"{_name(draw.randrange(count // 5 + 4))} went to the {draw.choice(PLACES)}." for _ in range(count)
    ]


def questions(count: int, number: int = 64) -> list[str]:
    """Questions about people of a story of so many facts."""
    draw = random.Random(1)
    return [f"Where is {_name(draw.randrange(count // 5 + 4))}?" for _ in range(number)]


def fill(one: Served, name: str, told: list[str]) -> None:
    """A memory with these facts."""
    with one.client(timeout_s=600) as client:
        client.put(f"/v1/memories/{name}").raise_for_status()
        for start in range(0, len(told), 200):
            body = {"facts": [{"text": text} for text in told[start : start + 200]]}
            client.post(f"/v1/memories/{name}/facts", json=body).raise_for_status()


def _name(number: int) -> str:
    """A name that nobody else has."""
    beginning = f"{'BDFGKLMNPRSTVZ'[number % 14]}{'aeiou'[number // 14 % 5]}{'lnrst'[number // 70 % 5]}"
    return f"{beginning}o{number // 350 or ''}"


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


def _cpu_s(pid: int) -> float:
    fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS if fields else 0.0
