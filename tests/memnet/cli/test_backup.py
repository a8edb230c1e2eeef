"""`memnet backup` and `restore` as a user types them."""

from __future__ import annotations

import pytest

from memnet.store import FactStore, open_database
from tests.memnet.cli.command import expect, memnet


@pytest.fixture
def environment(tmp_path):
    url = f"sqlite:///{tmp_path / 'facts.db'}"
    memnet("migrate", MEMNET_DATABASE_URL=url)
    store = FactStore(open_database(url))
    store.put_memory("house")
    store.close()
    return {"MEMNET_DATABASE_URL": url}


def size_of(path):
    return f"{path.stat().st_size / 1e6:.1f} MB"


def test_a_store_goes_into_a_file_and_comes_back(environment, tmp_path):
    file = tmp_path / "memnet.backup"
    other = {"MEMNET_DATABASE_URL": f"sqlite:///{tmp_path / 'other.db'}"}

    done = memnet("backup", file, **environment)
    back = memnet("restore", file, **other)

    assert (done.stdout, done.exit_code) == (f"1 memory, 0 facts, {size_of(file)} to {file}\n", 0)
    assert (back.stdout.split(" MB ")[1], back.exit_code) == (f"from {file}\n", 0)
    assert (tmp_path / "other.db").exists()


def test_what_exists_is_replaced_only_with_force(environment, tmp_path):
    file = tmp_path / "memnet.backup"
    memnet("backup", file, **environment)

    expect(
        memnet("backup", file, **environment),
        2,
        f"error: {file} exists",
        "hint: choose another name, or replace it with --force",
    )
    expect(
        memnet("restore", file, **environment),
        2,
        f"error: {tmp_path / 'facts.db'} exists",
        "hint: --force replaces it; what it holds is kept aside under another name",
    )
    assert memnet("backup", file, "--force", **environment).exit_code == 0
    done = memnet("restore", file, "--force", **environment)

    (kept,) = tmp_path.glob("facts.db.before-*")
    assert done.stdout.splitlines()[1] == f"what was there before is in {kept}"
    assert done.exit_code == 0


def test_a_file_that_is_no_backup_is_one_line_and_a_hint(environment, tmp_path):
    (tmp_path / "notes.txt").write_text("Mary got the football there.")

    expect(
        memnet("restore", tmp_path / "notes.txt", "--force", **environment),
        2,
        f"error: {tmp_path / 'notes.txt'} is not a backup of memnet",
        "hint: make one with `memnet backup FILE`",
    )
