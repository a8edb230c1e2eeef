"""Two uvicorn workers on one database under mixed load: is what one acknowledged seen in the other?

    python benchmarks/two_workers.py --seconds 300
    python benchmarks/two_workers.py --seconds 300 --database-url postgresql://user@host/empty

On a SQLite file of its own, or on a PostgreSQL database that holds no memory yet.

Several clients tell, ask, list and forget on memories that they share. Every acknowledged write is read back
at once on a new connection, which either worker may accept; of all other requests half are on a new one.
`/proc` says which worker it was. At the end the server is started again and every memory is compared, fact
by fact, with what was acknowledged. The exit status is 1 when anything is stale, lost, doubled, refused or
growing.

Linux only. The load is bounded by its clients: each sends its next request when it has the reply.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import httpx2
from mixed_load.client import MEMORIES, Client
from mixed_load.database import kind_and_mib, prepare
from mixed_load.report import Run, failures_of, lines
from mixed_load.sampling import load
from mixed_load.seen import Shared, Tally, compare
from mixed_load.server import WORKERS, logged, serving, worker_pids


def main() -> int:
    """Run, restart, compare; prints Markdown and returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--database-url", help="an empty PostgreSQL database; a SQLite file when not given")
    options = parser.parse_args()

    memories = {name: Shared() for name in MEMORIES}
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        url = options.database_url or f"sqlite:///{folder}/memnet.db"
        prepare(url)
        with serving(folder, url) as server:
            if len(server.workers) != WORKERS:
                raise SystemExit(f"{len(server.workers)} workers instead of {WORKERS}")
            for name in MEMORIES:
                httpx2.put(f"{server.address}/v1/memories/{name}").raise_for_status()
            clients = [Client(number, server, memories) for number in range(options.clients)]
            began = datetime.now(UTC)
            samples = load(server, clients, options.seconds)
            if (now := worker_pids(server.process.pid)) != server.workers:
                wrong.append(f"workers were replaced: {len(set(now) - set(server.workers))}")
        database = kind_and_mib(url)
        with serving(folder, url) as server_again:
            wrong += compare(server_again, memories)
        errors = logged(folder)

    tally = Tally()
    for client in clients:
        tally.add(client.tally)
    run = Run(began, server.workers, samples, tally, memories, *database, errors)
    failures = wrong + failures_of(run)
    print(*lines(run, len(clients)), sep="\n")
    print()
    print(*(f"FAILED: {failure}" for failure in failures) if failures else ["every invariant held"], sep="\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
