"""Threads that write to one file at once are committed together, and each has what it alone would have."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from memnet.errors import InputError, KeyReused, MemoryNotFound, StoreUnavailable
from memnet.store import Added, NewFacts, Once, View, Write
from memnet.store.actors import acting_as
from memnet.store.failpoints import Failpoint, armed
from memnet.store.together import MOST
from tests.memnet.store.conftest import Database
from tests.memnet.store.test_gates import encode, gated, gates
from tests.memnet.store.test_views import assert_same
from tests.memnet.store.test_writes import rows, write

__all__ = ["gated"]

sqlite_only = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)

pytestmark = sqlite_only


def add(database: Database, model_id: int, text: str, name: str = "house", once: Once | None = None) -> Added:
    """Add a fact with a model with gates."""
    return database.store.add_gated(
        name, [text], model_id=model_id, vectors=encode([text]), gates=gates, once=once
    )


def together(
    database: Database, model_id: int, others: Sequence[Callable[[], Added]]
) -> tuple[Added, list[Future[Added]]]:
    """What becomes of a fact, "Mary first", and of others that are told while it is being written."""

    def slow(view: View, new: NewFacts) -> list[Write]:
        futures.extend(threads.submit(each) for each in others)
        deadline = time.monotonic() + 30
        while len(database.store._together._waiting) + sum(each.done() for each in futures) < len(others):
            assert time.monotonic() < deadline
            time.sleep(0.001)
        return gates(view, new)

    futures: list[Future[Added]] = []
    with ThreadPoolExecutor(max(1, len(others))) as threads:
        text = "Mary first"
        first = database.store.add_gated(
            "house", [text], model_id=model_id, vectors=encode([text]), gates=slow
        )
    return first, futures


@contextmanager
def commits(database: Database):
    """The commits of writers that happen within."""
    found: list[object] = []

    def note(connection: Connection) -> None:
        if connection.get_execution_options().get("memnet_writing"):
            found.append(connection)

    event.listen(database.store._engine, "commit", note)
    yield found
    event.remove(database.store._engine, "commit", note)


def test_who_comes_while_another_one_writes_is_committed_with_it_as_if_told_after_it(
    database: Database, gated: int
):
    with commits(database) as found:
        first, others = together(
            database, gated, [lambda text=f"Mary {n}": add(database, gated, text) for n in range(5)]
        )

    assert len(found) == 1
    assert (first.revision, first.seqs) == (1, (1,))
    told = sorted((each.result().revision, each.result().seqs) for each in others)
    assert told == [(revision, (revision,)) for revision in range(2, 7)]
    for each in others:
        (seq,) = each.result().seqs
        assert [gate.seq for gate in each.result().superseded[seq]] == list(range(1, seq))
    assert_same(database.store.view("house", gated), fresh(database, gated))


def test_what_is_committed_together_has_the_bits_of_what_is_told_one_by_one(database: Database, gated: int):
    together(database, gated, [lambda text=f"Mary {n}": add(database, gated, text) for n in range(4)])
    view = database.store.view("house", gated)
    stored = rows(database)

    database.store.put_memory("serial")
    for text in view.texts:
        add(database, gated, text, "serial")

    assert database.store.view("serial", gated).retention.tobytes() == view.retention.tobytes()
    assert sorted(rows(database)) == sorted([*stored, *stored])


def test_no_more_than_so_many_are_committed_together_and_all_are(database: Database, gated: int):
    with commits(database) as found:
        _, others = together(
            database, gated, [lambda text=f"Mary {n}": add(database, gated, text) for n in range(MOST + 3)]
        )

    assert len(found) == 2
    assert sorted(each.result().revision for each in others) == list(range(2, MOST + 5))


def test_who_is_refused_leaves_nothing_and_the_others_are_stored(database: Database, gated: int):
    once = Once("robot/1", b"Mary a")
    add(database, gated, "Mary a", once=once)
    database.store.put_memory("other")

    def wrong() -> Added:
        # Found out after its revision was taken.
        of = lambda view, new: [write({99: 0.5})]  # noqa: E731
        return database.store.add_gated("house", ["John"], model_id=gated, vectors=encode(["John"]), gates=of)

    _, others = together(
        database,
        gated,
        [
            lambda: add(database, gated, "Mary b", "nowhere"),
            wrong,
            lambda: add(database, gated, "Mary b", once=Once(once.key, b"Mary b")),
            lambda: add(database, gated, "Mary a", once=once),
            lambda: add(database, gated, "Mary c", "other"),
            lambda: add(database, gated, "Mary d"),
        ],
    )

    assert [type(each.exception()) for each in others[:3]] == [MemoryNotFound, InputError, KeyReused]
    again, elsewhere, last = (each.result() for each in others[3:])
    assert (again.repeated, again.revision) == (True, 1)
    assert (elsewhere.revision, elsewhere.seqs) == (1, (1,))
    assert (last.revision, last.seqs) == (3, (3,))
    assert database.store.view("house", gated).texts == ("Mary a", "Mary first", "Mary d")
    assert_same(database.store.view("house", gated), fresh(database, gated))


def test_a_commit_that_fails_is_told_to_all_of_them_and_nothing_is_there(database: Database, gated: int):
    def fail(connection: Connection) -> None:
        if connection.get_execution_options().get("memnet_writing"):
            raise OperationalError("COMMIT", {}, sqlite3.OperationalError("disk I/O error"))

    outcome: list[BaseException | None] = []

    def tell(text: str) -> Added:
        try:
            return add(database, gated, text)
        except StoreUnavailable as error:
            outcome.append(error)
            raise

    event.listen(database.store._engine, "commit", fail)
    with pytest.raises(StoreUnavailable, match="OperationalError"):
        together(database, gated, [lambda text=f"Mary {n}": tell(text) for n in range(3)])
    event.remove(database.store._engine, "commit", fail)

    assert len({id(each) for each in outcome}) == 3
    assert database.store.get_memory("house").revision == 0
    assert len(database.store.view("house", gated)) == 0
    assert add(database, gated, "Mary again").seqs == (1,)


def test_one_that_fails_in_the_middle_fails_alone(database: Database, gated: int):
    with armed("write.vectors=raise@3"):
        _, others = together(
            database, gated, [lambda text=f"Mary {n}": add(database, gated, text) for n in range(3)]
        )

    failed = [each.exception() for each in others if each.exception()]
    assert [type(each) for each in failed] == [Failpoint]
    assert sorted(each.result().seqs for each in others if not each.exception()) == [(2,), (3,)]
    assert_same(database.store.view("house", gated), fresh(database, gated))


def test_the_log_names_who_told_what(database: Database, gated: int):
    def tell(name: str) -> Added:
        with acting_as(name):
            return add(database, gated, f"{name} was here")

    _, others = together(database, gated, [lambda: tell("ada"), lambda: tell("rob")])

    actors = database.rows("SELECT revision, actor FROM changes ORDER BY revision")
    told = [(each.result().revision, name) for each, name in zip(others, ("ada", "rob"), strict=True)]
    assert actors == sorted([(1, None), *told])


def test_a_writer_that_waits_for_another_process_begins_soon_after_it(database: Database, open_store):
    other = open_store()
    with ThreadPoolExecutor(1) as threads, database.engine.connect() as connection:
        connection.exec_driver_sql("UPDATE store_meta SET value = value")
        waiting = threads.submit(other.put_memory, "garden")
        # By now SQLite would look ten times a second.
        time.sleep(0.6)
        assert not waiting.done()
        connection.commit()
        waiting.result(timeout=0.09)


def fresh(database: Database, model_id: int) -> View:
    """The memory as the database says, read by nobody before."""
    database.store._views.drop(database.store.view("house", model_id).memory_id)
    return database.store.view("house", model_id)
