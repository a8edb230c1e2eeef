"""The model card: one command measures, and what people wrote stays."""

from __future__ import annotations

import json

import pytest

from memnet.evaluation.card import BEGIN, END, Extent, insert, measure, render
from memnet.evaluation.plots import png, reliability_figure
from memnet.scorecard import load_scorecard
from memnet.training.checkpoint import load_checkpoint
from tests.memnet.evaluation.networks import untrained_multihead

LITTLE = Extent((0, 3), 2, 3, 2, 2, 2)


@pytest.fixture(scope="module")
def measured(tmp_path_factory, babi_dir):
    folder = untrained_multihead(tmp_path_factory.mktemp("card") / "run", babi_dir)
    steps: list[str] = []
    return folder, *measure(folder, babi_dir, "en", (1,), extent=LITTLE, on_step=steps.append), steps


def test_a_scorecard_holds_everything_that_a_card_promises(measured):
    folder, card, _, steps = measured

    assert card["model"]["sha256"] == load_checkpoint(folder).digest
    for name in ("renamed", "swapped"):
        assert card[name]["tasks"].keys() == {"1"}
    assert [each["tasks"].keys() for each in card["padded"].values()] == [{"1"}, {"1"}]
    assert card["wording"]["held_out"]["questions"] > 0
    assert {"entity_never_mentioned", "relation_never_stated"} <= card["wording"]["abstained"].keys()
    assert card["reliability"].keys() == {
        "bAbI test",
        "training wording",
        "held-out wording",
        "independent wording",
    }
    assert card["speed"]["question_p50_s"] > 0
    assert steps[0] == "errors and evidence"
    assert steps[-1] == "speed"


def test_the_service_can_read_the_scorecard(measured):
    folder, card, _, _ = measured
    (folder / "scorecard.json").write_text(json.dumps(card))

    assert load_scorecard(folder, load_checkpoint(folder).digest)["mean_error"] == card["mean_error"]


def test_a_card_shows_what_the_scorecard_says(measured):
    _, card, curves, _ = measured

    page = render(json.loads(json.dumps(card)))

    assert f"Mean test error **{100 * card['mean_error']:.1f} %**" in page
    assert "| task |  | plain | renamed | swapped | 0 strangers | 3 strangers |" in page
    assert "The network is not calibrated." in page
    for curve in curves:
        assert f"| {curve.name} | {curve.answers:,} |" in page
    assert png(reliability_figure(curves)).startswith(b"\x89PNG")


def test_what_people_wrote_around_the_measured_part_stays():
    page = f"# mine\n\nBefore.\n\n{BEGIN}\n\nold\n\n{END}\n\n## Later\n"

    once = insert(page, "new")

    assert once == f"# mine\n\nBefore.\n\n{BEGIN}\n\nnew\n\n{END}\n\n## Later\n"
    assert insert(once, "new") == once


def test_a_card_without_marks_gets_its_measured_part_at_the_end():
    assert insert("# mine\n", "new") == f"# mine\n\n{BEGIN}\n\nnew\n\n{END}\n"
