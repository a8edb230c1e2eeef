"""Calibration: how sure an answer is, and when there is none."""

from __future__ import annotations

import json

import pytest
import torch

from memnet.calibration import UNCALIBRATED, Calibration, Doubt
from memnet.errors import CheckpointError
from memnet.lexicon import Lexicon
from memnet.models import SHIPPED
from memnet.nn.multihead import MultiHeadConfig, MultiHeadMemory
from memnet.reader import Reader
from memnet.training.checkpoint import load_checkpoint, save_calibration, save_checkpoint

LEXICON = Lexicon(sorted({"where", "is", "the", "went", "to"}), ["no", "yes"])
FACTS = ["Mary went to the garden.", "John went to the office."]
FITTED = Calibration(1.5, 0.3, 0.1, Doubt(0.5, 0.75, -0.2, 2.5, -1.0, limit=0.4), {"data": {"worded": 3}})


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(4)
    network = MultiHeadMemory(MultiHeadConfig(vocab_size=len(LEXICON), num_answers=2))
    save_checkpoint(tmp_path / "m", network, LEXICON, {"recipe": {"seed": 3}})
    return tmp_path / "m"


def declining(folder, limit: float):
    """A reader that declines where doubt, which is 0.5 for every question, is above a limit."""
    save_calibration(folder, Calibration(doubt=Doubt(0, 0, 0, 0, 0, limit=limit)))
    return Reader(load_checkpoint(folder))


def test_a_calibration_comes_back_with_its_checkpoint_and_the_weights_stay(folder):
    before = load_checkpoint(folder)

    save_calibration(folder, FITTED)

    after = load_checkpoint(folder)
    assert (before.calibration, after.calibration) == (UNCALIBRATED, FITTED)
    assert (after.network.least_gate, after.network.sharpening) == (0.3, 0.1)
    assert before.digest != after.digest
    assert after.training == before.training
    for name, tensor in before.network.state_dict().items():
        assert torch.equal(after.network.state_dict()[name], tensor)


def test_a_checkpoint_of_format_1_answers_with_its_numbers_as_they_are(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"format": 1}))

    assert load_checkpoint(folder).calibration.temperature == 1.0


def test_a_calibration_of_a_later_version_is_refused_by_name(folder):
    save_calibration(folder, FITTED)
    config = json.loads((folder / "config.json").read_text())
    config["calibration"]["version"] = 3
    (folder / "config.json").write_text(json.dumps(config))

    with pytest.raises(CheckpointError, match="calibration of version 3, this memnet reads 2"):
        load_checkpoint(folder)


def test_a_calibration_of_before_sharpening_blurs_as_it_did(folder):
    save_calibration(folder, FITTED)
    config = json.loads((folder / "config.json").read_text())
    config["calibration"]["version"] = 1
    del config["calibration"]["sharpening"]
    (folder / "config.json").write_text(json.dumps(config))

    checkpoint = load_checkpoint(folder)

    assert (checkpoint.calibration.least_gate, checkpoint.network.sharpening) == (0.3, 0.0)


def test_a_temperature_that_cannot_be_is_refused(folder):
    save_calibration(folder, FITTED)
    config = json.loads((folder / "config.json").read_text())
    config["calibration"]["temperature"] = 0
    (folder / "config.json").write_text(json.dumps(config))

    with pytest.raises(CheckpointError, match=r"calibration with temperature 0\.0"):
        load_checkpoint(folder)


def test_doubt_is_a_probability_and_grows_with_what_speaks_against_an_answer():
    calm = FITTED.doubt.of(undecided=0.01, best=0.98, strange=False, peak=0.99)
    doubtful = FITTED.doubt.of(undecided=0.4, best=0.5, strange=True, peak=0.3)

    assert 0 < calm < 0.05
    assert 0.5 < doubtful < 1
    assert 0 < FITTED.doubt.of(undecided=0.0, best=1.0, strange=False, peak=1.0) < calm
    assert FITTED.abstains(undecided=0.4, best=0.5, strange=True, peak=0.3)
    assert not FITTED.abstains(undecided=0.01, best=0.98, strange=False, peak=0.99)


def test_an_answer_that_little_speaks_for_is_declined_with_the_reason_and_the_reading(folder):
    answering, declined = (
        declining(folder, limit).ask_facts(FACTS, "Where is Mary?") for limit in (0.6, 0.4)
    )

    assert answering.text is not None
    assert answering.reason is None
    assert (declined.text, declined.probability, declined.entries) == (None, 0.0, ())
    assert declined.reason in ("no_relevant_facts", "low_confidence")
    # What was read, and what the answer would have been, is still told.
    assert declined.hops == answering.hops
    assert declined.alternatives == answering.alternatives


def test_a_name_that_no_fact_speaks_of_is_the_reason_for_declining(folder):
    answer = declining(folder, 0.4).ask_facts(FACTS, "Where is Zoë?")

    assert (answer.text, answer.reason, answer.unknown_words) == (None, "unknown_words", ("Zoë",))


@pytest.mark.parametrize(
    ("facts", "question", "reason"),
    [
        ([], "Where is Mary?", "no_eligible_facts"),
        (["Mary went to the office."], "Where is Zoë?", "unknown_words"),
        (["Mary went to the office.", "John got the milk."], "What colour is the milk?", "undecided"),
    ],
)
def test_the_shipped_network_says_why_it_declines(facts, question, reason):
    answer = Reader(load_checkpoint(SHIPPED)).ask_facts(facts, question)

    assert (answer.text, answer.reason) == (None, reason)


def test_the_shipped_network_gives_each_thing_of_a_list_its_probability():
    facts = ["Mary got the milk there.", "Mary got the football there.", "Mary went to the garden."]

    answer = Reader(load_checkpoint(SHIPPED)).ask_facts(facts, "What is Mary carrying?")

    assert {entry.text for entry in answer.entries} == {"milk", "football"}
    assert all(answer.probability <= entry.probability <= 1 for entry in answer.entries)
