"""`memnet index check` and `rebuild` as a user types them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from memnet.training.checkpoint import load_checkpoint
from tests.memnet.cli.command import expect, memnet
from tests.models import untrained_checkpoint

STORY = ["Mary got the football there.", "Mary went back to the garden."]


@pytest.fixture
def checkpoint(tmp_path, babi_dir):
    return untrained_checkpoint(tmp_path / "m", babi_dir)


@pytest.fixture
def environment(tmp_path, checkpoint):
    environment = {
        "MEMNET_DATABASE_URL": f"sqlite:///{tmp_path / 'facts.db'}",
        "MEMNET_CHECKPOINT": str(checkpoint),
    }
    memnet("migrate", **environment)
    memnet("facts", "add", "house", *STORY, **environment)
    memnet("facts", "add", "office", "John is in the office.", **environment)
    return environment


@pytest.fixture
def damaged(environment, tmp_path):
    with closing(sqlite3.connect(tmp_path / "facts.db")) as connection, connection:
        connection.execute("UPDATE fact_vectors SET crc32 = 0 WHERE memory_id = 1 AND seq = 2")
    return environment


def test_sound_memories_are_named_and_the_exit_code_is_0(environment):
    done = memnet("index", "check", **environment)

    assert done.stdout.splitlines() == [
        "house: 2 facts at revision 1, 2 vectors: sound",
        "office: 1 facts at revision 1, 1 vectors: sound",
    ]
    assert (done.stderr, done.exit_code) == ("", 0)
    assert memnet("index", "check", "office", **environment).stdout.count("\n") == 1


def test_damage_is_named_and_the_exit_code_is_1(damaged, checkpoint):
    digest = load_checkpoint(checkpoint).digest

    done = memnet("index", "check", **damaged)

    assert done.stdout.splitlines() == [
        "house: 2 facts at revision 1, 2 vectors: 1 problems, index not compared",
        f"  vector damaged: the vector of fact 2 fails its checksum (model {digest[:12]})",
        "office: 1 facts at revision 1, 1 vectors: sound",
    ]
    assert done.stderr == (
        "hint: `memnet index rebuild` makes vectors again; for anything else restore a backup\n"
    )
    assert done.exit_code == 1


def test_a_rebuild_repairs_it_and_the_memory_answers_again(damaged):
    done = memnet("index", "rebuild", "house", **damaged)

    assert done.stdout.splitlines() == [
        "house: 1 vectors made again",
        "house: 2 facts at revision 1, 2 vectors: sound",
    ]
    assert done.exit_code == 0
    assert memnet("ask", "house", "Where is the football?", **damaged).exit_code == 0
    assert memnet("index", "check", **damaged).exit_code == 0


def test_a_check_repairs_what_is_damaged_and_nothing_else(damaged, tmp_path):
    def epochs() -> list[tuple[str, int]]:
        with closing(sqlite3.connect(tmp_path / "facts.db")) as connection:
            return connection.execute("SELECT name, epoch FROM memories ORDER BY name").fetchall()

    assert memnet("index", "check", **damaged).exit_code == 1

    done = memnet("index", "check", "--repair", **damaged)

    assert done.stdout.splitlines() == [
        "house: 1 vectors made again",
        "house: 2 facts at revision 1, 2 vectors: sound",
        "office: 1 facts at revision 1, 1 vectors: sound",
    ]
    assert (done.stderr, done.exit_code) == ("", 0)
    assert epochs() == [("house", 1), ("office", 0)]
    assert memnet("index", "check", **damaged).exit_code == 0


def test_machines_read_one_record_per_memory(damaged, checkpoint):
    done = memnet("index", "check", "--json", **damaged)

    house, office = map(json.loads, done.stdout.splitlines())
    assert house == {
        "memory": "house",
        "revision": 1,
        "facts": 2,
        "vectors": 2,
        "index_checked": False,
        "problems": [
            {
                "memory": "house",
                "kind": "vector damaged",
                "message": "the vector of fact 2 fails its checksum",
                "seq": 2,
                "model": load_checkpoint(checkpoint).digest,
            }
        ],
        "sound": False,
    }
    assert (office["sound"], done.stderr, done.exit_code) == (True, "", 1)
    rebuilt = json.loads(memnet("index", "rebuild", "house", "--json", **damaged).stdout)
    assert (rebuilt["encoded"], rebuilt["removed"], rebuilt["sound"]) == (1, 0, True)


def test_what_no_rebuild_can_mend_keeps_the_exit_code_at_1(environment, tmp_path):
    with closing(sqlite3.connect(tmp_path / "facts.db")) as connection, connection:
        connection.execute("DELETE FROM changes WHERE memory_id = 1")

    done = memnet("index", "rebuild", "house", **environment)

    assert "  log: the log has 0 of the 1 revisions from 1 to 1" in done.stdout.splitlines()
    assert done.exit_code == 1


def test_an_unknown_memory_is_one_line_and_a_hint(environment):
    for command in ("check", "rebuild"):
        expect(
            memnet("index", command, "cellar", **environment),
            2,
            "error: there is no memory 'cellar'",
            "hint: create it first",
        )
