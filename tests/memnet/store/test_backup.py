"""Backups: whole, consistent while others write, and never half replaced."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from memnet.errors import StoreUnavailable
from memnet.store import FactStore, backup, files, open_database
from tests.memnet.store.backups import names_in, problems, told
from tests.memnet.store.conftest import DIM, SPACES, STORY, Database


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
