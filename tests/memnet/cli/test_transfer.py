"""`memnet facts export` and `import` as a user types them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from memnet.cli import main
from tests.memnet.cli.command import expect, memnet
from tests.models import untrained_checkpoint

STORY = ["Mary got the football there.", "Mary went back to the garden."]


@pytest.fixture
def environment(tmp_path, babi_dir):
    folder = untrained_checkpoint(tmp_path / "m", babi_dir)
    environment = {
        "MEMNET_DATABASE_URL": f"sqlite:///{tmp_path / 'facts.db'}",
        "MEMNET_CHECKPOINT": str(folder),
    }
    memnet("migrate", **environment)
    memnet("facts", "add", "house", *STORY, **environment)
    return environment


def listed(name, environment):
    return memnet("facts", "list", name, **environment).stdout.splitlines()


def test_facts_go_out_and_into_another_database(environment, tmp_path):
    file = tmp_path / "house.jsonl"
    done = memnet("facts", "export", "house", "--out", file, **environment)
    assert done.stdout == f"2 facts of memory 'house' at revision 1 to {file}\n"
    other = {**environment, "MEMNET_DATABASE_URL": f"sqlite:///{tmp_path / 'other.db'}"}
    memnet("migrate", **other)

    done = memnet("facts", "import", "garden", file, **other)

    assert (done.stdout, done.stderr, done.exit_code) == ("2 facts into memory 'garden'\n", "", 0)
    assert listed("garden", other) == [f"1 {STORY[0]}", f"2 {STORY[1]}"]
    answer = memnet("ask", "garden", "Where is the football?", "--json", **other)
    assert json.loads(answer.stdout)["eligible"] == 2


def test_pipes_will_do_on_both_ends(environment):
    out = memnet("facts", "export", "house", **environment)

    done = CliRunner().invoke(main, ["facts", "import", "copy", "-"], input=out.stdout_bytes, env=environment)

    assert len(out.stdout.splitlines()) == 3
    assert done.stdout == "2 facts into memory 'copy'\n"
    assert len(listed("copy", environment)) == 2


def test_an_import_into_nothing_makes_the_embedded_database(environment, tmp_path, monkeypatch):
    file = tmp_path / "house.jsonl"
    memnet("facts", "export", "house", "--out", file, **environment)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "var").mkdir()

    done = memnet("facts", "import", "house", file, MEMNET_CHECKPOINT=environment["MEMNET_CHECKPOINT"])

    assert done.stdout == "2 facts into memory 'house'\n"
    assert (tmp_path / "var" / "memnet.db").exists()


def bad_file(tmp_path: Path) -> Path:
    file = tmp_path / "bad.jsonl"
    header = {"memnet": "facts", "format": 1, "count": 3}
    file.write_text("\n".join([json.dumps(header), json.dumps({"text": STORY[0]}), "{", '{"text": ""}', ""]))
    return file


def test_bad_lines_are_listed_and_nothing_is_stored(environment, tmp_path):
    expect(
        memnet("facts", "import", "copy", bad_file(tmp_path), **environment),
        2,
        "line 3: not JSON at character 2, expected a JSON object",
        "line 4: text is empty, expected a sentence",
        "error: 2 problems in the file; nothing is stored",
        "hint: mend the file, or store the other facts with --skip-bad",
    )
    expect(
        memnet("facts", "list", "copy", **environment),
        2,
        "error: there is no memory 'copy'",
        "hint: create it first",
    )


def test_skipped_lines_are_listed_and_the_exit_code_says_so(environment, tmp_path):
    done = memnet("facts", "import", "copy", bad_file(tmp_path), "--skip-bad", **environment)

    assert done.stdout == "1 fact into memory 'copy'\n"
    assert done.stderr.splitlines() == [
        "line 3: not JSON at character 2, expected a JSON object",
        "line 4: text is empty, expected a sentence",
    ]
    assert done.exit_code == 1
    assert listed("copy", environment) == [f"1 {STORY[0]}"]


def test_a_memory_with_facts_takes_more_only_when_asked(environment, tmp_path):
    file = tmp_path / "house.jsonl"
    memnet("facts", "export", "house", "--out", file, **environment)

    expect(
        memnet("facts", "import", "house", file, **environment),
        2,
        "error: memory 'house' is at revision 1, expected one that never held a fact",
        "hint: import under a new name, or add to its facts with --append",
    )
    assert memnet("facts", "import", "house", file, "--append", **environment).exit_code == 0
    assert len(listed("house", environment)) == 4


def test_an_export_that_fails_leaves_the_older_file(environment, tmp_path):
    file = tmp_path / "house.jsonl"
    file.write_text("older")

    expect(
        memnet("facts", "export", "cellar", "--out", file, **environment),
        2,
        "error: there is no memory 'cellar'",
        "hint: create it first",
    )
    assert file.read_text() == "older"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []

    expect(
        memnet("facts", "export", "house", "--out", tmp_path / "no" / "file", **environment),
        2,
        f"error: {tmp_path / 'no' / 'file'} cannot be written (No such file or directory)",
    )


@pytest.mark.slow
def test_an_import_killed_between_batches_is_run_again_and_duplicates_nothing(environment, tmp_path):
    file = tmp_path / "long.jsonl"
    texts = [f"Mary moved to the garden {number}." for number in range(1200)]
    header = {"memnet": "facts", "format": 1, "count": len(texts)}
    file.write_text("".join(json.dumps(line) + "\n" for line in (header, *({"text": t} for t in texts))))
    command = [sys.executable, "-c", "from memnet.cli import main; main()", "facts", "import", "long", file]
    for failpoint in ("write.locked=kill@2", "write.committed=kill@3"):
        killed = subprocess.run(command, env={**environment, "MEMNET_FAILPOINTS": failpoint}, check=False)
        assert killed.returncode == -signal.SIGKILL
        assert memnet("facts", "list", "long", **environment).exit_code == 2

    assert memnet("facts", "import", "long", file, **environment).exit_code == 0

    assert listed("long", environment) == [f"{seq} {text}" for seq, text in enumerate(texts, start=1)]
