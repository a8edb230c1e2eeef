"""Backup and restore: whole, consistent, never over something unasked, and seen by who is running."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import make_url

from memnet.errors import InputError, SchemaMismatch, StoreUnavailable
from memnet.store import FactStore, backup, checking, copying, files, migrate, open_database
from memnet.store.backup import Restored
from tests.memnet.store.conftest import DIM, SPACES, STORY, Database
from tests.postgres_server import PostgresServer

DAMAGED = "is damaged"
DATA = Path(__file__).parents[2] / "data" / "store"


def epoch(url: str) -> str:
    """The store's epoch."""
    engine = open_database(url)
    try:
        with engine.connect() as connection:
            statement = "SELECT value FROM store_meta WHERE key = 'store_epoch'"
            return str(connection.exec_driver_sql(statement).scalar_one())
    finally:
        engine.dispose()


def problems(url: str) -> list[checking.Problem]:
    """What a check of every memory finds."""
    engine = open_database(url)
    try:
        reports = [checking.check(engine, name, "digest") for name in checking.names(engine)]
        assert all(report.index_checked or not report.facts for report in reports)
        return [problem for report in reports for problem in report.problems]
    finally:
        engine.dispose()


def told(url: str) -> dict[str, list[tuple[int, str]]]:
    """Every memory and its live facts."""
    store = FactStore(open_database(url))
    found = {
        memory.name: [(fact.seq, fact.text) for fact in store.facts(memory.name, limit=100_000)]
        for memory in store.list_memories(limit=1000)
    }
    store.close()
    return found


def names_in(folder: Path) -> set[str]:
    """Files in a folder."""
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder for backups."""
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder


@pytest.fixture
def other_url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A place of the same kind with nothing in it."""
    if dialect == "sqlite":
        yield f"sqlite:///{tmp_path}/new/folder/restored.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.database() as name:
        yield server.url(name)


def told_at_length(database: Database) -> None:
    """Two memories, with a forgotten fact, a forgotten memory and a description."""
    database.add(*STORY)
    database.store.forget("house", 1)
    database.store.put_memory("gone")
    database.store.put_memory("office", description="Who is where")
    database.add("John went to the office. 🏢", "John left.", name="office")
    database.store.put_memory("last")
    database.store.delete_memory("gone")
    database.store.delete_memory("last")


def test_what_is_backed_up_is_restored(database: Database, elsewhere: Path, other_url: str):
    told_at_length(database)
    file = elsewhere / "memnet.backup"

    contents = backup.backup(database.url, file)
    restored = backup.restore(other_url, file)

    assert (contents.memories, contents.facts) == (2, 4)
    assert contents.size_bytes == file.stat().st_size
    assert names_in(elsewhere) == {"memnet.backup"}
    assert (restored.contents.memories, restored.contents.facts, restored.kept) == (2, 4, None)
    assert told(other_url) == told(database.url)
    assert problems(other_url) == []
    other = FactStore(open_database(other_url))
    assert other.get_memory("office") == database.store.get_memory("office")
    assert other.register_model("digest", family="memn2n", spaces=SPACES, dim=DIM) == database.model_id
    here, there = database.view(), other.view("house", database.model_id)
    np.testing.assert_array_equal(here.vectors, there.vectors)
    # Numbers of memories that are gone are not given again.
    new, _ = other.put_memory("new")
    assert new.memory_id > 4
    assert other.add("new", STORY, model_id=database.model_id, vectors=database.vectors(2)).revision == 1
    other.close()


