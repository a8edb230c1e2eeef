"""A benchmark's table: the paper's selection rule, and the mean beside every selected number."""

from __future__ import annotations

import pytest

from memnet.babi.published import published
from memnet.errors import InputError
from memnet.evaluation.table import markdown, row, spread, summary
from memnet.training.results import Restart, Unit, UnitResult


def test_the_run_with_the_lowest_training_error_is_selected_whatever_its_test_error():
    column = published("MemN2N PE LS RN 3 hops", "1k", "joint")

    each = row(2, [0.30, 0.10, 0.20], [0.02, 0.05, 0.02], column)

    assert each.selected == 0.30  # the first of the two with the lowest training error
    assert each.mean == pytest.approx(0.20)
    assert each.deviation == pytest.approx(0.10)
    assert each.published == pytest.approx(0.114)


def test_the_mean_stands_beside_every_selected_number():
    rows = [row(1, [0.0, 0.02], [0.0, 0.1], None), row(19, [0.9, 0.8], [0.5, 0.4], None)]

    lines = markdown(rows, 2, None).splitlines()

    assert lines[0] == "| task | | selected of 2 by training error | mean of 2 | ± | published |"
    assert lines[2] == "| 1 | single-supporting-fact | 0.0 | 1.0 | 1.4 |  |"
    assert lines[4] == "| | **mean** | **40.0** | **43.0** | |  |"
    assert summary(rows)["selected_failed"] == 1


def test_the_published_mean_is_only_given_for_a_whole_column():
    column = published("MemN2N BoW 3 hops", "1k", "single")

    assert summary([row(1, [0.0], [0.0], column)])["published"] == pytest.approx(0.006)
    assert summary([row(1, [0.0], [0.0], None)])["published"] is None


def test_published_means_are_those_of_the_paper():
    """12.4 and 25.1 % are printed; the file holds the tasks."""
    joint = published("MemN2N PE LS RN 3 hops", "1k", "joint")
    bag = published("MemN2N BoW 3 hops", "1k", "single")

    assert round(100 * sum(joint.errors.values()) / 20, 1) == 12.4
    assert round(100 * sum(bag.errors.values()) / 20, 1) == 25.1
    assert joint.status == "verified"
    with pytest.raises(InputError, match="there are 0 published columns for 'GPT', 1k, joint"):
        published("GPT", "1k", "joint")


def test_the_deviation_of_the_mean_is_over_the_runs_that_answer_all_tasks():
    def joint(*errors: tuple[float, float]) -> list:
        unit = Unit("seed", (1, 2), (0,))
        return [
            (unit, UnitResult((Restart(0, None, 0.0, {1: one, 2: two}),), {}, 0.0)) for one, two in errors
        ]

    # Means 0.1 and 0.3.
    assert spread(joint((0.0, 0.2), (0.4, 0.2)), (1, 2)) == pytest.approx(0.02**0.5)
    assert spread(joint((0.0, 0.2)), (1, 2)) is None
    single = [
        (
            Unit("task-1", (1,), (0, 1)),
            UnitResult(tuple(Restart(s, 0.1, 0.1, {1: 0.0}) for s in (0, 1)), {}, 0.0),
        )
    ]
    assert spread(single, (1, 2)) is None
    lines = markdown(
        [row(1, [0.0, 0.02], [0.0, 0.1], None)], 2, None, selected_by="validation error", deviation=0.014
    )
    assert "selected of 2 by validation error" in lines
    assert "| | **mean** | **0.0** | **1.0** | 1.4 |  |" in lines
