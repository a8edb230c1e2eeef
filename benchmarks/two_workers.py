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
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import httpx2
from mixed_load.client import MEMORIES, Client
from mixed_load.report import Run, failures_of, lines
from mixed_load.sampling import load
from mixed_load.seen import Shared, Tally, compare
from mixed_load.server import WORKERS, logged, serving, worker_pids

from memnet.store import migrate


def main() -> int:
    """Run, restart, compare; prints Markdown and returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--clients", type=int, default=4)
    options = parser.parse_args()

    memories = {name: Shared() for name in MEMORIES}
    wrong: list[str] = []
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
                wrong.append(f"workers were replaced: {len(set(now) - set(server.workers))}")
        database_mib = (folder / "memnet.db").stat().st_size / 2**20
        with serving(folder) as server_again:
            wrong += compare(server_again, memories)
        errors = logged(folder)

    tally = Tally()
    for client in clients:
        tally.add(client.tally)
    run = Run(began, server.workers, samples, tally, memories, database_mib, errors)
    failures = wrong + failures_of(run)
    print(*lines(run, len(clients)), sep="\n")
    print()
    print(*(f"FAILED: {failure}" for failure in failures) if failures else ["every invariant held"], sep="\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
