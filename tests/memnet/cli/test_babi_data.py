"""`memnet babi download`, `verify` and `generate` as a user types them."""

from __future__ import annotations

import hashlib
import json

import pytest

from memnet.babi.cache import FOLDER
from tests.memnet.babi.mirror import FILES, PINS, Mirror, archive_of, packed, serving
from tests.memnet.cli.command import expect, memnet

ARCHIVE = packed()


@pytest.fixture
def mirror(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(Mirror(ARCHIVE)) as mirror:
        monkeypatch.setattr("memnet.cli.babi.download.ARCHIVES", (archive_of(ARCHIVE, mirror.url),))
        monkeypatch.setattr("memnet.babi.verify.official_files", lambda: PINS)
        yield mirror


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setattr("memnet.cli.babi.download.cache_dir", lambda: folder)
    monkeypatch.setattr("memnet.babi.dataset.cache_dir", lambda: folder)
    return folder


def test_download_fills_the_cache_where_verify_finds_it(mirror, cache):
    done = memnet("babi", "download")

    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"{cache / FOLDER}: 3 files checked",
        "bAbI v1.2, Weston et al. 2015, (c) Facebook, Inc., CC BY 3.0",
    ]
    assert "127.0.0.1" in done.stderr  # the progress bar
    assert memnet("babi", "verify").exit_code == 0
    again = memnet("babi", "download")
    assert again.stdout.splitlines()[0] == f"{cache / FOLDER} is there already: 3 files checked"


def test_download_into_a_folder_says_how_to_use_it(mirror, tmp_path):
    done = memnet("babi", "download", "--to", tmp_path)

    assert done.stdout.splitlines()[-1] == f"use it with --data {tmp_path / FOLDER}, or MEMNET_BABI_DIR"
    assert (tmp_path / FOLDER / "LICENSE.txt").read_bytes() == FILES["LICENSE.txt"]


def test_download_from_a_copy_asks_no_mirror(mirror, cache, tmp_path):
    (tmp_path / "copy.tar.gz").write_bytes(ARCHIVE)

    assert memnet("babi", "download", "--archive", tmp_path / "copy.tar.gz").exit_code == 0
    assert mirror.asked == []


def test_without_a_mirror_the_error_is_one_line_and_a_hint(mirror, tmp_path):
    mirror.status = 503

    done = memnet("babi", "download", "--to", tmp_path)

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-2:] == [
        "error: no mirror gave the archive; 127.0.0.1: HTTP 503 Service Unavailable",
        "hint: check the network, or fetch the archive by other means and name it with --archive FILE",
    ]


def test_ctrl_c_keeps_what_was_fetched(mirror, tmp_path, monkeypatch):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("memnet.cli.babi.download.fetch", interrupted)

    done = memnet("babi", "download", "--to", tmp_path)

    assert done.exit_code == 130
    assert done.stderr.splitlines()[-2:] == [
        f"stopped; what was fetched is kept in {tmp_path}",
        "hint: run the same command to go on",
    ]


def test_verify_names_what_is_wrong(mirror, cache):
    memnet("babi", "download")
    (cache / FOLDER / "LICENSE.txt").write_bytes(b"mine")
    (cache / FOLDER / "notes.txt").write_bytes(b"")

    done = memnet("babi", "verify", cache)

    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "altered  LICENSE.txt: 4 bytes",
        "extra    notes.txt",
        f"{cache / FOLDER}: 2 of 3 files are official, 0 missing, 1 altered, 1 extra",
    ]


def test_verify_for_machines(mirror, cache):
    memnet("babi", "download")
    (cache / FOLDER / "LICENSE.txt").unlink()

    done = memnet("babi", "verify", cache, "--json")

    assert done.exit_code == 1
    assert json.loads(done.stdout) == {
        "directory": str(cache / FOLDER),
        "whole": False,
        "checked": 3,
        "unpinned": 0,
        "findings": [{"path": "LICENSE.txt", "state": "missing", "detail": None}],
    }


def test_verify_names_a_whole_split_once(babi_dir):
    lines = memnet("babi", "verify", babi_dir).stdout.splitlines()

    assert lines[:3] == [
        "missing  en-10k/ (40 files)",
        "missing  hn/ (40 files)",
        "missing  shuffled/ (40 files)",
    ]
    assert lines[-1] == f"{babi_dir}: 1 of 162 files are official, 140 missing, 21 altered, 1 extra"


def test_verify_needs_the_tasks(tmp_path):
    done = memnet("babi", "verify", tmp_path)

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {tmp_path} holds none of the folders en, en-10k")


def test_generate_writes_a_file_that_says_what_it_is(tmp_path):
    out = tmp_path / "qa3_synthetic.txt"

    done = memnet("babi", "generate", "--stories", 3, "--seed", 9, "--out", out)

    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    assert done.stdout.splitlines() == [
        f"{out}: 3 stories, 15 questions",
        f"generator 1, seed 9, sha256 {digest}",
    ]


def test_generate_for_machines_records_what_a_result_must_name(tmp_path, babi_dir):
    out = tmp_path / "qa3_synthetic.txt"
    test = babi_dir / "en" / "qa3_three-supporting-facts_test.txt"

    done = memnet(
        "babi", "generate", "--task", 3, "--stories", 2, "--seed", 1, "--out", out, "--avoid", test, "--json"
    )

    assert json.loads(done.stdout) == {
        "path": str(out),
        "task": 3,
        "generator": 1,
        "seed": 1,
        "num_stories": 2,
        "num_questions": 10,
        "avoided": 0,
        "sha256": hashlib.sha256(out.read_bytes()).hexdigest(),
    }


def test_generate_refuses_other_tasks_and_official_names(tmp_path):
    expect(
        memnet("babi", "generate", "--task", 2, "--out", tmp_path / "synthetic.txt"),
        2,
        "error: stories can be generated for task 3 only; got task 2",
    )
    expect(
        memnet("babi", "generate", "--out", tmp_path / "qa3_three-supporting-facts_train.txt"),
        2,
        "error: the name of a generated file must contain 'synthetic'; got 'qa3_three-supporting-facts_train.txt'",
        "hint: for example qa3_three-supporting-facts_train_synthetic.txt",
    )
