"""Processes of one's own: one that forks, and one of threads that search what others change."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.memnet.store.conftest import Database

FORKING = """
import os, signal, sys
import numpy as np
from memnet.errors import StoreUnavailable
from memnet.store import FactStore, open_database

url = sys.argv[1]
store = FactStore(open_database(url))
model_id = store.register_model("wide", family="memn2n", spaces=1, dim=64)
store.put_memory("wide")
rng = np.random.default_rng(7)
vectors = rng.normal(size=(1000, 1, 64)).astype(np.float32)
store.add("wide", [f"fact {number}" for number in range(1000)], model_id=model_id, vectors=vectors)
query = rng.normal(size=(64, 64)).astype(np.float32)
view = store.view("wide", model_id)
expected = view.index(0).search(query, 5)[0]  # by two threads, which a child does not have

child = os.fork()
if child == 0:
    signal.alarm(20)
    print("searched", (view.index(0).search(query, 5)[0] == expected).all(), flush=True)
    for each in (store, FactStore(open_database(url))):
        try:
            seqs = each.add("wide", ["from the child"], model_id=model_id, vectors=vectors[:1]).seqs
            print("added", *seqs, len(each.view("wide", model_id)), flush=True)
        except StoreUnavailable as error:
            print("refused:", error, flush=True)
    os._exit(0)
_, status = os.waitpid(child, 0)
print("child", status, flush=True)
seqs = store.add("wide", ["from the parent"], model_id=model_id, vectors=vectors[:1]).seqs
print("parent", *seqs, len(store.view("wide", model_id)), flush=True)
"""


def test_a_process_that_forks_hangs_nowhere_and_shares_no_connection(database: Database, url: str):
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive"}
    run = subprocess.run(
        [sys.executable, "-c", FORKING, url], env=environment, capture_output=True, text=True, timeout=120
    )

    if url.startswith("postgresql"):
        told = ["added 1001 1001", "added 1002 1002"]
        end = "parent 1003 1003"
    else:
        told = ["refused: the database file was open in the process that this one was forked from"] * 2
        end = "parent 1001 1001"
    assert run.stdout.splitlines() == ["searched True", *told, "child 0", end], run.stderr


SEARCHING = """
import faulthandler, sys, time
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from memnet.store import FactStore, open_database
from memnet.store.index import BruteForceIndex

url, seconds = sys.argv[1], float(sys.argv[2])
faulthandler.enable()
faulthandler.dump_traceback_later(seconds + 120, exit=True)
store = FactStore(open_database(url))
model_id = store.register_model("wide", family="memn2n", spaces=2, dim=16)
store.put_memory("wide")
rng = np.random.default_rng(7)
stop = time.monotonic() + seconds


def add(count):
    vectors = rng.normal(size=(count, 2, 16)).astype(np.float32)
    return store.add("wide", ["a fact"] * count, model_id=model_id, vectors=vectors).seqs


def search(seed):
    queries = np.random.default_rng(seed).normal(size=(24, 16)).astype(np.float32)
    searches, revisions = 0, set()
    while not searches or time.monotonic() < stop:
        view = store.view("wide", model_id)
        for space in range(2):
            found, scores = view.index(space).search(queries, 5)
            expected = BruteForceIndex(view.seqs, view.vectors[:, space]).search(queries, 5)
            assert found.tolist() == expected[0].tolist()
        searches += 1
        revisions.add(view.revision)
    return searches, len(revisions)


def write():
    changes = 0
    while time.monotonic() < stop:
        first, *_ = add(3)
        store.forget("wide", first)
        changes += 2
        if changes % 50 == 0:
            # New segments, and a reader that has to load anew.
            store.erase("wide", [first + 1])
    return changes


add(300)
with ThreadPoolExecutor(5) as threads:
    readers = [threads.submit(search, seed) for seed in range(4)]
    changes = threads.submit(write).result()
    seen = [reader.result() for reader in readers]
print(changes, sum(searches for searches, _ in seen), max(revisions for _, revisions in seen))
"""


@pytest.mark.parametrize("seconds", [2, pytest.param(60, marks=pytest.mark.slow)])
def test_threads_that_search_while_others_write_do_not_crash_the_process(
    database: Database, url: str, seconds: int
):
    """In a process of their own: a crash in FAISS would end it by a signal, and say where."""
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive"}
    run = subprocess.run(
        [sys.executable, "-c", SEARCHING, url, str(seconds)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=seconds + 180,
    )

    assert (run.returncode, run.stderr) == (0, "")
    changes, searches, revisions = map(int, run.stdout.split())
    assert changes > 0
    assert searches >= 4
    assert revisions > 1
