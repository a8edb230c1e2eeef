"""Erasing: gone from every table, view and file."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import event

from memnet.errors import FactNotFound, HistoryErased, InputError
from memnet.store import FactStore, open_database, views
from memnet.store.failpoints import armed
from tests.memnet.store.conftest import DIM, SPACES, STORY, Database
from tests.memnet.store.test_views import assert_same

SECRET = "The key lies under the blue flower pot, "


def told(database: Database) -> np.ndarray:
    """Three facts; the second one is the secret, and these are its vectors."""
    vectors = database.vectors(3)
    database.store.add("house", [STORY[0], SECRET * 3, STORY[1]], model_id=database.model_id, vectors=vectors)
    return vectors[1]


def test_an_erased_fact_is_nowhere_and_the_others_are_as_they_were(database: Database, open_store):
    told(database)
    other = open_store()
    other.view("house", database.model_id)

    erased = database.store.erase("house", [2])

    assert erased.revision == 2
    for store in (database.store, other, open_store()):
        view = store.view("house", database.model_id)
        assert (view.revision, view.seqs.tolist(), view.texts) == (2, [1, 3], tuple(STORY))
        with pytest.raises(FactNotFound):
            store.fact("house", 2)
    memory = database.store.get_memory("house")
    assert (memory.revision, memory.last_seq, memory.live_count, memory.history_floor) == (2, 3, 2, 2)
    assert database.counts()["facts"] == database.counts()["fact_vectors"] == 2
    assert database.rows("SELECT seq, op FROM changes WHERE revision = 2") == [(2, "erase")]
    assert database.add("later") == (4,)


def test_a_view_that_saw_the_erasing_equals_a_fresh_one(database: Database, open_store):
    told(database)
    database.view()
    database.store.erase("house", [2])
    database.add("later")

    assert_same(database.view(), open_store().view("house", database.model_id))


def test_what_was_before_cannot_be_read_in_part(database: Database):
    told(database)
    before = database.store.fact("house", 2).created_at
    database.store.erase("house", [2])
    database.add("later")

    for read in (
        lambda: database.store.view("house", database.model_id, as_of_revision=1),
        lambda: database.store.view("house", database.model_id, recorded_at=before),
        lambda: database.store.facts("house", as_of_revision=1),
        lambda: database.store.fact("house", 1, as_of_revision=0),
    ):
        with pytest.raises(HistoryErased, match="memory 'house' cannot be read as of") as raised:
            read()
        assert raised.value.hint == "the oldest revision that can be read is 2"
    assert database.store.view("house", database.model_id, as_of_revision=2).seqs.tolist() == [1, 3]


def test_forgotten_facts_can_be_erased_too(database: Database):
    told(database)
    database.store.forget("house", 2)

    database.store.erase("house", [2, 3])

    assert database.store.get_memory("house").live_count == 1
    assert database.rows("SELECT seq FROM facts") == [(1,)]


@pytest.mark.parametrize("seqs", [[1, 4], [0], [2, 2**70]])
def test_a_fact_that_is_not_there_cannot_be_erased_and_nothing_is(database: Database, seqs: list[int]):
    told(database)

    with pytest.raises(FactNotFound):
        database.store.erase("house", seqs)

    assert database.counts()["facts"] == 3
    assert database.store.get_memory("house").revision == 1
    with pytest.raises(InputError, match="no fact to erase"):
        database.store.erase("house", [])


def test_a_fact_is_erased_once(database: Database):
    told(database)
    database.store.erase("house", [2])

    with pytest.raises(FactNotFound):
        database.store.erase("house", [2])


def wait_shortly(database: Database) -> None:
    """Let no connection wait long for another one, on SQLite."""
    if database.engine.dialect.name == "sqlite":
        event.listen(
            database.engine, "checkout", lambda connection, *_: connection.execute("PRAGMA busy_timeout = 50")
        )


def traces(folder: Path, vectors: np.ndarray) -> list[str]:
    """Files of a folder that hold the secret, its vectors, or a good part of either."""
    needles = [SECRET.encode()[4:36], vectors.tobytes()[:24], vectors.tobytes()[-24:]]
    return sorted(
        f"{path.name}: {needle!r}"
        for path in folder.rglob("*")
        if path.is_file()
        for needle in needles
        if needle in path.read_bytes()
    )


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_no_file_holds_what_was_erased(database: Database, tmp_path: Path):
    vectors = told(database)
    # Enough around it for the secret to move between pages, and into the middle of the file.
    for _ in range(5):
        database.add(*[f"filling {number} " * 9 for number in range(60)])
    long = "A long secret that needs pages of its own. " * 2000
    database.add(long)
    assert traces(tmp_path, vectors)

    assert database.store.erase("house", [2, 304]).scrubbed

    assert traces(tmp_path, vectors) == []
    assert not any(b"pages of its own" in path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_a_reader_that_holds_the_log_is_told_of_and_scrubbing_is_finished_later(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    vectors = told(database)
    reader = sqlite3.connect(tmp_path / "memnet.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM facts").fetchone()
    wait_shortly(database)

    erased = database.store.erase("house", [2])

    assert not erased.scrubbed
    assert database.view().seqs.tolist() == [1, 3]
    reader.execute("COMMIT")
    reader.close()
    assert database.store.scrub()
    assert traces(tmp_path, vectors) == []


@pytest.mark.parametrize("dialect", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_scrubbing_rewrites_the_tables_of_a_server(database: Database, postgres_server):
    vectors = told(database)
    folder = Path(str(database.rows("SHOW data_directory")[0][0])) / "base"

    assert not database.store.erase("house", [2]).scrubbed
    assert database.store.scrub()

    assert traces(folder, vectors) == []
    assert database.view().seqs.tolist() == [1, 3]


def test_other_processes_let_go_of_what_was_erased_without_being_asked(database: Database, open_store):
    told(database)
    idle = open_store()
    idle.view("house", database.model_id)
    assert idle.cached_bytes > 0
    assert idle.sweep() == 0

    database.store.erase("house", [2])

    assert idle.sweep() == 1
    assert idle.cached_bytes == 0


def test_reads_of_other_memories_sweep_step_by_step(database: Database, open_store, monkeypatch):
    told(database)
    monkeypatch.setattr(views, "SWEEP_S", 0.0)
    monkeypatch.setattr(views, "_SHARE", 1)
    names = ["a", "b", "c"]
    for name in names:
        database.store.put_memory(name)
        database.add("x", name=name)
    reader = open_store()
    for name in ("house", *names):
        reader.view(name, database.model_id)
    held = reader.cached_bytes
    database.store.erase("house", [1, 2, 3])

    for _ in range(8):
        reader.view("c", database.model_id)

    assert 0 < reader.cached_bytes < held


def test_a_deleted_memory_is_swept_away_too(database: Database, open_store):
    told(database)
    idle = open_store()
    idle.view("house", database.model_id)
    database.store.delete_memory("house")

    assert idle.sweep() == 1


def test_a_load_that_began_before_the_erasing_is_not_kept(database: Database):
    told(database)
    wait_shortly(database)
    loading = threading.Event()
    go_on = threading.Event()

    @event.listens_for(database.engine, "after_cursor_execute")
    def pause(connection, cursor, statement, *_):
        if "fact_vectors.vector" in statement and not loading.is_set():
            loading.set()
            go_on.wait(5)

    with ThreadPoolExecutor(1) as threads:
        reader = threads.submit(database.view)
        assert loading.wait(5)
        database.store.erase("house", [2])
        go_on.set()
        held = reader.result()

    # It read the state before, as a whole; nothing keeps it.
    assert (held.revision, len(held)) == (1, 3)
    assert database.store.cached_bytes == 0
    assert database.view().seqs.tolist() == [1, 3]


@pytest.mark.parametrize("point", ["erase.locked", "erase.rows", "erase.log"])
def test_an_erasing_that_fails_erases_nothing(database: Database, point: str):
    told(database)
    with armed(f"{point}=raise"), pytest.raises(Exception, match=point):
        database.store.erase("house", [2])

    assert database.counts()["facts"] == 3
    assert database.view().revision == 1
    assert database.store.get_memory("house").history_floor == 0


def test_a_fact_erased_behind_a_cache_is_never_answered_from_after_a_restart_of_numbers(
    database: Database, open_store
):
    """A cached view and a memory at the same revision, but not of the same epoch."""
    told(database)
    other = open_store()
    other.view("house", database.model_id)
    database.store.erase("house", [2])
    database.execute("UPDATE memories SET revision = 1, log_floor = 1, history_floor = 1")

    assert other.view("house", database.model_id).seqs.tolist() == [1, 3]


def test_erased_vectors_of_every_model_are_gone(database: Database):
    told(database)
    other = database.store.register_model("other", family="memn2n", spaces=1, dim=2)
    database.store.add_vectors("house", other, [1, 2, 3], np.ones((3, 1, 2), np.float32))

    database.store.erase("house", [2])

    assert database.rows("SELECT seq FROM fact_vectors ORDER BY model_id, seq") == [(1,), (3,)] * 2
    assert database.view().vectors.shape == (2, SPACES, DIM)


def test_a_file_opened_again_has_no_log_left(database: Database, url: str):
    told(database)
    database.store.erase("house", [2])
    database.store.close()

    store = FactStore(open_database(url))
    assert store.view("house", database.model_id).texts == tuple(STORY)
    store.close()
