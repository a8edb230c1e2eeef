"""Two uvicorn workers on one SQLite database under mixed load: is what one acknowledged seen in the other?

    python benchmarks/two_workers.py --seconds 300

Several clients tell, ask, list and forget on memories that they share. Every acknowledged write is read back
at once on a new connection, which either worker may accept; of all other requests half are on a new one.
`/proc` says which worker it was. At the end the server is started again and every memory is compared, fact
by fact, with what was acknowledged. The exit status is 1 when anything is stale, lost, doubled, refused or
growing.

Linux only. The load is bounded by its clients: each sends its next request when it has the reply.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx2
import numpy as np

from memnet.store import migrate

WORKERS = 2
MEMORIES = tuple(f"shared-{number}" for number in range(8))
PEOPLE = ("Mary", "John", "Sandra", "Daniel")
PLACES = ("garden", "kitchen", "office", "hallway", "bathroom", "bedroom")
THINGS = ("football", "milk", "apple")
GROWTH_MIB = 64
"""Most that a worker's resident memory may grow by in the second half."""

SAMPLE_EVERY_S = 2.0
TIMEOUT_S = 30.0
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Loading the usual ones takes longer than a request, for each new connection."""

ROOT = Path(__file__).resolve().parents[1]


class Unexpected(Exception):
    """A reply that the client had no use for; it is counted already."""


# --- the server -------------------------------------------------------------------------------------------


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
def serving(folder: Path) -> Iterator[Server]:
    """The service in two workers on the database under `folder`, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = {name: value for name, value in os.environ.items() if not name.startswith("MEMNET_")}
    environment = {
        **own,
        "OMP_NUM_THREADS": "1",
        "MEMNET_DATABASE_URL": f"sqlite:///{folder}/memnet.db",
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


# --- what was acknowledged, and what was seen --------------------------------------------------------------


@dataclass
class Shared:
    """What the clients know of one memory together; every entry was acknowledged."""

    revision: int = 0
    facts: dict[str, str] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledge(self, revision: int, *, told: dict[str, str] | None = None, gone: str = "") -> None:
        """Take in a write that the service has answered."""
        with self.lock:
            self.revision = max(self.revision, revision)
            self.facts.update(told or {})
            if gone:
                self.forgotten.add(gone)
                del self.facts[gone]

    def known(self) -> tuple[int, set[str]]:
        """The revision and the forgotten facts that a read which begins now must take into account."""
        with self.lock:
            return self.revision, set(self.forgotten)


@dataclass
class Tally:
    """What one client counted."""

    seconds: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[str] = field(default_factory=Counter)
    by_worker: Counter[int | None] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    stale: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count what another client counted as well."""
        for kind, seconds in other.seconds.items():
            self.seconds[kind] += seconds
        self.statuses += other.statuses
        self.by_worker += other.by_worker
        self.counts += other.counts
        self.stale += other.stale
        self.errors += other.errors


class Client:
    """One caller: writes and reads in turns, and looks for its writes on new connections."""

    def __init__(self, number: int, server: Server, memories: dict[str, Shared]) -> None:
        self.server = server
        self.memories = memories
        self.random = random.Random(number)
        self.tally = Tally()
        self.own: dict[str, list[tuple[str, int]]] = defaultdict(list)
        self.kept = self.connection()
        self._workers: dict[int, int | None] = {}

    def send(
        self, kind: str, method: str, path: str, *, fresh: bool, expected: int, **options: Any
    ) -> tuple[Any, int | None]:
        """One request: the body of the reply and the worker that sent it.

        Raises:
            Unexpected: another status than the expected one, or no reply.
        """
        client = self.connection() if fresh else self.kept
        started = time.perf_counter()
        try:
            with client.stream(method, path, **options) as reply:
                port = reply.extensions["network_stream"].get_extra_info("client_addr")[1]
                content = reply.read()
            elapsed_s = time.perf_counter() - started
            # The connection is still open here, so that the worker can be found that holds its other end.
            worker = worker_of(self.server, port) if fresh else self._kept_worker(port)
        except httpx2.HTTPError as error:
            self.tally.errors.append(f"{kind}: {type(error).__name__}: {error}")
            self.tally.counts["no reply"] += 1
            raise Unexpected from error
        finally:
            if fresh:
                client.close()
        self.tally.statuses[f"{kind} {reply.status_code}"] += 1
        self.tally.by_worker[worker] += 1
        if reply.status_code != expected:
            self.tally.errors.append(f"{kind}: {reply.status_code}, expected {expected}: {content[:300]!r}")
            raise Unexpected
        self.tally.seconds[kind, "new" if fresh else "kept"].append(elapsed_s)
        self.tally.counts["connections"] += fresh
        return json.loads(content) if content else {"revision": _revision(reply)}, worker

    def connection(self) -> httpx2.Client:
        """A client without a connection yet: its first request opens one."""
        return httpx2.Client(
            base_url=self.server.address, timeout=TIMEOUT_S, verify=NO_CERTIFICATES, trust_env=False
        )

    def _kept_worker(self, port: int) -> int | None:
        if port not in self._workers:
            self._workers[port] = worker_of(self.server, port)
        return self._workers[port]

    def run(self, until: float) -> None:
        """Write and read in turns until the clock says so."""
        while time.monotonic() < until:
            name = self.random.choice(MEMORIES)
            for step in (self.write, self.read):
                try:
                    step(name)
                except Unexpected:
                    continue
                except Exception as error:  # A thread must not end unseen: what it would have found counts.
                    self.tally.errors.append(f"{step.__name__}: {error!r}")
        self.kept.close()

    def write(self, name: str) -> None:
        """Tell or forget, then look for it on a new connection."""
        if self.own[name] and self.random.random() < 0.2:
            self.forget(name)
        else:
            self.tell(name, 1 if self.random.random() < 0.7 else self.random.randint(2, 5))

    def tell(self, name: str, number: int) -> None:
        """Post facts, then read a list that must hold them."""
        texts = [self.sentence() for _ in range(number)]
        body = {"facts": [{"text": text} for text in texts]}
        kind = "tell one" if number == 1 else "tell 2 to 5"
        path = f"/v1/memories/{name}/facts"
        told, writer = self.send(kind, "POST", path, fresh=self.coin(), expected=201, json=body)
        ids = {fact["fact_id"]: text for fact, text in zip(told["facts"], texts, strict=True)}
        self.memories[name].acknowledge(told["revision"], told=ids)
        self.own[name] += [(fact["fact_id"], fact["seq"]) for fact in told["facts"]]
        self.tally.counts["facts"] += number

        first = min(fact["seq"] for fact in told["facts"])
        seen, reader = self.list(name, "list after a write", down_to=first, fresh=True)
        self.compared(writer, reader)
        if missing := ids.keys() - seen:
            self.tally.stale.append(f"{name}: {len(missing)} facts of revision {told['revision']} not listed")

    def forget(self, name: str) -> None:
        """Forget one of this client's last facts, then read a list, and the fact itself."""
        # One of its last twenty, which stand where the newest are listed.
        fact_id, seq = self.own[name].pop(-self.random.randint(1, min(20, len(self.own[name]))))
        path = f"/v1/memories/{name}/facts/{fact_id}"
        reply, writer = self.send("forget", "DELETE", path, fresh=self.coin(), expected=204)
        self.memories[name].acknowledge(reply["revision"], gone=fact_id)
        seen, reader = self.list(name, "list after a write", down_to=seq, fresh=True)
        self.compared(writer, reader)
        if fact_id in seen:
            self.tally.stale.append(f"{name}: fact {seq} is listed after it was forgotten")
        _, reader = self.send("get what was forgotten", "GET", path, fresh=True, expected=404)
        self.compared(writer, reader)

    def read(self, name: str) -> None:
        """Ask three times of four, else list."""
        if self.random.random() < 0.25:
            self.list(name, "list", down_to=None, fresh=self.coin())
            return
        which = self.random.choice((*PEOPLE, *(f"the {thing}" for thing in THINGS)))
        path = f"/v1/memories/{name}/answers"
        known = self.memories[name].known()
        body = {"question": f"Where is {which}?"}
        answer, _ = self.send("ask", "POST", path, fresh=self.coin(), expected=200, json=body)
        read = {fact["fact_id"] for hop in answer["hops"] for fact in hop["attention"]}
        read |= {fact["fact_id"] for fact in answer["evidence"]}
        self.check(name, "ask", known, answer["memory"]["revision"] or 0, read)

    def list(self, name: str, kind: str, *, down_to: int | None, fresh: bool) -> tuple[set[str], int | None]:
        """The newest facts, page by page down to the one numbered `down_to`, and who sent the first page."""
        found: set[str] = set()
        parameters = {"order": "desc", "limit": "50"}
        first: int | None = None
        while True:
            known = self.memories[name].known()
            page, worker = self.send(
                kind, "GET", f"/v1/memories/{name}/facts", fresh=fresh, expected=200, params=parameters
            )
            first = first or worker
            ids = {fact["fact_id"] for fact in page["items"]}
            self.check(name, kind, known, page["revision"], ids)
            found |= ids
            if down_to is None or not page["has_more"] or page["items"][-1]["seq"] <= down_to:
                return found, first
            parameters["cursor"] = page["next_cursor"]

    def check(self, name: str, kind: str, known: tuple[int, set[str]], revision: int, read: set[str]) -> None:
        """Hold a read against everything that any client had acknowledged before it began."""
        self.tally.counts["reads checked"] += 1
        if revision < known[0]:
            self.tally.stale.append(f"{name}: {kind} at revision {revision}, {known[0]} was acknowledged")
        if read & known[1]:
            self.tally.stale.append(f"{name}: {kind} shows {len(read & known[1])} forgotten facts")

    def compared(self, writer: int | None, reader: int | None) -> None:
        """Count whether a write was looked for in the worker that took it."""
        both = writer is not None and reader is not None
        where = ("same worker" if writer == reader else "other worker") if both else "unknown worker"
        self.tally.counts[where] += 1

    def sentence(self) -> str:
        """Something that happens in the shipped model's world."""
        who = self.random.choice(PEOPLE)
        if self.random.random() < 0.3:
            return f"{who} got the {self.random.choice(THINGS)} there."
        return f"{who} went to the {self.random.choice(PLACES)}."

    def coin(self) -> bool:
        """Half of the time."""
        return self.random.random() < 0.5


def _revision(reply: httpx2.Response) -> int:
    return int(reply.headers["Memnet-Revision"])


def compare(server: Server, memories: dict[str, Shared]) -> list[str]:
    """What the memories hold beyond or short of what was acknowledged; two facts with one id count too."""
    wrong = []
    with httpx2.Client(base_url=server.address, timeout=TIMEOUT_S) as client:
        for name, shared in memories.items():
            found: list[tuple[str, str]] = []
            parameters = {"limit": "500"}
            while True:
                page = client.get(f"/v1/memories/{name}/facts", params=parameters).raise_for_status().json()
                found += [(fact["fact_id"], fact["text"]) for fact in page["items"]]
                if not page["has_more"]:
                    break
                parameters["cursor"] = page["next_cursor"]
            if page["revision"] != shared.revision:
                wrong.append(f"{name}: revision {page['revision']}, {shared.revision} was acknowledged")
            expected, there = Counter(shared.facts.items()), Counter(found)
            if expected != there:
                missing, more = (expected - there).total(), (there - expected).total()
                wrong.append(f"{name}: {missing} acknowledged facts are missing, {more} are too many")
    return wrong


# --- the run -----------------------------------------------------------------------------------------------


@dataclass
class Sample:
    """The machine and the workers at one moment."""

    at_s: float
    load: float
    resident_mib: tuple[float, ...]


def load(server: Server, clients: list[Client], seconds: float) -> list[Sample]:
    """Let the clients run; returns what was sampled meanwhile, the first and the last moment included."""
    began = time.monotonic()
    threads = [threading.Thread(target=client.run, args=(began + seconds,)) for client in clients]

    def sample() -> Sample:
        resident = tuple(resident_mib(pid) for pid in server.workers)
        return Sample(time.monotonic() - began, os.getloadavg()[0], resident)

    samples = [sample()]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(min(SAMPLE_EVERY_S, seconds / 10))
        samples.append(sample())
    return samples


def row(*cells: object) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def table(tally: Tally, elapsed_s: float) -> Iterator[str]:
    """How many requests of each kind, and how long they took."""
    yield row("request", "connection", "number", "per second", "p50 ms", "p95 ms", "p99 ms", "max ms")
    yield row(*["---"] * 8)
    for (kind, connection), seconds in sorted(tally.seconds.items()):
        p50, p95, p99 = (f"{1e3 * value:.1f}" for value in np.quantile(seconds, [0.5, 0.95, 0.99]))
        rate = f"{len(seconds) / elapsed_s:.1f}"
        worst = f"{1e3 * max(seconds):.1f}"
        yield row(kind, connection, f"{len(seconds):,}", rate, p50, p95, p99, worst)


def machine() -> str:
    """Hardware and versions, in one line."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in ("memnet", "uvicorn", "torch", "httpx2"))
    return (
        f"{cpu.group(1) if cpu else platform.machine()}, {os.cpu_count()} virtual cores, {memory:.0f} GiB, "
        f"{platform.system()}, Python {platform.python_version()}; {packages}"
    )


def main() -> int:
    """Run, restart, compare; prints Markdown and returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--clients", type=int, default=4)
    options = parser.parse_args()

    memories = {name: Shared() for name in MEMORIES}
    failures: list[str] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        migrate.upgrade(f"sqlite:///{folder}/memnet.db")
        with serving(folder) as server:
            if len(server.workers) != WORKERS:
                raise SystemExit(f"{len(server.workers)} workers instead of {WORKERS}")
            for name in MEMORIES:
                httpx2.put(f"{server.address}/v1/memories/{name}").raise_for_status()
            clients = [Client(number, server, memories) for number in range(options.clients)]
            began = datetime.now(UTC)
            samples = load(server, clients, options.seconds)
            if (now := worker_pids(server.process.pid)) != server.workers:
                failures.append(f"workers were replaced: {len(set(now) - set(server.workers))}")
        database_mib = (folder / "memnet.db").stat().st_size / 2**20
        with serving(folder) as server_again:
            failures += compare(server_again, memories)
        log = "".join(path.read_text() for path in folder.glob("server-*.log"))
        logged = re.findall(r"^(?:ERROR|CRITICAL|Traceback).*", log, re.M)

    tally = Tally()
    for client in clients:
        tally.add(client.tally)
    elapsed_s = samples[-1].at_s
    start, end = samples[0], samples[-1]
    middle = min(samples, key=lambda sample: abs(sample.at_s - elapsed_s / 2))
    growth = max(after - half for after, half in zip(end.resident_mib, middle.resident_mib, strict=True))
    if tally.stale:
        failures.append(f"{len(tally.stale)} stale reads, the first: {tally.stale[0]}")
    if tally.errors:
        failures.append(f"{len(tally.errors)} unexpected replies, the first: {tally.errors[0]}")
    if logged:
        failures.append(f"{len(logged)} errors in the server's log, the first: {logged[0]}")
    if growth > GROWTH_MIB:
        failures.append(f"a worker grew by {growth:.0f} MiB in the second half")
    if any(tally.by_worker[pid] == 0 for pid in server.workers):
        failures.append("a worker answered nothing: nothing is shown about two")

    replies = tally.statuses.total()
    by_code = Counter(dict.fromkeys(("2xx", "404 as expected", "other 4xx", "5xx"), 0))
    for status, number in tally.statuses.items():
        code = status[-3:]
        expected_404 = status == "get what was forgotten 404"
        by_code["404 as expected" if expected_404 else f"{'other ' * (code[0] == '4')}{code[0]}xx"] += number
    asks = tally.statuses["ask 200"]
    posts = tally.statuses["tell one 201"] + tally.statuses["tell 2 to 5 201"]

    print(
        f"{began:%Y-%m-%d %H:%M} UTC, {elapsed_s:.0f} s, {options.clients} clients, {len(MEMORIES)} memories"
    )
    print(machine())
    print()
    print(*table(tally, elapsed_s), sep="\n")
    print()
    print(row("what", "measured"))
    print(row("---", "---"))
    print(row("requests", f"{replies:,}, {replies / elapsed_s:.0f}/s"))
    print(row("answers", f"{asks:,}, {asks / elapsed_s:.1f}/s"))
    print(row("posts", f"{posts:,}, {posts / elapsed_s:.1f}/s, {tally.counts['facts']:,} facts"))
    print(row("statuses", ", ".join(f"{code}: {number:,}" for code, number in by_code.items())))
    print(row("no reply", tally.counts["no reply"]))
    print(row("requests on a new connection", f"{tally.counts['connections'] / replies:.0%}"))
    shares = ", ".join(f"{tally.by_worker[pid] / replies:.1%}" for pid in server.workers)
    print(row("replies per worker", f"{shares}; not known: {tally.by_worker[None]}"))
    for where in ("other worker", "same worker", "unknown worker"):
        print(row(f"writes looked for in the {where}", f"{tally.counts[where]:,}"))
    print(row("reads compared with what was acknowledged", f"{tally.counts['reads checked']:,}"))
    print(row("stale reads", len(tally.stale)))
    for moment, sample in (("start", start), ("middle", middle), ("end", end)):
        resident = ", ".join(f"{mib:.0f}" for mib in sample.resident_mib)
        print(row(f"resident MiB of the workers, {moment} ({sample.at_s:.0f} s)", resident))
    most = ", ".join(f"{max(mib):.0f}" for mib in zip(*(s.resident_mib for s in samples), strict=True))
    print(row("resident MiB, at most", most))
    loads = f"{start.load:.1f}, {middle.load:.1f}, {end.load:.1f}"
    print(row("load average at the start, middle, end", loads))
    kept = sum(len(shared.facts) for shared in memories.values())
    gone = sum(len(shared.forgotten) for shared in memories.values())
    print(row("facts at the end, forgotten", f"{kept:,}, {gone:,}"))
    print(row("database", f"{database_mib:.1f} MiB"))
    print()
    print(*(f"FAILED: {failure}" for failure in failures) if failures else ["every invariant held"], sep="\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
