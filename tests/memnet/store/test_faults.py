"""Faults from outside: power, disk, server. What was acknowledged is there, and work goes on without a restart."""

from __future__ import annotations

import resource
import shutil
import socket
import sqlite3
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from psycopg import sql
from sqlalchemy import event

from memnet.errors import StoreUnavailable, VectorDamaged
from memnet.store import FactStore, open_database
from memnet.store.failpoints import armed
from memnet.store.index import BruteForceIndex
from tests.memnet.store.conftest import DIM, STORY, Database
from tests.memnet.store.test_failpoints import assert_sound
from tests.memnet.store.test_views import assert_same

_PAGE = 8192
"""Bytes of a page of our SQLite files."""

sqlite_only = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
postgres_only = pytest.mark.parametrize(
    "dialect", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


@sqlite_only
def test_a_log_cut_off_by_a_loss_of_power_leaves_a_committed_state(database: Database, tmp_path: Path):
    """The write-ahead log cut at every frame, and in the middle of each: some committed revision, whole."""
    with sqlite3.connect(tmp_path / "memnet.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    for number in range(6):
        database.add(f"{number} a", f"{number} b")
    database.store.forget("house", 3)
    wal = (tmp_path / "memnet.db-wal").read_bytes()
    page_size = struct.unpack(">I", wal[8:12])[0]
    frame = 24 + page_size
    ends = sorted({32 + n * frame + cut for n in range((len(wal) - 32) // frame) for cut in (0, frame // 2)})
    assert len(ends) > 20

    revisions = []
    for number, end in enumerate([*ends, len(wal)]):
        folder = tmp_path / f"cut-{number}"
        folder.mkdir()
        shutil.copy(tmp_path / "memnet.db", folder / "memnet.db")
        (folder / "memnet.db-wal").write_bytes(wal[:end])
        engine = open_database(f"sqlite:///{folder}/memnet.db")
        cut = Database(str(engine.url), engine, FactStore(engine), database.model_id)
        assert_sound(cut, cut.store)
        view = cut.view()
        assert len(view) == 2 * min(view.revision, 6) - (view.revision == 7)
        revisions.append(view.revision)
        cut.store.close()
    assert revisions == sorted(revisions)
    assert revisions[0] == 0
    assert revisions[-1] == 7


def fill_up(database: Database) -> None:
    """Add long facts, half a megabyte at most."""
    while database.store.get_memory("house").revision < 50:
        database.add(*["a long fact " * 100] * 10)


@sqlite_only
def test_a_full_disk_refuses_the_write_and_nothing_else(database: Database):
    database.add(*STORY)
    pages = int(str(database.rows("PRAGMA page_count")[0][0]))

    def full(connection, *_):
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")

    event.listen(database.engine, "checkout", full)

    with pytest.raises(StoreUnavailable, match="OperationalError") as raised:
        fill_up(database)
    assert "has room" in str(raised.value.hint)

    before = database.store.get_memory("house").revision
    assert before < 50
    assert_sound(database, database.store)
    assert database.view().texts[:2] == tuple(STORY)
    assert database.rows("PRAGMA quick_check") == [("ok",)]
    event.remove(database.engine, "checkout", full)
    event.listen(
        database.engine,
        "checkout",
        lambda connection, *_: connection.execute("PRAGMA max_page_count = 1000000"),
    )
    database.add("there is room again")
    assert database.view().revision == before + 1


@sqlite_only
def test_a_system_that_lets_no_file_grow_refuses_the_write_and_nothing_else(
    database: Database, tmp_path: Path
):
    database.add(*STORY)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    grown = (tmp_path / "memnet.db-wal").stat().st_size + 50_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (grown, hard))
    try:
        with pytest.raises(StoreUnavailable):
            fill_up(database)
        before = database.store.get_memory("house").revision
        assert database.view().texts[:2] == tuple(STORY)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert before < 50
    assert_sound(database, database.store)
    database.add("it may grow again")
    assert database.view().revision == before + 1


@sqlite_only
def test_an_overwritten_page_is_an_error_and_never_another_answer(database: Database, tmp_path: Path):
    database.add(*(f"fact {number}" for number in range(300)))
    expected = database.view()
    database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = (tmp_path / "memnet.db").read_bytes()
    copy = tmp_path / "overwritten.db"
    refused = 0
    for page in range(1, len(whole) // _PAGE):
        copy.write_bytes(whole[: page * _PAGE] + b"\xff" * _PAGE + whole[(page + 1) * _PAGE :])
        store = FactStore(open_database(f"sqlite:///{copy}"))
        try:
            assert_same(store.view("house", database.model_id), expected)
        except (StoreUnavailable, VectorDamaged):
            refused += 1
        store.close()
    assert refused > 5


def test_a_server_that_accepts_and_never_replies_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        store = FactStore(open_database(f"postgresql://me@{address}/memnet?connect_timeout=2"))
        started = time.monotonic()

        with pytest.raises(StoreUnavailable):
            store.ping()

        assert time.monotonic() - started < 30
        store.close()


@postgres_only
def test_a_server_that_is_away_is_told_of_and_found_again(database: Database, postgres_server):
    database.add(*STORY)
    database.view()
    name = sql.Identifier(str(database.engine.url.database))
    postgres_server.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
    postgres_server.execute(
        sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}").format(
            sql.Literal(database.engine.url.database)
        )
    )

    # A view is in memory, and still no answer is given that might be stale.
    for call in (database.view, lambda: database.add("lost"), database.store.ping):
        started = time.monotonic()
        with pytest.raises(StoreUnavailable):
            call()
        assert time.monotonic() - started < 10

    postgres_server.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
    assert database.view().texts == tuple(STORY)
    assert database.add("found again") == (3,)


def test_a_log_that_was_shortened_beneath_a_reader_makes_it_load_anew(database: Database):
    database.add("a")
    database.view()
    database.add("b")
    database.store.forget("house", 1)
    database.add("c")
    database.execute("DELETE FROM changes WHERE revision <= 3")
    database.execute("UPDATE memories SET log_floor = 3")

    assert database.view().texts == ("b", "c")
    with armed("read.rows=raise"):  # and from there on the log is enough
        assert database.view().revision == 4
    database.add("d")
    assert database.view().texts == ("b", "c", "d")


def test_threads_that_search_while_a_writer_adds_see_frozen_views(database: Database):
    database.add(*STORY)
    stop = time.monotonic() + 1.0
    started = threading.Barrier(4)

    def search(seed: int) -> int:
        query = np.random.default_rng(seed).normal(size=(3, DIM)).astype(np.float32)
        started.wait()
        searches = 0
        while time.monotonic() < stop:
            view = database.view()
            found, scores = view.index(0).search(query, 5)
            expected = BruteForceIndex(view.seqs, view.vectors[:, 0]).search(query, 5)
            assert found.tolist() == expected[0].tolist()
            np.testing.assert_allclose(scores, expected[1], rtol=1e-4, atol=1e-5)
            searches += 1
        return searches

    with ThreadPoolExecutor(4) as threads:
        readers = [threads.submit(search, seed) for seed in range(3)]
        started.wait()
        while time.monotonic() < stop:
            first, *_ = database.add("a", "b", "c")
            database.store.forget("house", first)
        assert min(reader.result() for reader in readers) > 0
