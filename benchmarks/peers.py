"""memnet beside servers that do comparable work: facts kept durably, one by one and in batches, and found.

    python benchmarks/peers.py --out benchmarks/results/DATE-peers.md
    python benchmarks/peers.py --only memnet --facts 2000       # quickly
    python benchmarks/peers.py --environments DIR               # peers installed there stay for the next time

Every server is started on loopback with an empty folder and told the same facts in the same order by the same
client: some one by one and the rest in batches of 100, over one kept connection and over eight at once. Then
each is asked for the ten facts nearest to the same questions. At the end it is killed (SIGKILL), started
again, and asked how many facts it has and for the nearest to one question more.

Peers are installed from PyPI into virtual environments of their own, in a temporary folder if none is given;
none is a dependency of memnet. The vectors (128 columns, float32) that a vector store has to be given are
sums of a fixed random vector per word, made before the clock runs: what it costs to make vectors is in
memnet's figures and in no other's.

The load generator runs on the same machine. "Per CPU second" divides by the processor time of the server
alone, which other work on the machine changes little.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from peer_servers import Chroma, Memnet, Peer, Request
from report import Page, options
from served import Served, questions, story

from memnet.lexicon import symbol_vector
from memnet.text import words

DIM, LIMIT, BATCH = 128, 10, 100
CONNECTIONS = (1, 8)


@dataclass(frozen=True)
class Driven:
    """What came of some requests."""

    elapsed_s: np.ndarray
    """Of each request."""
    wall_s: float
    cpu_s: float
    """Of the server."""
    replies: list[bytes]

    def ms(self, quantile: float) -> str:
        """A quantile of the requests' times."""
        return f"{np.quantile(self.elapsed_s, quantile) * 1000:.2f}"

    def rates(self, each: int = 1) -> tuple[str, str]:
        """So many per second, and per CPU second, when each request counts for `each`."""
        done = len(self.elapsed_s) * each
        return f"{done / self.wall_s:,.0f}", f"{done / self.cpu_s:,.0f}" if self.cpu_s else ""


def drive(one: Served, requests: Sequence[Request], connections: int) -> Driven:
    """Send requests over kept connections, on each the next one when there is a reply."""
    left, lock = iter(enumerate(requests)), threading.Lock()
    elapsed_s, replies = np.zeros(len(requests)), [b""] * len(requests)
    headers = {"Content-Type": "application/json", **one.headers}

    def connection(_: int) -> None:
        line = http.client.HTTPConnection(urlsplit(one.address).netloc, timeout=300)
        line.connect()
        ready.wait()
        while True:
            with lock:
                number, request = next(left, (-1, None))
            if request is None:
                line.close()
                return
            began = time.perf_counter()
            line.request("POST", request.path, request.body, headers)
            reply = line.getresponse()
            body = reply.read()
            elapsed_s[number] = time.perf_counter() - began
            if reply.status not in (200, 201):
                raise SystemExit(f"{request.path}: {reply.status} {body[:300]!r}")
            replies[number] = body

    ready = threading.Barrier(connections + 1)
    with ThreadPoolExecutor(connections) as pool:
        running = [pool.submit(connection, number) for number in range(connections)]
        ready.wait()
        used_s, began = one.cpu_s(), time.perf_counter()
        for each in running:
            each.result()
        wall_s = time.perf_counter() - began
    return Driven(elapsed_s, wall_s, one.cpu_s() - used_s, replies)


def vectors_of(texts: Sequence[str]) -> np.ndarray:
    """A vector for each text, float32, shape (texts, DIM), of length 1."""
    sums = np.stack([np.sum([symbol_vector(word, DIM) for word in words(text)], axis=0) for text in texts])
    return (sums / np.linalg.norm(sums, axis=1, keepdims=True)).astype(np.float32)


@dataclass(frozen=True)
class Work:
    """The same for every server."""

    texts: list[str]
    vectors: np.ndarray
    questions: list[str]
    asked: np.ndarray
    """Vectors of the questions."""
    ingests: list[tuple[int, int, range]]
    """Facts of a request, connections, and which facts."""

    @classmethod
    def of(cls, facts: int, singles: int, searches: int) -> Work:
        """So many facts, of which `singles` are told one by one over each number of connections."""
        texts, asked = story(facts), questions(facts, searches)
        batched = (facts - singles * len(CONNECTIONS)) // len(CONNECTIONS) // BATCH * BATCH
        sizes = [(1, each, singles) for each in CONNECTIONS] + [
            (BATCH, each, batched) for each in CONNECTIONS
        ]
        ends = [0, *itertools.accumulate(number for _, _, number in sizes)]
        ingests = [
            (each, connections, range(start, end))
            for (each, connections, _), start, end in zip(sizes, ends, ends[1:], strict=False)
        ]
        told = texts[: ends[-1]]
        return cls(told, vectors_of(told), asked, vectors_of(asked), ingests)

    def recall(self, found: list[list[str]]) -> float:
        """Part of what was found that is as near, by the vectors, as the nearest; equals count as equal."""
        place = {text: row for row, text in enumerate(self.texts)}
        good = 0
        for question, texts in zip(self.asked, found, strict=True):
            scores = self.vectors @ question
            least = np.partition(scores, -LIMIT)[-LIMIT] - 1e-5
            good += sum(scores[place[text]] >= least for text in texts[:LIMIT])
        return good / (len(found) * LIMIT)


