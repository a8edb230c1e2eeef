"""The schema: made, taken back and checked by migrations alone."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from memnet.errors import InputError, SchemaMismatch, StoreUnavailable
from memnet.store import FactStore, migrate, open_database, schema
from memnet.store.database import reading, writing
from memnet.store.schema import metadata
from tests.memnet.store.conftest import Database

HEAD = migrate._scripts().head

TABLES = {
    "alembic_version",
    "answers",
    "api_keys",
    "changes",
    "fact_vectors",
    "facts",
    "idempotency_keys",
    "memories",
    "models",
    "store_meta",
    "watches",
    "writes",
}


def tables(url: str) -> set[str]:
    """Tables of a database."""
    engine = open_database(url)
    try:
        return set(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def digests(folder: Path) -> dict[str, str]:
    """Every file of a folder, and its content."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_a_schema_is_made_taken_back_and_made_again(empty_url: str):
    migrate.upgrade(empty_url)
    assert tables(empty_url) == TABLES
    migrate.downgrade(empty_url)
    assert tables(empty_url) == {"alembic_version"}
    migrate.upgrade(empty_url)
    assert tables(empty_url) == TABLES


def test_the_tables_in_code_are_those_of_the_migrations(url: str):
    engine = open_database(url)
    try:
        with reading(engine) as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "compare_server_default": True}
            )
            assert compare_metadata(context, metadata) == []
        with migrate.migrating(engine) as connection:
            command.check(migrate.alembic_config(connection))
    finally:
        engine.dispose()


def test_upgrading_what_is_current_changes_nothing(url: str):
    engine = open_database(url)
    store = FactStore(engine)
    memory, _ = store.put_memory("house")

    migrate.upgrade(url)
    migrate.upgrade(engine)

    assert store.get_memory("house") == memory
    migrate.check(engine)
    store.close()


def test_a_database_without_schema_says_how_to_get_one(empty_url: str):
    engine = open_database(empty_url)
    try:
        with pytest.raises(SchemaMismatch) as raised:
            migrate.check(engine)
        migrate.upgrade(engine)
        migrate.check(engine)
    finally:
        engine.dispose()

    assert str(raised.value) == "the database has no schema yet"
    assert raised.value.hint == "create it with `memnet migrate`"


def test_a_schema_that_was_taken_back_counts_as_none(url: str):
    migrate.downgrade(url)
    engine = open_database(url)
    try:
        with pytest.raises(SchemaMismatch, match="no schema yet"):
            migrate.check(engine)
    finally:
        engine.dispose()


def test_an_older_schema_says_how_to_bring_it_up_to_date(url: str, monkeypatch: pytest.MonkeyPatch):
    engine = open_database(url)
    monkeypatch.setattr(migrate, "_scripts", lambda: migrate._Scripts("0099", frozenset({HEAD, "0099"})))
    try:
        with pytest.raises(SchemaMismatch) as raised:
            migrate.check(engine)
    finally:
        engine.dispose()

    assert str(raised.value) == f"the database has schema {HEAD}, this memnet needs 0099"
    assert raised.value.hint == "bring it up to date with `memnet migrate`"


def test_a_newer_schema_is_refused_by_everything_that_migrates(url: str):
    engine = open_database(url)
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0099'")
    try:
        for call in (migrate.check, migrate.upgrade, migrate.downgrade):
            with pytest.raises(SchemaMismatch) as raised:
                call(engine)
            assert str(raised.value) == f"the database has schema 0099, newer than this memnet's {HEAD}"
            assert raised.value.hint == "upgrade memnet; nothing on disk is changed"
    finally:
        engine.dispose()
    assert tables(url) == TABLES


def test_a_newer_file_keeps_every_byte(tmp_path: Path, sqlite_template: Path):
    path = tmp_path / "memnet.db"
    path.write_bytes(sqlite_template.read_bytes())
    connection = sqlite3.connect(path)
    # Neither the pages nor the journal are as ours: refused before either is touched.
    connection.execute("UPDATE alembic_version SET version_num = '0099'")
    connection.commit()
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()
    before = digests(tmp_path)

    engine = open_database(f"sqlite:///{path}")
    for call in (migrate.check, migrate.upgrade):
        with pytest.raises(SchemaMismatch, match="newer"):
            call(engine)
    engine.dispose()

    assert digests(tmp_path) == before


