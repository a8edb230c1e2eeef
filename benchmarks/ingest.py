"""What telling a fact costs: CPU milliseconds per fact, through the whole application and below it.

    python benchmarks/ingest.py --facts 50 2000 --seconds 2 --out benchmarks/results/DATE-ingest.md
    python benchmarks/ingest.py --only 2000 few --profile 30

The application is called in this process as a server would call it, without a socket, with a key, on a new
SQLite file with synchronous=FULL. Processor time of the whole process is taken, which other work on the
machine changes less than the clock; the lower tenth of the times is changed least.

    few people      16 people who go somewhere again and again: a fact supersedes what was said of its person
    new people      nobody is spoken of twice: a fact supersedes nothing
    request         the whole application: layers, key, validation, the answer as JSON
    remember        `Memory.remember` alone
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import itertools
import json
import pstats
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from report import Page, options
from served import PLACES

from memnet.memory import Memory
from memnet.store import migrate
from service.app import create_app
from service.settings import Settings

PEOPLE = 16
WARM = 3
MOST = 3000
"""Facts that are told in one row of the table: a memory that grows much is another one."""


def facts(kind: str) -> Iterator[str]:
    """Facts without end."""
    draw = random.Random(7)
    for number in itertools.count():
        person = draw.randrange(PEOPLE) if kind == "few people" else number
        yield f"{_name(person)} went to the {draw.choice(PLACES)}."


def _name(number: int) -> str:
    letters = ""
    while number or not letters:
        number, digit = divmod(number, 70)
        letters += f"{'bdfgklmnprstvz'[digit % 14]}{'aeiou'[digit // 14]}"
    return f"{letters.capitalize()}x"


class Caller:
    """Calls an application as a server does."""

    def __init__(self, app: Callable, key: str) -> None:
        self._app = app
        self._headers = [
            (b"host", b"localhost"),
            (b"content-type", b"application/json"),
            (b"authorization", f"Bearer {key}".encode()),
        ]

    async def post(self, path: str, body: object) -> bytes:
        """The body of the answer; the status must be a success."""
        sent, status = [], 0
        data = json.dumps(body).encode()
        messages = iter([{"type": "http.request", "body": data, "more_body": False}])

        async def receive() -> dict:
            for message in messages:
                return message
            return {"type": "http.disconnect"}

        async def send(message: dict) -> None:
            nonlocal status
            status = message.get("status", status)
            sent.append(message.get("body", b""))

        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
            "scheme": "http", "path": path, "raw_path": path.encode(), "root_path": "", "query_string": b"",
            "headers": [*self._headers, (b"content-length", str(len(data)).encode())],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000), "state": {},
        }  # fmt: skip
        await self._app(scope, receive, send)
        assert 200 <= status < 300, (status, b"".join(sent))
        return b"".join(sent)


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--facts", type=int, nargs="+", default=[50, 2000], help="held before")
    parser.add_argument("--seconds", type=float, default=2, help="of processor time, of each kind")
    parser.add_argument("--only", nargs="+", help="kinds that have all of these in their name")
    parser.add_argument("--profile", type=int, help="print the functions that took longest, so many")
    parser.add_argument("--sort", default="cumulative", help="how the profile is sorted")
    given = parser.parse_args()
    torch.set_num_threads(1)
    page = Page("What telling a fact costs", "torch")
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(measured(given, Path(folder)))
    page.say("SQLite with synchronous=FULL, one thread. Processor time of the whole process.")
    page.table(COLUMNS, rows, words=2)
    page.deliver(given.out)


COLUMNS = (
    "whose", "through", "held before", "told", "CPU ms per fact, p10", "p50", "times", "held in the end",
)  # fmt: skip

Row = tuple[object, ...]


async def measured(given: argparse.Namespace, folder: Path) -> list[Row]:
    """Every kind, one after the other."""
    rows: list[Row] = []
    url = f"sqlite:///{folder}/memnet.db"
    migrate.upgrade(url)
    with Memory.open(url) as memory:
        key = memory.store.keys.create(
            "bench", memories=["*"], verbs=["admin", "ask", "erase", "read", "write"]
        )[1]
        settings = Settings(rate_limit_per_minute=0, log_level="warning", mcp=False)
        caller = Caller(create_app(settings, memory), key)
        kinds = itertools.product(
            given.facts, ("few people", "new people"), (1, 100), ("request", "remember")
        )
        for number, (held, kind, each, through) in enumerate(kinds):
            name = f"{held} {kind} {each} {through}"
            if given.only and not all(word in name for word in given.only):
                continue
            told = facts(kind)
            memory.store.put_memory(f"m{number}")
            for _ in range(0, held, 500):
                memory.remember(f"m{number}", list(itertools.islice(told, min(held, 500))))
            profile = cProfile.Profile(time.process_time) if given.profile else None
            busy = await _busy(caller, memory, f"m{number}", told, each, through, given.seconds, profile)
            live = memory.store.get_memory(f"m{number}").live_count
            low, middle = np.quantile(busy, [0.1, 0.5]) * 1000 / each
            row = (kind, through, f"{held:,}", each, f"{low:.3f}", f"{middle:.3f}", len(busy), f"{live:,}")
            print(*row, file=sys.stderr, flush=True)
            rows.append(row)
            if profile is not None:
                pstats.Stats(profile).sort_stats(given.sort).print_stats(given.profile)
    return rows


async def _busy(
    caller: Caller,
    memory: Memory,
    name: str,
    told: Iterator[str],
    each: int,
    through: str,
    seconds: float,
    profile: cProfile.Profile | None,
) -> list[float]:
    """Seconds of processor time that each telling took, for so long together."""
    path = f"/v1/memories/{name}/facts"
    busy: list[float] = []
    for turn in itertools.count():
        texts = list(itertools.islice(told, each))
        if turn == WARM and profile is not None:
            profile.enable()
        started = time.process_time()
        if through == "request":
            await caller.post(path, {"facts": [{"text": text} for text in texts]})
        else:
            memory.remember(name, texts)
        if turn >= WARM:
            busy.append(time.process_time() - started)
        if busy and (sum(busy) > seconds or len(busy) * each >= MOST):
            break
    if profile is not None:
        profile.disable()
    return busy


if __name__ == "__main__":
    main()
