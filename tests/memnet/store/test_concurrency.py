"""Many writers and readers at once, and writers that are killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import groupby

import numpy as np
import pytest

from memnet.errors import FactNotFound, MemoryNotFound
from memnet.store import FactStore, fact_id
from tests.memnet.store.conftest import Database


def test_threads_that_write_at_once_lose_nothing(database: Database, open_store):
    stores = [database.store, open_store()]

    def write(writer: int) -> list[tuple[int, ...]]:
        store = stores[writer % 2]
        texts = [f"writer {writer}", f"writer {writer} again"]
        vectors = np.full((2, 3, 5), writer, np.float32)
        return [
            store.add("house", texts, model_id=database.model_id, vectors=vectors).seqs for _ in range(15)
        ]

    with ThreadPoolExecutor(4) as threads:
        written = list(threads.map(write, range(4)))

    assert sorted(seq for pairs in written for pair in pairs for seq in pair) == list(range(1, 121))
    assert all(second == first + 1 for pairs in written for first, second in pairs)
    view = database.view()
    assert view.revision == 60
    for writer, pairs in enumerate(written):
        for first, _ in pairs:
            assert view.texts[first - 1 : first + 1] == (f"writer {writer}", f"writer {writer} again")
            assert (view.vectors[first - 1 : first + 1] == writer).all()


def test_a_reader_sees_whole_requests_in_order_while_others_write(database: Database, open_store):
    reader = open_store()
    done = threading.Event()

    def write() -> None:
        for number in range(30):
            database.add(f"{number} a", f"{number} b", f"{number} c")
        done.set()

    def read() -> list[int]:
        revisions = []
        while not done.is_set():
            view = reader.view("house", database.model_id)
            assert len(view) == 3 * view.revision
            assert view.seqs.tolist() == list(range(1, len(view) + 1))
            revisions.append(view.revision)
        return revisions

    with ThreadPoolExecutor(3) as threads:
        readers = [threads.submit(read) for _ in range(2)]
        threads.submit(write).result()
        for seen in readers:
            assert seen.result() == sorted(seen.result())
    assert reader.view("house", database.model_id).revision == 30


def test_a_fact_is_forgotten_by_one_of_many(database: Database, open_store):
    database.add("here")
    stores = [database.store, open_store()]
    start = threading.Barrier(6)

    def forget(number: int) -> int | None:
        start.wait()
        try:
            return stores[number % 2].forget("house", 1)
        except FactNotFound:
            return None

    with ThreadPoolExecutor(6) as threads:
        revisions = [revision for revision in threads.map(forget, range(6)) if revision is not None]

    assert revisions == [2]
    assert database.store.get_memory("house").live_count == 0


def test_a_memory_is_created_by_one_of_many(database: Database, open_store):
    stores = [database.store, open_store()]
    start = threading.Barrier(6)

    def put(number: int) -> tuple[int, bool]:
        start.wait()
        memory, created = stores[number % 2].put_memory("shed", description="Tools.")
        return memory.memory_id, created

    with ThreadPoolExecutor(6) as threads:
        made = list(threads.map(put, range(6)))

    assert len({memory_id for memory_id, _ in made}) == 1
    assert sum(created for _, created in made) == 1


def test_a_memory_deleted_under_its_writers_leaves_no_orphans(database: Database, open_store):
    other = open_store()
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with suppress(MemoryNotFound):
                database.add("a", "b")
            # SQLite's lock goes to whoever asks first: one who asks without a rest can starve the other.
            time.sleep(0.002)

    with ThreadPoolExecutor(1) as threads:
        writer = threads.submit(write)
        try:
            for _ in range(10):
                other.delete_memory("house")
                other.put_memory("house")
                time.sleep(0.005)
            other.delete_memory("house")
        finally:
            # A writer that nobody stops would hide what went wrong here.
            stop.set()
        writer.result()

    assert database.counts() == {"memories": 0, "facts": 0, "fact_vectors": 0, "changes": 0}


WRITER = """
import sys
import numpy as np
from memnet.store import FactStore, open_database

url, model_id = sys.argv[1], int(sys.argv[2])
store = FactStore(open_database(url))
print("ready", flush=True)
while True:
    texts = ["one", "two", "three"]
    vectors = np.random.default_rng().normal(size=(3, 3, 5)).astype(np.float32)
    added = store.add("house", texts, model_id=model_id, vectors=vectors)
    print(added.revision, *added.seqs, flush=True)
"""


def assert_whole(store: FactStore, database: Database) -> int:
    """Hold the invariants: no gaps in the log, no half requests, a vector per fact. How many facts there are."""
    log = sorted(database.rows("SELECT revision, seq FROM changes"))
    requests = {revision: [seq for _, seq in rows] for revision, rows in groupby(log, lambda row: row[0])}
    memory = store.get_memory("house")
    assert list(requests) == list(range(1, memory.revision + 1))
    assert [seq for seqs in requests.values() for seq in seqs] == list(range(1, memory.last_seq + 1))
    assert all(len(seqs) == 3 for seqs in requests.values())
    view = store.view("house", database.model_id)
    assert len(view) == memory.live_count == memory.last_seq == 3 * memory.revision
    assert view.texts == ("one", "two", "three") * memory.revision
    counts = database.counts()
    assert counts["facts"] == counts["fact_vectors"] == counts["changes"] == len(view)
    assert fact_id(memory.uid, 1) != fact_id(memory.uid, 2)
    return len(view)


@pytest.mark.slow
def test_a_killed_writer_loses_no_acknowledged_fact_and_leaves_no_half_request(
    database: Database, url: str, open_store
):
    rng = np.random.default_rng()
    acknowledged: list[list[int]] = []
    on_server = url.startswith("postgresql")
    writer_url = f"{url}&application_name=writer" if on_server else url
    for _ in range(4):
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, writer_url, str(database.model_id)],
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        time.sleep(0.1 + 0.2 * rng.random())
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
        for writer in writers:
            said, _ = writer.communicate()
            # The last line may be cut.
            acknowledged += [[int(word) for word in line.split()] for line in said.split("\n")[:-1]]
        # The server finishes or rolls back what a dead client has sent.
        while on_server and database.rows("SELECT 1 FROM pg_stat_activity WHERE application_name = 'writer'"):
            time.sleep(0.02)
        facts = assert_whole(open_store(), database)
        assert all(
            seqs == list(range(3 * revision - 2, 3 * revision + 1)) for revision, *seqs in acknowledged
        )
        assert len({revision for revision, *_ in acknowledged}) == len(acknowledged) > 0
        assert facts >= 3 * max(revision for revision, *_ in acknowledged)