def test_checking_creates_and_changes_no_file(tmp_path: Path):
    (tmp_path / "empty.db").touch()
    before = digests(tmp_path)
    for name in ("empty.db", "missing.db", "no/such/folder.db"):
        engine = open_database(f"sqlite:///{tmp_path}/{name}")
        with pytest.raises(SchemaMismatch, match="no schema yet"):
            migrate.check(engine)
        engine.dispose()

    assert digests(tmp_path) == before


def test_a_misspelt_file_is_not_created(tmp_path: Path):
    store = FactStore(open_database(f"sqlite:///{tmp_path}/mispelt.db"))
    with pytest.raises(StoreUnavailable, match="does not answer"):
        store.ping()
    store.close()

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path):
    path = tmp_path / "notes.db"
    path.write_text("Mary got the football there.\n" * 100)
    before = digests(tmp_path)

    with pytest.raises(StoreUnavailable):
        migrate.upgrade(f"sqlite:///{path}")

    assert digests(tmp_path) == before


def test_a_new_file_is_made_for_vectors_and_concurrent_readers(tmp_path: Path):
    path = tmp_path / "with space & 100%" / "memnet.db"
    migrate.upgrade(f"sqlite:///{path}")
    engine = open_database(f"sqlite:///{path}")
    with reading(engine) as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("page_size", "journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
        timeout_ms = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
    engine.dispose()

    assert pragmas == {
        "page_size": 8192,
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
    }
    assert timeout_ms >= 5000


def test_runners_that_start_together_take_turns(empty_url: str):
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(migrate.upgrade, [empty_url] * 4))

    assert tables(empty_url) == TABLES


def test_a_failing_migration_leaves_nothing(empty_url: str, monkeypatch: pytest.MonkeyPatch):
    upgrade = command.upgrade

    def failing(*arguments):
        upgrade(*arguments)
        raise RuntimeError("the plug was pulled")

    monkeypatch.setattr(command, "upgrade", failing)
    with pytest.raises(RuntimeError, match="the plug was pulled"):
        migrate.upgrade(empty_url)

    assert tables(empty_url) == set()


def test_a_process_that_runs_across_a_migration_stores_and_answers_nothing_more(database: Database):
    """What an older memnet would write fits the new tables, and is not what a newer one means by it."""
    stop = threading.Event()
    refusals = []

    def write() -> list[int]:
        told = []
        while not stop.is_set():
            try:
                told += database.add(f"fact {len(told) + 1}")
            except SchemaMismatch as error:
                refusals.append(error)
                stop.set()
            # SQLite's lock goes to whoever asks first: one who asks without a rest can starve the migration.
            time.sleep(0.002)
        return told

    with ThreadPoolExecutor(1) as threads:
        writer = threads.submit(write)
        try:
            while database.store.get_memory("house").revision < 3 and not writer.done():
                time.sleep(0.005)
            with migrate.migrating(database.engine) as connection:
                connection.exec_driver_sql("ALTER TABLE changes ADD COLUMN reason TEXT")
                connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0099'")
            told = writer.result(timeout=30)
        finally:
            # A writer that nobody stops would hide what went wrong here.
            stop.set()

    counts = database.counts()
    for call in (database.view, lambda: database.add("lost"), lambda: database.store.forget("house", 1)):
        with pytest.raises(SchemaMismatch) as raised:
            call()
        assert str(raised.value) == f"the database has schema 0099 now, this memnet needs {HEAD}"
    assert len(refusals) == 1
    assert told == list(range(1, len(told) + 1))
    assert (
        database.counts()
        == counts
        == {"memories": 1} | dict.fromkeys(("facts", "fact_vectors", "changes"), len(told))
    )
    database.execute(f"UPDATE alembic_version SET version_num = '{HEAD}'")
    database.execute("ALTER TABLE changes DROP COLUMN reason")
    assert database.view().texts == tuple(f"fact {number}" for number in told)


