"""Our store beside FAISS alone, NumPy, and vector databases: the same vectors, one after the other.

    python benchmarks/stores.py [--sizes 10000 100000] [--large] [--only memnet faiss …] [--out FILE]

Every product keeps facts, a text and a vector of 128 columns each, in a new folder: the first ones one by
one, the others in batches of 100. A second process then opens the folder and asks for the 32 facts with the
largest inner product, with their texts. Measured are facts per second, the time from opening to the first
answer, questions one at a time, and four rounds of eight questions at once (8 heads, 4 hops); then the bytes
on disk, and the resident memory that opening and asking took, without that of the imports. Recall is
against a dense product in NumPy.

chromadb and lancedb are measured where they are installed, and are not dependencies of memnet. Vectors are
sums of 6 words drawn from a Zipf vocabulary of 5000, not normalised; questions are sums of 4.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from report import Page, options

DIM, LIMIT, BATCH = 128, 32, 100
ONE_BY_ONE = 500
HEADS, HOPS = 8, 4

Found = list[tuple[int, str]]
"""Facts found for one question: number, from 0, and text."""


class Store(Protocol):
    """What is measured."""

    durable: str

    def __init__(self, folder: Path) -> None:
        """Open a folder; an empty one becomes a new store."""

    def add(self, first: int, texts: list[str], vectors: np.ndarray) -> None:
        """Keep facts; `first` is the number of the first one."""

    def search(self, queries: np.ndarray) -> list[Found]:
        """The best facts for each question."""

    def close(self) -> None:
        """Leave everything on disk."""


class Memnet:
    """`FactStore` on SQLite, as the service uses it: every question checks the memory's revision."""

    durable = "fsync"

    def __init__(self, folder: Path) -> None:
        from memnet.store import FactStore, migrate, open_database

        url = f"sqlite:///{folder}/memnet.db"
        migrate.upgrade(url)
        self.store = FactStore(open_database(url), cache_bytes=8 << 30)
        self.model_id = self.store.register_model("benchmark", family="benchmark", spaces=1, dim=DIM)
        self.store.put_memory("house")

    def add(self, first: int, texts: list[str], vectors: np.ndarray) -> None:
        self.store.add("house", texts, model_id=self.model_id, vectors=vectors[:, None])

    def search(self, queries: np.ndarray) -> list[Found]:
        view = self.store.view("house", self.model_id)
        seqs, _ = view.index(0).search(queries, LIMIT)
        return [[(seq - 1, self._text(view, seq)) for seq in row] for row in seqs.tolist()]

    @staticmethod
    def _text(view: Any, seq: int) -> str:
        for part in view.parts:
            position = int(np.searchsorted(part.segment.seqs, seq))
            if position < len(part.segment.seqs) and part.segment.seqs[position] == seq:
                return str(part.segment.texts[position])
        raise KeyError(seq)

    def close(self) -> None:
        self.store.close()


class Faiss:
    """An `IndexFlatIP` and a list of texts in memory, written once at the end."""

    durable = "no"

    def __init__(self, folder: Path) -> None:
        import faiss

        self.faiss, self.folder = faiss, folder
        self.texts: list[str] = []
        if (folder / "index").exists():
            self.index = faiss.read_index(str(folder / "index"))
            self.texts = (folder / "texts").read_text().split("\n")
        else:
            self.index = faiss.IndexFlatIP(DIM)

    def add(self, first: int, texts: list[str], vectors: np.ndarray) -> None:
        self.index.add(vectors)
        self.texts.extend(texts)

    def search(self, queries: np.ndarray) -> list[Found]:
        _, positions = self.index.search(queries, LIMIT)
        return [[(at, self.texts[at]) for at in row] for row in positions.tolist()]

    def close(self) -> None:
        self.faiss.write_index(self.index, str(self.folder / "index"))
        (self.folder / "texts").write_text("\n".join(self.texts))


