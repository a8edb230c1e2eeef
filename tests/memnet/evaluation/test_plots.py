"""Plots: a figure shows the numbers it was given, and says what to install when it cannot be drawn."""

from __future__ import annotations

import sys

import pytest

from memnet.errors import MemnetError
from memnet.evaluation import plots
from memnet.evaluation.plots import Series
from memnet.models import SHIPPED
from memnet.reader import Reader
from memnet.training.checkpoint import load_checkpoint
from tests.memnet.cli.command import expect, memnet

FOOTBALL = ["Mary got the football there.", "Mary went back to the garden."]


@pytest.fixture(scope="module")
def reader():
    return Reader(load_checkpoint(SHIPPED))


@pytest.fixture
def _matplotlib():
    pytest.importorskip("matplotlib")


@pytest.mark.usefixtures("_matplotlib")
def test_a_heat_map_has_a_row_per_fact_a_column_per_hop_and_stars_on_gold(reader):
    answer = reader.ask_facts(FOOTBALL, "Where is the football?", limit=None)

    (axes,) = plots.attention_figure(answer, gold=[2]).axes

    image = axes.images[0].get_array().tolist()
    assert [len(row) for row in image] == [3, 3, 3]  # two facts and the null slots, three hops
    assert [sum(column) for column in zip(*image, strict=True)] == pytest.approx([1, 1, 1], abs=1e-5)
    labels = axes.get_yticklabels()
    assert [label.get_text() for label in labels] == [
        "1  Mary got the football there.",
        "2* Mary went back to the garden.",
        "nothing (null slots)",
    ]
    assert [label.get_fontweight() for label in labels] == ["normal", "bold", "normal"]
    assert len(axes.lines) == 1  # the frame around the gold fact
    written = [text.get_text() for text in axes.texts]
    assert written == [f"{weight:.2f}" for row in image for weight in row]


@pytest.mark.usefixtures("_matplotlib")
def test_the_question_and_the_answer_are_the_title(reader):
    answer = reader.ask_facts(FOOTBALL, "Where is the football?", limit=None)

    assert plots.attention_figure(answer).get_suptitle().startswith("Where is the football?  garden (")


def test_a_memory_that_abstained_attended_to_nothing(reader):
    answer = reader.ask_facts([], "Where is the football?", limit=None)

    with pytest.raises(MemnetError) as caught:
        plots.attention_figure(answer)
    assert str(caught.value) == "there is no attention to draw: the memory abstained (no_eligible_facts)"


@pytest.mark.usefixtures("_matplotlib")
def test_errors_are_bars_in_percent_and_published_ones_marks():
    ours = [Series("mean of 3", {1: 0.1, 3: 0.4}, {1: 0.05, 3: 0.0})]

    (axes,) = plots.error_figure(ours, [Series("paper", {1: 0.2, 3: None})], title="t").axes

    assert [bar.get_height() for bar in axes.patches] == pytest.approx([10, 40])
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        "1 single-supporting-fact",
        "3 three-supporting-facts",
    ]
    paper = next(line for line in axes.lines if line.get_label() == "paper")
    assert (list(paper.get_xdata()), list(paper.get_ydata())) == ([0], [20])
    assert axes.get_ylabel() == "test error, %"


@pytest.mark.usefixtures("_matplotlib")
def test_learning_curves_come_from_the_history_with_the_linear_start_shaded():
    history = [
        {"epoch": 1, "linear": True, "loss": 2.0, "validation_error": 0.5},
        {"epoch": 2, "linear": False, "loss": 1.0, "validation_error": 0.25},
    ]

    loss, validation = plots.learning_figure(history).axes

    assert list(loss.lines[0].get_ydata()) == [2.0, 1.0]
    assert list(validation.lines[0].get_ydata()) == [50, 25]
    assert [text.get_text() for text in loss.get_legend().get_texts()] == [
        *("training loss", "validation error", "linear start")
    ]


@pytest.mark.usefixtures("_matplotlib")
def test_a_run_without_validation_has_one_curve():
    figure = plots.learning_figure([{"epoch": 1, "linear": False, "loss": 2.0, "validation_error": None}])

    assert len(figure.axes) == 1


@pytest.mark.usefixtures("_matplotlib")
def test_the_same_figure_is_the_same_file():
    images = {plots.png(plots.error_figure([Series("a", {1: 0.5})])) for _ in range(2)}

    assert len(images) == 1


def test_without_matplotlib_the_extra_is_named_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    expect(
        memnet("babi", "report", SHIPPED, "--out", tmp_path / "out"),
        1,
        "error: plots need matplotlib, which is not installed",
        "hint: install it with `pip install 'memnet[plots]'`",
    )
    assert not (tmp_path / "out").exists()
