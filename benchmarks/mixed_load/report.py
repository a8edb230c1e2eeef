"""What a run under mixed load came to: every invariant that did not hold, and the tables."""

from __future__ import annotations

import os
import platform
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from mixed_load.sampling import Sample
from mixed_load.seen import Shared, Tally

GROWTH_MIB = 64
"""Most that a worker's resident memory may grow by in the second half."""


@dataclass(frozen=True)
class Run:
    """Clients on a server, and what was seen."""

    began: datetime
    workers: tuple[int, ...]
    samples: list[Sample]
    tally: Tally
    memories: dict[str, Shared]
    database: str
    database_mib: float
    logged: list[str]
    """Errors in the server's log."""

    @property
    def elapsed_s(self) -> float:
        return self.end.at_s

    @property
    def start(self) -> Sample:
        return self.samples[0]

    @property
    def middle(self) -> Sample:
        return min(self.samples, key=lambda sample: abs(sample.at_s - self.elapsed_s / 2))

    @property
    def end(self) -> Sample:
        return self.samples[-1]


def failures_of(run: Run) -> list[str]:
    """What did not hold while the clients ran."""
    failures: list[str] = []
    growth = max(
        after - half for after, half in zip(run.end.resident_mib, run.middle.resident_mib, strict=True)
    )
    if run.tally.stale:
        failures.append(f"{len(run.tally.stale)} stale reads, the first: {run.tally.stale[0]}")
    if run.tally.errors:
        failures.append(f"{len(run.tally.errors)} unexpected replies, the first: {run.tally.errors[0]}")
    if run.logged:
        failures.append(f"{len(run.logged)} errors in the server's log, the first: {run.logged[0]}")
    if growth > GROWTH_MIB:
        failures.append(f"a worker grew by {growth:.0f} MiB in the second half")
    if any(run.tally.by_worker[pid] == 0 for pid in run.workers):
        failures.append("a worker answered nothing: nothing is shown about two")
    return failures


def lines(run: Run, clients: int) -> Iterator[str]:
    """Markdown: when and where, the requests, and what they came to."""
    tally, elapsed_s = run.tally, run.elapsed_s
    replies = tally.statuses.total()
    by_code = Counter(dict.fromkeys(("2xx", "404 as expected", "other 4xx", "5xx"), 0))
    for status, number in tally.statuses.items():
        code = status[-3:]
        expected_404 = status == "get what was forgotten 404"
        by_code["404 as expected" if expected_404 else f"{'other ' * (code[0] == '4')}{code[0]}xx"] += number
    asks = tally.statuses["ask 200"]
    posts = tally.statuses["tell one 201"] + tally.statuses["tell 2 to 5 201"]
    when = f"{run.began:%Y-%m-%d %H:%M} UTC, {run.elapsed_s:.0f} s"
    yield f"{when}, {clients} clients, {len(run.memories)} memories"
    yield machine()
    yield ""
    yield from table(tally, elapsed_s)
    yield ""
    yield row("what", "measured")
    yield row("---", "---")
    yield row("requests", f"{replies:,}, {replies / elapsed_s:.0f}/s")
    yield row("answers", f"{asks:,}, {asks / elapsed_s:.1f}/s")
    yield row("posts", f"{posts:,}, {posts / elapsed_s:.1f}/s, {tally.counts['facts']:,} facts")
    yield row("statuses", ", ".join(f"{code}: {number:,}" for code, number in by_code.items()))
    yield row("no reply", tally.counts["no reply"])
    yield row("requests on a new connection", f"{tally.counts['connections'] / replies:.0%}")
    shares = ", ".join(f"{tally.by_worker[pid] / replies:.1%}" for pid in run.workers)
    yield row("replies per worker", f"{shares}; not known: {tally.by_worker[None]}")
    for where in ("other worker", "same worker", "unknown worker"):
        yield row(f"writes looked for in the {where}", f"{tally.counts[where]:,}")
    yield row("reads compared with what was acknowledged", f"{tally.counts['reads checked']:,}")
    yield row("stale reads", len(tally.stale))
    for moment, sample in (("start", run.start), ("middle", run.middle), ("end", run.end)):
        resident = ", ".join(f"{mib:.0f}" for mib in sample.resident_mib)
        yield row(f"resident MiB of the workers, {moment} ({sample.at_s:.0f} s)", resident)
    most = ", ".join(f"{max(mib):.0f}" for mib in zip(*(s.resident_mib for s in run.samples), strict=True))
    yield row("resident MiB, at most", most)
    loads = f"{run.start.load:.1f}, {run.middle.load:.1f}, {run.end.load:.1f}"
    yield row("load average at the start, middle, end", loads)
    kept = sum(len(shared.facts) for shared in run.memories.values())
    gone = sum(len(shared.forgotten) for shared in run.memories.values())
    yield row("facts at the end, forgotten", f"{kept:,}, {gone:,}")
    yield row("database", f"{run.database}, {run.database_mib:.1f} MiB")


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
