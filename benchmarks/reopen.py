"""How long a large memory takes to be opened: by this memnet, and by another checkout of it in turn.

    python benchmarks/reopen.py --facts 1000000 --beside ../memnet-before

Each opening is a process of its own on the same SQLite file, which has been read before: what is measured is
rows, checksums and arrays, not the disk. On a machine with other work, compare the two by their ratio.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import numpy as np

from memnet.store import FactStore, migrate, open_database

_BATCH = 10_000

_OPEN = """
import json, resource, sys, time
from memnet.store import FactStore, open_database

store = FactStore(open_database(sys.argv[1]))
model_id = store.get_memory("big").active_model_id
cpu, wall = time.process_time(), time.perf_counter()
facts = len(store.view("big", model_id))
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"facts": facts, "cpu_s": cpu, "wall_s": wall, "peak_mb": peak_mb}))
"""


def build(url: str, facts: int, dim: int) -> None:
    """Fill a new database with one memory."""
    migrate.upgrade(url)
    store = FactStore(open_database(url))
    model_id = store.register_model("reopen", family="memn2n", spaces=1, dim=dim)
    store.put_memory("big")
    rng = np.random.default_rng(0)
    for first in range(0, facts, _BATCH):
        numbers = range(first, min(first + _BATCH, facts))
        vectors = rng.normal(size=(len(numbers), 1, dim)).astype(np.float32)
        texts = [f"Mary number {number} went to the garden with John." for number in numbers]
        store.add("big", texts, model_id=model_id, vectors=vectors)
    store.close()


def opened(url: str, checkout: Path) -> dict[str, float]:
    """Open the memory in a process of its own, with the memnet of a checkout."""
    environment = {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", _OPEN, url]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


@click.command()
@click.option("--facts", default=1_000_000, show_default=True)
@click.option("--dim", default=128, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--beside", type=click.Path(path_type=Path, exists=True, file_okay=False, resolve_path=True))
def main(facts: int, dim: int, rounds: int, beside: Path | None) -> None:
    """Measure."""
    here = Path(__file__).resolve().parents[1]
    with tempfile.TemporaryDirectory(prefix="memnet-reopen-") as folder:
        url = f"sqlite:///{folder}/memnet.db"
        build(url, facts, dim)
        for _ in range(rounds):
            for checkout in filter(None, (beside, here)):
                found = opened(url, checkout)
                told = ", ".join(f"{name} {value:.2f}" for name, value in found.items())
                click.echo(f"{'beside' if checkout == beside else 'here'}: {told}")


if __name__ == "__main__":
    main()
