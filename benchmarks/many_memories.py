"""Many small memories in one database: build, cold loads, and a bounded cache under a skewed load.

    python benchmarks/many_memories.py --memories 100000 --folder /tmp/many

Builds SQLite through the store's own write path, many memories per transaction; a folder that holds such a
database already is used as it is. Vectors are random: nothing here depends on what they mean.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import faiss
import numpy as np
from sqlalchemy import Engine

from memnet.store import FactStore, changes, memories, migrate, open_database
from memnet.store.database import writing
from memnet.store.statements import batched
from memnet.store.vectors import encode

PLACES = ("garden", "kitchen", "office", "hallway", "bathroom")
PER_TRANSACTION = 200
"""Memories built in one commit."""


def build(engine: Engine, model_id: int, names: Iterator[str], facts: int, spaces: int, dim: int) -> int:
    """Write memories; returns how many facts."""
    rng = np.random.default_rng(0)
    written = 0
    for batch in batched(names, PER_TRANSACTION):
        vectors = rng.normal(size=(len(batch), facts, spaces, dim)).astype(np.float32)
        with writing(engine) as connection:
            for name, its in zip(batch, vectors, strict=True):
                memories.put(connection, name, None)
                texts = [f"Mary went to the {PLACES[number % 5]}, {name}." for number in range(facts)]
                changes.append(connection, name, texts, model_id, [encode(vector) for vector in its])
                written += facts
        print(f"\r{written} facts", end="", flush=True)
    print()
    return written


def resident_bytes() -> int:
    """What the process holds in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def quantiles(seconds: list[float]) -> dict[str, float]:
    """p50, p99 and the worst, in milliseconds."""
    p50, p99 = np.quantile(seconds, [0.5, 0.99])
    return {
        name: round(1e3 * float(value), 3)
        for name, value in (("p50_ms", p50), ("p99_ms", p99), ("max_ms", max(seconds)))
    }


def timed_loads(store: FactStore, model_id: int, names: list[str]) -> list[float]:
    """Seconds that each view took."""
    seconds = []
    for name in names:
        started = time.perf_counter()
        store.view(name, model_id)
        seconds.append(time.perf_counter() - started)
    return seconds


def main() -> None:
    """Build if need be, measure, print one JSON record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--memories", type=int, default=100_000)
    parser.add_argument("--facts", type=int, default=50, help="facts per memory")
    parser.add_argument("--spaces", type=int, default=1)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--cache-mib", type=int, default=2048, help="bound on the views in memory")
    parser.add_argument("--questions", type=int, default=100_000, help="reads of the skewed load")
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()

    faiss.omp_set_num_threads(1)
    url = f"sqlite:///{options.folder.absolute()}/memnet.db"
    fresh = not (options.folder / "memnet.db").exists()
    migrate.upgrade(url)
    engine = open_database(url)
    store = FactStore(engine, cache_bytes=options.cache_mib << 20)
    model_id = store.register_model("many memories", family="none", spaces=options.spaces, dim=options.dim)
    names = [f"memory-{number}" for number in range(options.memories)]
    record: dict[str, object] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "memories": options.memories,
        "facts_per_memory": options.facts,
        "vectors": f"{options.spaces} x {options.dim} float32",
        "cache_mib": options.cache_mib,
    }
    if fresh:
        started = time.perf_counter()
        facts = build(engine, model_id, iter(names), options.facts, options.spaces, options.dim)
        record["build_facts_per_s"] = round(facts / (time.perf_counter() - started))
    record["database_bytes"] = sum(path.stat().st_size for path in options.folder.iterdir())

    rng = np.random.default_rng(1)
    timed_loads(store, model_id, names[:20])  # connections, compiled statements
    before = resident_bytes()
    cold = rng.permutation(np.arange(20, options.memories))[: min(2000, options.memories // 2)]
    record["cold_load"] = quantiles(timed_loads(store, model_id, [names[number] for number in cold]))
    record["warm_read"] = quantiles(timed_loads(store, model_id, [names[cold[-1]]] * 2000))

    # The most asked memory gets about a tenth of all questions, as names in a text do.
    asked = np.minimum(rng.zipf(1.1, size=options.questions), 10**9) % options.memories
    most_cached = 0
    seconds = []
    for some in batched(asked.tolist(), 5000):
        seconds += timed_loads(store, model_id, [names[number] for number in some])
        most_cached = max(most_cached, store.cached_bytes)
    record["skewed_load"] = quantiles(seconds)
    record["different_memories_asked"] = len(set(asked.tolist()))
    record["cached_mib_at_most"] = round(most_cached / 2**20, 1)
    record["resident_mib_before"] = round(before / 2**20, 1)
    record["resident_mib_after"] = round(resident_bytes() / 2**20, 1)
    record["resident_mib_peak"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    store.close()
    print(json.dumps(record, indent=2))


if __name__ == "__main__":
    main()
