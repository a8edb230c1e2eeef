"""`memnet model` as a user types it: which networks a store knows, and another one for its memories."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from memnet.store import migrate
from memnet.training.checkpoint import load_checkpoint
from tests.memnet.cli.command import expect, memnet
from tests.models import untrained_checkpoint

STORY = ["Mary got the football there.", "Mary went back to the garden."]


@pytest.fixture
def environment(tmp_path, babi_dir):
    """Two memories of the first checkpoint, `m`; `other` is a second one."""
    untrained_checkpoint(tmp_path / "other", babi_dir, seed=1, dim=9)
    environment = {
        "MEMNET_DATABASE_URL": f"sqlite:///{tmp_path / 'facts.db'}",
        "MEMNET_CHECKPOINT": str(untrained_checkpoint(tmp_path / "m", babi_dir)),
    }
    migrate.upgrade(environment["MEMNET_DATABASE_URL"])
    memnet("facts", "add", "house", *STORY, **environment)
    memnet("facts", "add", "office", "John is in the office.", **environment)
    return environment


@pytest.fixture
def first(tmp_path, environment):
    return load_checkpoint(tmp_path / "m").digest


@pytest.fixture
def other(tmp_path, environment):
    return load_checkpoint(tmp_path / "other").digest


def vectors(tmp_path) -> list[tuple[str, int]]:
    """How many vectors of which model there are."""
    with closing(sqlite3.connect(tmp_path / "facts.db")) as connection:
        return connection.execute(
            "SELECT digest, count(*) FROM fact_vectors JOIN models USING (model_id) GROUP BY 1 ORDER BY 2"
        ).fetchall()


def test_the_models_are_listed_with_what_they_encode(environment, tmp_path, first, other):
    done = memnet("model", "list", "--checkpoint", tmp_path / "other", **environment)

    assert done.stdout.splitlines() == [
        f"  {first[:12]} memn2n, 4 vectors of 12: 3 facts in 2 memories",
        f"* {other[:12]} memn2n, 4 vectors of 9: 0 facts in 0 memories",
    ]
    record, _ = map(json.loads, memnet("model", "list", "--json", **environment).stdout.splitlines())
    created_at = record.pop("created_at")
    assert created_at.endswith("+00:00")
    assert record == {
        "digest": first,
        "family": "memn2n",
        "spaces": 4,
        "dim": 12,
        "memories": 2,
        "facts": 3,
        "changing": 0,
        "loaded": True,
    }


def test_a_model_is_shown_with_its_memories(environment, first):
    done = memnet("model", "show", first[:6], **environment)

    line, digest, since, *names = done.stdout.splitlines()
    assert line.startswith(f"* {first[:12]}")
    assert digest == f"  digest {first}"
    assert since.startswith("  since 2")
    assert names == ["  house", "  office"]
    assert json.loads(memnet("model", "show", "--json", **environment).stdout)["names"] == ["house", "office"]


def test_another_model_takes_one_memory_over_and_then_all(environment, tmp_path, first, other):
    checkpoint = ("--checkpoint", tmp_path / "other")

    done = memnet("model", "switch", "house", *checkpoint, **environment)
    assert done.stdout == "house: 2 facts, changed at revision 2\n"
    assert memnet("model", "switch", "house", *checkpoint, **environment).stdout == (
        "house: has this model already\n"
    )
    assert vectors(tmp_path) == [(other, 2), (first, 3)]

    done = memnet("model", "switch", "--all", "--json", *checkpoint, **environment)

    assert json.loads(done.stdout) == {"memory": "office", "revision": 2, "dropped": 0}
    assert memnet("model", "show", *checkpoint, **environment).stdout.splitlines()[-2:] == [
        "  house",
        "  office",
    ]
    assert memnet("ask", "house", "Where is the football?", *checkpoint, **environment).exit_code == 0


def test_the_vectors_of_the_model_before_go_when_they_are_not_needed(environment, tmp_path, first, other):
    checkpoint = ("--checkpoint", tmp_path / "other")

    done = memnet("model", "switch", "house", "--drop-old", *checkpoint, **environment)
    assert done.stdout == "house: 2 facts, changed at revision 2, 2 old vectors dropped\n"
    assert vectors(tmp_path) == [(first, 1), (other, 2)]
    memnet("model", "switch", "office", *checkpoint, **environment)

    done = memnet("model", "drop", first[:12], "--all", **environment)

    assert done.stdout == "office: 1 vectors dropped\n"
    assert vectors(tmp_path) == [(other, 3)]


def test_what_cannot_be_done_is_one_line_and_a_hint(environment, first):
    expect(
        memnet("model", "show", "nothing", **environment),
        2,
        "error: no model has a digest that begins with 'nothing'",
        "hint: `memnet model list` names them",
    )
    for command in (["switch"], ["switch", "house", "--all"], ["drop", first]):
        expect(memnet("model", *command, **environment), 2, "error: name the memories, or say --all")
    done = memnet("model", "switch", "cellar", **environment)
    assert done.stderr.splitlines()[-2:] == ["error: there is no memory 'cellar'", "hint: create it first"]
    done = memnet("model", "drop", first, "house", **environment)
    assert done.stderr == "error: memory 'house' needs the vectors of model 1\n"
