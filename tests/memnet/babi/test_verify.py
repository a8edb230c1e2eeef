"""A folder beside the pinned identities: what is missing, altered, extra, and what a stand-in really is."""

from __future__ import annotations

import shutil

import pytest

from memnet.babi.dataset import load_tasks
from memnet.babi.verify import Finding, git_blob_of, official_files, sha256_of, verify
from tests.memnet.babi.mirror import FILES, PINS

TEST, TRAIN = "en/qa1_single-supporting-fact_test.txt", "en/qa1_single-supporting-fact_train.txt"
TASK_3 = "en-10k/qa3_three-supporting-facts_train.txt"


@pytest.fixture
def folder(tmp_path):
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_official_files_are_whole(folder):
    verification = verify(folder, PINS)

    assert (verification.whole, verification.checked, verification.findings) == (True, 3, ())


def test_every_difference_is_named(folder):
    (folder / TEST).write_bytes(b"1 Mary left.\n")
    (folder / "LICENSE.txt").unlink()
    (folder / "en" / "qa1_mine.txt").write_bytes(b"")

    verification = verify(folder, PINS)

    assert verification.findings == (
        Finding(TEST, "altered", "13 bytes"),
        Finding("LICENSE.txt", "missing"),
        Finding("en/qa1_mine.txt", "extra"),
    )
    assert not verification.whole


def test_an_extra_file_takes_nothing_away(folder):
    (folder / "SHA256SUMS").write_bytes(b"")

    assert verify(folder, PINS).findings == (Finding("SHA256SUMS", "extra"),)
    assert verify(folder, PINS).whole


def test_a_file_under_another_name_is_recognised(folder):
    shutil.copy(folder / TEST, folder / TRAIN)

    assert verify(folder, PINS).findings == (
        Finding(TRAIN, "altered", f"is {TEST} (0 questions) under another name"),
    )


def test_line_ends_of_windows_are_recognised(folder):
    (folder / TEST).write_bytes(FILES[TEST].replace(b"\n", b"\r\n"))

    assert verify(folder, PINS).findings == (
        Finding(TEST, "altered", "has the official text with CRLF line ends"),
    )


def test_splits_of_unknown_identity_are_counted_and_not_required(folder):
    (folder / "hn-10k").mkdir()
    (folder / "hn-10k" / "qa1_single-supporting-fact_train.txt").write_bytes(b"")
    pins = PINS | {"hn-10k/qa3_three-supporting-facts_train.txt": "0" * 40}

    verification = verify(folder, pins)

    assert (verification.whole, verification.unpinned, verification.findings) == (True, 1, ())


def test_a_git_blob_id_is_what_git_prints():
    # printf 'hello\n' | git hash-object --stdin
    assert git_blob_of(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_every_file_of_the_pinned_splits_has_an_identity():
    pins = official_files()

    for split in ("en", "en-10k", "hn", "shuffled"):
        assert sum(name.startswith(f"{split}/") for name in pins) == 40
    assert pins[TASK_3] == "9b2b35ca4357ea8ee44692c71ec71892edf51399"
    assert all(len(digest) in (40, 64) for digest in pins.values())
    tests = [name for name in pins if name.startswith("en/") and name.endswith("_test.txt")]
    assert all(pins[name] == pins[name.replace("en/", "en-10k/")] for name in tests)


@pytest.mark.babi
def test_the_genuine_files_are_official(full_babi_dir):
    verification = verify(full_babi_dir)

    assert {f.path for f in verification.findings if f.state != "extra"} <= {TASK_3}
    assert verification.checked == 162


@pytest.mark.babi
def test_the_1k_file_in_the_place_of_the_10k_file_is_named(full_babi_dir, tmp_path):
    (tmp_path / "en-10k").mkdir()
    shutil.copy(full_babi_dir / TASK_3.replace("en-10k", "en"), tmp_path / TASK_3)

    (finding,) = (f for f in verify(tmp_path).findings if f.path == TASK_3)

    assert finding.detail == "is en/qa3_three-supporting-facts_train.txt (1,000 questions) under another name"


def test_the_known_stand_in_for_task_3_is_named_as_the_validation_split(tmp_path):
    """536,060 bytes and 1,000 questions, where there should be 10,000."""
    content = b"1 Mary left.\n2 Where was the milk before the garden? \toffice\t1 1 1\n"
    digest = official_files()["en-valid-10k/qa3_valid.txt"]
    assert digest == "8da018e1b079299c25b34c62a509cde6b9820735c398357e69d1d72a1cc54537"
    # The genuine validation file is not at hand: another content stands for it.
    pins = dict(official_files()) | {"en-valid-10k/qa3_valid.txt": sha256_of(content)}
    (tmp_path / "en-10k").mkdir()
    (tmp_path / TASK_3).write_bytes(content)

    (finding,) = (f for f in verify(tmp_path, pins).findings if f.path == TASK_3)

    assert finding.state == "altered"
    assert finding.detail == "is en-valid-10k/qa3_valid.txt (1 questions) under another name"


@pytest.mark.babi
@pytest.mark.parametrize("split", ["hn", "shuffled"])
@pytest.mark.parametrize("part", ["train", "test"])
def test_hindi_and_shuffled_tasks_load(full_babi_dir, split, part):
    tasks = load_tasks(full_babi_dir, split, range(1, 21), part)

    assert {task for task, file in tasks.items() if file.num_questions == 1000} == set(range(1, 21))
