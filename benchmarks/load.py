"""How much one service answers and remembers over HTTP, under how much load, and how long each request waits.

    apt-get install wrk
    python benchmarks/load.py --workers 2 --seconds 10 --out benchmarks/results/DATE-load.md

`memnet serve` is started on loopback with a new SQLite file and asks for a key, as in production; wrk, beside
it on the same machine, keeps so many connections busy. Asked are different questions of a memory of 50 facts
and of one of 10,000, searched is without inference, told are single facts and batches of 100. A fact is
durable when its request is answered. Every status but the expected one is counted. Beside it, in the same
minutes, the least that the framework can answer: `bare.py`.

Wall-clock figures hold for a machine that does nothing else. The column "per CPU second" divides by the
processor time of the workers alone, which other work on the machine changes little.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bare import bare
from report import Page, options
from served import Served, fill, questions, served, story

CONNECTIONS = (1, 8, 32, 128)

SCRIPT = """
local bodies = {%s}
local path, expected = "%s", %d
local n = 0
local threads = {}
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "%s"
function setup(thread) table.insert(threads, thread) end
function init(args) refused = 0 end
function request() n = n + 1; return wrk.format(nil, path, nil, bodies[n %% #bodies + 1]) end
function response(status, headers, body) if status ~= expected then refused = refused + 1 end end
function done(summary, latency, requests)
  local refused = 0
  for _, thread in ipairs(threads) do refused = refused + thread:get("refused") end
  local e = summary.errors
  print(string.format(
    '{"requests": %%d, "us": %%d, "refused": %%d, "broken": %%d, '
      .. '"p50": %%d, "p95": %%d, "p99": %%d, "max": %%d}',
    summary.requests, summary.duration, refused, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50), latency:percentile(95), latency:percentile(99), latency.max))
end
"""


@dataclass
class Row:
    """What one load led to."""

    what: str
    connections: int
    each: int
    requests: int
    per_s: float
    per_cpu_s: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    refused: int
    broken: int


@dataclass(frozen=True)
class Work:
    """One kind of request."""

    what: str
    path: str
    bodies: list[Any]
    expected: int = 200
    each: int = 1
    """Facts or answers of one request."""


def loaded(one: Served, work: Work, connections: int, seconds: float, folder: Path) -> Row:
    """Keep connections busy with a kind of work for some seconds."""
    script = folder / "load.lua"
    bodies = ", ".join(f"[==[{json.dumps(body)}]==]" for body in work.bodies)
    script.write_text(SCRIPT % (bodies, work.path, work.expected, one.headers["Authorization"]))
    before = one.cpu_s()
    ran = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout=60s", f"-s{script}", one.address],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    cpu_s = one.cpu_s() - before
    found = json.loads(ran.stdout.splitlines()[-1])
    good = (found["requests"] - found["refused"]) * work.each
    return Row(
        what=work.what,
        connections=connections,
        each=work.each,
        requests=found["requests"],
        per_s=round(good / found["us"] * 1e6, 1),
        per_cpu_s=round(good / cpu_s, 1) if cpu_s else 0.0,
        **{f"{name}_ms": round(found[name] / 1000, 2) for name in ("p50", "p95", "p99", "max")},
        refused=found["refused"],
        broken=found["broken"],
    )


def works(sizes: list[int]) -> list[Work]:
    """Everything that is asked of the service."""
    asked = [
        Work(
            f"question, {size:,} facts",
            f"/v1/memories/of-{size}/answers",
            [{"question": q} for q in questions(size)],
        )
        for size in sizes
    ]
    searched = [
        Work(
            f"search, {size:,} facts",
            f"/v1/memories/of-{size}/search",
            [{"text": q} for q in questions(size)],
        )
        for size in sizes
    ]
    told = [{"facts": [{"text": text}]} for text in story(500, seed=2)]
    batch = [{"facts": [{"text": text} for text in story(100, seed=3 + number)]} for number in range(8)]
    return [
        *asked,
        *searched,
        Work("post of one fact", "/v1/memories/told/facts", told, expected=201),
        Work("post of 100 facts, per fact", "/v1/memories/told-100/facts", batch, expected=201, each=100),
    ]


def measure(given: argparse.Namespace) -> list[Row]:
    """Everything, each with every number of connections."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        if not given.only:
            with bare(given.workers) as one:
                least = Work("a bare FastAPI route", "/answers", [{"question": q} for q in questions(50)])
                rows += loads(one, least, given, folder)
        with served(folder, given.workers, pin_workers=given.pin or None) as one:
            for size in given.sizes:
                fill(one, f"of-{size}", story(size))
            with one.client() as client:
                client.put("/v1/memories/told").raise_for_status()
                client.put("/v1/memories/told-100").raise_for_status()
            for work in works(given.sizes):
                if given.only and not any(each in work.what for each in given.only):
                    continue
                rows += loads(one, work, given, folder)
    return rows


def loads(one: Served, work: Work, given: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """A kind of work with every number of connections, once every worker is warm."""
    loaded(one, work, given.workers * 4, min(given.seconds, 2), folder)
    for connections in given.connections:
        row = loaded(one, work, connections, given.seconds, folder)
        print(json.dumps(asdict(row)), file=sys.stderr, flush=True)
        yield row


COLUMNS = (
    "what", "connections", "per second", "per CPU second of the workers",
    "p50 ms", "p95 ms", "p99 ms", "max ms", "refused", "broken",
)  # fmt: skip


def cells(r: Row) -> tuple[object, ...]:
    """A row of the table."""
    times = (f"{each:g}" for each in (r.p50_ms, r.p95_ms, r.p99_ms, r.max_ms))
    return r.what, r.connections, f"{r.per_s:,.0f}", f"{r.per_cpu_s:,.0f}", *times, r.refused, r.broken


def main() -> None:
    """Measure and print."""
    parser = options(__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--pin", action="store_true", help="keep each worker on one processor")
    parser.add_argument("--seconds", type=float, default=10, help="of each kind and number of connections")
    parser.add_argument("--sizes", type=int, nargs="+", default=[50, 10_000])
    parser.add_argument("--connections", type=int, nargs="+", default=CONNECTIONS)
    parser.add_argument("--only", nargs="+", help="kinds of work that have one of these in their name")
    parser.add_argument(
        "--folder", help="where the database is kept for the run; default: the temporary folder"
    )
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed (Debian: apt-get install wrk)")
    page = Page(f"Load over HTTP: {given.workers} workers, loopback", "uvicorn", "torch")
    rows = measure(given)
    page.say(
        f"SQLite with synchronous=FULL;{' each worker on one processor;' if given.pin else ''} a key with "
        f"every request; {given.seconds:g} s each, once. Refused are answers of another status than "
        "expected, broken are connections that failed; neither counts per second."
    )
    page.table(COLUMNS, [cells(each) for each in rows])
    page.deliver(given.out)


if __name__ == "__main__":
    main()
