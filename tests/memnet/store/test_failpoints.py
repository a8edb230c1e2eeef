"""Failing at every numbered step of writing and reading: nothing acknowledged is lost, nothing is half there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from memnet.errors import InputError
from memnet.store import FactStore, Write, Writes
from memnet.store.failpoints import COMPACT, ERASE, FORGET, MODEL, POINTS, READ, WRITE, Failpoint, armed
from tests.memnet.store.conftest import STORY, Database
from tests.memnet.store.test_views import assert_same


def assert_sound(database: Database, store: FactStore) -> None:
    """Hold the invariants that no crash may break, by what the database itself says."""
    memory = store.get_memory("house")
    ((floor,),) = database.rows("SELECT log_floor FROM memories WHERE name = 'house'")
    revisions = sorted({row[0] for row in database.rows("SELECT revision FROM changes")})
    begin = revisions[0] if revisions else 1
    assert begin <= max(floor, 1)
    assert revisions == list(range(begin, memory.revision + 1))
    live = database.rows("SELECT seq FROM facts WHERE deleted_revision IS NULL ORDER BY seq")
    vectors = f"SELECT seq FROM fact_vectors WHERE model_id = {memory.active_model_id or 0}"
    assert {row[0] for row in live} <= {row[0] for row in database.rows(vectors)}
    orphans = "SELECT seq FROM fact_vectors WHERE seq NOT IN (SELECT seq FROM facts)"
    assert database.rows(orphans) == []
    ends = "SELECT writer_seq FROM writes UNION SELECT target_seq FROM writes"
    assert {row[0] for row in database.rows(ends)} <= {
        row[0] for row in database.rows("SELECT seq FROM facts")
    }
    assert len(live) == memory.live_count
    added = {row[0] for row in database.rows("SELECT seq FROM changes WHERE op = 'add'")}
    assert added == set(range(min(added, default=memory.last_seq + 1), memory.last_seq + 1))
    assert begin > 1 or min(added, default=1) == 1


def supersede_all(database: Database, *texts: str) -> None:
    """Add facts that supersede by half whatever is there, one another included."""
    view = database.view()
    seqs = np.concatenate([view.seqs, np.arange(len(texts)) + view.last_seq + 1])
    of = [Write(seqs[:place], np.full(place, 0.5, np.float32)) for place in range(len(view), len(seqs))]
    vectors = database.vectors(len(texts))
    database.store.add(
        "house", texts, model_id=database.model_id, vectors=vectors, writes=Writes(view.revision, of)
    )


@pytest.mark.parametrize("point", WRITE)
def test_a_write_that_fails_at_any_step_is_whole_or_not_there(database: Database, open_store, point: str):
    database.add(*STORY)
    database.view()

    with armed(f"{point}=raise"), pytest.raises(Failpoint, match=point):
        supersede_all(database, "a", "b")

    done = point == "write.committed"
    assert_sound(database, database.store)
    assert database.store.get_memory("house").revision == (2 if done else 1)
    assert len(database.view()) == (4 if done else 2)
    assert (database.view().retention < 0).tolist() == ([True] * 3 + [False] if done else [False] * 2)
    assert_same(open_store().view("house", database.model_id), database.view())
    assert database.add("after") == ((5,) if done else (3,))


@pytest.mark.parametrize("point", FORGET)
def test_forgetting_that_fails_at_any_step_is_whole_or_not_there(database: Database, point: str):
    database.add(*STORY)
    supersede_all(database, "writer")
    database.view()

    with armed(f"{point}=raise"), pytest.raises(Failpoint, match=point):
        database.store.forget("house", 3)

    done = point == "forget.committed"
    assert_sound(database, database.store)
    assert (database.view().retention < 0).tolist() == ([False] * 2 if done else [True] * 2 + [False])


@pytest.mark.parametrize("point", ERASE)
def test_erasing_that_fails_at_any_step_is_whole_or_not_there(database: Database, open_store, point: str):
    database.add(*STORY)
    database.view()
    other = open_store()
    other.view("house", database.model_id)

    with armed(f"{point}=raise"), pytest.raises(Failpoint, match=point):
        database.store.erase("house", [1])

    done = point in ("erase.committed", "erase.dropped", "erase.scrubbed")
    assert_sound(database, database.store)
    for store in (database.store, other):
        assert len(store.view("house", database.model_id)) == (1 if done else 2)
    if done:
        # What was not cleaned by then is cleaned by whoever comes next.
        assert database.store.scrub()


@pytest.mark.parametrize("point", COMPACT)
def test_compacting_that_fails_at_any_step_is_whole_or_not_there(database: Database, open_store, point: str):
    database.add(*STORY)
    supersede_all(database, "a", "b")
    database.store.forget("house", 3)
    before = database.view()

    with armed(f"{point}=raise"), pytest.raises(Failpoint, match=point):
        database.store.compact("house", 3, forgotten=True)

    assert_sound(database, database.store)
    left = database.rows("SELECT seq FROM facts WHERE deleted_revision IS NOT NULL")
    assert len(left) == (0 if point == "compact.committed" else 1)
    assert_same(open_store().view("house", database.model_id), before)


@pytest.mark.parametrize("point", READ)
def test_a_read_that_fails_at_any_step_spoils_nothing(database: Database, open_store, point: str):
    cold = open_store()
    supersede_all(database, *STORY)
    if point == "read.log":
        cold.view("house", database.model_id)
        database.add("more")

    with armed(f"{point}=raise"), pytest.raises(Failpoint, match=point):
        cold.view("house", database.model_id)

    assert_same(cold.view("house", database.model_id), database.view())


def test_a_failpoint_that_is_misspelt_is_no_failpoint():
    for spec in ("write.lokced=raise", "write.locked=explode", "write.locked"):
        with pytest.raises(InputError, match="is not a failpoint"), armed(spec):
            pass


@pytest.mark.parametrize("spec", ["write.locked=exit", "write.locked=kill"])
def test_failpoints_are_armed_by_the_environment(database: Database, spec: str):
    code = (
        "import sys, numpy as np; from memnet.store import FactStore, open_database;"
        "FactStore(open_database(sys.argv[1])).add('house', ['x'], model_id=1, vectors=np.ones((1, 3, 5), 'f4'))"
    )
    environment = {**os.environ, "MEMNET_FAILPOINTS": spec}
    run = subprocess.run([sys.executable, "-c", code, database.url], env=environment, check=False)

    assert run.returncode == (86 if spec.endswith("exit") else -signal.SIGKILL)
    assert database.store.get_memory("house").revision == 0


def test_every_step_has_a_failpoint_that_a_test_arms():
    assert set(POINTS) == {*WRITE, *FORGET, *ERASE, *COMPACT, *MODEL, *READ}


WORKER = """
import os, sys
import numpy as np
from memnet.errors import MemnetError
from memnet.store import FactStore, Write, open_database