class Numpy:
    """An array and a list of texts; two files that are appended to and flushed, with nothing to keep them
    in step."""

    durable = "fsync, not atomic"

    def __init__(self, folder: Path) -> None:
        self.files = [(folder / name).open("ab") for name in ("vectors", "texts")]
        self.vectors = np.fromfile(folder / "vectors", "<f4").reshape(-1, DIM)
        self.texts = (folder / "texts").read_text().split("\n")

    def add(self, first: int, texts: list[str], vectors: np.ndarray) -> None:
        lines = "".join(f"{text}\n" for text in texts)
        for file, data in zip(self.files, (vectors.tobytes(), lines.encode()), strict=True):
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def search(self, queries: np.ndarray) -> list[Found]:
        scores = queries @ self.vectors.T
        best = np.argpartition(-scores, LIMIT, axis=1)[:, :LIMIT]
        order = np.take_along_axis(best, np.argsort(-np.take_along_axis(scores, best, 1), axis=1), 1)
        return [[(at, self.texts[at]) for at in row] for row in order.tolist()]

    def close(self) -> None:
        for file in self.files:
            file.close()


class Chroma:
    """chromadb's persistent client: HNSW with its default settings, for inner products."""

    durable = "fsync"

    def __init__(self, folder: Path) -> None:
        import chromadb
        from chromadb.config import Settings

        self.client = chromadb.PersistentClient(str(folder), Settings(anonymized_telemetry=False))
        self.collection = self.client.get_or_create_collection(
            "house", configuration={"hnsw": {"space": "ip"}}, embedding_function=None
        )

    def add(self, first: int, texts: list[str], vectors: np.ndarray) -> None:
        ids = [str(first + place) for place in range(len(texts))]
        self.collection.add(ids=ids, embeddings=vectors, documents=texts)

    def search(self, queries: np.ndarray) -> list[Found]:
        found = self.collection.query(query_embeddings=queries, n_results=LIMIT, include=["documents"])
        return [
            [(int(number), text) for number, text in zip(ids, texts, strict=True)]
            for ids, texts in zip(found["ids"], found["documents"], strict=True)
        ]

    def close(self) -> None:
        pass


class Lance:
    """lancedb without an index, an exact scan; compacted after the last batch, which counts as ingest."""

    durable = "renames, no sync"

    def __init__(self, folder: Path) -> None:
        import lancedb
        import pyarrow as pa

        database = lancedb.connect(str(folder))
        schema = pa.schema(
            [("number", pa.int64()), ("text", pa.string()), ("vector", pa.list_(pa.float32(), DIM))]
        )
        self.pa, self.schema = pa, schema
        self.table = database.create_table("house", schema=schema, exist_ok=True)
        self.added = False

    def add(self, first: int, texts: list[str], vectors: np.ndarray) -> None:
        columns = [
            self.pa.array(np.arange(first, first + len(texts))),
            self.pa.array(texts),
            self.pa.FixedSizeListArray.from_arrays(self.pa.array(vectors.ravel()), DIM),
        ]
        self.table.add(self.pa.Table.from_arrays(columns, schema=self.schema))
        self.added = True

    def search(self, queries: np.ndarray) -> list[Found]:
        found = []
        for query in queries:
            asked = (
                self.table.search(query)
                .distance_type("dot")
                .limit(LIMIT)
                .select(["number", "text", "_distance"])
            )
            rows = asked.to_arrow().to_pylist()
            found.append([(row["number"], row["text"]) for row in rows])
        return found

    def close(self) -> None:
        if self.added:
            self.table.optimize()


STORES: dict[str, type[Store]] = {
    "memnet": Memnet,
    "faiss": Faiss,
    "numpy": Numpy,
    "chromadb": Chroma,
    "lancedb": Lance,
}
PACKAGES = {
    "memnet": "memnet",
    "faiss": "faiss-cpu",
    "numpy": "numpy",
    "chromadb": "chromadb",
    "lancedb": "lancedb",
}


