"""`memnet babi` as a user types it: train, interrupt, resume, evaluate, ask, and every way to get it wrong."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from memnet.training.checkpoint import load_checkpoint
from tests.memnet.cli.command import expect, memnet


@pytest.fixture(scope="module")
def run(tmp_path_factory, babi_dir) -> Path:
    folder = tmp_path_factory.mktemp("run") / "task1"
    done = memnet("babi", "train", "--data", babi_dir, "--split", "en", "--tasks", "1", "--out", folder)
    assert done.exit_code == 0, done.stderr
    assert "120 epochs in" in done.stdout
    assert "epoch 120/120" in done.stderr  # the progress bar
    return folder


def test_a_trained_run_is_evaluated_for_machines(run, babi_dir):
    done = memnet("babi", "evaluate", run, "--data", babi_dir, "--tasks", "1", "--json")

    report = json.loads(done.stdout)
    assert list(report["tasks"]) == ["1"]
    assert report["mean_error"] == report["tasks"]["1"]["error"] <= 0.1
    assert report["model"]["sha256"] == load_checkpoint(run).digest
    assert report["data"]["trained_on"] == "en"
    assert report["notes"] == ["one run, seed 0, nothing selected"]


def test_and_for_people(run, babi_dir):
    done = memnet("babi", "evaluate", run, "--data", babi_dir, "--tasks", "1,6")

    assert "single-supporting-fact" in done.stdout
    assert "yes-no-questions" in done.stdout
    assert "mean; 2 failed (> 5%)" in done.stdout
    assert "tasks 6 were not trained on" in done.stdout


def test_a_real_story_is_asked_with_the_attention_of_every_hop(run, babi_dir):
    done = memnet("babi", "ask", run, "--data", babi_dir, "--task", "1", "--story", "0", "--question", "0")

    lines = done.stdout.splitlines()
    assert lines[0].startswith("Where is John?  (right)")
    assert lines[1].split() == ["fact", "hop", "1", "hop", "2", "hop", "3"]
    # The gold fact has a star, and a dot, because it was read.
    assert lines[2].startswith("1*• John travelled to the hallway.")
    assert lines[3].startswith(" 2  Mary journeyed to the bathroom.")
    assert "null slot" in lines[4]
    assert "not listed" in lines[5]
    weights = [re.findall(r"\d\.\d{3}", line) for line in lines[2:6]]
    columns = list(zip(*([float(weight) for weight in row] for row in weights), strict=True))
    assert len(columns) == 3
    assert all(sum(column) == pytest.approx(1, abs=0.0021) for column in columns)
    assert "answer  hallway" in done.stdout


def test_asking_for_machines_gives_one_record_per_question(run, babi_dir):
    done = memnet("babi", "ask", run, "--data", babi_dir, "--task", "1", "--json")

    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(records) == 5
    for record in records:
        assert record["gold"]["supporting"]
        for hop in record["answer"]["hops"]:
            total = sum(a["weight"] for a in hop["attention"]) + hop["other_mass"] + hop["null_mass"]
            assert total == pytest.approx(1, abs=1e-5)


def test_ctrl_c_and_resume_end_with_the_same_weights(tmp_path, babi_dir):
    command = [Path(sys.executable).with_name("memnet"), "babi", "train", "--data", babi_dir, "--tasks", "1"]
    recipe = ["--set", "epochs=300"]
    whole = tmp_path / "whole"
    assert subprocess.run([*command, *recipe, "--out", whole], capture_output=True).returncode == 0

    stopped = tmp_path / "stopped"
    process = subprocess.Popen([*command, *recipe, "--out", stopped], stderr=subprocess.PIPE, text=True)
    while not (stopped / "training.safetensors").exists():
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped after epoch" in errors
    assert f"hint: go on with `memnet babi train --resume --out {stopped}`" in errors
    assert "Traceback" not in errors

    resumed = memnet("babi", "train", "--resume", "--out", stopped)
    assert resumed.exit_code == 0, resumed.stderr
    digests = [(folder / "weights.safetensors").read_bytes() for folder in (whole, stopped)]
    assert digests[0] == digests[1]
    assert memnet("babi", "train", "--resume", "--out", stopped).stdout == f"{stopped} has finished already\n"


def test_training_without_data_says_where_it_may_be(tmp_path):
    expect(
        memnet("babi", "train", "--out", tmp_path / "run", XDG_CACHE_HOME=str(tmp_path)),
        2,
        "error: no bAbI data: neither --data nor MEMNET_BABI_DIR names a folder, and none was downloaded",
        "hint: fetch it with `memnet babi download`, or point --data at the unpacked archive",
    )
    assert not (tmp_path / "run").exists()


def test_a_truncated_file_stops_training_before_anything_is_written(tmp_path, babi_dir):
    data = tmp_path / "data" / "en"
    data.mkdir(parents=True)
    name = "qa1_single-supporting-fact_train.txt"
    whole = (babi_dir / "en" / name).read_bytes()
    (data / name).write_bytes(whole[:2000])

    done = memnet("babi", "train", "--data", tmp_path / "data", "--tasks", "1", "--out", tmp_path / "run")

    line = whole[:2000].count(b"\n") + 1
    expect(
        done,
        2,
        f"error: {name}:{line}: the file ends in the middle of a line",
        f"hint: {data / name} looks truncated; fetch it again",
    )
    assert not (tmp_path / "run").exists()


def test_a_missing_training_file_is_a_choice_and_never_a_silent_skip(tmp_path, babi_dir):
    done = memnet("babi", "train", "--data", babi_dir, "--tasks", "1,3", "--out", tmp_path / "run")

    expect(
        done,
        2,
        f"error: {babi_dir / 'en' / 'qa3_three-supporting-facts_train.txt'} is missing",
        "hint: name another training file with --train-file 3=FILE (the results will say so), "
        "or leave task 3 out with --tasks",
    )


def test_a_damaged_checkpoint_is_one_clear_message(tmp_path, babi_dir, run):
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in run.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    weights = bytearray((copy / "weights.safetensors").read_bytes())
    weights[-1] ^= 255
    (copy / "weights.safetensors").write_bytes(weights)

    expect(
        memnet("babi", "evaluate", copy, "--data", babi_dir, "--tasks", "1"),
        1,
        f"error: {copy / 'weights.safetensors'} is damaged: its sha256 is not the one in config.json",
        "hint: copy the checkpoint again or retrain with `memnet babi train`",
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tasks", "21"], "error: tasks are numbers from 1 to 20; got '21'"),
        (
            ["--set", "dropout=1"],
            "error: --set needs NAME=VALUE with a setting of the recipe; got 'dropout=1'",
        ),
        (["--set", "epochs=many"], "error: --set epochs needs a value of type int; got 'many'"),
        (["--set", "epochs=0"], "error: epochs must be at least 1; got 0"),
        (["--set", "tying=none"], "error: tying must be one of adjacent, layer-wise; got 'none'"),
        (
            ["--train-file", "7=x"],
            "error: --train-file needs TASK=FILE with one of the chosen tasks; got '7=x'",
        ),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, babi_dir, arguments, message):
    done = memnet("babi", "train", "--data", babi_dir, "--tasks", "1", "--out", tmp_path / "run", *arguments)

    assert (done.exit_code, done.stdout, done.stderr.splitlines()[0]) == (2, "", message)
    assert not (tmp_path / "run").exists()


def test_a_story_that_does_not_exist_says_how_many_there_are(run, babi_dir):
    done = memnet("babi", "ask", run, "--data", babi_dir, "--task", "1", "--story", "2")

    expect(
        done,
        2,
        "error: there is no story 2: qa1_single-supporting-fact_test.txt holds 2 stories, counted from 0",
    )


@pytest.mark.babi
def test_task_1_is_learned_to_one_percent(tmp_path, full_babi_dir):
    """The README's claim, with the command it gives."""
    run = tmp_path / "run"
    trained = memnet("babi", "train", "--data", full_babi_dir, "--split", "en", "--tasks", "1", "--out", run)
    assert trained.exit_code == 0, trained.stderr

    report = json.loads(
        memnet("babi", "evaluate", run, "--data", full_babi_dir, "--tasks", "1", "--json").stdout
    )
    assert report["tasks"]["1"]["error"] <= 0.01


def test_beginning_from_a_checkpoint_is_refused_where_it_would_be_ignored(tmp_path, babi_dir):
    done = memnet(
        "babi", "train", "--data", babi_dir, "--tasks", 1, "--from", tmp_path, "--out", tmp_path / "run"
    )

    assert done.exit_code != 0
    assert "--from is for the multi-head network; got --network memn2n" in done.stderr
    assert not (tmp_path / "run").exists()
