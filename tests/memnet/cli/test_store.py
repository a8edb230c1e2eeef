"""`memnet facts`, `memnet ask`, `memnet migrate` as a user types them."""

from __future__ import annotations

import json
import sqlite3

import pytest

from tests.memnet.cli.command import expect, memnet
from tests.models import untrained_checkpoint


@pytest.fixture
def environment(tmp_path, babi_dir):
    folder = untrained_checkpoint(tmp_path / "m", babi_dir)
    url = f"sqlite:///{tmp_path / 'facts.db'}"
    assert memnet("migrate", MEMNET_DATABASE_URL=url).stdout == "schema is up to date\n"
    return {"MEMNET_DATABASE_URL": url, "MEMNET_CHECKPOINT": str(folder)}


def test_facts_are_remembered_listed_and_asked(environment):
    added = memnet("facts", "add", "house", "Mary got the football.", "Zaphod left.", **environment)
    assert added.stdout.splitlines() == ["1 Mary got the football.", "2 Zaphod left.  (unknown: zaphod)"]
    listed = memnet("facts", "list", "house", "--json", **environment)
    assert [json.loads(line)["seq"] for line in listed.stdout.splitlines()] == [1, 2]

    asked = memnet("ask", "house", "Where is the football?", **environment)
    assert asked.stdout.startswith("answer  ")
    assert "hop 1" not in asked.stdout
    explained = memnet("ask", "house", "Where is the football?", "--explain", **environment)
    assert "Mary got the football." in explained.stdout
    assert "null slot" in explained.stdout
    assert "Hop 1 read " in explained.stdout
    assert "by head" not in explained.stdout
    heads = memnet("ask", "house", "Where is the football?", "--heads", **environment).stdout
    assert heads.count("by head") == heads.count("mean") == 3
    record = json.loads(memnet("ask", "house", "Where is the football?", "--json", **environment).stdout)
    assert record["revision"] == 1


def test_the_past_can_be_asked(environment):
    memnet("facts", "add", "house", "Mary went to the kitchen.", **environment)
    memnet("facts", "add", "house", "Mary went to the garden.", **environment)

    then = memnet("ask", "house", "Where is Mary?", "--as-of", "1", "--explain", **environment)

    assert "kitchen." in then.stdout
    assert "garden." not in then.stdout
    expect(
        memnet("ask", "house", "Where is Mary?", "--as-of", "3", **environment),
        2,
        "error: memory 'house' has no revision 3",
        "hint: its last revision is 2",
    )


def test_an_unknown_memory_is_one_line_and_a_hint(environment):
    expect(
        memnet("ask", "cellar", "Where is Mary?", **environment),
        2,
        "error: there is no memory 'cellar'",
        "hint: create it first",
    )


def test_a_database_of_a_newer_schema_is_left_alone(environment, tmp_path):
    path = tmp_path / "facts.db"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = path.read_bytes()

    done = memnet("ask", "house", "Where is Mary?", **environment)

    assert done.exit_code == 1
    assert done.stderr.startswith("error: ")
    assert "upgrade memnet" in done.stderr
    assert path.read_bytes() == before
