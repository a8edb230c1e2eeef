"""Reliability, worked by hand."""

from __future__ import annotations

import pytest

from memnet.evaluation.reliability import BINS, reliability


def test_answers_that_are_right_as_often_as_they_say_have_no_error():
    measured = reliability("sure", [0.8] * 5 + [0.5] * 2, [True] * 4 + [False] + [True, False])

    assert measured.error == pytest.approx(0.0)
    assert [(each.answers, each.right) for each in measured.bins] == [(2, 0.5), (5, 0.8)]


def test_the_error_is_the_mean_distance_of_the_bins_weighted_by_their_answers():
    measured = reliability("boastful", [0.9, 0.9, 0.9, 0.1], [True, False, False, True])

    # Three answers at 0.9 of which a third is right, and one at 0.1 that is right.
    assert measured.error == pytest.approx(0.75 * (0.9 - 1 / 3) + 0.25 * 0.9)
    assert measured.to_dict()["expected_calibration_error"] == round(measured.error, 4)


def test_certainty_belongs_to_the_last_bin():
    assert BINS == 15
    assert [each.answers for each in reliability("certain", [1.0, 0.99], [True, True]).bins] == [2]


def test_nothing_asked_is_no_error():
    assert reliability("nothing", [], []).error == 0
