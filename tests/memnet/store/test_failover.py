"""A PostgreSQL server dies, and the one that followed it takes its place. The store goes on by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from psycopg import sql

from memnet.errors import StoreUnavailable
from memnet.store import FactStore, Once, migrate, open_database
from tests.memnet.store.conftest import DIM, SPACES, STORY, Database
from tests.memnet.store.test_failpoints import assert_sound
from tests.memnet.store.test_views import assert_same
from tests.postgres_server import PostgresServer, running_server

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


class Pair:
    """A server and the one that follows it."""

    def __init__(self, primary: PostgresServer, standby: PostgresServer) -> None:
        self.primary = primary
        self.standby = standby
        self.url = f"{primary.url()}&host={standby.folder}&target_session_attrs=read-write"

    def wait_for_each_commit(self) -> None:
        """Nothing is acknowledged from now on that the second server does not have."""
        self.set(self.primary, "synchronous_standby_names", "*")
        self.until(self.primary, "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'")

    def part(self) -> None:
        """The second server hears nothing of the first any more."""
        self.until(self.primary, "SELECT 1 FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()")
        self.set(self.standby, "primary_conninfo", "")
        self.until(self.primary, "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pg_stat_replication)")

    @staticmethod
    def set(server: PostgresServer, name: str, value: str) -> None:
        server.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value)))
        server.execute(sql.SQL("SELECT pg_reload_conf()"))

    @staticmethod
    def until(server: PostgresServer, statement: str) -> None:
        deadline = time.monotonic() + 30
        while not server.ask(sql.SQL(statement)):
            assert time.monotonic() < deadline, statement
            time.sleep(0.02)


@pytest.fixture
def pair(postgres_server: PostgresServer) -> Iterator[Pair]:
    """Two servers with our schema; those of the session stay as they are."""
    with running_server(postgres_server.binaries) as primary:
        migrate.upgrade(primary.url())
        with running_server(postgres_server.binaries, following=primary) as standby:
            yield Pair(primary, standby)


@pytest.fixture
def open_house(pair: Pair) -> Iterator[Callable[[], Database]]:
    """Open a store, as another process would: on whichever server can be written to."""
    opened: list[FactStore] = []

    def house() -> Database:
        engine = open_database(pair.url)
        store = FactStore(engine)
        opened.append(store)
        model_id = store.register_model("digest", family="memn2n", spaces=SPACES, dim=DIM)
        store.put_memory("house")
        return Database(pair.url, engine, store, model_id)

    yield house
    for store in opened:
        store.close()


def test_what_was_acknowledged_is_there_after_a_failover_and_the_store_goes_on_by_itself(
    pair: Pair, open_house: Callable[[], Database]
):
    """The second server has each commit before it is acknowledged; the first dies under a writer."""
    house = open_house()
    pair.wait_for_each_commit()
    texts = [f"fact {number}" for number in range(300)]
    told: list[int] = []
    refused: list[StoreUnavailable] = []
    done = threading.Event()

    def write() -> None:
        rng = np.random.default_rng(7)
        for text in texts:
            vectors = rng.normal(size=(1, SPACES, DIM)).astype(np.float32)
            while True:
                try:
                    # Whether it was stored when the server died, the same request tells.
                    once = Once(text, text.encode())
                    added = house.store.add(
                        "house", [text], model_id=house.model_id, vectors=vectors, once=once
                    )
                except StoreUnavailable as error:
                    refused.append(error)
                    time.sleep(0.05)
                    continue
                told.append(added.seqs[0])
                break
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while len(told) < 50:
        time.sleep(0.01)
    pair.primary.crash()
    assert len(told) < 300
    with pytest.raises(StoreUnavailable):
        house.view()
    pair.standby.promote()
    assert done.wait(60)
    writer.join()

    assert refused
    assert told == list(range(1, 301))
    assert house.view().texts == tuple(texts)
    assert_sound(house, house.store)
    assert_same(house.view(), open_house().view())


def test_a_server_that_has_lost_revisions_is_read_anew_even_when_it_has_others_of_their_number(
    pair: Pair, open_house: Callable[[], Database]
):
    """The second server lags behind: what only the first one had is gone, and no answer is from it."""
    house, reader = open_house(), open_house()
    house.add(*STORY)
    pair.part()
    house.add("lost")
    house.add("lost too")
    for store in (house, reader):
        assert store.view().texts == (*STORY, "lost", "lost too")

    pair.primary.crash()
    pair.standby.promote()

    assert reader.view().texts == tuple(STORY)
    house.add("told again")
    house.add("told last")
    assert house.view().revision == 3
    for store in (house, reader):
        assert store.view().texts == (*STORY, "told again", "told last")
        assert_same(store.view(), open_house().view())
    assert_sound(house, house.store)