def draw(count: int, words: int, seed: int) -> np.ndarray:
    """Sums of so many words of a Zipf vocabulary, float32, shape (count, DIM)."""
    rng = np.random.default_rng(seed)
    vocabulary = np.random.default_rng(1).normal(size=(5000, DIM)).astype(np.float32)
    frequency = 1 / np.arange(1, 5001)
    chosen = rng.choice(5000, size=(count, words), p=frequency / frequency.sum())
    drawn = np.zeros((count, DIM), np.float32)
    for place in range(words):
        drawn += vocabulary[chosen[:, place]]
    return drawn


def text(number: int) -> str:
    """A sentence of usual length, different for every fact."""
    return f"Mary took the football number {number} to the garden."


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def timed(action: Callable[[], object]) -> float:
    """Seconds that an action takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def ingest(name: str, folder: Path, vectors: np.ndarray) -> dict[str, float]:
    """Fill a new store."""
    store = STORES[name](folder)
    texts = [text(number) for number in range(len(vectors))]
    single = [
        timed(lambda at=at: store.add(at, texts[at : at + 1], vectors[at : at + 1]))
        for at in range(ONE_BY_ONE)
    ]
    began = time.perf_counter()
    for first in range(ONE_BY_ONE, len(vectors), BATCH):
        store.add(first, texts[first : first + BATCH], vectors[first : first + BATCH])
    store.close()
    elapsed_s = time.perf_counter() - began
    return {
        "one_by_one": ONE_BY_ONE / sum(single),
        "single_p50_ms": float(np.median(single)) * 1e3,
        "batches": (len(vectors) - ONE_BY_ONE) / elapsed_s,
    }


def ask(name: str, folder: Path, queries: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Open a store and ask it."""
    with tempfile.TemporaryDirectory() as empty:  # so that imports count neither as time nor as memory
        STORES[name](Path(empty)).close()
    gc.collect()
    before = resident()
    began = time.perf_counter()
    store = STORES[name](folder)
    store.search(queries[:1])
    reopen_s = time.perf_counter() - began
    single, hits = [], 0
    for query, best in zip(queries[:, None], truth, strict=True):
        found: list[Found] = []
        single.append(timed(lambda q=query, f=found: f.extend(store.search(q))))
        assert all(line == text(number) for number, line in found[0])
        hits += len({number for number, _ in found[0]} & set(best.tolist()))
    rounds = [
        timed(lambda at=at: [store.search(queries[at : at + HEADS]) for _ in range(HOPS)])
        for at in range(0, len(queries) - HEADS, HEADS)
    ]
    return {
        "reopen_s": reopen_s,
        "p50_ms": float(np.percentile(single, 50)) * 1e3,
        "p99_ms": float(np.percentile(single, 99)) * 1e3,
        "hops_p50_ms": float(np.median(rounds)) * 1e3,
        "recall": hits / truth.size,
        "ram_mb": (resident() - before) / 1e6,
    }


def measure(name: str, size: int, work: Path) -> dict[str, Any]:
    """One product with so many facts, each phase in a process of its own."""
    with tempfile.TemporaryDirectory(dir=work) as folder:
        result: dict[str, Any] = {"load": os.getloadavg()[0]}
        for phase in ("ingest", "ask"):
            command = [sys.executable, __file__, "--phase", phase, "--only", name, "--sizes", str(size)]
            done = subprocess.run(
                [*command, "--work", str(work), "--folder", folder],
                stdout=subprocess.PIPE,
                check=True,
                text=True,
            )
            result |= json.loads(done.stdout.splitlines()[-1])
        files = [path for path in Path(folder).rglob("*") if path.is_file()]
        result["disk_mb"] = sum(path.stat().st_size for path in files) / 1e6
        return result


