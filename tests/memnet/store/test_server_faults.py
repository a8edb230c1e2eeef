"""Faults of a real PostgreSQL server and of the way to it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event

from memnet.errors import StoreUnavailable
from memnet.store import FactStore, Once, open_database
from memnet.store import database as database_module
from tests.memnet.store.conftest import STORY, Database
from tests.memnet.store.test_failpoints import assert_sound
from tests.memnet.store.test_faults import fill_up
from tests.memnet.store.test_views import assert_same
from tests.postgres_proxy import PostgresProxy, running_proxy
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.parametrize(
    "dialect", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)

ONCE = Once("robot-7/evt-991", b"the story")


@pytest.fixture
def proxy(postgres_server: PostgresServer) -> Iterator[PostgresProxy]:
    """The way to the server."""
    with running_proxy(postgres_server.folder) as proxy:
        yield proxy


@pytest.fixture
def distant(database: Database, proxy: PostgresProxy) -> Iterator[Database]:
    """The database as it is seen from the other end of the way."""
    engine = open_database(proxy.url(str(database.engine.url.database)))
    store = FactStore(engine)
    yield Database(str(engine.url), engine, store, database.model_id)
    store.close()


@pytest.mark.parametrize(("cut", "stored"), [("before", False), ("after", True)])
def test_a_connection_that_is_cut_at_the_commit_is_an_error_and_the_same_request_tells_what_happened(
    distant: Database, database: Database, proxy: PostgresProxy, cut: str, stored: bool
):
    def add():
        vectors = distant.vectors(len(STORY))
        return distant.store.add("house", STORY, model_id=distant.model_id, vectors=vectors, once=ONCE)

    distant.view()
    proxy.cut = cut

    with pytest.raises(StoreUnavailable, match="OperationalError"):
        add()

    assert proxy.cut is None
    assert database.store.get_memory("house").revision == (1 if stored else 0)
    again = add()
    assert (again.repeated, again.revision, again.seqs) == (stored, 1, (1, 2))
    assert_sound(database, database.store)
    assert_same(distant.view(), database.view())


def test_a_server_that_falls_silent_within_a_statement_is_given_up_and_found_again(
    distant: Database, proxy: PostgresProxy, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(database_module, "_SILENCE_S", 0.5)
    engine = open_database(proxy.url(str(distant.engine.url.database)) + "?connect_timeout=2")
    store = FactStore(engine)
    house = Database(str(engine.url), engine, store, distant.model_id)
    house.add(*STORY)

    @event.listens_for(engine, "before_cursor_execute")
    def go_silent(_connection, _cursor, statement, *_):
        if statement.startswith("INSERT INTO facts"):
            proxy.silent.set()

    accepted = proxy.accepted
    started = time.monotonic()
    with pytest.raises(StoreUnavailable) as raised:
        house.add("lost")
    assert str(raised.value.__cause__.__cause__) == "the server said nothing for 0.5 s"
    # Nothing is answered from memory either; the new connection is refused by its own timeout.
    with pytest.raises(StoreUnavailable):
        house.view()
    assert time.monotonic() - started < 20
    assert proxy.accepted > accepted

    event.remove(engine, "before_cursor_execute", go_silent)
    proxy.silent.clear()
    assert house.view().texts == tuple(STORY)
    house.add("found again")
    assert_sound(distant, distant.store)
    store.close()


def test_a_long_statement_is_ended_by_the_server_and_stores_nothing(database: Database):
    patient = database.engine
    with patient.connect() as connection:
        limits = [
            connection.exec_driver_sql(f"SHOW {name}").scalar_one()
            for name in ("statement_timeout", "lock_timeout")
        ]
    assert limits == ["1min", "10s"]
    engine = open_database(f"{database.url}&options=-c%20statement_timeout%3D300")
    store = FactStore(engine)

    with patient.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE facts IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreUnavailable, match="QueryCanceled"):
            store.add("house", STORY, model_id=database.model_id, vectors=database.vectors(2))

    assert database.store.get_memory("house").revision == 0
    assert store.add("house", STORY, model_id=database.model_id, vectors=database.vectors(2)).seqs == (1, 2)
    store.close()


def test_removing_traces_may_take_longer_than_any_silence(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(database_module, "_SILENCE_S", 0.3)
    store = FactStore(open_database(database.url))
    store.ping()
    with ThreadPoolExecutor(1) as threads, database.engine.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE facts IN ACCESS SHARE MODE")
        scrubbing = threads.submit(store.scrub)
        time.sleep(1)
        assert not scrubbing.done()
        connection.commit()
        assert scrubbing.result()
    store.close()


_SEGMENT = 16 << 20
"""Bytes of a segment of the server's write-ahead log. A backend that may not write as much ends the server."""


def test_a_server_that_has_no_room_refuses_the_write_and_nothing_else(
    database: Database, postgres_server: PostgresServer
):
    """The system lets no file of the store's own backend grow: the table is full, and the log is not."""
    database.add(*STORY)
    # Another memory's, of which no test reads anything: a table larger than the log's segments.
    database.store.put_memory("filler")
    database.execute(
        "INSERT INTO facts (memory_id, seq, text, created_revision, created_at) "
        "SELECT memory_id, number, repeat('x', 1900), 1, now() "
        "FROM memories, generate_series(1, 8800) AS number WHERE name = 'filler'"
    )
    ((pid, size),) = database.rows("SELECT pg_backend_pid(), pg_relation_size('facts')")
    assert isinstance(pid, int)
    assert isinstance(size, int)
    assert size > _SEGMENT
    postgres_server.limit_files(pid, size)

    with pytest.raises(StoreUnavailable) as raised:
        fill_up(database)

    assert "could not extend file" in str(raised.value.__cause__)
    assert "has room" in str(raised.value.hint)
    before = database.store.get_memory("house").revision
    assert database.rows("SELECT pg_backend_pid()") == [(pid,)]
    assert before < 50
    assert database.view().texts[:2] == tuple(STORY)
    postgres_server.limit_files(pid, None)
    database.add("there is room again")
    assert database.view().revision == before + 1
    database.execute("DELETE FROM facts WHERE text = repeat('x', 1900)")
    assert_sound(database, database.store)