url, model_id, other = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
store = FactStore(open_database(url))
shapes = {model_id: (3, 5), other: (1, 2)}
vectors = lambda texts, model: np.full((len(texts), *shapes[model]), model, np.float32)
print("ready", flush=True)


def gates(view, new):
    # The other model has gates: each fact supersedes the newest four before it.
    seqs = np.concatenate([view.seqs, new.seqs])
    places = range(len(view), len(seqs))
    return [Write(seqs[max(0, at - 4) : at], np.full(min(at, 4), 0.25, np.float32)) for at in places]


for number in range(10_000):
    memory = store.get_memory("house")
    model = memory.active_model_id or model_id
    try:
        step = number % 4
        if step < 2:
            texts = [f"{os.getpid()} {number} a", f"{os.getpid()} {number} b"]
            if model == other:
                made = vectors(texts, model)
                added = store.add_gated("house", texts, model_id=model, vectors=made, gates=gates)
            else:
                added = store.add("house", texts, model_id=model, vectors=vectors(texts, model))
            print("add", added.revision, *added.seqs, flush=True)
        elif step == 2 and number % 8 == 2:
            seq = int(store.view("house", model).seqs[-1])
            print("try", seq, flush=True)
            print("forget", store.forget("house", seq), seq, flush=True)
        elif step == 2:
            seq = int(store.view("house", model).seqs[0])
            print("try", seq, flush=True)
            print("erase", store.erase("house", [seq]).revision, seq, flush=True)
        elif number % 12 == 3:
            target = other if model == model_id else model_id
            with_gates = gates if target == other else None
            encode = lambda texts: vectors(texts, target)
            revision = store.change_model("house", target, encode, gates=with_gates, page=3)
            if revision: print("model", revision, target, flush=True)
        elif number % 12 == 7:
            memory = store.get_memory("house")
            store.compact("house", max(0, memory.revision - 3), forgotten=number % 24 == 7)
        else:
            store.view("house", model)
    except MemnetError as error:
        print("refused", type(error).__name__, flush=True)
"""
OPS = ("add", "forget", "erase", "model")


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_a_process_killed_at_any_step_leaves_a_sound_memory(
    database: Database, url: str, open_store, point: str
):
    """Two writers, one of them killed at the second time it comes by; the other goes on."""
    other = database.store.register_model("other", family="memn2n", spaces=1, dim=2)
    database.add(*STORY)
    on_server = url.startswith("postgresql")
    worker_url = f"{url}&application_name=worker" if on_server else url
    arguments = [sys.executable, "-c", WORKER, worker_url, str(database.model_id), str(other)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    steady = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment)
    doomed = subprocess.Popen(
        arguments,
        stdout=subprocess.PIPE,
        text=True,
        env={**environment, "MEMNET_FAILPOINTS": f"{point}=kill@2"},
    )
    try:
        doomed_said, _ = doomed.communicate(timeout=60)
    finally:
        doomed.kill()
        steady.kill()
        steady_said, _ = steady.communicate()
    assert doomed.returncode == -signal.SIGKILL

    # The server finishes or rolls back what a dead client has sent.
    while on_server and database.rows("SELECT 1 FROM pg_stat_activity WHERE application_name = 'worker'"):
        time.sleep(0.02)
    store = open_store()
    assert_sound(database, store)
    lines = [line.split() for said in (doomed_said, steady_said) for line in said.split("\n")[:-1]]
    done = [(line[0], *map(int, line[1:])) for line in lines if line[0] in OPS]
    assert len({revision for _, revision, *_ in done}) == len(done)
    assert max((revision for _, revision, *_ in done), default=0) <= store.get_memory("house").revision
    # The log may be compacted, and a process killed before it told; what it was about to do it had said.
    gone = {int(line[1]) for line in lines if line[0] == "try"}
    model_id = store.get_memory("house").active_model_id
    view = store.view("house", model_id)
    assert (view.vectors == model_id).all() or view.seqs[0] <= 2
    for what, _, *seqs in done:
        if what == "add":
            assert set(seqs) <= set(view.seqs.tolist()) | gone
        elif what in ("forget", "erase"):
            assert not set(seqs) & set(view.seqs.tolist())
    fresh = open_store()
    database.store.view("house", model_id)
    assert_same(fresh.view("house", model_id), database.store.view("house", model_id))


def test_slow_steps_are_waited_for(database: Database):
    database.add(*STORY)
    with armed("write.locked=sleep:0.05"), ThreadPoolExecutor(3) as threads:
        seqs = list(threads.map(lambda text: database.add(text), "abc"))

    assert sorted(seqs) == [(3,), (4,), (5,)]
    assert_sound(database, database.store)
