"""`memnet babi evaluate`: what it prints for machines and for people, and every way to get it wrong."""

from __future__ import annotations

import hashlib
import json

import pytest

from memnet.babi.dataset import load_task
from memnet.babi.verify import official_files
from memnet.models import SHIPPED
from memnet.training.checkpoint import load_checkpoint, save_checkpoint
from tests.memnet.cli.command import expect, memnet
from tests.memnet.evaluation.recorded import recorded_checkpoint
from tests.models import untrained_checkpoint

NOT_THERE = (
    "tasks 2: the training file is not among the data, so duplicates and the majority and lexical answers "
    "are not known"
)


@pytest.fixture(scope="module")
def run(tmp_path_factory, babi_dir):
    return recorded_checkpoint(tmp_path_factory.mktemp("run") / "own", babi_dir)


def evaluated(*arguments: object) -> dict:
    done = memnet("babi", "evaluate", *arguments, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_a_task_comes_with_what_needs_no_network_and_with_its_evidence(run, babi_dir):
    report = evaluated(run, "--data", babi_dir, "--tasks", "1,2")

    assert report.keys() == {
        *(
            "model",
            "tasks",
            "mean_error",
            "mean_error_without_duplicates",
            "official",
            "failed",
            "data",
            "notes",
        )
    }
    one, two = report["tasks"]["1"], report["tasks"]["2"]
    assert report["mean_error"] == pytest.approx((one["error"] + two["error"]) / 2, abs=1e-6)
    assert one["questions"] == 10
    assert one["duplicates"] == 0
    assert one["error_without_duplicates"] == one["error"]
    assert one["majority_error"] > 0.5
    assert one["lexical_error"] == 0.0  # task 1 only needs the newest fact about the person
    evidence = one["evidence"]
    assert [hop["hop"] for hop in evidence["hops"]] == [1, 2, 3]
    assert evidence["lexical"]["r_precision"] == 1.0
    assert 0 < evidence["null_mass"] < 1
    for metric in ("r_precision", "all_gold_in_top5", "sufficiency", "comprehensiveness"):
        assert 0 <= evidence[metric] <= 1
    assert two["evidence"]["questions"] == two["questions"]
    # The repository holds an extract of the official file, which therefore is not it.
    assert report["data"]["training"] == {"1": "qa1_single-supporting-fact_train.txt, not the official file"}
    assert report["official"] == {"tasks": [], "mean_error": None}


def test_without_the_training_file_nothing_is_made_up(run, babi_dir):
    report = evaluated(run, "--data", babi_dir, "--tasks", "1-2")

    two = report["tasks"]["2"]
    for name in ("duplicates", "error_without_duplicates", "majority_error", "lexical_error"):
        assert two[name] is None
    assert report["mean_error_without_duplicates"] is None
    assert report["notes"] == [
        "tasks 2 were not trained on",
        NOT_THERE,
        "one run, seed 3, nothing selected",
    ]


def test_another_training_file_than_the_runs_is_as_good_as_none(run, babi_dir, tmp_path):
    folder = tmp_path / "data" / "en"
    folder.mkdir(parents=True)
    for part in ("train", "test"):
        file = load_task(babi_dir, "en", 1, part).path
        (folder / file.name).write_bytes(file.read_bytes())
    training = folder / "qa1_single-supporting-fact_train.txt"
    lines = training.read_bytes().splitlines(keepends=True)
    training.write_bytes(b"".join(lines[:15]))

    original = babi_dir / "en" / training.name
    sha256 = hashlib.sha256(original.read_bytes()).hexdigest()

    report = evaluated(run, "--data", folder.parent, "--tasks", "1")
    assert report["tasks"]["1"]["duplicates"] is None
    assert report["notes"][0] == NOT_THERE.replace("tasks 2", "tasks 1")

    expect(
        memnet(
            *("babi", "evaluate", run, "--data", babi_dir, "--tasks", "1", "--train-file", f"1={training}")
        ),
        2,
        f"error: own was not trained on {training}, but on {training.name} with sha256 {sha256}",
    )
    named = evaluated(run, "--data", folder.parent, "--tasks", "1", "--train-file", f"1={original}")
    assert named["tasks"]["1"]["duplicates"] == 0


def test_changed_stories_are_named_and_stand_beside_the_unchanged_ones(run, babi_dir):
    plain = evaluated(run, "--data", babi_dir, "--tasks", "1")

    report = evaluated(
        run, "--data", babi_dir, "--tasks", "1", "--pad", "20", "--rename-symbols", "5"
    )  # fmt: skip

    assert report["data"]["changes"] == [
        {"name": "pad", "facts": 20},
        {"name": "rename-symbols", "seed": 5},
    ]
    assert report["data"]["files"] == plain["data"]["files"]
    assert report["notes"][0] == "20 unrelated facts about other names put before each story"
    assert report["notes"][1].startswith("every symbol of the test files renamed to a word that training")
    assert report["tasks"]["1"]["error"] == 1.0  # it has no way to say a word it does not know
    assert report["tasks"]["1"]["unchanged_error"] == plain["mean_error"]
    assert report["unchanged"] == {
        "mean_error": plain["mean_error"],
        "gap": pytest.approx(1 - plain["mean_error"]),
    }
    assert report["tasks"]["1"]["majority_error"] == 1.0
    assert "unchanged" not in plain
    assert "unchanged_error" not in plain["tasks"]["1"]
    assert plain["data"]["changes"] == []


def test_people_see_errors_and_on_request_evidence(run, babi_dir):
    errors = memnet("babi", "evaluate", run, "--data", babi_dir, "--tasks", "1-2").stdout.splitlines()
    assert errors[0].split("  ")[-4:] == ["error %", "new stories", "majority", "lexical"]
    assert errors[2].split()[:2] == ["2", "two-supporting-facts"]
    assert errors[2].split()[-3:] == ["–", "–", "–"]

    found = memnet("babi", "evaluate", run, "--data", babi_dir, "--tasks", "1-2", "--evidence").stdout
    lines = [line.split() for line in found.splitlines()]
    header = "task error % R-prec. lexical recency top 5 null suffic. compr."
    assert lines[0] == header.split()
    assert len(lines[1]) == 9
    assert lines[3][0] == "mean"

    swapped = memnet("babi", "evaluate", run, "--data", babi_dir, "--tasks", "1", "--name-swap").stdout
    assert "unchanged" in swapped.splitlines()[0]
    assert "name swap as in sys-bAbI" in " ".join(swapped.split())


def test_a_word_can_only_be_changed_once(run, babi_dir):
    expect(
        memnet("babi", "evaluate", run, "--data", babi_dir, "--name-swap", "--rename-symbols", "1"),
        2,
        "error: --name-swap and --rename-symbols change the same words",
        "hint: choose one of them",
    )


def test_only_english_stories_can_be_changed(run, babi_dir):
    expect(
        memnet("babi", "evaluate", run, "--data", babi_dir, "--split", "hn", "--pad", "3"),
        2,
        "error: changed stories are English; got --split hn",
        "hint: choose en or en-10k",
    )


def test_a_task_trained_on_other_data_is_named_and_the_mean_without_it_given(tmp_path, babi_dir):
    synthetic = "synthetic training stories, original test (qa3_synthetic.txt)"
    checkpoint = load_checkpoint(untrained_checkpoint(tmp_path / "mixed", babi_dir))
    name = "qa1_single-supporting-fact_train.txt"
    files = {
        "1": {"name": name, "sha256": official_files()[f"en/{name}"], "questions": 1000},
        "3": {"name": "qa3_synthetic.txt", "sha256": "0" * 64, "questions": 1000},
    }
    data = {"split": "en", "files": files, "notes": [f"task 3: {synthetic}"]}
    save_checkpoint(tmp_path / "mixed", checkpoint.network, checkpoint.vocabulary, {"data": data})

    report = evaluated(tmp_path / "mixed", "--data", babi_dir, "--tasks", "1,3")

    assert report["data"]["training"] == {"1": "official 1k", "3": synthetic}
    assert report["official"] == {"tasks": [1], "mean_error": report["tasks"]["1"]["error"]}
    printed = f"{report['tasks']['1']['error']:.1%}"
    assert f"mean error over the 1 of 2 tasks trained on official files: {printed}" in report["notes"]
    assert f"task 3: {synthetic}" in report["notes"]


@pytest.mark.babi
def test_the_papers_network_attends_to_the_gold_facts(full_babi_dir):
    report = evaluated(
        SHIPPED.parent / "memn2n-joint", "--data", full_babi_dir, "--split", "en-10k", "--tasks", "1,2,11-15"
    )

    for task, result in report["tasks"].items():
        evidence = result["evidence"]
        assert evidence["r_precision"] > 0.9, task
        assert evidence["sufficiency"] > 0.95, task
        assert evidence["r_precision"] >= evidence["lexical"]["r_precision"] - 0.01, task
        assert evidence["r_precision"] > evidence["recency"]["r_precision"], task
