"""Backups and restores that are refused, and what they say."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from memnet.errors import InputError, SchemaMismatch, StoreUnavailable
from memnet.store import backup, migrate, open_database
from tests.memnet.store.backups import names_in, told
from tests.memnet.store.conftest import STORY, Database

DAMAGED = "is damaged"
DATA = Path(__file__).parents[2] / "data" / "store"


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


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_folder_that_does_not_exist_is_named(database: Database, tmp_path: Path):
    with pytest.raises(InputError) as raised:
        backup.backup(database.url, tmp_path / "no" / "memnet.backup")

    assert str(raised.value) == f"there is no folder {tmp_path / 'no'}"


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


def test_the_password_is_in_no_message(tmp_path: Path):
    url = make_url("postgresql://me:secret@localhost:1/none")

    with pytest.raises(StoreUnavailable) as raised:
        backup.backup(url, tmp_path / "memnet.backup")

    assert "secret" not in f"{raised.value} {raised.value.hint}"
