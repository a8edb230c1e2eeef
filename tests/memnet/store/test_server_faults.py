"""Faults of a real PostgreSQL server and of the way to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from memnet.errors import StoreUnavailable
from memnet.store import FactStore, Once, open_database
from tests.memnet.store.conftest import STORY, Database
from tests.memnet.store.test_failpoints import assert_sound
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
        while database.store.get_memory("house").revision < 50:
            database.add(*["a long fact " * 100] * 10)

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
