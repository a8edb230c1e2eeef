"""Fitting a calibration: from validation stories alone, and what is fitted is what answers."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from memnet.babi.dataset import load_task, split_validation
from memnet.errors import InputError
from memnet.evaluation import calibrate
from memnet.models import SHIPPED
from memnet.reader import Reader
from memnet.training.checkpoint import load_checkpoint
from memnet.training.data import SPLIT_SEED
from tests.memnet.cli.command import memnet
from tests.memnet.evaluation.networks import TRAIN, untrained_multihead
from tests.models import untrained_checkpoint


@pytest.fixture
def folder(tmp_path, babi_dir, monkeypatch):
    monkeypatch.setattr(calibrate, "GATES", (0.0, 0.4))
    monkeypatch.setattr(calibrate, "SHARPENINGS", (0.0, 0.1))
    monkeypatch.setattr(calibrate, "STRANGERS", 80)
    return untrained_multihead(tmp_path / "run", babi_dir)


def test_a_fit_is_kept_with_the_checkpoint_and_is_what_answers(folder, babi_dir):
    before = load_checkpoint(folder).digest

    done = memnet("babi", "calibrate", folder, "--data", babi_dir, "--questions", 4, "--stories", 8, "--json")

    assert done.exit_code == 0, done.stderr
    fitted, checkpoint = json.loads(done.stdout), load_checkpoint(folder)
    assert checkpoint.calibration.to_json() == fitted
    assert checkpoint.digest != before
    assert fitted["temperature"] > 0
    assert fitted["least_gate"] in (0.0, 0.4)
    assert fitted["sharpening"] in (0.0, 0.1)
    assert fitted["record"]["data"]["babi"] == {"1": 4}
    assert 0 < fitted["record"]["unanswerable"]["abstained"] <= 1
    answer = Reader(checkpoint).ask_facts(["Mary moved to the office."], "Where is Mary?")
    assert 0 <= answer.probability <= 1


def test_a_second_fit_is_the_first_one(folder, babi_dir):
    checkpoint = load_checkpoint(folder)
    first = calibrate.calibrate(checkpoint, babi_dir, questions=4, stories=8)

    checkpoint.network.least_gate, checkpoint.network.sharpening = 0.4, 0.1
    again = calibrate.calibrate(replace(checkpoint, calibration=first), babi_dir, questions=4, stories=8)

    assert again == first


def test_a_dry_run_changes_nothing(folder, babi_dir):
    before = (folder / "config.json").read_bytes()

    done = memnet(
        "babi", "calibrate", folder, "--data", babi_dir, "--questions", 2, "--stories", 4, "--dry-run"
    )

    assert done.exit_code == 0, done.stderr
    assert "temperature" in done.stdout
    assert (folder / "config.json").read_bytes() == before


def test_only_stories_that_training_set_aside_are_fitted_to(folder, babi_dir):
    found = calibrate.validation_stories(load_checkpoint(folder), babi_dir, {})

    training, held_out = split_validation(load_task(babi_dir, "en", 1, "train").stories, 0.5, seed=SPLIT_SEED)
    assert found == {1: held_out}
    assert not set(found[1]) & set(training)


def test_another_training_file_than_the_runs_is_refused(folder, babi_dir, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("1 Mary moved to the office.\n2 Where is Mary?\toffice\t1\n")

    with pytest.raises(InputError, match=f"run was not trained on {other}, but on {TRAIN} with sha256") as e:
        calibrate.validation_stories(load_checkpoint(folder), babi_dir, {1: other})

    assert e.value.hint == "name that file with --train-file 1=FILE"


def test_a_memn2n_is_not_calibrated(tmp_path, babi_dir):
    checkpoint = load_checkpoint(untrained_checkpoint(tmp_path / "own", babi_dir))

    with pytest.raises(InputError, match="own is a memn2n: only multi-head is calibrated"):
        calibrate.calibrate(checkpoint, babi_dir)


def test_the_shipped_network_names_the_file_it_misses(tmp_path):
    (tmp_path / "en-10k").mkdir()

    done = memnet("babi", "calibrate", SHIPPED, "--data", tmp_path, "--dry-run")

    assert done.exit_code == 2
    assert "qa1_single-supporting-fact_train.txt is missing" in done.stderr


def limit_of(decided, undecided):
    """The limit for doubts of right answers to questions that are decided, and of ones that are not."""
    right = np.array([True] * len(decided) + [False] * len(undecided))
    every = np.ones(len(right), bool)
    return calibrate._limit(
        np.array([*decided, *undecided]), worded=every, decided=right, given=every, right=right
    )


def test_doubt_is_answered_as_far_as_97_of_100_undecidable_questions_are_still_declined():
    sure, unsure = [0.1] * 98 + [0.3, 0.4], [0.2] * 3 + [0.8] * 97

    # At 0.1 two of a hundred right answers would be lost already; at 0.79 none is, and 97 are declined.
    assert 0.79 < limit_of(sure, unsure) < 0.8
    # One more that is hard to tell, and the limit is what two lost answers allow.
    assert 0.1 <= limit_of(sure, [0.05] * 4 + [0.8] * 96) < 0.2


def test_doubt_costs_no_answer_where_the_network_itself_calls_97_of_100_undecidable_questions_undecided():
    right = np.array([True] * 100 + [False] * 100)
    doubts = np.array([0.1] * 98 + [0.3, 0.4] + [0.9] * 100)

    def limit(answered: int) -> float:
        given = np.arange(200) < 100 + answered
        return calibrate._limit(doubts, worded=right | True, decided=right, given=given, right=right)

    assert limit(3) == 1.0
    assert limit(4) < 1.0
