"""`memnet keys` as an operator types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from memnet.store import Keys, migrate, open_database
from tests.memnet.cli.command import expect, memnet


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/memnet.db"
    migrate.upgrade(url)
    return url


def test_a_key_is_shown_once_alone_on_stdout(url: str):
    made = memnet(
        "keys", "create", "robot-7", "--memory", "house", "--memory", "robot-*", "--may", "write",
        "--may", "read", "--expires", "2999-01-31", "--database-url", url,
    )  # fmt: skip

    key = made.stdout.removesuffix("\n")
    assert made.stderr == (
        "robot-7 may read, write in house, robot-*, until 2999-01-31 00:00 UTC; the key is not shown again\n"
    )
    engine = open_database(url)
    found = Keys(engine).find(key)
    engine.dispose()
    assert found is not None
    assert found.name == "robot-7"
    listed = memnet("keys", "list", "--database-url", url).stdout
    assert f"mn_{found.prefix}_…" in listed
    assert key not in listed


def test_a_program_reads_the_key_and_the_list_as_json(url: str):
    made = json.loads(
        memnet(
            "keys", "create", "ops", "--memory", "*", "--may", "all", "--json", "--database-url", url
        ).stdout
    )
    listed = [
        json.loads(line)
        for line in memnet("keys", "list", "--json", "--database-url", url).stdout.splitlines()
    ]

    assert made.pop("key").startswith(f"mn_{made['prefix']}_")
    assert listed == [made]
    assert made["verbs"] == ["read", "ask", "write", "erase", "admin"]
    assert made["state"] == "active"


def test_a_revoked_key_says_so(url: str):
    memnet("keys", "create", "robot-7", "--memory", "*", "--may", "read", "--database-url", url)

    assert memnet("keys", "revoke", "robot-7", "--database-url", url).stdout.startswith(
        "robot-7 is revoked since "
    )
    assert "  revoked  " in memnet("keys", "list", "--database-url", url).stdout


def test_mistakes_are_one_line_and_a_hint(url: str, tmp_path: Path):
    expect(
        memnet("keys", "revoke", "nobody", "--database-url", url),
        2,
        "error: there is no key 'nobody'",
        "hint: `memnet keys list` names them",
    )
    expect(
        memnet("keys", "create", "k", "--memory", "A", "--may", "read", "--database-url", url),
        2,
        "error: 'A' is not the name of a memory, nor the beginning of names",
        "hint: write a name, a beginning with a * behind it, or * alone for every memory",
    )
    soon = memnet(
        "keys", "create", "k", "--memory", "*", "--may", "read", "--expires", "soon", "--database-url", url
    )
    assert soon.exit_code == 2
    assert "'soon' is neither 12h, 90d or 4w, nor a date like 2027-01-31" in soon.stderr
    expect(
        memnet("keys", "list", "--database-url", f"sqlite:///{tmp_path}/other.db"),
        1,
        "error: the database has no schema yet",
        "hint: create it with `memnet migrate`",
    )