def best_facts(vectors: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """The truth: numbers of the facts with the largest products, shape (questions, LIMIT)."""
    return np.stack([np.argpartition(-(vectors @ query), LIMIT)[:LIMIT] for query in queries])


TITLE = "Stores, in process: facts with 128-dimensional vectors, top 32 with text"
LOAD = "`load` is the load average before each line, from the product before it and from other work."
COLUMNS: list[tuple[str, str, str]] = [
    ("one by one, facts/s", "one_by_one", ",.0f"),
    ("p50 ms", "single_p50_ms", ".2f"),
    ("batches of 100, facts/s", "batches", ",.0f"),
    ("query p50 ms", "p50_ms", ".2f"),
    ("p99 ms", "p99_ms", ".2f"),
    ("8 x 4 p50 ms", "hops_p50_ms", ".1f"),
    ("recall@32", "recall", ".3f"),
    ("reopen s", "reopen_s", ".2f"),
    ("disk MB", "disk_mb", ",.1f"),
    ("RAM MB", "ram_mb", ",.1f"),
    ("load", "load", ".1f"),
]


def tell(page: Page, size: int, measured: dict[str, dict[str, Any]]) -> None:
    """Add the table of one size."""
    page.say(f"## {size:,} facts")
    page.table(
        ["product", "durable", *(title for title, _, _ in COLUMNS)],
        [
            [name, STORES[name].durable, *(format(result[key], spec) for _, key, spec in COLUMNS)]
            for name, result in measured.items()
        ],
        words=2,
    )


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--large", action="store_true", help="1M facts too: memnet, faiss and numpy")
    parser.add_argument("--only", nargs="+", choices=STORES, default=list(STORES))
    parser.add_argument("--threads", type=int, default=1, help="threads of every product's arithmetic")
    parser.add_argument("--phase", choices=("ingest", "ask"), help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.phase == "ingest":
        vectors = np.load(arguments.work / f"{arguments.sizes[0]}.npy")
        print(json.dumps(ingest(arguments.only[0], arguments.folder, vectors)))
        return
    if arguments.phase == "ask":
        asked = np.load(arguments.work / f"{arguments.sizes[0]}-queries.npz")
        print(json.dumps(ask(arguments.only[0], arguments.folder, asked["queries"], asked["truth"])))
        return
    # Inherited by every process that measures. With more threads than free cores a search of 8 questions
    # waits for the scheduler, not for the memory.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS", "LANCE_CPU_THREADS"):
        os.environ[variable] = str(arguments.threads)
    missing = [name for name in arguments.only if importlib.util.find_spec(name) is None]
    for name in missing:
        print(f"{name} is not installed: skipped")
    present = [name for name in arguments.only if name not in missing]
    page = Page(TITLE, *sorted({PACKAGES[name] for name in present} - {"memnet"}))
    threads = f"{arguments.threads} thread{'' if arguments.threads == 1 else 's'} per product"
    page.say(f"{threads}. One run, nothing selected. {LOAD}")
    with tempfile.TemporaryDirectory(prefix="memnet-stores-") as folder:
        work = Path(folder)
        for size in [*arguments.sizes, *([1_000_000] if arguments.large else [])]:
            vectors, queries = draw(size, 6, seed=2), draw(200 if size < 1_000_000 else 40, 4, seed=3)
            np.save(work / f"{size}.npy", vectors)
            np.savez(work / f"{size}-queries.npz", queries=queries, truth=best_facts(vectors, queries))
            del vectors
            measured: dict[str, dict[str, Any]] = {}
            for name in present:
                if size == 1_000_000 and name in ("chromadb", "lancedb"):
                    continue
                measured[name] = measure(name, size, work)
                shown = ", ".join(f"{t} {format(measured[name][k], s)}" for t, k, s in COLUMNS)
                print(f"{size:,} {name}: {shown}", flush=True)
            (work / f"{size}.npy").unlink()
            tell(page, size, measured)
    page.say(*(f"{name} is not installed and was skipped." for name in missing))
    page.deliver(arguments.out)


if __name__ == "__main__":
    main()