def test_a_backup_is_for_its_owner_and_the_restored_store_for_many_readers(
    database: Database, elsewhere: Path, tmp_path: Path
):
    file = elsewhere / "memnet.backup"
    backup.backup(database.url, file)
    backup.restore(f"sqlite:///{tmp_path}/restored.db", file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    with closing(sqlite3.connect(tmp_path / "restored.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA page_size").fetchone() == (8192,)


def test_every_restore_is_a_new_epoch(database: Database, elsewhere: Path, other_url: str):
    file = elsewhere / "memnet.backup"
    backup.backup(database.url, file)
    backup.restore(other_url, file)
    epochs = {epoch(database.url), epoch(other_url)}
    backup.restore(other_url, file, force=True)
    epochs.add(epoch(other_url))

    assert len(epochs) == 3


@pytest.mark.postgres
@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_backup_moves_from_one_kind_of_database_to_the_other_and_back(
    database: Database, elsewhere: Path, tmp_path: Path, other_url: str
):
    told_at_length(database)
    embedded = f"sqlite:///{tmp_path}/embedded.db"

    backup.backup(database.url, elsewhere / "one")
    backup.restore(embedded, elsewhere / "one")
    backup.backup(embedded, elsewhere / "two")
    backup.restore(other_url, elsewhere / "two")

    assert told(database.url) == told(embedded) == told(other_url)
    assert problems(embedded) == problems(other_url) == []


def test_a_backup_taken_while_writers_write_is_one_committed_state(
    database: Database, open_store: Callable[[], FactStore], elsewhere: Path, other_url: str
):
    database.store.put_memory("office")
    stop = threading.Event()
    acknowledged = {"house": 0, "office": 0}
    failures: list[BaseException] = []

    def write(name: str, seed: int) -> None:
        store = open_store()
        rng = np.random.default_rng(seed)
        try:
            while not stop.is_set():
                vectors = rng.normal(size=(3, SPACES, DIM)).astype(np.float32)
                added = store.add(name, ["fact one"] * 3, model_id=database.model_id, vectors=vectors)
                if added.seqs[0] % 2:
                    store.forget(name, added.seqs[0])
                acknowledged[name] = store.get_memory(name).revision
        except BaseException as error:
            failures.append(error)

    writers = [threading.Thread(target=write, args=(name, seed)) for seed, name in enumerate(acknowledged)]
    for writer in writers:
        writer.start()
    between: list[dict[str, int]] = []
    try:
        for number in range(3):
            before = dict(acknowledged)
            backup.backup(database.url, elsewhere / f"{number}")
            between.append(before)
    finally:
        stop.set()
        for writer in writers:
            writer.join()

    assert failures == []
    assert min(acknowledged.values()) > max(between[0].values()) >= 0
    for number, before in enumerate(between):
        backup.restore(other_url, elsewhere / f"{number}", force=True)
        assert problems(other_url) == []
        store = FactStore(open_database(other_url))
        for name, revision in before.items():
            # Nothing that was acknowledged before the backup began is missing in it.
            assert store.get_memory(name).revision >= revision
        store.close()


def test_a_file_is_never_replaced_unasked(database: Database, elsewhere: Path):
    file = elsewhere / "memnet.backup"
    file.write_text("precious")

    with pytest.raises(InputError) as raised:
        backup.backup(database.url, file)

    assert str(raised.value) == f"{file} exists"
    assert raised.value.hint == "choose another name, or replace it with --force"
    assert file.read_text() == "precious"
    backup.backup(database.url, file, force=True)
    assert file.read_bytes().startswith(b"SQLite format 3")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_the_database_itself_is_no_place_for_its_backup(database: Database, tmp_path: Path):
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "memnet.db")
    for file in (tmp_path / "memnet.db", link):
        for action in (backup.backup, backup.restore):
            with pytest.raises(InputError) as raised:
                action(database.url, file, force=True)
            assert str(raised.value) == f"{file} is the database itself"
    assert told(database.url) == {"house": []}


def test_a_backup_that_fails_leaves_the_older_one_and_nothing_else(
    database: Database, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
):
    file = elsewhere / "memnet.backup"
    backup.backup(database.url, file)
    older = file.read_bytes()
    database.add(*STORY)

    def damaged(path: Path) -> None:
        raise StoreUnavailable("the copy fails its integrity check")

    with monkeypatch.context() as patched:
        patched.setattr(files, "verify", damaged)
        with pytest.raises(StoreUnavailable, match="integrity check"):
            backup.backup(database.url, file, force=True)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", lambda number: (_ for _ in ()).throw(OSError(28, "No space left")))
        with pytest.raises(StoreUnavailable) as raised:
            backup.backup(database.url, file, force=True)

    assert str(raised.value) == f"{file} cannot be written (No space left)"
    assert file.read_bytes() == older
    assert names_in(elsewhere) == {"memnet.backup"}


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_folder_that_does_not_exist_is_named(database: Database, tmp_path: Path):
    with pytest.raises(InputError) as raised:
        backup.backup(database.url, tmp_path / "no" / "memnet.backup")

    assert str(raised.value) == f"there is no folder {tmp_path / 'no'}"


def test_a_store_is_never_replaced_unasked(database: Database, elsewhere: Path, tmp_path: Path):
    file = elsewhere / "memnet.backup"
    backup.backup(database.url, file)
    database.add(*STORY)
    before = told(database.url)

    with pytest.raises(InputError) as raised:
        backup.restore(database.url, file)

    expected = {
        "sqlite": (
            f"{tmp_path}/memnet.db exists",
            "--force replaces it; what it holds is kept aside under another name",
        ),
        "postgresql": (
            "the database is not empty",
            "--force replaces what it holds, and keeps it aside in a file",
        ),
    }[database.engine.dialect.name]
    assert (str(raised.value), raised.value.hint) == expected
    assert told(database.url) == before


def test_what_a_restore_replaces_is_kept_and_can_be_restored(database: Database, elsewhere: Path):
    file = elsewhere / "memnet.backup"
    database.add(STORY[0])
    backup.backup(database.url, file)
    database.add(STORY[1])

    restored = backup.restore(database.url, file, force=True)

    assert told(database.url) == {"house": [(1, STORY[0])]}
    assert restored.kept is not None
    assert restored.kept.name.startswith(
        "memnet.db.before-" if database.engine.dialect.name == "sqlite" else "memnet.backup.before-"
    )
    backup.restore(database.url, restored.kept, force=True)
    assert told(database.url) == {"house": [(1, STORY[0]), (2, STORY[1])]}
    assert problems(database.url) == []


def test_a_running_store_sees_the_restored_state_and_not_its_cache(database: Database, elsewhere: Path):
    """Revisions 1 and 2 exist before and after, with other facts."""
    file = elsewhere / "memnet.backup"
    database.add("Mary is in the hall.")
    backup.backup(database.url, file)
    database.add("Mary is in the garden.")
    assert database.view().texts == ("Mary is in the hall.", "Mary is in the garden.")
    database.store.delete_memory("house")
    database.store.put_memory("house")
    database.add("Nobody is here.")
    assert database.view().texts == ("Nobody is here.",)

    backup.restore(database.url, file, force=True)
    assert database.view().texts == ("Mary is in the hall.",)
    database.add("Mary is in the kitchen.")

    assert database.view().texts == ("Mary is in the hall.", "Mary is in the kitchen.")
    assert database.view().revision == 2


def test_models_keep_the_numbers_that_running_processes_know(
    database: Database, elsewhere: Path, other_url: str
):
    """In the backup model 1 is `other`; here it is `digest`. Their vectors must not be taken for each other."""
    migrate.upgrade(other_url)
    other = FactStore(open_database(other_url))
    first = other.register_model("other", family="memn2n", spaces=SPACES, dim=DIM)
    second = other.register_model("digest", family="memn2n", spaces=SPACES, dim=DIM)
    third = other.register_model("third", family="memn2n", spaces=1, dim=2)
    for name, number in (("of-other", first), ("of-digest", second)):
        other.put_memory(name)
        other.add(name, STORY, model_id=number, vectors=database.vectors(2))
    other.put_memory("of-third")
    other.add("of-third", STORY[:1], model_id=third, vectors=np.ones((1, 1, 2), np.float32))
    expected = other.view("of-digest", second).vectors
    assert (first, second, third, database.model_id) == (1, 2, 3, 1)
    backup.backup(other_url, elsewhere / "memnet.backup")
    other.close()
    database.add("Replaced.")

    backup.restore(database.url, elsewhere / "memnet.backup", force=True)

    np.testing.assert_array_equal(database.view("of-digest").vectors, expected)
    numbers = {digest: number for number, digest in database.rows("SELECT model_id, digest FROM models")}
    assert numbers["digest"] == 1
    assert len(set(numbers.values())) == 3
    assert database.store.view("of-third", int(str(numbers["third"]))).vectors.tolist() == [[[1.0, 1.0]]]
    assert database.store.register_model("new", family="memn2n", spaces=1, dim=1) > max(
        int(str(number)) for number in numbers.values()
    )


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_file_that_is_no_backup_is_refused_and_nothing_changes(
    database: Database, elsewhere: Path, tmp_path: Path
):
    database.add(*STORY)
    foreign = elsewhere / "foreign.db"
    with closing(sqlite3.connect(foreign)) as connection:
        connection.execute("CREATE TABLE t (x)")
    notes = elsewhere / "notes.txt"
    notes.write_text("Mary got the football there.")
    missing = elsewhere / "missing"

    for file, message in (
        (foreign, f"{foreign} is not a backup of memnet"),
        (notes, f"{notes} is not a backup of memnet"),
        (missing, f"{missing} cannot be read (No such file or directory)"),
    ):
        with pytest.raises(InputError) as raised:
            backup.restore(database.url, file, force=True)
        assert str(raised.value) == message
    assert told(database.url) == {"house": [(1, STORY[0]), (2, STORY[1])]}
    assert names_in(tmp_path) == {"backups", "memnet.db", "memnet.db-wal", "memnet.db-shm"}


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_damaged_backup_is_refused(database: Database, elsewhere: Path, tmp_path: Path):
    database.add(*(f"fact {number}" for number in range(500)))
    file = elsewhere / "memnet.backup"
    backup.backup(database.url, file)
    whole = file.read_bytes()
    target = f"sqlite:///{tmp_path}/target.db"

    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=DAMAGED):
        backup.restore(target, file)
    # One page of the middle of the file, the root of nothing else.
    page = 8192 * (len(whole) // 8192 // 2)
    file.write_bytes(whole[:page] + b"\xff" * 8192 + whole[page + 8192 :])
    with pytest.raises(InputError, match=DAMAGED):
        backup.restore(target, file)

    assert names_in(tmp_path) >= {"backups", "memnet.db"}
    assert not (tmp_path / "target.db").exists()


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_backup_of_a_newer_memnet_is_refused(database: Database, elsewhere: Path, tmp_path: Path):
    file = elsewhere / "memnet.backup"
    backup.backup(database.url, file)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0099'")

    with pytest.raises(SchemaMismatch, match="newer than this memnet's"):
        backup.restore(f"sqlite:///{tmp_path}/target.db", file)

    assert not (tmp_path / "target.db").exists()


def test_a_backup_of_an_older_schema_is_brought_up_to_date_on_the_way(other_url: str, tmp_path: Path):
    older = tmp_path / "older.backup"
    older.write_bytes((DATA / "schema-0001.sqlite").read_bytes())
    before = older.read_bytes()

    restored = backup.restore(other_url, older)

    assert (restored.contents.memories, restored.contents.facts) == (3, 4)
    assert sum(map(len, told(other_url).values())) == 3  # and one was forgotten
    assert older.read_bytes() == before
    engine = open_database(other_url)
    migrate.check(engine)
    engine.dispose()


def test_a_database_without_schema_has_nothing_to_back_up(empty_url: str, tmp_path: Path):
    with pytest.raises(SchemaMismatch, match="the database has no schema yet"):
        backup.backup(empty_url, tmp_path / "memnet.backup")

    assert not (tmp_path / "memnet.backup").exists()


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_broken_database_is_set_aside_with_its_log(database: Database, elsewhere: Path, tmp_path: Path):
    """The write-ahead log of the old file must never be played back into the new one."""
    database.add(*STORY)
    file = elsewhere / "memnet.backup"
    backup.backup(database.url, file)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "memnet.db").write_bytes(b"not a database, but dear to somebody")
    (broken / "memnet.db-wal").write_bytes(b"its log")
    url = f"sqlite:///{broken}/memnet.db"

    restored = backup.restore(url, file, force=True)

    assert told(url) == {"house": [(1, STORY[0]), (2, STORY[1])]}
    assert restored.kept is not None
    assert restored.kept.read_bytes() == b"not a database, but dear to somebody"
    assert Path(f"{restored.kept}-wal").read_bytes() == b"its log"


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_log_without_its_database_counts_as_a_database(database: Database, elsewhere: Path, tmp_path: Path):
    file = elsewhere / "memnet.backup"
    backup.backup(database.url, file)
    lost = tmp_path / "lost.db-wal"
    lost.write_bytes(b"a log")

    with pytest.raises(InputError) as raised:
        backup.restore(f"sqlite:///{tmp_path}/lost.db", file)
    restored = backup.restore(f"sqlite:///{tmp_path}/lost.db", file, force=True)

    assert str(raised.value) == f"{lost} exists"
    assert Path(f"{restored.kept}-wal").read_bytes() == b"a log"
    assert told(f"sqlite:///{tmp_path}/lost.db") == {"house": []}


