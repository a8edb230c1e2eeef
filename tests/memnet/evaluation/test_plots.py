"""Plots: a figure shows the numbers it was given, and says what to install when it cannot be drawn."""

from __future__ import annotations

import sys

import pytest

from memnet.errors import MemnetError
from memnet.evaluation import plots
from memnet.evaluation.plots import Course, Curves, Series
from memnet.models import SHIPPED
from memnet.reader import Reader
from memnet.training.checkpoint import load_checkpoint
from tests.memnet.cli.command import expect, memnet

FOOTBALL = ["Mary got the football there.", "Mary went back to the garden."]


@pytest.fixture(scope="module")
def reader():
    return Reader(load_checkpoint(SHIPPED.parent / "memn2n-joint"))


@pytest.fixture
def _matplotlib():
    pytest.importorskip("matplotlib")


@pytest.mark.usefixtures("_matplotlib")
def test_a_heat_map_has_a_row_per_fact_a_column_per_hop_and_stars_on_gold(reader):
    answer = reader.ask_facts(FOOTBALL, "Where is the football?", limit=None)

    (axes,) = plots.attention_figure(answer, gold=[2]).axes

    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "●  1  Mary got the football there.",
        "●  2 ★  Mary went back to the garden.",
        "  null slot",
        "  not listed",
    ]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["hop 1", "hop 2", "hop 3"]
    written = [float(text.get_text()) for text in axes.texts]
    columns = [written[hop::3] for hop in range(3)]
    assert [len(column) for column in columns] == [4, 4, 4]
    assert [sum(column) for column in columns] == pytest.approx([1, 1, 1], abs=0.002)


@pytest.mark.usefixtures("_matplotlib")
def test_a_curve_leads_from_what_one_hop_read_to_what_the_next_one_read(reader):
    from matplotlib.patches import FancyBboxPatch

    answer = reader.ask_facts(FOOTBALL, "Where is the football?", limit=None)
    (axes,) = plots.attention_figure(answer).axes
    curves = [patch for patch in axes.patches if not isinstance(patch, FancyBboxPatch)]

    # Fact 1, fact 1, fact 2: the rows the three hops read, the first row at 0.
    ends = [(path.vertices[0][1], path.vertices[-1][1]) for path in (each.get_path() for each in curves)]
    assert ends == [(0, 0), (0, 1)]


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
def test_every_restart_has_a_line_and_the_selected_one_is_in_front():
    curves = [Curves("1 a", [[3.0, 2.0], [3.0, 1.0]], selected=1), Curves("2 b", [[4.0, 4.0]], selected=0)]

    one, two = plots.restarts_figure(curves, linear_epochs=1).axes

    assert [list(line.get_ydata()) for line in one.lines] == [[3, 2], [3, 1]]
    behind, front = one.lines
    assert front.get_zorder() > behind.get_zorder()
    assert (one.get_title(), len(one.patches), two.get_title()) == ("1 a", 1, "2 b")


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


@pytest.mark.usefixtures("_matplotlib")
def test_error_against_time_has_a_line_per_run_and_the_selected_one_in_front():
    runs = [[(60.0, 0.5), (120.0, 0.0)], [(90.0, 0.4), (180.0, 0.02)]]

    (axes,) = plots.course_figure([Course("all tasks", runs, 1)]).axes

    lines = [(line.get_xdata().tolist(), line.get_ydata().tolist(), line.get_zorder()) for line in axes.lines]
    # Minutes, as nothing took an hour; no error at all stands at the bottom of a logarithmic axis.
    assert lines == [([1.0, 2.0], [50.0, 0.01], 2), ([1.5, 3.0], [40.0, 2.0], 3)]
    assert axes.figure.get_supxlabel() == "CPU minutes"
    assert axes.get_yscale() == "log"


@pytest.mark.usefixtures("_matplotlib")
def test_a_long_run_is_drawn_in_hours():
    (axes,) = plots.course_figure([Course("all tasks", [[(3600.0, 0.5), (7200.0, 0.1)]], 0)]).axes

    assert axes.lines[0].get_xdata().tolist() == [1.0, 2.0]
    assert axes.figure.get_supxlabel() == "CPU hours"


@pytest.mark.usefixtures("_matplotlib")
def test_the_history_of_a_network_without_a_linear_start_is_drawn():
    history = [{"epoch": 1, "loss": 2.0, "validation_error": 0.5, "learning_rate": 1e-3}]

    axes = plots.learning_figure(history).axes

    assert [line.get_label() for each in axes for line in each.lines] == ["training loss", "validation error"]