@dataclass
class Measured:
    """The rows of one server."""

    ingest: list[tuple[object, ...]]
    search: list[tuple[object, ...]]
    killed: tuple[object, ...]


def measure(peer: Peer, work: Work, folder: Path) -> Measured:
    """One server, from empty to killed and started again."""
    ingest: list[tuple[object, ...]] = []
    search: list[tuple[object, ...]] = []
    with peer.running(folder) as one:
        peer.prepare(one)
        for each, connections, which in work.ingests:
            told = [
                peer.tell(at, work.texts[at : at + each], work.vectors[at : at + each])
                for at in range(which.start, which.stop, each)
            ]
            driven = drive(one, told, connections)
            row = peer.name, each, connections, *driven.rates(each), driven.ms(0.5), driven.ms(0.99)
            print(json.dumps(row), file=sys.stderr, flush=True)
            ingest.append(row)
        asked = [
            peer.search(text, vector, LIMIT) for text, vector in zip(work.questions, work.asked, strict=True)
        ]
        drive(one, asked[: len(asked) // 4], CONNECTIONS[-1])  # every worker warm
        for connections in CONNECTIONS:
            driven = drive(one, asked, connections)
            texts = [peer.found(each) for each in driven.replies]
            assert all(len(each) == LIMIT for each in texts), f"{peer.name} found less than {LIMIT}"
            recall = "exact" if peer.makes_vectors else f"{work.recall(texts):.3f}"
            times = (driven.ms(each) for each in (0.5, 0.95, 0.99))
            row = peer.name, connections, *driven.rates(), *times, recall
            print(json.dumps(row), file=sys.stderr, flush=True)
            search.append(row)
        kill(one)
    size_mb = sum(each.stat().st_size for each in folder.rglob("*") if each.is_file()) / 1e6
    began = time.monotonic()
    with peer.running(folder) as one:
        peer.prepare(one)
        drive(one, asked[:1], 1)
        again_s = time.monotonic() - began
        killed = (
            peer.name,
            f"{len(work.texts):,}",
            f"{peer.count(one):,}",
            f"{again_s:.1f}",
            f"{size_mb:,.1f}",
        )
    print(json.dumps(killed), file=sys.stderr, flush=True)
    return Measured(ingest, search, killed)


def kill(one: Served) -> None:
    """End a server and its workers as a power cut would, but for what the system has not written yet."""
    for pid in {*one.workers(), one.process.pid}:
        os.kill(pid, signal.SIGKILL)
    one.process.wait()


def main() -> None:
    """Measure and print."""
    parser = options(__doc__)
    parser.add_argument("--facts", type=int, default=10_000)
    parser.add_argument(
        "--singles", type=int, default=500, help="facts one by one, per number of connections"
    )
    parser.add_argument("--searches", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2, help="of memnet")
    parser.add_argument("--only", nargs="+", choices=("memnet", "chroma"), default=("memnet", "chroma"))
    parser.add_argument("--environments", type=Path, help="where peers are installed, and stay")
    parser.add_argument("--folder", help="where the databases are for the run; default: the temporary folder")
    given = parser.parse_args()
    if given.facts < given.singles * 2 + BATCH * 2:
        parser.error(f"--facts: at least {given.singles * 2 + BATCH * 2} for --singles {given.singles}")
    page = Page("Beside other servers: facts kept and found over HTTP, 128 columns")
    known: dict[str, Peer] = {"memnet": Memnet(given.workers), "chroma": Chroma()}
    peers = [known[name] for name in given.only]
    work = Work.of(given.facts, given.singles, given.searches)
    with tempfile.TemporaryDirectory(dir=given.folder) as temporary:
        environments = given.environments or Path(temporary) / "environments"
        versions = [peer.install(environments.absolute()) for peer in peers]
        folders = [Path(temporary) / peer.name for peer in peers]
        for folder in folders:
            folder.mkdir()
        found = [measure(peer, work, folder) for peer, folder in zip(peers, folders, strict=True)]
    page.say(
        f"The same {len(work.texts):,} facts in the same order, {given.searches:,} searches for the "
        f"{LIMIT} nearest; one run each, one server after the other, nothing selected; the client beside "
        "them on the same machine. A request is timed from the first byte sent to the last received.",
        "**These do not do the same.** Chroma is a vector store: it is given vectors, which somebody has "
        "made, and knows nothing of what a text says. memnet is given sentences: it makes the vectors "
        "itself, decides what a new fact supersedes, and can answer questions from them, which is not "
        "measured here.",
        "\n".join(f"- {peer.name} {each}: {peer.does}" for peer, each in zip(peers, versions, strict=True)),
        "## Facts kept",
    )
    columns = ("server", "facts per request", "connections", "facts per second", "facts per CPU second")
    page.table((*columns, "request p50 ms", "p99 ms"), [row for each in found for row in each.ingest])
    page.say("## The nearest found")
    columns = ("server", "connections", "searches per second", "searches per CPU second")
    page.table(
        (*columns, "p50 ms", "p95 ms", "p99 ms", f"recall@{LIMIT}"),
        [row for each in found for row in each.search],
    )
    page.say(
        "Recall: part of the texts found that are as near, by the given vectors, as the nearest. memnet "
        "searches by vectors of its own, and exactly.",
        "## Killed and started again",
    )
    columns = ("server", "facts acknowledged", "facts after SIGKILL", "start to first search, s")
    page.table((*columns, "MB on disk"), [each.killed for each in found])
    page.deliver(given.out)


if __name__ == "__main__":
    main()