def test_a_restore_that_fails_leaves_everything_as_it_was(
    database: Database, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
):
    file = elsewhere / "memnet.backup"
    backup.backup(database.url, file)
    database.add(*STORY)
    before, its_epoch = told(database.url), epoch(database.url)

    def failing(*arguments: object) -> None:
        raise RuntimeError("the plug was pulled")

    monkeypatch.setattr(copying, "count_on", failing)
    with pytest.raises(RuntimeError):
        backup.restore(database.url, file, force=True)

    assert (told(database.url), epoch(database.url)) == (before, its_epoch)
    assert database.add("Life goes on.") == (3,)


def test_the_password_is_in_no_message(tmp_path: Path):
    url = make_url("postgresql://me:secret@localhost:1/none")

    with pytest.raises(StoreUnavailable) as raised:
        backup.backup(url, tmp_path / "memnet.backup")

    assert "secret" not in f"{raised.value} {raised.value.hint}"


def test_a_restore_into_an_empty_store_needs_no_force_on_a_server(
    database: Database, elsewhere: Path, dialect: str, other_url: str
):
    database.add(*STORY)
    file = elsewhere / "memnet.backup"
    backup.backup(database.url, file)
    migrate.upgrade(other_url)

    if dialect == "sqlite":
        with pytest.raises(InputError, match="exists"):
            backup.restore(other_url, file)
    else:
        assert isinstance(backup.restore(other_url, file), Restored)
        assert told(other_url) == told(database.url)