def test_the_version_in_code_is_that_of_the_last_migration():
    assert schema.VERSION == HEAD


def test_every_database_has_an_epoch_of_its_own(tmp_path: Path):
    epochs = set()
    for name in ("a.db", "b.db"):
        migrate.upgrade(f"sqlite:///{tmp_path}/{name}")
        connection = sqlite3.connect(tmp_path / name)
        epochs |= set(connection.execute("SELECT value FROM store_meta WHERE key = 'store_epoch'"))
        connection.close()

    assert len(epochs) == 2


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///x.db?mode=ro",
        "mysql://me:secret@host/x",
        "no url with a secret",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_repeating_it(url: str):
    with pytest.raises(InputError) as raised:
        open_database(url)

    assert "secret" not in str(raised.value)
    assert raised.value.hint is not None


def test_the_plain_alembic_command_works(tmp_path: Path):
    root = Path(migrate.__file__).parents[2]
    arguments = [sys.executable, "-m", "alembic", "-c", str(root / "migrations" / "alembic.ini")]
    environment = {**os.environ, "MEMNET_DATABASE_URL": f"sqlite:///{tmp_path}/memnet.db"}

    for action in (["upgrade", "head"], ["check"]):
        subprocess.run([*arguments, *action], env=environment, check=True, capture_output=True, cwd=tmp_path)

    assert tables(environment["MEMNET_DATABASE_URL"]) == TABLES


STORED = Path(__file__).parents[2] / "data" / "store" / "schema-0001.sqlite"
"""Written by the memnet of schema 0001: a forgotten fact, an empty memory, a deleted one."""


def test_a_stored_database_of_the_previous_schema_keeps_its_facts_and_gains_a_history(tmp_path: Path):
    path = tmp_path / "memnet.db"
    path.write_bytes(STORED.read_bytes())
    url = f"sqlite:///{path}"
    migrate.upgrade(url)
    store = FactStore(open_database(url))
    try:
        model_id = store.register_model("digest", family="memn2n", spaces=2, dim=3)
        memory = store.get_memory("house")
        assert (memory.revision, memory.last_seq, memory.live_count) == (3, 3, 2)
        assert (memory.history_floor, memory.active_model_id) == (0, model_id)
        assert store.get_memory("shed").active_model_id is None
        assert store.view("house", model_id).texts == (
            "Mary went back to the garden.",
            "John moved to the office.",
        )
        assert store.view("house", model_id).vectors[1].tolist() == [[100, 101, 102], [103, 104, 105]]
        before = store.view("house", model_id, as_of_revision=1)
        assert before.texts == ("Mary got the football there.", "Mary went back to the garden.")
        told = store.fact("house", 3).created_at
        assert store.view("house", model_id, recorded_at=told).seqs.tolist() == [1, 2, 3]
        deleted = [row.memory_id for row in store.list_memories()]
        memory, _ = store.put_memory("new")
        # Number 3 was the deleted memory's.
        assert memory.memory_id > max(*deleted, 3)
    finally:
        store.close()


def test_a_database_with_data_goes_back_and_forth(url: str):
    engine = open_database(url)
    store = FactStore(engine)
    model_id = store.register_model("digest", family="memn2n", spaces=1, dim=2)
    for name in ("house", "shed"):
        store.put_memory(name)
        store.add(name, ["a", "b"], model_id=model_id, vectors=np.ones((2, 1, 2), np.float32))
        store.forget(name, 1)
    before = store.view("house", model_id)

    migrate.downgrade(url, "0001")
    with pytest.raises(SchemaMismatch):
        store.check_schema()
    migrate.upgrade(url)

    store = FactStore(open_database(url))
    after = store.view("house", model_id)
    assert (after.revision, after.texts) == (before.revision, before.texts)
    assert store.view("house", model_id, as_of_revision=1).texts == ("a", "b")
    assert store.get_memory("house").active_model_id == model_id
    number = store.get_memory("shed").memory_id
    store.delete_memory("shed")
    assert store.put_memory("shed")[0].memory_id > number
    engine.dispose()
    store.close()
