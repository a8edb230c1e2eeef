"""Restoring: never over something unasked, and seen by who is running."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from memnet.errors import InputError
from memnet.store import FactStore, backup, copying, migrate, open_database
from memnet.store.backup import Restored
from tests.memnet.store.backups import epoch, problems, told
from tests.memnet.store.conftest import DIM, SPACES, STORY, Database


def test_every_restore_is_a_new_epoch(database: Database, elsewhere: Path, other_url: str):
    file = elsewhere / "memnet.backup"
    backup.backup(database.url, file)
    backup.restore(other_url, file)
    epochs = {epoch(database.url), epoch(other_url)}
    backup.restore(other_url, file, force=True)
    epochs.add(epoch(other_url))

    assert len(epochs) == 3


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
