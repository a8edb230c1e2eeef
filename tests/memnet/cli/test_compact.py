"""`memnet compact` as a user types it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from memnet.store import migrate
from tests.memnet.cli.command import expect, memnet
from tests.models import untrained_checkpoint


@pytest.fixture
def environment(tmp_path, babi_dir):
    """A memory of four revisions, each a day after the one before; the last forgot the first fact."""
    environment = {
        "MEMNET_DATABASE_URL": f"sqlite:///{tmp_path / 'facts.db'}",
        "MEMNET_CHECKPOINT": str(untrained_checkpoint(tmp_path / "m", babi_dir)),
    }
    migrate.upgrade(environment["MEMNET_DATABASE_URL"])
    for text in ("Mary got the football.", "Mary went to the garden.", "John left."):
        memnet("facts", "add", "house", text, **environment)
    with closing(sqlite3.connect(tmp_path / "facts.db")) as connection, connection:
        connection.execute("UPDATE facts SET deleted_revision = 4 WHERE seq = 1")
        connection.execute("UPDATE memories SET revision = 4, live_count = 2")
        connection.execute(
            "INSERT INTO changes (memory_id, revision, seq, op, created_at) "
            "SELECT memory_id, 4, 1, 'delete', '' FROM memories"
        )
        connection.execute("UPDATE changes SET created_at = printf('2026-01-%02d 12:00:00.000000', revision)")
    return environment


def test_the_log_of_the_last_revisions_is_kept(environment):
    done = memnet("compact", "house", "--keep", "1", **environment)

    assert done.stdout == "house: the log begins at revision 3, the history at 0; 2 entries removed\n"
    assert memnet("index", "check", **environment).exit_code == 0
    done = memnet("compact", "house", "--keep", "99", "--json", **environment)
    assert json.loads(done.stdout) == {
        "memory": "house",
        "log_floor": 3,
        "history_floor": 0,
        "log_rows": 0,
        "facts": 0,
        "answers": 0,
    }


@pytest.mark.parametrize("moment", ["2026-01-03", "2026-01-03T01:00:00+01:00", "2026-01-02T12:00:00Z"])
def test_the_log_since_a_moment_is_kept(environment, moment):
    done = memnet("compact", "house", "--before", moment, **environment)
    assert done.stdout == "house: the log begins at revision 2, the history at 0; 1 entries removed\n"


def test_the_history_goes_when_it_is_asked_for(environment):
    done = memnet("compact", "house", "--keep", "0", "--history", **environment)

    assert done.stdout == (
        "house: the log begins at revision 4, the history at 4; 3 entries removed, "
        "1 forgotten facts and 0 kept answers removed\n"
    )
    assert memnet("facts", "list", "house", **environment).stdout == (
        "2 Mary went to the garden.\n3 John left.\n"
    )


def test_what_cannot_be_done_is_one_line_and_a_hint(environment):
    for arguments in ([], ["--keep", "1", "--before", "2026-01-03"]):
        expect(
            memnet("compact", "house", *arguments, **environment),
            2,
            "error: say how much to keep",
            "hint: either --keep N or --before MOMENT",
        )
    expect(
        memnet("compact", "cellar", "--keep", "1", **environment),
        2,
        "error: there is no memory 'cellar'",
        "hint: create it first",
    )
